from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.asking import Asked, ask, seen
from linlingtong.accounts.admin.deciding import DecidingAdmin, given, kept
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import hours_words, moment_words, span_words
from linlingtong.core.refusal import Refusal
from linlingtong.volunteering import actions as verbs
from linlingtong.volunteering.admin.entries import evidence_list
from linlingtong.volunteering.models import Dispute
from linlingtong.volunteering.models.evidence import evidence_words, proof_words

DAY = 24 * 60


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("answer"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("The volunteer reads it, for example: The leader confirms that you stayed to the end."),
    )
    minutes = forms.IntegerField(
        label=gettext_lazy("right number of minutes"),
        required=False,
        min_value=1,
        max_value=DAY,
        help_text=gettext_lazy("Only if the line is wrong. A colleague approves the new number."),
    )

    def clean_text(self) -> str:
        return seen(self.cleaned_data["text"], _("Write an answer first."))


class OpenFilter(admin.SimpleListFilter):
    title = gettext_lazy("answered")
    parameter_name = "open"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [("1", _("not answered yet")), ("0", _("answered"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        if self.value() not in {"0", "1"}:
            return queryset
        return queryset.filter(answered_at__isnull=self.value() == "1")


@admin.register(Dispute)
class DisputeAdmin(DecidingAdmin[Dispute]):
    """What residents ask to be corrected, the most urgent first, beside what the line rests on."""

    path_field = "entry__area__path"
    deciders = MANAGERS
    list_display = ("line", "reason", "due", "rests_on", "outcome_words")
    list_filter = (OpenFilter,)
    list_select_related = ("entry__area", "entry__recorder", "resident")
    ordering = ("due_at", "id")
    actions = ("answer",)
    fields = ("line", "reason", "opened_at", "due_at", "rests_on", "outcome", "answer", "answered_by", "answered_at")
    readonly_fields = fields

    @admin.action(description=gettext_lazy("Answer …"), permissions=["decide"])
    def answer(self, request: HttpRequest, rows: QuerySet[Dispute]) -> HttpResponse | None:
        chosen = list(self.mine(request, rows)[:2])
        if len(chosen) != 1:
            self.message_user(request, _("Choose one: each person gets an answer of their own."), messages.WARNING)
            return None
        asked, form = chosen[0], AnswerForm(given(request))
        if not form.is_valid():
            return self.ask_for(request, asked, form)
        try:
            verbs.answer(asked.pk, form.cleaned_data["text"], by=caller(request), minutes=form.cleaned_data["minutes"])
        except Refusal as refusal:
            self.message_user(request, refusal.detail, messages.WARNING)
        else:
            self.message_user(request, _("Answered. The volunteer was told."), messages.SUCCESS)
        return None

    def ask_for(self, request: HttpRequest, asked: Dispute, form: AnswerForm) -> HttpResponse:
        entry = asked.entry
        title = _("Answer")
        lines = [
            f"{entry} · {span_words(entry.starts_at, entry.ends_at)} · {hours_words(entry.minutes)}",
            f"{entry.get_source_display()} · {proof_words(entry)} · {entry.recorder or '-'}",
            *(f"{what}: {how}" for what, how in evidence_words(entry)),
        ]
        back, sent = request.get_full_path(), kept(request, "answer")
        return ask(self, request, Asked(title, title, back, asked.reason, lines, form=form, kept=sent))

    @admin.display(description=gettext_lazy("line"))
    def line(self, row: Dispute) -> SafeString:
        entry = row.entry
        times = span_words(entry.starts_at, entry.ends_at)
        return format_html("{}<small>{} · {} · {}</small>", entry, row.resident, times, hours_words(entry.minutes))

    @admin.display(description=gettext_lazy("answer until"), ordering="due_at")
    def due(self, row: Dispute) -> SafeString:
        is_late = row.answered_at is None and row.due_at < timezone.now()
        tone, word = ("off", _("overdue")) if is_late else ("neutral", "")
        badge = format_html('<span class="bdg bdg-{}">{}</span>', tone, word) if word else ""
        return format_html("{}<small>{}</small>", moment_words(row.due_at), badge)

    @admin.display(description=gettext_lazy("scan log, papers"))
    def rests_on(self, row: Dispute) -> SafeString:
        by = row.entry.recorder or "-"
        return format_html(
            "{} · {} · {}{}", row.entry.get_source_display(), proof_words(row.entry), by, evidence_list(row.entry)
        )

    @admin.display(description=gettext_lazy("outcome"))
    def outcome_words(self, row: Dispute) -> SafeString:
        return format_html("{}<small>{}</small>", row.get_outcome_display(), row.answer)
