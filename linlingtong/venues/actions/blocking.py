import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import tell
from linlingtong.venues.actions import tidings
from linlingtong.venues.actions.booking import fill, release, units_in_turn
from linlingtong.venues.actions.refusals import BlockedAlready, NoSuchUnits, TextMissing, TooLate
from linlingtong.venues.models import Block, Booking, Occupancy, Unit, Venue, WaitEntry
from linlingtong.venues.permissions import is_staff_of


def hit_by(venue: Venue, unit_ids: Sequence[int], starts_at: dt.datetime, ends_at: dt.datetime) -> QuerySet[Booking]:
    """The live bookings that a block of these units would end, for staff to read first."""
    during = DateTimeTZRange(starts_at, ends_at)
    hit = Occupancy.objects.filter(unit__in=unit_ids, unit__venue=venue, during__overlap=during)
    live = Booking.objects.live().filter(pk__in=hit.filter(booking__isnull=False).values("booking"))
    return live.select_related("resident", "venue").order_by("starts_at", "pk")


@in_turn
def block(
    venue_id: int,
    unit_ids: Sequence[int],
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    *,
    kind: str,
    reason: str,
    by: User,
) -> Block:
    """Nobody else has these units in that time; who had them is told why and gets no mark, who waits stays in line.

    Raises BlockedAlready, NoSuchUnits, TextMissing, TooLate, or PermissionDenied.
    """
    venue = Venue.objects.select_related("area").get(pk=venue_id)
    if not is_staff_of(by, venue):
        raise PermissionDenied
    reason = clean_text(reason)[:60]
    if not reason:
        raise TextMissing
    if ends_at <= max(starts_at, timezone.now()):
        raise TooLate
    units = [unit for unit in units_in_turn(venue) if unit.pk in set(unit_ids)]
    if not units:
        raise NoSuchUnits
    _check_not_blocked(units, starts_at, ends_at)
    hit = list(hit_by(venue, [unit.pk for unit in units], starts_at, ends_at))
    for booking in hit:
        release(booking, Booking.State.CALLED_OFF, reason=reason)
    row = Block.objects.create(venue=venue, kind=kind, starts_at=starts_at, ends_at=ends_at, reason=reason, by=by)
    during = DateTimeTZRange(starts_at, ends_at)
    Occupancy.objects.bulk_create(Occupancy(unit=unit, during=during, block=row) for unit in units)
    waiting = WaitEntry.objects.filter(venue=venue, starts_at__lt=ends_at, ends_at__gt=starts_at)
    tell([tidings.cancelled(booking) for booking in hit])
    tell([tidings.closed(entry, row) for entry in waiting.select_related("resident", "venue").order_by("pk")])
    return row


def _check_not_blocked(units: Sequence[Unit], starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    there = Occupancy.objects.filter(
        unit__in=units, during__overlap=DateTimeTZRange(starts_at, ends_at), block__isnull=False
    )
    reason = there.values_list("block__reason", flat=True).first()
    if reason is not None:
        raise BlockedAlready(reason=reason)


@in_turn
def lift(block_id: int, *, by: User) -> Block:
    """The units are free again, first for those who wait. Twice is harmless; raises PermissionDenied."""
    row = Block.objects.select_related("venue__area").get(pk=block_id)
    if not is_staff_of(by, row.venue):
        raise PermissionDenied
    units = units_in_turn(row.venue)
    if row.lifted_at is None:
        row.lifted_at = timezone.now()
        row.save(update_fields=["lifted_at"])
        row.occupancies.all().delete()
        fill(row.venue, units, row.starts_at, row.ends_at)
    return row
