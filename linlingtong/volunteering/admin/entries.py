from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.deciding import DecidingAdmin, given
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import hours_words, moment_words, span_words
from linlingtong.volunteering import actions as verbs
from linlingtong.volunteering.models import ServiceEntry, Standing
from linlingtong.volunteering.models.evidence import evidence_words, proof_words

TONES = {"credited": "open", "waiting": "pending", "declined": "off", "reversed": "off", "disputed": "offer"}
WHY = {
    "proof": gettext_lazy("no scan on the way in and out"),
    "short_stay": gettext_lazy("stayed for too short a time"),
    "overlap": gettext_lazy("something else is credited for the same time"),
}


class PartForm(forms.Form):
    minutes = forms.IntegerField(
        label=gettext_lazy("minutes to credit"), min_value=1, help_text=gettext_lazy("At most what was recorded.")
    )


class StandingFilter(admin.SimpleListFilter):
    title = gettext_lazy("standing")
    parameter_name = "standing"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        return [(value, str(label)) for value, label in Standing.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002 - Django's signature
        chosen = self.value()
        if chosen not in Standing.values:
            return queryset
        field = "standing" if chosen == Standing.DISPUTED else "plain_standing"
        return queryset.filter(**{field: chosen})


@admin.register(ServiceEntry)
class ServiceEntryAdmin(DecidingAdmin[ServiceEntry]):
    """Hours of one's areas: a second person approves them in one go, declines them or takes them back."""

    path_field = "area__path"
    deciders = MANAGERS
    served = ("starts_at", "id")
    grave = frozenset({"decline", "reverse"})
    list_display = ("person", "what", "badge", "hours", "proven", "recorded_by")
    list_filter = (StandingFilter, "proof", "source")
    list_select_related = ("resident", "area", "recorder")
    ordering = ("-starts_at", "-id")
    search_fields = ("title", "resident__nickname")
    list_per_page = 100
    actions = ("approve", "approve_part", "decline", "reverse")
    fields = (
        "person", "what", "place", "area", "badge", "hours", "planned_minutes", "source", "proven", "recorder",
        "leader", "proofs", "story",
    )  # fmt: skip
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceEntry]:
        return super().get_queryset(request).with_standing()  # type: ignore[attr-defined,no-any-return]

    @admin.action(description=gettext_lazy("Approve"), permissions=["decide"])
    def approve(self, request: HttpRequest, rows: QuerySet[ServiceEntry]) -> None:
        by = caller(request)
        self.report(request, self.each(request, self.mine(request, rows), lambda row: verbs.approve(row.pk, by=by)))

    @admin.action(description=gettext_lazy("Approve a part …"), permissions=["decide"])
    def approve_part(self, request: HttpRequest, rows: QuerySet[ServiceEntry]) -> HttpResponse | None:
        rows, form = self.mine(request, rows), PartForm(given(request))
        if not form.is_valid():
            return self.ask_about(request, rows, "approve_part", form, _("Approve a part"))
        by, part = caller(request), form.cleaned_data["minutes"]
        self.report(request, self.each(request, rows, lambda row: verbs.approve(row.pk, by=by, minutes=part)))
        return None

    @admin.action(description=gettext_lazy("Do not credit …"), permissions=["decide"])
    def decline(self, request: HttpRequest, rows: QuerySet[ServiceEntry]) -> HttpResponse | None:
        return self.with_reason(request, rows, "decline", _("Do not credit"), verbs.decline)

    @admin.action(description=gettext_lazy("Take back …"), permissions=["decide"])
    def reverse(self, request: HttpRequest, rows: QuerySet[ServiceEntry]) -> HttpResponse | None:
        return self.with_reason(request, rows, "reverse", _("Take back"), verbs.reverse)

    def line_words(self, row: ServiceEntry) -> str:
        return f"{row.resident} · {row} · {hours_words(row.minutes)}"

    @admin.display(description=gettext_lazy("resident"), ordering="resident__nickname")
    def person(self, row: ServiceEntry) -> SafeString:
        return format_html("{}<small>{}</small>", row.resident, row.resident.masked_phone)

    @admin.display(description=gettext_lazy("service"), ordering="starts_at")
    def what(self, row: ServiceEntry) -> SafeString:
        return format_html("{}<small>{} · {}</small>", row, span_words(row.starts_at, row.ends_at), row.area)

    @admin.display(description=gettext_lazy("standing"))
    def badge(self, row: Any) -> SafeString:
        label = Standing(row.standing).label
        badge = format_html('<span class="bdg bdg-{}">{}</span>', TONES[row.standing], label)
        why = WHY.get(row.note, "") if row.plain_standing == Standing.WAITING else row.last_reason
        return format_html("{}<small>{}</small>", badge, why)

    @admin.display(description=gettext_lazy("hours"), ordering="minutes")
    def hours(self, row: Any) -> SafeString:
        share = min(100, (row.ends_at - row.starts_at).total_seconds() / 60 * 100 / row.planned_minutes)
        there = _("%(share)d %% there") % {"share": share}
        return format_html('<span class="nowrap">{}</span><small>{}</small>', hours_words(row.counted), there)

    @admin.display(description=gettext_lazy("recorded by"))
    def recorded_by(self, row: ServiceEntry) -> SafeString:
        return format_html("{}<small>{}</small>", row.recorder or "-", row.get_source_display())

    @admin.display(description=gettext_lazy("proof"))
    def proven(self, row: ServiceEntry) -> str:
        return proof_words(row)

    @admin.display(description=gettext_lazy("evidence"))
    def proofs(self, row: ServiceEntry) -> SafeString:
        return evidence_list(row)

    @admin.display(description=gettext_lazy("story"))
    def story(self, row: ServiceEntry) -> SafeString:
        lines = [
            (moment_words(one.at), one.get_kind_display(), one.minutes, one.approver or "-", one.reason)
            for one in row.records.select_related("approver").order_by("pk")
        ]
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{} · {} {} · {} {}</li>", lines))


def evidence_list(row: ServiceEntry) -> SafeString:
    """The scan log or the paper that an entry rests on."""
    lines = format_html_join("", "<li>{}: {}</li>", evidence_words(row))
    return format_html("<ul>{}</ul>", lines) if lines else SafeString("-")
