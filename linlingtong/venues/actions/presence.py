import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import tell
from linlingtong.notifications.models import Message
from linlingtong.venues.actions import tidings
from linlingtong.venues.actions.booking import booking_in_turn, fill, release
from linlingtong.venues.actions.refusals import NothingBookedNow, NotNow, TextMissing
from linlingtong.venues.models import Booking, Venue
from linlingtong.venues.permissions import is_staff_of

State, Appeal = Booking.State, Booking.Appeal
EARLY = dt.timedelta(minutes=15)
REMIND, LATEST = dt.timedelta(hours=2), dt.timedelta(minutes=20)


def arrive(venue: Venue, resident: User, *, by: User) -> Booking:
    """The resident scanned the code on the spot: the booking of this moment is being used. Twice is harmless.

    Raises NothingBookedNow.
    """
    now = timezone.now()
    here = Booking.objects.filter(venue=venue, resident=resident, starts_at__lte=now + EARLY, ends_at__gt=now)
    booking = here.filter(state__in=[State.BOOKED, State.CHECKED_IN]).order_by("starts_at").first()
    if booking is None:
        raise NothingBookedNow
    return check_in(booking.pk, by=by)


@in_turn
def check_in(booking_id: int, *, by: User) -> Booking:
    """Somebody is there. Twice is harmless; raises NotNow, or PermissionDenied."""
    booking, _units = booking_in_turn(booking_id)
    if by.pk != booking.resident_id and not is_staff_of(by, booking.venue):
        raise PermissionDenied
    if booking.state == State.CHECKED_IN:
        return booking
    if booking.state != State.BOOKED:
        raise NotNow(state=booking.get_state_display())
    booking.state, booking.checked_in_at = State.CHECKED_IN, timezone.now()
    booking.save(update_fields=["state", "checked_in_at"])
    return booking


def see_who_came() -> int:
    """Note where nobody checked in, free the rest of that time, close what is over; answers how many changed."""
    now = timezone.now()
    grace = F("venue__grace_minutes") * dt.timedelta(minutes=1)
    late = Booking.objects.filter(state=State.BOOKED, venue__needs_check_in=True, starts_at__lt=now - grace)
    late = late.filter(created_at__lt=now - grace)  # staff may book what has begun, for whoever stands there
    over = Booking.objects.filter(state__in=[State.BOOKED, State.CHECKED_IN], ends_at__lte=now)
    missed = sum(_miss(pk) for pk in late.order_by("pk").values_list("pk", flat=True))
    is_unwatched = over.filter(state=State.BOOKED, venue__needs_check_in=False)
    used = over.filter(state=State.CHECKED_IN)
    return missed + sum(rows.update(state=State.OVER, ended_at=now) for rows in (is_unwatched, used))


@in_turn
def _miss(booking_id: int) -> bool:
    booking, units = booking_in_turn(booking_id)
    grace = dt.timedelta(minutes=booking.venue.grace_minutes)
    if booking.state != State.BOOKED or max(booking.starts_at, booking.created_at) + grace > timezone.now():
        return False
    release(booking, State.NO_SHOW)
    tell([tidings.missed(booking)])
    fill(booking.venue, units, booking.starts_at, booking.ends_at)
    return True


def remind() -> int:
    """Tell those whose time begins within two hours, once; whoever booked just now knows."""
    now = timezone.now()
    soon = Booking.objects.filter(state=State.BOOKED, starts_at__gt=now + LATEST, starts_at__lte=now + REMIND)
    fresh = soon.filter(created_at__lt=F("starts_at") - REMIND - LATEST).select_related("venue", "resident")
    rows = list(fresh)
    tell([tidings.soon(booking) for booking in rows])
    return len(rows)


def words(messages: Sequence[Message]) -> dict[int, str]:
    """Messages about bookings that still stand as they were when the text was written."""
    ids = {message.subject_id for message in messages if message.subject_id}
    states = dict(Booking.objects.filter(pk__in=ids).values_list("pk", "state"))
    return {
        message.pk: message.text
        for message in messages
        if states.get(message.subject_id or 0) == _state_of(message) or _state_of(message) is None
    }


def _state_of(message: Message) -> str | None:
    """The state in which a text is true; None for what stays true."""
    event = message.key.split("/")[2]
    return {"kept": State.HELD.value, "soon": State.BOOKED.value}.get(event)


@in_turn
def appeal(booking_id: int, text: str, *, by: User) -> Booking:
    """There was a reason. Can be said once; raises NotNow, TextMissing, or PermissionDenied."""
    booking, _units = booking_in_turn(booking_id)
    if by.pk != booking.resident_id:
        raise PermissionDenied
    text = clean_text(text)[:200]
    if not text:
        raise TextMissing
    if booking.state != State.NO_SHOW or booking.appeal != Appeal.NONE:
        raise NotNow(state=booking.get_state_display())
    booking.appeal, booking.appeal_text = Appeal.OPEN, text
    booking.save(update_fields=["appeal", "appeal_text"])
    return booking


@in_turn
def answer_appeal(booking_id: int, answer: str, *, is_granted: bool, by: User) -> Booking:
    """Staff look at it: granted, it counts no more. Raises NotNow, TextMissing, or PermissionDenied."""
    booking, _units = booking_in_turn(booking_id)
    if not is_staff_of(by, booking.venue) or by.pk == booking.resident_id:
        raise PermissionDenied
    answer = clean_text(answer)[:200]
    if not answer:
        raise TextMissing
    if booking.appeal != Appeal.OPEN:
        raise NotNow(state=booking.get_state_display())
    booking.appeal = Appeal.GRANTED if is_granted else Appeal.DECLINED
    booking.appeal_answer = answer
    if is_granted:
        booking.state = State.EXCUSED
    booking.save(update_fields=["appeal", "appeal_answer", "state"])
    tell([tidings.answered(booking)])
    return booking
