from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.venues.actions import accept, appeal, arrive, cancel, leave_line
from linlingtong.venues.forms import WordsForm
from linlingtong.venues.models import Booking, Venue, WaitEntry
from linlingtong.venues.permissions import paused_until

State = Booking.State
PAST = 20
BADGES: dict[str, tuple[str, str]] = {
    State.HELD: ("offer", "bell"),
    State.BOOKED: ("mine", "circle-check-f"),
    State.CHECKED_IN: ("mine", "circle-check-f"),
    State.OVER: ("done", "star"),
    State.NO_SHOW: ("off", "ban"),
    State.CALLED_OFF: ("off", "ban"),
}


def badge_of(booking: Booking) -> dict[str, str]:
    tone, icon = BADGES.get(booking.state, ("neutral", "clock"))
    return {"tone": tone, "icon": icon, "label": booking.get_state_display()}


def _row(booking: Booking) -> dict[str, Any]:
    return {"booking": booking, "badge": badge_of(booking)}


@login_required
@require_safe
def bookings(request: HttpRequest) -> HttpResponse:
    """What one has booked, what one waits for, and what was."""
    me, now = caller(request), timezone.now()
    rows = Booking.objects.visible_to(me).select_related("venue")
    coming = rows.live().filter(ends_at__gt=now).order_by("starts_at", "pk")
    past = rows.exclude(pk__in=coming.values("pk")).order_by("-starts_at", "-pk")[:PAST]
    waiting = WaitEntry.objects.filter(resident=me, starts_at__gt=now).select_related("venue").order_by("starts_at")
    context = {
        "heading": _("My bookings"),
        "coming": [_row(one) for one in coming],
        "past": [_row(one) for one in past],
        "waiting": waiting,
        "paused_until": paused_until(me),
    }
    return render(request, "venues/bookings.html", context)


@login_required
@require_safe
def booking(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk, WordsForm())


def _page(request: HttpRequest, pk: int, form: WordsForm) -> HttpResponse:
    rows = Booking.objects.visible_to(caller(request)).select_related("venue__area", "team")
    found = get_object_or_404(rows.prefetch_related("occupancies__unit"), pk=pk)
    context = {
        **_row(found),
        "units": [one.unit for one in found.occupancies.all()],
        "can_cancel": found.state == State.BOOKED and found.starts_at > timezone.now(),
        "can_accept": found.state == State.HELD,
        "can_appeal": found.state == State.NO_SHOW and not found.appeal,
        "form": form,
    }
    return render(request, "venues/booking.html", context)


def _own(request: HttpRequest, pk: int) -> Booking:
    return get_object_or_404(Booking.objects.visible_to(caller(request)), pk=pk)


@posted_from("venues:booking", "pk")
@login_required
def cancel_booking(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    try:
        cancel(found.pk, by=caller(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
        return redirect("venues:booking", pk)
    messages.success(request, _("Cancelled. The time is free for others again."))
    return redirect("venues:bookings")


@posted_from("venues:booking", "pk")
@login_required
def accept_booking(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    try:
        accept(found.pk, by=caller(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        messages.success(request, _("It is yours."))
    return redirect("venues:booking", pk)


@posted_from("venues:booking", "pk")
@login_required
def appeal_booking(request: HttpRequest, pk: int) -> HttpResponse:
    found = _own(request, pk)
    form = WordsForm(request.POST)
    if not form.is_valid():
        return _page(request, pk, form)
    try:
        appeal(found.pk, form.cleaned_data["text"], by=caller(request))
    except Refusal as refusal:
        form.add_error("text", refusal.detail)
        return _page(request, pk, form)
    messages.success(request, _("Staff will look at it and tell you."))
    return redirect("venues:booking", pk)


@posted_from("venues:bookings")
@login_required
def leave(request: HttpRequest, pk: int) -> HttpResponse:
    leave_line(pk, by=caller(request))
    messages.success(request, _("You do not wait any more."))
    return redirect("venues:bookings")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check_in(request: HttpRequest, code: str) -> HttpResponse:
    """Behind the printed code on the spot: looking changes nothing, one tap checks in."""
    found = Venue.objects.shown().filter(code=code).first()
    if found is None:
        raise Http404
    if request.method == "POST":
        try:
            booked = arrive(found, caller(request), by=caller(request))
        except Refusal as refusal:
            return render(request, "venues/check_in.html", {"venue": found, "refused": refusal.detail}, status=409)
        messages.success(request, _("Checked in. Have fun!"))
        return redirect("venues:booking", booked.pk)
    return render(request, "venues/check_in.html", {"venue": found})
