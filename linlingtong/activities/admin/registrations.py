from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.people import who
from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.activities import actions as verbs
from linlingtong.activities.admin.asking import ReasonForm, TextForm, ask
from linlingtong.activities.models import Registration, Session
from linlingtong.core.dates import moment_words

TONES = {
    "pending_review": "pending", "waitlisted": "neutral", "offered": "offer", "confirmed": "mine",
    "rejected": "off", "cancelled": "off", "lapsed": "neutral",
}  # fmt: skip


class MoveForm(ReasonForm):
    """Another session of the same activity, and why."""

    session = forms.ModelChoiceField(label=gettext_lazy("to the session"), queryset=Session.objects.none())
    field_order = ["session", "reason"]

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["session"]
        if isinstance(chosen, forms.ModelChoiceField):
            chosen.queryset = sessions
            chosen.label_from_instance = lambda s: f"{s} · {moment_words(s.starts_at)}"  # type: ignore[method-assign]


@admin.register(Registration)
class RegistrationAdmin(ScopedAdmin[Registration]):
    """The roster and the queue. Rows change by verbs only; grid workers look on."""

    path_field = "session__activity__area_path"
    list_display = ("person", "phone", "session_words", "badge", "number", "places", "created", "skip_words")
    list_filter = ("state", "attendance", "clash_flagged")
    list_select_related = ("resident", "session__activity")
    ordering = ("session", "number")
    search_fields = ("resident__nickname",)
    list_per_page = 100
    actions = ("approve", "reject", "put_in", "remove", "move", "write")
    fields = (
        "person", "phone", "session_words", "badge", "number", "places", "party", "note", "answers_given",
        "may_be_photographed", "reason", "story",
    )  # fmt: skip
    readonly_fields = fields

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in {"session__id__exact", "session__activity__id__exact"} or super().lookup_allowed(
            lookup, value, request  # type: ignore[arg-type]
        )  # fmt: skip

    def has_decide_permission(self, request: HttpRequest) -> bool:
        return bool(scope_of(request, MANAGERS))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Roster and queue"), **(extra_context or {})})

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        by = who(request)
        self.report(request, self.each(request, in_order(rows), lambda row: verbs.approve(row.pk, by=by)))

    @admin.action(description=gettext_lazy("Do not accept …"), permissions=["decide"])
    def reject(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        return self.with_reason(request, rows, "reject", _("Do not accept"), verbs.reject)

    @admin.action(description=gettext_lazy("Put in …"), permissions=["decide"])
    def put_in(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        return self.with_reason(request, rows, "put_in", _("Put in past the queue"), verbs.put_in)

    @admin.action(description=gettext_lazy("Take out …"), permissions=["decide"])
    def remove(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        return self.with_reason(request, rows, "remove", _("Take out"), verbs.remove)

    @admin.action(description=gettext_lazy("Move to another session …"), permissions=["decide"])
    def move(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        first = rows.first()
        activity = first.session.activity_id if first else None
        sessions = Session.objects.managed_by(who(request)).filter(activity=activity, cancelled_at=None)
        form = MoveForm(
            request.POST if "_sent" in request.POST else None, sessions=sessions.select_related("activity")
        )
        if not form.is_valid():
            return self.ask_about(request, rows, "move", form, _("Move to another session"))
        target, reason, by = form.cleaned_data["session"], form.cleaned_data["reason"], who(request)
        done = self.each(request, in_order(rows), lambda row: verbs.move(row.pk, target.pk, by=by, reason=reason))
        return self.report(request, done)

    @admin.action(description=gettext_lazy("Write to them …"), permissions=["decide"])
    def write(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        form = TextForm(request.POST if "_sent" in request.POST else None)
        if not form.is_valid():
            return self.ask_about(request, rows, "write", form, _("Write to them"))
        told = verbs.write_to([row.pk for row in rows], form.cleaned_data["text"], by=who(request))
        return self.report(request, told)

    def with_reason(
        self,
        request: HttpRequest,
        rows: QuerySet[Registration],
        action: str,
        title: str,
        verb: Callable[..., Registration],
    ) -> HttpResponse | None:
        form = ReasonForm(request.POST if "_sent" in request.POST else None)
        if not form.is_valid():
            return self.ask_about(request, rows, action, form, title)
        by, reason = who(request), form.cleaned_data["reason"]
        return self.report(request, self.each(request, in_order(rows), lambda row: verb(row.pk, by=by, reason=reason)))

    def ask_about(
        self, request: HttpRequest, rows: QuerySet[Registration], action: str, form: Any, title: str
    ) -> HttpResponse:
        number = rows.count()
        explained = ngettext(
            "%(number)d registration is chosen.", "%(number)d registrations are chosen.", number
        ) % {"number": number}  # fmt: skip
        kept = {"action": [action], "_selected_action": [str(row.pk) for row in rows], "_sent": ["1"]}
        context = {**self.admin_site.each_context(request), "opts": self.opts}
        return ask(request, context, form=form, title=title, explained=explained, button=title, kept=kept)

    def report(self, request: HttpRequest, done: int) -> None:
        words = ngettext("Done for %(number)d person.", "Done for %(number)d people.", done) % {"number": done}
        self.message_user(request, words, messages.SUCCESS if done else messages.WARNING)

    @admin.display(description=gettext_lazy("resident"), ordering="resident__nickname")
    def person(self, row: Registration) -> str:
        return str(row.resident)

    @admin.display(description=gettext_lazy("phone"))
    def phone(self, row: Registration) -> str:
        return row.resident.masked_phone

    @admin.display(description=gettext_lazy("session"), ordering="session__starts_at")
    def session_words(self, row: Registration) -> str:
        role = f" · {row.session.role}" if row.session.role else ""
        return f"{row.session.activity}{role} · {moment_words(row.session.starts_at)}"

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, row: Registration) -> SafeString:
        return format_html('<span class="bdg bdg-{}">{}</span>', TONES[row.state], row.get_state_display())

    @admin.display(description=gettext_lazy("registered at"), ordering="created_at")
    def created(self, row: Registration) -> str:
        return moment_words(row.created_at)

    @admin.display(description=gettext_lazy("why not promoted"))
    def skip_words(self, row: Registration) -> str:
        return row.skip_reason or "—"

    @admin.display(description=gettext_lazy("companions"))
    def party(self, row: Registration) -> str:
        return "、".join(str(one) for one in row.companions.all()) or "—"

    @admin.display(description=gettext_lazy("answers"))
    def answers_given(self, row: Registration) -> SafeString | str:
        asked = {str(q.pk): q.text for q in row.session.activity.questions.all()}
        given = [(asked.get(key, key), value) for key, value in row.answers.items()]
        return format_html_join("", "<div>{}: {}</div>", given) or "—"

    @admin.display(description=gettext_lazy("what happened"))
    def story(self, row: Registration) -> SafeString:
        events = row.events.select_related("by").order_by("pk")
        lines = ((moment_words(e.at), e.get_to_state_display(), str(e.by or _("by rule")), e.reason) for e in events)
        return format_html_join("", "<div>{} · {} · {} {}</div>", lines)


def in_order(rows: QuerySet[Registration]) -> QuerySet[Registration]:
    """The order of arrival: whoever came first is served first."""
    return rows.order_by("session", "number")
