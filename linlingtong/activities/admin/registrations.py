from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.asking import ReasonForm, TextForm
from linlingtong.accounts.admin.deciding import DecidingAdmin, given
from linlingtong.accounts.signed_in import caller
from linlingtong.activities import actions as verbs
from linlingtong.activities.admin.check_in import AttendanceActions
from linlingtong.activities.models import Registration, Session
from linlingtong.activities.models.standing import with_position
from linlingtong.core.dates import moment_words, span_words
from linlingtong.core.refusal import Refusal

TONES = {
    "pending_review": "pending", "waitlisted": "neutral", "offered": "offer", "confirmed": "mine",
    "rejected": "off", "cancelled": "off", "lapsed": "neutral",
}  # fmt: skip
SKIPPED = {
    "clash": gettext_lazy("is somewhere else at that time"),
    "too_few_places": gettext_lazy("the party is larger than what was free"),
}
LOOKUPS = {"session__id__exact", "session__activity__id__exact", "session__ends_at__gt"}


class SessionChoice(forms.ModelChoiceField[Session]):
    def label_from_instance(self, obj: Session) -> str:
        people = f"{obj.taken} / {obj.capacity}" if obj.capacity else str(obj.taken)
        return f"{obj} · {span_words(obj.starts_at, obj.ends_at)} · {people}"


class MoveForm(ReasonForm):
    """Another session of the same activity, and why."""

    session = SessionChoice(label=gettext_lazy("to the session"), queryset=Session.objects.none())
    field_order = ["session", "reason"]

    def __init__(self, *args: Any, sessions: QuerySet[Session], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = self.fields["session"]
        if isinstance(chosen, SessionChoice):
            chosen.queryset = sessions


@admin.register(Registration)
class RegistrationAdmin(AttendanceActions, DecidingAdmin[Registration]):
    """The roster and the queue. Rows change by verbs only; grid workers look on."""

    path_field = "session__activity__area_path"
    deciders = MANAGERS
    # who came first is served first
    served = ("session", "number")
    grave = frozenset({"reject", "remove"})
    list_display = ("person", "session_words", "badge", "places", "created")
    list_filter = ("state", "attendance", "clash_flagged")
    list_select_related = ("resident", "session__activity")
    ordering = ("-session__starts_at", "session", "number")
    search_fields = ("resident__nickname",)
    list_per_page = 100
    actions = ("approve", "reject", "put_in", "remove", "move", "write", *AttendanceActions.attendance_actions)
    fields = (
        "person", "session_words", "badge", "number", "places", "party", "note", "answers_given",
        "may_be_photographed", "reason", "story",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Registration]:
        return with_position(super().get_queryset(request))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        return lookup in LOOKUPS or super().lookup_allowed(            lookup, value, request  # type: ignore[arg-type]
        )  # fmt: skip

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        title, session = _("Roster and queue"), self.session_of(request)
        facts: dict[str, Any] = {"title": title}
        if session is not None:
            facts = {"title": f"{title}: {session}", "subtitle": span_words(session.starts_at, session.ends_at)}
        return super().changelist_view(request, {**facts, **(extra_context or {})})

    def session_of(self, request: HttpRequest) -> Session | None:
        """The one session that the list is about."""
        key = request.GET.get("session__id__exact", "")
        mine = Session.objects.managed_by(caller(request)).select_related("activity")
        return mine.filter(pk=key).first() if key.isdecimal() else None

    def get_list_display(self, request: HttpRequest) -> list[Any]:
        is_one = "session__id__exact" in request.GET
        return [name for name in self.list_display if not (is_one and name == "session_words")]

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        by, chosen = caller(request), self.mine(request, rows)
        self.report(request, self.each(request, chosen, lambda row: verbs.approve(row.pk, by=by)))

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
        rows = self.mine(request, rows)
        activities = set(rows.order_by().values_list("session__activity", flat=True).distinct())
        if len(activities) != 1:
            self.message_user(request, _("Choose people of one activity."), messages.WARNING)
            return None
        sessions = Session.objects.managed_by(caller(request)).filter(activity__in=activities, cancelled_at=None)
        form = MoveForm(given(request), sessions=sessions.select_related("activity").order_by("starts_at"))
        if not form.is_valid():
            return self.ask_about(request, rows, "move", form, _("Move to another session"))
        target, reason, by = form.cleaned_data["session"], form.cleaned_data["reason"], caller(request)
        done = self.each(request, rows, lambda row: verbs.move(row.pk, target.pk, by=by, reason=reason))
        self.report(request, done)
        return None

    @admin.action(description=gettext_lazy("Write to them …"), permissions=["decide"])
    def write(self, request: HttpRequest, rows: QuerySet[Registration]) -> HttpResponse | None:
        rows, form = self.mine(request, rows), TextForm(given(request))
        if not form.is_valid():
            return self.ask_about(request, rows, "write", form, _("Write to them"))
        keys = list(rows.values_list("pk", flat=True))
        try:
            self.report(request, verbs.write_to(keys, form.cleaned_data["text"], by=caller(request)))
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.WARNING)
        return None

    def line_words(self, row: Registration) -> str:
        return f"{row.resident} · {row.get_state_display()}"

    @admin.display(description=gettext_lazy("resident"), ordering="resident__nickname")
    def person(self, row: Registration) -> SafeString:
        return format_html("{}<small>{}</small>", row.resident, row.resident.masked_phone)

    @admin.display(description=gettext_lazy("session"), ordering="session__starts_at")
    def session_words(self, row: Registration) -> SafeString:
        session = row.session
        role = f" · {session.role}" if session.role else ""
        return format_html("{}<small>{}{}</small>", session.activity, moment_words(session.starts_at), role)

    @admin.display(description=gettext_lazy("state"), ordering="state")
    def badge(self, row: Registration) -> SafeString:
        badge = format_html('<span class="bdg bdg-{}">{}</span>', TONES[row.state], row.get_state_display())
        words = [*standing_words(row), *([row.get_attendance_display()] if row.attendance != "unknown" else [])]
        return format_html("{}<small>{}</small>", badge, " · ".join(words))

    @admin.display(description=gettext_lazy("registered at"), ordering="created_at")
    def created(self, row: Registration) -> str:
        return moment_words(row.created_at)

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


def standing_words(row: Registration) -> list[str]:
    """What staff want to know beside the state: where in the line, why passed over, until when, clashing."""
    words = []
    if row.state == Registration.State.WAITLISTED:
        words.append(_("No. %(number)d in line") % {"number": getattr(row, "position", row.number)})
        if row.skip_reason:
            words.append(_("passed over: %(why)s") % {"why": SKIPPED.get(row.skip_reason, row.skip_reason)})
    if row.state == Registration.State.OFFERED and row.offered_until:
        words.append(_("answers until %(until)s") % {"until": moment_words(row.offered_until)})
    if row.clash_flagged and row.state == Registration.State.CONFIRMED:
        words.append(_("clashes since the session moved"))
    return words
