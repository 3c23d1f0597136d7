import datetime as dt
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.asking import CONFIRMED, Asked, ReasonForm, ask, attempt, posted
from linlingtong.accounts.admin.scoped import ScopedAdmin, scope_of
from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller
from linlingtong.core.dates import span_words
from linlingtong.core.forms import MomentField
from linlingtong.core.phone import normal_phone
from linlingtong.core.refusal import Refusal
from linlingtong.venues.actions import Order, answer_appeal, book, cancel, check_in
from linlingtong.venues.models import Booking, Unit, Venue

State = Booking.State


class OnBehalfForm(forms.Form):
    """Staff book for somebody who called or came by; the phone must be that of a registered resident."""

    venue = forms.ModelChoiceField(label=gettext_lazy("venue"), queryset=Venue.objects.none())
    units = forms.ModelMultipleChoiceField(
        label=gettext_lazy("units"),
        queryset=Unit.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Only where residents choose their units."),
    )
    phone = forms.CharField(label=gettext_lazy("phone of the resident"), max_length=20)
    starts_at = MomentField(label=gettext_lazy("from"))
    slots = forms.IntegerField(label=gettext_lazy("slots"), min_value=1, max_value=12, initial=1)
    headcount = forms.IntegerField(label=gettext_lazy("people"), min_value=1, initial=1)
    purpose = forms.CharField(label=gettext_lazy("what for"), max_length=60, required=False)

    def __init__(self, given: Any = None, *, venues: QuerySet[Venue]) -> None:
        super().__init__(given)
        fields: dict[str, Any] = dict(self.fields)
        fields["venue"].queryset = venues.order_by("name")
        chosen = Unit.objects.filter(venue__in=venues, venue__chooses_units=True).select_related("venue")
        fields["units"].queryset = chosen.order_by("venue__name", "pk")
        fields["units"].label_from_instance = lambda unit: f"{unit.venue} · {unit}"

    def clean_phone(self) -> User:
        phone = normal_phone(self.cleaned_data["phone"])
        found: User | None = User.objects.residents().filter(phone=phone).first()
        if found is None:
            raise forms.ValidationError(_("No resident is registered with this phone."), code="unknown")
        return found

    def order(self) -> Order:
        given = self.cleaned_data
        venue: Venue = given["venue"]
        units = tuple(unit.pk for unit in given["units"] if unit.venue_id == venue.pk)
        until = given["starts_at"] + venue.slot * given["slots"]
        return Order(
            venue.pk, given["starts_at"], until, units, purpose=given["purpose"], headcount=given["headcount"]
        )


class AnswerForm(forms.Form):
    verdict = forms.ChoiceField(
        label=gettext_lazy("verdict"),
        choices=[("granted", gettext_lazy("It does not count")), ("declined", gettext_lazy("It stays noted"))],
        widget=forms.RadioSelect,
    )
    answer = forms.CharField(
        label=gettext_lazy("answer"), max_length=200, help_text=gettext_lazy("The resident reads it.")
    )


@admin.register(Booking)
class BookingAdmin(ScopedAdmin[Booking]):
    """Who has what when. Staff check people in, call bookings off with a reason, and answer appeals."""

    path_field = "venue__area__path"
    roles = MANAGERS
    list_display = ["when", "venue", "resident", "headcount", "state", "appeal", "answering"]
    list_filter = ["state", "appeal", ("venue", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["venue", "resident"]
    date_hierarchy = "starts_at"
    ordering = ["-starts_at", "-pk"]
    search_fields = ["resident__nickname", "purpose"]
    actions = ["check_people_in", "call_off"]
    change_list_template = "admin/venues/booking_list.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("on-behalf/", view(self.on_behalf_view), name="venues_booking_on_behalf"),
            path("<path:object_id>/appeal/", view(self.appeal_view), name="venues_booking_appeal"),
            *super().get_urls(),
        ]

    @admin.display(description=gettext_lazy("time"), ordering="starts_at")
    def when(self, booking: Booking) -> str:
        return span_words(booking.starts_at, booking.ends_at)

    @admin.display(description="")
    def answering(self, booking: Booking) -> str:
        if booking.appeal != Booking.Appeal.OPEN:
            return ""
        url = reverse("admin:venues_booking_appeal", args=[booking.pk])
        return format_html('<a class="button" href="{}">{}</a>', url, _("Answer"))

    @admin.action(description=gettext_lazy("Somebody is there: check in"))
    def check_people_in(self, request: HttpRequest, rows: QuerySet[Booking]) -> None:
        done = self.each(request, rows, lambda row: check_in(row.pk, by=caller(request)))
        self.message_user(
            request, ngettext("%(number)d checked in.", "%(number)d checked in.", done) % {"number": done}
        )

    @admin.action(description=gettext_lazy("Call off, with a reason"))
    def call_off(self, request: HttpRequest, rows: QuerySet[Booking]) -> HttpResponse | None:
        form = ReasonForm(request.POST if CONFIRMED in request.POST else None)
        if CONFIRMED in request.POST and form.is_valid():
            reason = form.cleaned_data["reason"]
            done = self.each(request, rows, lambda row: cancel(row.pk, by=caller(request), reason=reason))
            words = ngettext("%(number)d called off and told.", "%(number)d called off and told.", done)
            self.message_user(request, words % {"number": done})
            return None
        lines = [f"{span_words(row.starts_at, row.ends_at)} · {row.venue} · {row.resident}" for row in rows]
        kept = posted(request, "reason") | {CONFIRMED: ["1"]}
        back = reverse("admin:venues_booking_changelist")
        return ask(self, request, Asked(_("Call these off?"), _("Call off"), back, lines=lines, form=form, kept=kept))

    def on_behalf_view(self, request: HttpRequest) -> HttpResponse:
        """Book for a resident who called."""
        scope = scope_of(request, self.roles)
        if not scope:
            raise Http404
        venues = Venue.objects.shown().managed_by(caller(request))
        form, back = OnBehalfForm(request.POST or None, venues=venues), reverse("admin:venues_booking_changelist")
        if request.method == "POST" and form.is_valid():
            try:
                booked = book(form.order(), form.cleaned_data["phone"], by=caller(request))
            except Refusal as refusal:
                form.add_error(None, refusal.detail)
            else:
                when = span_words(booked.starts_at, booked.ends_at)
                self.message_user(request, _("Booked: %(when)s") % {"when": when})
                return redirect(back)
        return ask(self, request, Asked(_("Book for a resident"), _("Book"), back, form=form))

    def appeal_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the resident says, and how often nobody came before."""
        booking = self.get_object(request, object_id)
        form, back = AnswerForm(request.POST or None), reverse("admin:venues_booking_changelist")
        if request.method == "POST" and form.is_valid():
            given = form.cleaned_data

            def answer() -> str:
                is_granted = given["verdict"] == "granted"
                answer_appeal(booking.pk, given["answer"], is_granted=is_granted, by=caller(request))
                return _("Answered.")

            return attempt(request, answer, back)
        missed = Booking.objects.strikes(booking.resident_id, timezone.now() - dt.timedelta(days=365)).count()
        lines = [
            f"{span_words(booking.starts_at, booking.ends_at)} · {booking.venue}",
            booking.appeal_text,
            ngettext("%(number)d time nobody came within a year", "%(number)d times nobody came within a year", missed)
            % {"number": missed},
        ]
        return ask(self, request, Asked(_("Appeal"), _("Answer"), back, lines=lines, form=form))
