import datetime as dt

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.venues.actions import tidings
from linlingtong.venues.actions.booking import (
    Order,
    booking_in_turn,
    check_open,
    check_quota,
    fill,
    free_units,
    hours_around,
    release,
    units_in_turn,
)
from linlingtong.venues.actions.refusals import NoSuchUnits, NotKept, StillFree, WaitsAlready
from linlingtong.venues.models import Booking, Venue, WaitEntry

State = Booking.State
MOST_WAITS = 5


@in_turn
def wait(
    venue_id: int, starts_at: dt.datetime, ends_at: dt.datetime, resident: User, *, by: User, how_many: int = 1
) -> WaitEntry:
    """Stand in line for so many units of a time that is full. Twice is harmless.

    Raises StillFree, WaitsAlready, what `book` raises for the time itself, or PermissionDenied.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    venue = Venue.objects.select_related("area").get(pk=venue_id, is_shown=True)
    take_turns([("person", resident.pk)])
    units = units_in_turn(venue)
    check_open(hours_around(venue, starts_at, ends_at), starts_at, ends_at)
    check_quota(venue, Order(venue.pk, starts_at, ends_at), resident)
    if not 1 <= how_many <= len(units):
        raise NoSuchUnits
    if len(free_units(units, starts_at, ends_at)) >= how_many:
        raise StillFree
    mine = WaitEntry.objects.filter(resident=resident, starts_at__gt=timezone.now())
    found = mine.filter(venue=venue, starts_at=starts_at).first()
    if found is not None:
        return found
    if mine.count() >= MOST_WAITS:
        raise WaitsAlready
    return WaitEntry.objects.create(
        venue=venue, resident=resident, starts_at=starts_at, ends_at=ends_at, how_many=how_many
    )


def leave_line(entry_id: int, *, by: User) -> None:
    """Wait no more; twice is harmless."""
    WaitEntry.objects.filter(pk=entry_id, resident=by).delete()


@in_turn
def accept(booking_id: int, *, by: User) -> Booking:
    """Take the time that is kept. Twice is harmless; raises NotKept or PermissionDenied."""
    booking, _units = booking_in_turn(booking_id)
    if by.pk != booking.resident_id:
        raise PermissionDenied
    if booking.state == State.BOOKED:
        return booking
    if booking.state != State.HELD or booking.held_until is None or booking.held_until <= timezone.now():
        raise NotKept
    booking.state, booking.held_until = State.BOOKED, None
    booking.save(update_fields=["state", "held_until"])
    withdraw("booking", [booking.pk])
    tell([tidings.booked(booking)])
    return booking


def lapse_holds() -> int:
    """Give what nobody took in time to the next in line; answers how many lapsed."""
    due = Booking.objects.filter(state=State.HELD, held_until__lte=timezone.now()).order_by("held_until", "pk")
    lapsed = [_lapse(pk) for pk in due.values_list("pk", flat=True)]
    WaitEntry.objects.filter(starts_at__lte=timezone.now()).delete()
    return sum(lapsed)


@in_turn
def _lapse(booking_id: int) -> bool:
    booking, units = booking_in_turn(booking_id)
    is_due = booking.state == State.HELD and booking.held_until is not None and booking.held_until <= timezone.now()
    if is_due:
        release(booking, State.LAPSED)
        fill(booking.venue, units, booking.starts_at, booking.ends_at)
    return is_due
