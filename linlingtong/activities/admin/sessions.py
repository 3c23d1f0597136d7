from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.scoped import VerbAdmin, VerbForm
from linlingtong.activities.actions import change_capacity, hit_by_move, reschedule
from linlingtong.activities.admin.activities import manages
from linlingtong.activities.models import Session
from linlingtong.core.dates import span_words

CONFIRMED = "_confirmed"


class SessionForm(VerbForm[Session]):
    """Time and places of a session that people know: each change is a verb that tells them."""

    keep_all = forms.BooleanField(
        label=gettext_lazy("keep everybody"),
        required=False,
        initial=True,
        help_text=gettext_lazy("With fewer places: nobody loses theirs, and nobody is promoted until there is room. "
                               "Without the tick the last ones return to the head of the queue."),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Needed when people lose their place, for example: the room is smaller."),
    )

    class Meta:
        model = Session
        fields = ["role", "starts_at", "ends_at", "capacity", "is_unlimited"]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if bool(given.get("is_unlimited")) == (given.get("capacity") is not None):
            raise ValidationError(_("Give a number of places, or tick “without limit”."), code="places")
        if given.get("capacity") is not None and not given.get("keep_all") and not given.get("reason"):
            people = self.instance.taken + self.instance.held
            if given["capacity"] < people:
                self.add_error("reason", _("Write why people lose their place."))
        return given

    @property
    def is_moved(self) -> bool:
        return bool({"starts_at", "ends_at"} & set(self.changed_data))

    @property
    def is_narrower(self) -> bool:
        capacity = self.cleaned_data.get("capacity")
        return capacity is not None and "capacity" in self.changed_data and capacity < self.initial.get("capacity", 0)

    def act(self) -> Session:
        given, key = self.cleaned_data, self.instance.pk
        if CONFIRMED not in self.data and (self.is_moved or self.is_narrower):
            return self.instance
        session = self.instance
        if self.is_moved or "role" in self.changed_data:
            span = {"starts_at": given["starts_at"], "ends_at": given["ends_at"]}
            session = reschedule(key, by=self.by, role=given["role"], **span)
        if {"capacity", "is_unlimited"} & set(self.changed_data):
            session = change_capacity(
                key, by=self.by, capacity=given["capacity"], keep_all=given["keep_all"], reason=given["reason"]
            )
        return session


@admin.register(Session)
class SessionAdmin(VerbAdmin[Session]):
    """One session: its time and its places. What changes for people is shown before it happens."""

    form = SessionForm
    path_field = "activity__area_path"
    list_display = ("activity", "role", "starts_at", "taken", "capacity", "waiting", "pending")
    list_select_related = ("activity",)
    list_filter = ("starts_at",)
    ordering = ("-starts_at", "-pk")
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("role", ("starts_at", "ends_at"), ("capacity", "is_unlimited"), "keep_all", "reason")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request, obj.activity if obj is not None else None)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if request.method == "POST" and object_id and CONFIRMED not in request.POST:
            question = self.question(request, object_id)
            if question is not None:
                return question
        return super().changeform_view(request, object_id, form_url, extra_context)

    def question(self, request: HttpRequest, object_id: str) -> HttpResponse | None:
        """What a move or a smaller number would do to people, before it is done."""
        session = self.get_object(request, object_id)
        if not self.has_change_permission(request, session):
            return None
        form = self.get_form(request, session, change=True)(request.POST, instance=session)
        if not form.is_valid() or not (form.is_moved or form.is_narrower):
            return None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Change %(session)s?") % {"session": session.activity},
            "lines": self.consequences(form, Session.objects.get(pk=session.pk)),
            "kept": {name: values for name, values in request.POST.lists() if name != "csrfmiddlewaretoken"},
            "button": _("Change and tell them"),
            "form": forms.Form(),
            "confirmed": CONFIRMED,
        }
        return TemplateResponse(request, "admin/activities/ask.html", context)

    def consequences(self, form: Any, before: Session) -> list[str]:
        given, lines = form.cleaned_data, []
        people = before.taken + before.held + before.waiting + before.pending
        if form.is_moved:
            old, new = span_words(before.starts_at, before.ends_at), span_words(given["starts_at"], given["ends_at"])
            lines.append(_("New time: %(old)s → %(new)s") % {"old": old, "new": new})
            told = ngettext("%(number)d registration is told.", "%(number)d registrations are told.", people)
            lines.append(told % {"number": people})
            clashing = hit_by_move(before.pk, given["starts_at"], given["ends_at"]).count()
            if clashing:
                words = ngettext(
                    "%(number)d of them is somewhere else then, keeps the place and is asked to choose.",
                    "%(number)d of them are somewhere else then, keep the place and are asked to choose.",
                    clashing,
                )
                lines.append(words % {"number": clashing})
        too_many = before.taken + before.held - (given["capacity"] or 0)
        if form.is_narrower and too_many > 0:
            lines.append(self.too_many_words(too_many, keeps_all=given["keep_all"]))
        return lines

    def too_many_words(self, number: int, *, keeps_all: bool) -> str:
        if keeps_all:
            words = ngettext(
                "Over by %(number)d; nobody loses a place.", "Over by %(number)d; nobody loses a place.", number
            )
        else:
            words = ngettext(
                "%(number)d place goes back to the head of the queue.",
                "%(number)d places go back to the head of the queue.",
                number,
            )
        return words % {"number": number}
