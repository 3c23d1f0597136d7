from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.scoped import ScopedAdmin, VerbAdmin, VerbForm
from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import no_shows
from linlingtong.activities.actions.attendance import mark
from linlingtong.activities.models import NoShow, Registration, Scan
from linlingtong.core.dates import moment_words

TONES = {"accepted": "open", "duplicate": "neutral", "unresolved": "few", "refused": "off"}


class AttendanceActions(ScopedAdmin[Registration]):
    """The roster is ticked in the list too, by the verb that the desk asks."""

    attendance_actions = ("came", "left", "absent", "excused", "unmarked")

    @admin.action(description=gettext_lazy("Checked in"), permissions=["view"])
    def came(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        self.tick(request, rows, Scan.Kind.IN)

    @admin.action(description=gettext_lazy("Checked out"), permissions=["view"])
    def left(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        self.tick(request, rows, Scan.Kind.OUT)

    @admin.action(description=gettext_lazy("Absent"), permissions=["view"])
    def absent(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        self.tick(request, rows, Scan.Kind.ABSENT)

    @admin.action(description=gettext_lazy("Excused"), permissions=["view"])
    def excused(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        self.tick(request, rows, Scan.Kind.EXCUSED)

    @admin.action(description=gettext_lazy("Take the last mark back"), permissions=["view"])
    def unmarked(self, request: HttpRequest, rows: QuerySet[Registration]) -> None:
        self.tick(request, rows, Scan.Kind.UNDONE)

    def tick(self, request: HttpRequest, rows: QuerySet[Registration], kind: str) -> None:
        by = caller(request)
        chosen = rows.order_by("session", "number").select_related("resident")
        done = self.each(request, chosen, lambda row: mark(row.pk, kind, by=by))
        words = ngettext("Noted for %(number)d person.", "Noted for %(number)d people.", done) % {"number": done}
        self.message_user(request, words, messages.SUCCESS if done else messages.WARNING)


@admin.register(Scan)
class ScanAdmin(ScopedAdmin[Scan]):
    """The log of the door: looked at beside a dispute, changed by nobody."""

    path_field = "session__activity__area_path"
    list_display = ("person", "what", "how", "outcome", "noted", "recorder")
    list_filter = ("verdict", "kind", "way")
    list_select_related = ("registration__resident", "session__activity", "by")
    ordering = ("-pk",)
    date_hierarchy = "scanned_at"
    search_fields = ("registration__resident__nickname",)
    fields = ("person", "what", "how", "outcome", "noted", "counts_at", "received_at", "typed", "far", "recorder")
    readonly_fields = fields

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("Log of the door"), **(extra_context or {})})

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest | None = None) -> bool:
        own = {"session__id__exact", "registration__id__exact"}
        return lookup in own or super().lookup_allowed(            lookup, value, request  # type: ignore[arg-type]
        )  # fmt: skip

    @admin.display(description=gettext_lazy("resident"))
    def person(self, row: Scan) -> SafeString:
        name = row.registration.resident if row.registration else _("nobody found")
        return format_html("{}<small>{}</small>", name, row.session.activity)

    @admin.display(description=gettext_lazy("what"), ordering="kind")
    def what(self, row: Scan) -> str:
        return str(row.get_kind_display())

    @admin.display(description=gettext_lazy("how"), ordering="way")
    def how(self, row: Scan) -> str:
        return str(row.get_way_display())

    @admin.display(description=gettext_lazy("verdict"), ordering="verdict")
    def outcome(self, row: Scan) -> SafeString:
        badge = format_html('<span class="bdg bdg-{}">{}</span>', TONES[row.verdict], row.get_verdict_display())
        return format_html("{}<small>{}</small>", badge, row.reason)

    @admin.display(description=gettext_lazy("noted at"), ordering="scanned_at")
    def noted(self, row: Scan) -> str:
        return moment_words(row.scanned_at)

    @admin.display(description=gettext_lazy("metres from the place"))
    def far(self, row: Scan) -> str:
        if row.distance is None:
            return "—"
        return _("%(metres)d, far away") % {"metres": row.distance} if row.is_far else str(row.distance)

    @admin.display(description=gettext_lazy("by"))
    def recorder(self, row: Scan) -> str:
        return str(row.by or "—")


class AnswerForm(VerbForm[NoShow]):
    """Staff answer an objection: the resident reads it."""

    is_lifted = forms.BooleanField(label=gettext_lazy("end the delay now"), required=False)
    answer = forms.CharField(
        label=gettext_lazy("answer"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("The resident reads it, for example: thank you for telling us, get well soon."),
    )

    class Meta:
        model = NoShow
        fields: ClassVar[list[str]] = []

    def act(self) -> NoShow:
        given = self.cleaned_data
        return no_shows.answer_appeal(
            self.instance.registration_id, by=self.by, is_lifted=given["is_lifted"], answer=given["answer"]
        )


class AppealFilter(admin.SimpleListFilter):
    title = gettext_lazy("objection")
    parameter_name = "appeal"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's
        return [("open", _("to be answered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[NoShow]) -> QuerySet[NoShow]:  # noqa: ARG002 - Django's
        return waiting_appeals(queryset) if self.value() else queryset


def waiting_appeals(rows: QuerySet[NoShow]) -> QuerySet[NoShow]:
    return rows.filter(appealed_at__isnull=False, answered_at=None, lifted_at=None)


@admin.register(NoShow)
class NoShowAdmin(VerbAdmin[NoShow]):
    """Delays after an absence, and what the residents say about them."""

    form = AnswerForm
    path_field = "registration__session__activity__area_path"
    list_display = ("person", "until", "appeal", "answer", "lifted_at")
    list_filter = (AppealFilter,)
    list_select_related = ("resident", "registration__session__activity")
    ordering = ("-noted_at",)
    fields = ("person", "until", "appeal", "is_lifted", "answer")
    readonly_fields = ("person", "until", "appeal")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return super().changelist_view(request, {"title": _("No-shows and objections"), **(extra_context or {})})

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or (obj.appealed_at and not obj.answered_at and not obj.lifted_at)
        return self.has_module_permission(request) and bool(is_open)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        is_open = self.has_change_permission(request, obj)
        return self.fields if is_open else ("person", "until", "appeal", "answer", "lifted_at")

    @admin.display(description=gettext_lazy("resident"))
    def person(self, row: NoShow) -> SafeString:
        return format_html("{}<small>{}</small>", row.resident, row.registration.session.activity)
