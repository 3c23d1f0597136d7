import datetime as dt
from typing import Any, ClassVar, TypedDict

from django import forms
from django.contrib import admin, messages
from django.db.models import F, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.asking import CONFIRMED, Asked, ReasonForm, ask, attempt, posted, seen
from linlingtong.accounts.admin.scoped import ScopedAdmin
from linlingtong.accounts.signed_in import caller
from linlingtong.activities import actions
from linlingtong.activities.admin.activities import gauge_of, told_words
from linlingtong.activities.admin.forms import MOMENTS, SessionRowForm
from linlingtong.activities.admin.inlines import manages
from linlingtong.activities.models import Session
from linlingtong.audit.actions import acting
from linlingtong.core.dates import span_words

SOON = dt.timedelta(days=3)
KEEP, BACK = "keep", "back"


class CapacityWizard(forms.Form):
    """Fewer places than people: nobody loses theirs, or the last ones return to the queue and read why."""

    choice = forms.ChoiceField(label=gettext_lazy("the people who are too many"), widget=forms.RadioSelect)
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=200,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Needed when people lose their place, for example: the room is smaller."),
    )

    def __init__(self, posted: Any = None, *, number: int = 0) -> None:
        super().__init__(posted, initial={"choice": KEEP})
        back = ngettext(
            "%(number)d place goes back to the head of the queue.",
            "%(number)d places go back to the head of the queue.",
            number,
        )
        choice = self.fields["choice"]
        if isinstance(choice, forms.ChoiceField):
            choice.choices = [
                (KEEP, _("Keep everybody; nobody is promoted until there is room.")),
                (BACK, back % {"number": number}),
            ]

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        if given.get("choice") == BACK:
            try:
                given["reason"] = seen(given.get("reason", ""), _("Write why people lose their place."))
            except forms.ValidationError as error:
                self.add_error("reason", error)
        return given


