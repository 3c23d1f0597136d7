from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.asking import CONFIRMED, Asked, ask, attempt, posted
from linlingtong.accounts.admin.scoped import ScopedAdmin, ScopedInline, scope_of
from linlingtong.accounts.permissions import in_scope
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import span_words
from linlingtong.core.forms import MomentField
from linlingtong.venues.actions import block, hit_by, lift
from linlingtong.venues.models import Block, DayException, OpeningRule, Unit, Venue

SHOWN = 30


class UnitInline(ScopedInline):
    """A unit that was booked once cannot be deleted, only put out of use."""

    model = Unit

    def has_delete_permission(self, request: HttpRequest, obj: Venue | None = None) -> bool:  # noqa: ARG002 - Django's signature
        return False


class RuleInline(ScopedInline):
    model = OpeningRule


class ExceptionInline(ScopedInline):
    model = DayException


class BlockForm(forms.Form):
    """What is closed, when and why."""

    units = forms.ModelMultipleChoiceField(
        label=gettext_lazy("units"), queryset=Unit.objects.none(), widget=forms.CheckboxSelectMultiple
    )
    kind = forms.ChoiceField(label=gettext_lazy("kind"), choices=Block.Kind.choices)
    starts_at = MomentField(label=gettext_lazy("from"))
    ends_at = MomentField(label=gettext_lazy("until"))
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=60,
        help_text=gettext_lazy("The residents read it, for example: the lawn is being watered."),
    )

    def __init__(self, posted: Any = None, *, venue: Venue) -> None:
        super().__init__(posted)
        units = cast("forms.ModelMultipleChoiceField[Unit]", self.fields["units"])
        units.queryset = venue.units.order_by("pk")
        units.initial = list(units.queryset)

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        if given.get("starts_at") and given.get("ends_at") and given["ends_at"] <= given["starts_at"]:
            self.add_error("ends_at", _("It has to end after it begins."))
        return given


@admin.register(Venue)
class VenueAdmin(ScopedAdmin[Venue]):
    """Venues with their units, hours and rules; one that closes for good is no longer shown."""

    path_field = "area__path"
    roles = MANAGERS
    list_display = ["name", "kind", "area", "slot_minutes", "days_ahead", "is_shown", "closing"]
    list_filter = ["kind", "is_shown"]
    list_select_related = ["area"]
    search_fields = ["name", "place"]
    ordering = ["name"]
    inlines = [UnitInline, RuleInline, ExceptionInline]
    readonly_fields = ["poster", "closing"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Venue | None = None) -> bool:
        scope = scope_of(request, self.roles)
        return bool(scope) if obj is None else in_scope(obj.area.path, scope)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.block_view)
        return [path("<path:object_id>/block/", view, name="venues_venue_block"), *super().get_urls()]

    @admin.display(description=gettext_lazy("close for a while"))
    def closing(self, venue: Venue) -> str:
        if not venue.pk:
            return "-"
        return format_html('<a href="{}">{}</a>', reverse("admin:venues_venue_block", args=[venue.pk]), _("Close …"))

    @admin.display(description=gettext_lazy("code to hang up"))
    def poster(self, venue: Venue) -> str:
        if not venue.pk:
            return "-"
        return format_html('<a href="{0}">{0}</a>', reverse("venues:check_in", args=[venue.code]))

    def block_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Close units for a while: first who is hit, then the deed."""
        venue = self.get_object(request, object_id)
        form = BlockForm(request.POST or None, venue=venue)
        back = reverse("admin:venues_venue_changelist")
        if request.method == "POST" and form.is_valid():
            if CONFIRMED in request.POST:
                return attempt(request, lambda: self._block(request, venue, form), back)
            return ask(self, request, self._question(request, venue, form, back))
        asked = Asked(_("Close “%(venue)s” for a while") % {"venue": venue}, _("See who is hit"), back, form=form)
        return ask(self, request, asked)

    def _question(self, request: HttpRequest, venue: Venue, form: BlockForm, back: str) -> Asked:
        given = form.cleaned_data
        hit = hit_by(venue, [unit.pk for unit in given["units"]], given["starts_at"], given["ends_at"])
        rows = list(hit[: SHOWN + 1])
        lines = [f"{span_words(one.starts_at, one.ends_at)} · {one.resident}" for one in rows[:SHOWN]]
        words = ngettext(
            "%(number)d booking is called off; its resident is told why and gets no mark.",
            "%(number)d bookings are called off; their residents are told why and get no mark.",
            len(rows),
        )
        said = words % {"number": hit.count()} if rows else _("Nobody has booked that time.")
        kind, when = Block.Kind(given["kind"]).label, span_words(given["starts_at"], given["ends_at"])
        return Asked(
            _("Close “%(venue)s”?") % {"venue": venue},
            _("Close it"),
            back,
            explained=f"{when} · {kind} · {given['reason']}\n{said}",
            lines=lines,
            kept=posted(request) | {CONFIRMED: ["1"]},
            is_grave=bool(rows),
        )

    def _block(self, request: HttpRequest, venue: Venue, form: BlockForm) -> str:
        given = form.cleaned_data
        block(
            venue.pk,
            [unit.pk for unit in given["units"]],
            given["starts_at"],
            given["ends_at"],
            kind=given["kind"],
            reason=given["reason"],
            by=caller(request),
        )
        return _("Closed. Everybody concerned was told.")


@admin.register(Block)
class BlockAdmin(ScopedAdmin[Block]):
    """What is closed. Lifting gives the time back, first to those who wait."""

    path_field = "venue__area__path"
    roles = MANAGERS
    list_display = ["venue", "kind", "reason", "starts_at", "ends_at", "by", "lifted_at"]
    list_filter = ["kind"]
    list_select_related = ["venue", "by"]
    ordering = ["-starts_at"]
    actions = ["lift_blocks"]

    @admin.action(description=gettext_lazy("Lift: open again"))
    def lift_blocks(self, request: HttpRequest, rows: QuerySet[Block]) -> None:
        lifted = self.each(request, rows, lambda row: lift(row.pk, by=caller(request)))
        self.message_user(request, ngettext("%(number)d lifted.", "%(number)d lifted.", lifted) % {"number": lifted})
