"""What residents are told about their bookings, in their language."""

import datetime as dt

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from linlingtong.core.dates import clock, span_words
from linlingtong.notifications.actions import Tiding
from linlingtong.notifications.models import Kind, Preferences, quiet_until
from linlingtong.venues.models import Block, Booking, WaitEntry

SUBJECT = "booking"
LEAST = dt.timedelta(minutes=5)


def answer_by(now: dt.datetime, starts_at: dt.datetime, hold: dt.timedelta) -> dt.datetime:
    """Until when a time is kept: so long after somebody can have read it, and never past the start."""
    awake = quiet_until(now, Preferences.QUIET_FROM, Preferences.QUIET_UNTIL) or now
    return max(min(awake + hold, starts_at), now + LEAST)


def _tiding(booking: Booking, event: str, title: str, body: str, short: str = "") -> Tiding:
    return Tiding(
        booking.resident_id,
        Kind.BOOKING,
        f"booking/{booking.pk}/{event}",
        title,
        body,
        reverse("venues:booking", args=[booking.pk]),
        f"【临灵通】{short}"[:70] if short else "",
        SUBJECT,
        booking.pk,
    )


def _facts(booking: Booking) -> dict[str, str]:
    return {"venue": str(booking.venue), "when": span_words(booking.starts_at, booking.ends_at)}


def booked(booking: Booking) -> Tiding:
    with translation.override(booking.resident.language):
        title = _("Booked: %(venue)s, %(when)s") % _facts(booking)
        return _tiding(
            booking, "booked", title, _("If you cannot come, cancel in time, so that a neighbour can play.")
        )


def kept(booking: Booking) -> Tiding:
    """A time became free: the SMS goes at once, because the answer is due soon."""
    with translation.override(booking.resident.language):
        facts = _facts(booking) | {"until": clock(booking.held_until) if booking.held_until else ""}
        title = _("Free for you until %(until)s: %(venue)s, %(when)s") % facts
        body = _("Take it, or it goes to the next in line. You lose nothing by not answering.")
        return _tiding(booking, "kept", title, body, title)


def cancelled(booking: Booking) -> Tiding:
    with translation.override(booking.resident.language):
        facts = _facts(booking) | {"reason": booking.reason}
        title = _("Called off: %(venue)s, %(when)s") % facts
        return _tiding(
            booking, "cancelled", title, booking.reason, _("%(venue)s, %(when)s is off: %(reason)s") % facts
        )


def closed(entry: WaitEntry, block: Block) -> Tiding:
    """Somebody waits for a time that staff have closed."""
    with translation.override(entry.resident.language):
        facts = {"venue": str(entry.venue), "when": span_words(entry.starts_at, entry.ends_at)}
        title = _("Closed: %(venue)s, %(when)s") % facts
        body = _("%(reason)s. You stay in line, and hear from us if it opens again.") % {"reason": block.reason}
        key = f"wait/{entry.pk}/closed/{block.pk}"
        return Tiding(entry.resident_id, Kind.BOOKING, key, title, body, reverse("venues:bookings"))


def soon(booking: Booking) -> Tiding:
    with translation.override(booking.resident.language):
        title = _("Soon: %(venue)s, %(when)s") % _facts(booking)
        return _tiding(booking, "soon", title, _("Scan the code on the spot to check in."), title)


def missed(booking: Booking) -> Tiding:
    with translation.override(booking.resident.language):
        title = _("Nobody checked in: %(venue)s, %(when)s") % _facts(booking)
        return _tiding(booking, "missed", title, _("If there was a reason, tell us: it will be looked at."))


def answered(booking: Booking) -> Tiding:
    with translation.override(booking.resident.language):
        is_granted = booking.appeal == Booking.Appeal.GRANTED
        title = _("It does not count: %(venue)s, %(when)s") if is_granted else _("It stays noted: %(venue)s, %(when)s")
        return _tiding(booking, "answered", title % _facts(booking), booking.appeal_answer)