class ShortFilter(admin.SimpleListFilter):
    """What starts within three days and has too few people."""

    title = gettext_lazy("minimum")
    parameter_name = "short"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        return [("1", _("soon, and below the minimum"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Session]) -> QuerySet[Session]:  # noqa: ARG002 - Django's
        return short_of_people(queryset) if self.value() else queryset


def short_of_people(sessions: QuerySet[Session]) -> QuerySet[Session]:
    now = timezone.now()
    coming = sessions.filter(cancelled_at=None, activity__status="published", taken__lt=F("minimum_needed"))
    return coming.filter(starts_at__gt=now, starts_at__lt=now + SOON)


class Effect(TypedDict):
    """What a change would mean for people."""

    is_moved: bool
    too_many: int


@admin.register(Session)
class SessionAdmin(ScopedAdmin[Session]):
    """One session: its time and its places. What changes for people is shown before it happens."""

    form = SessionRowForm
    path_field = "activity__area_path"
    list_display = ("slot", "when", "people", "waiting", "pending")
    list_select_related = ("activity",)
    list_filter = (ShortFilter,)
    date_hierarchy = "starts_at"
    ordering = ("-starts_at", "-pk")
    change_form_template = "admin/activities/session_form.html"
    formfield_overrides: ClassVar[Any] = MOMENTS
    fieldsets: ClassVar[Any] = (
        (None, {"fields": ("role", "starts_at", "ends_at", ("capacity", "is_unlimited"), "minimum_needed")}),
    )

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_over = obj is not None and obj.cancelled_at is not None
        return manages(request, obj.activity if obj is not None else None) and not is_over

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Sessions"), **(extra_context or {})})

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [path("<int:pk>/cancel/", cancel, name="activities_session_cancel"), *super().get_urls()]

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """A valid form goes to the verbs, outside Django's own saving; everything else is Django's page."""
        if request.method == "POST" and object_id:
            session = self.get_object(request, object_id)
            if self.has_change_permission(request, session):
                form: Any = self.get_form(request, session, change=True)(request.POST, instance=session)
                if form.is_valid():
                    return self.change(request, form)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def change(self, request: HttpRequest, form: Any) -> HttpResponse:
        before = Session.objects.select_related("activity").get(pk=form.instance.pk)
        effect = effect_of(form, before)
        wizard = CapacityWizard(request.POST if CONFIRMED in request.POST else None, number=effect["too_many"])
        is_asked = effect["is_moved"] or effect["too_many"] > 0
        is_answered = CONFIRMED in request.POST and (not effect["too_many"] or wizard.is_valid())
        if before.activity.status == "published" and is_asked and not is_answered:
            return self.question(request, form, before, wizard)
        then = reverse("admin:activities_activity_change", args=[before.activity_id])
        if not form.changed_data:
            messages.info(request, _("Nothing was changed."))
            return redirect(then)
        given = wizard.cleaned_data if effect["too_many"] and wizard.is_valid() else {}

        def verb() -> str:
            self.apply(request, form, given)
            return _("Changed: %(session)s.") % {"session": before}

        return attempt(request, verb, then)

    def apply(self, request: HttpRequest, form: Any, wizard: dict[str, Any]) -> None:
        key, by, given, changed = form.instance.pk, caller(request), form.cleaned_data, set(form.changed_data)
        if "minimum_needed" in changed:
            with acting(by, "edit"):
                self.get_queryset(request).filter(pk=key).update(minimum_needed=given["minimum_needed"])
        if {"starts_at", "ends_at", "role"} & changed:
            span = {"starts_at": given["starts_at"], "ends_at": given["ends_at"]}
            actions.reschedule(key, by=by, role=given["role"], **span)
        if {"capacity", "is_unlimited"} & changed:
            keep_all = wizard.get("choice") != BACK
            reason = "" if keep_all else wizard["reason"]
            actions.change_capacity(key, by=by, capacity=given["capacity"], keep_all=keep_all, reason=reason)

    def question(self, request: HttpRequest, form: Any, before: Session, wizard: CapacityWizard) -> HttpResponse:
        """What a move or a smaller number would do to people, before it is done."""
        effect = effect_of(form, before)
        people = before.registrations.live()
        asked = Asked(
            title=_("Change %(name)s?") % {"name": before},
            explained=told_words(people.values("resident").distinct().count()) if effect["is_moved"] else "",
            lines=self.consequences(form, before),
            button=_("Change and tell them"),
            back=reverse("admin:activities_session_change", args=[before.pk]),
            kept=posted(request, CONFIRMED, "choice", "reason") | {CONFIRMED: ["1"]},
        )
        if effect["is_moved"] and people.exists():
            given = form.cleaned_data
            asked.sms = actions.change_preview(before.pk, starts_at=given["starts_at"], ends_at=given["ends_at"])
        if effect["too_many"]:
            asked.form = wizard
        return ask(self, request, asked)

    def consequences(self, form: Any, before: Session) -> list[str]:
        given, lines, effect = form.cleaned_data, [], effect_of(form, before)
        if effect["is_moved"]:
            old, new = span_words(before.starts_at, before.ends_at), span_words(given["starts_at"], given["ends_at"])
            lines.append(_("New time: %(old)s → %(new)s") % {"old": old, "new": new})
            hit = actions.hit_by_move(before.pk, given["starts_at"], given["ends_at"]).select_related("resident")
            names = [str(row.resident) for row in hit]
            if names:
                words = ngettext(
                    "%(number)d of them is somewhere else then, keeps the place and is asked to choose: %(names)s",
                    "%(number)d of them are somewhere else then, keep the place and are asked to choose: %(names)s",
                    len(names),
                )
                lines.append(words % {"number": len(names), "names": "、".join(names)})
        if effect["too_many"]:
            facts = {"capacity": given["capacity"], "people": before.taken + before.held}
            lines.append(_("%(people)d people have a place, and there would be %(capacity)d.") % facts)
        return lines

    def cancel_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        session = self.get_queryset(request).filter(pk=pk).select_related("activity").first()
        if session is None or not self.has_change_permission(request, session):
            raise Http404
        form, then = ReasonForm(request.POST or None), reverse("admin:activities_session_change", args=[pk])
        if request.method == "POST" and form.is_valid():

            def verb() -> str:
                told = actions.cancel_session(session.pk, by=caller(request), reason=form.cleaned_data["reason"])
                words = ngettext(
                    "Cancelled; %(number)d person is told.", "Cancelled; %(number)d people are told.", told
                )
                return words % {"number": told}

            return attempt(request, verb, then)
        title = _("Cancel the session")
        number = session.registrations.live().values("resident").distinct().count()
        asked = Asked(f"{title}: {session}", title, then, told_words(number), form=form, is_grave=True)
        asked.lines = [span_words(session.starts_at, session.ends_at)]
        return ask(self, request, asked)

    @admin.display(description=gettext_lazy("session"), ordering="activity__title")
    def slot(self, session: Session) -> SafeString | str:
        role = format_html("<small>{}</small>", session.role) if session.role else ""
        return format_html("{}{}", session.activity.title, role)

    @admin.display(description=gettext_lazy("time"), ordering="starts_at")
    def when(self, session: Session) -> str:
        return span_words(session.starts_at, session.ends_at)

    @admin.display(description=gettext_lazy("places"), ordering="taken")
    def people(self, session: Session) -> SafeString:
        return gauge_of([session])


def effect_of(form: Any, before: Session) -> Effect:
    given = form.cleaned_data
    capacity = given["capacity"] if "capacity" in form.changed_data else None
    too_many = 0 if capacity is None else max(0, before.taken + before.held - capacity)
    return Effect(is_moved=bool({"starts_at", "ends_at"} & set(form.changed_data)), too_many=too_many)
