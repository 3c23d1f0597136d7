import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.dates import date_words
from linlingtong.core.text import clean_text
from linlingtong.core.time import at, local, today
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.venues.actions import tidings
from linlingtong.venues.actions.refusals import (
    Closed,
    ClosedForAWhile,
    NoSuchUnits,
    NotNow,
    NotOfTeam,
    OffGrid,
    OverQuota,
    Paused,
    SlotTaken,
    TeamOverQuota,
    TooEarly,
    TooLate,
    TooLateToCancel,
    TooManyPeople,
)
from linlingtong.venues.hours import Hours
from linlingtong.venues.models import Booking, Occupancy, Unit, Venue, WaitEntry
from linlingtong.venues.permissions import check_may_act_for, is_staff_of, paused_until

State = Booking.State
HOLD = dt.timedelta(minutes=20)
RIGHT_NOW = dt.timedelta(hours=1)
ALTERNATIVES = 3
NEIGHBOUR_DAYS = dt.timedelta(days=3)
STAFF_DAYS_AHEAD, STAFF_BACK = 366, dt.timedelta(days=1)


@dataclass(frozen=True)
class Order:
    """What somebody wants: `units` where the venue lets them choose, else how many."""

    venue_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    units: tuple[int, ...] = ()
    how_many: int = 1
    purpose: str = ""
    headcount: int = 1
    team_id: int | None = None


def book(order: Order, resident: User, *, by: User) -> Booking:
    """The units are the resident's for that time; ordering the same again answers the same booking.

    The turn of the units is taken in the order of their ids, so of fifty people who want one slot one gets it and
    nobody waits in a circle; the exclusion constraint stands behind it. Whoever sees that it is gone does not stand in
    line, and what else is free is looked for when the turn is over. Raises SlotTaken with the nearest free times,
    Closed, OffGrid, TooLate, TooEarly, OverQuota, Paused, TooManyPeople, NoSuchUnits, NotOfTeam, or PermissionDenied.
    """
    venue = Venue.objects.select_related("area").get(pk=order.venue_id, is_shown=True)
    check_may_act_for(by, resident, venue)
    again = _same(order, resident)
    if again is not None:
        return again
    is_staff = is_staff_of(by, venue) and by.pk != resident.pk
    hours = hours_around(venue, order.starts_at, order.ends_at, is_staff=is_staff)
    units = list(venue.units.order_by("pk"))
    try:
        _check_order(hours, order, resident, is_staff=is_staff)
        choose(venue, units, order)
        return _book(venue, order, resident, by=by, is_staff=is_staff)
    except SlotTaken as refusal:
        refusal.alternatives = alternatives(hours, units, order)
        raise


@in_turn
def _book(venue: Venue, order: Order, resident: User, *, by: User, is_staff: bool) -> Booking:
    """Look again when it is our turn, and write. The venue may have closed while we waited, so all is asked again."""
    take_turns([("person", resident.pk), *([("team", order.team_id)] if order.team_id else [])])
    units = units_in_turn(venue)
    venue = Venue.objects.select_related("area").get(pk=venue.pk, is_shown=True)
    again = _same(order, resident)
    if again is not None:
        return again
    hours = hours_around(venue, order.starts_at, order.ends_at, is_staff=is_staff)
    _check_order(hours, order, resident, is_staff=is_staff)
    chosen = choose(venue, units, order)
    booking = Booking(
        venue=venue,
        resident=resident,
        team_id=order.team_id,
        by=by,
        starts_at=order.starts_at,
        ends_at=order.ends_at,
        purpose=clean_text(order.purpose)[:60],
        headcount=order.headcount,
    )
    occupy(booking, chosen)
    WaitEntry.objects.filter(venue=venue, resident=resident, starts_at=order.starts_at).delete()
    tell([tidings.booked(booking)])
    return booking


def units_in_turn(venue: Venue) -> list[Unit]:
    """The venue's units, locked in the order of their ids until the transaction ends."""
    return list(Unit.objects.select_for_update(no_key=True).filter(venue=venue).order_by("pk"))


def _same(order: Order, resident: User) -> Booking | None:
    same = Booking.objects.live().filter(resident=resident, venue_id=order.venue_id, starts_at=order.starts_at)
    found = same.filter(ends_at=order.ends_at).prefetch_related("occupancies").first()
    if found is None or found.state == State.HELD:
        return None
    taken = {one.unit_id for one in found.occupancies.all()}
    return found if not order.units or taken == set(order.units) else None


def hours_around(venue: Venue, starts_at: dt.datetime, ends_at: dt.datetime, *, is_staff: bool = False) -> Hours:
    """When it is open on that day and the days around it. Raises TooLate or TooEarly.

    Staff may book what has begun, and a year ahead.
    """
    now, day = timezone.now(), local(starts_at).date()
    earliest = now - STAFF_BACK if is_staff else now + dt.timedelta(minutes=venue.notice_minutes)
    if ends_at <= now or starts_at < earliest:
        raise TooLate
    days_ahead = max(venue.days_ahead, STAFF_DAYS_AHEAD) if is_staff else venue.days_ahead
    if (day - today()).days > days_ahead:
        raise TooEarly(days=days_ahead)
    return Hours(venue, day - NEIGHBOUR_DAYS, day + NEIGHBOUR_DAYS)


def _check_order(hours: Hours, order: Order, resident: User, *, is_staff: bool) -> None:
    venue = hours.venue
    check_open(hours, order.starts_at, order.ends_at, is_staff=is_staff)
    if not 1 <= order.headcount <= venue.most_people:
        raise TooManyPeople(most=venue.most_people)
    if order.team_id is not None and not _is_of_team(resident, order.team_id):
        raise NotOfTeam
    if not is_staff:
        until = paused_until(resident)
        if until and order.starts_at > timezone.now() + RIGHT_NOW:
            raise Paused(until=date_words(local(until).date()))
        check_quota(venue, order, resident)


def check_open(hours: Hours, starts_at: dt.datetime, ends_at: dt.datetime, *, is_staff: bool = False) -> None:
    """Raises OffGrid, or Closed; staff may book what is reserved."""
    slots = hours.covering(starts_at, ends_at)
    if not slots:
        raise Closed
    if len(slots) > hours.venue.most_slots:
        raise OffGrid(most=hours.venue.most_slots)
    if not is_staff and any(slot.reserved_for for slot in slots):
        raise Closed


def _is_of_team(resident: User, team_id: int) -> bool:
    mine = resident.memberships.current().filter(confirmed_at__isnull=False)
    return mine.filter(organization_id=team_id).exists()


def week_of(moment: dt.datetime) -> tuple[dt.datetime, dt.datetime]:
    """From Monday to Monday, in which quotas are counted."""
    day = local(moment).date()
    monday = day - dt.timedelta(days=day.weekday())
    return at(monday), at(monday + dt.timedelta(days=7))


def used(bookings: QuerySet[Booking]) -> tuple[int, dt.timedelta]:
    """How many bookings count against a quota, and how long they are together."""
    rows = list(bookings.filter(state__in=Booking.COUNTED).values_list("starts_at", "ends_at"))
    return len(rows), sum((end - start for start, end in rows), dt.timedelta())


def check_quota(venue: Venue, order: Order, resident: User) -> None:
    """Raises OverQuota or TeamOverQuota. What is booked for a team counts for the team alone."""
    first, last = week_of(order.starts_at)
    week = Booking.objects.filter(venue=venue, starts_at__gte=first, starts_at__lt=last)
    if order.team_id is not None:
        if used(week.filter(team=order.team_id))[0] >= venue.most_team_bookings:
            raise TeamOverQuota(limit=venue.most_team_bookings)
        return
    how_many, how_long = used(week.filter(resident=resident, team=None))
    longest = dt.timedelta(hours=venue.most_hours)
    if how_many >= venue.most_bookings or how_long + (order.ends_at - order.starts_at) > longest:
        limit = _("%(bookings)s bookings or %(hours)s hours")
        raise OverQuota(limit=limit % {"bookings": venue.most_bookings, "hours": venue.most_hours})


def free_units(units: Iterable[Unit], starts_at: dt.datetime, ends_at: dt.datetime) -> list[Unit]:
    """Usable units that nobody has in that time, in order."""
    usable = [unit for unit in units if unit.is_usable]
    during = DateTimeTZRange(starts_at, ends_at)
    taken = set(Occupancy.objects.filter(unit__in=usable, during__overlap=during).values_list("unit_id", flat=True))
    return [unit for unit in usable if unit.pk not in taken]


def choose(venue: Venue, units: Sequence[Unit], order: Order) -> list[Unit]:
    """The units of an order; raises NoSuchUnits or SlotTaken."""
    free = free_units(units, order.starts_at, order.ends_at)
    if venue.chooses_units:
        wanted = set(order.units)
        if not wanted or not wanted <= {unit.pk for unit in units}:
            raise NoSuchUnits
        chosen = [unit for unit in free if unit.pk in wanted]
    else:
        wanted = set(range(order.how_many))
        if not wanted or len(wanted) > len(units):
            raise NoSuchUnits
        chosen = free[: order.how_many]
    if len(chosen) < len(wanted):
        raise _gone([unit for unit in units if unit.pk in wanted or not venue.chooses_units], order)
    return chosen


def _gone(units: Sequence[Unit], order: Order) -> SlotTaken:
    """Why these units cannot be had: staff have closed one, or somebody was faster."""
    during = DateTimeTZRange(order.starts_at, order.ends_at)
    closed = Occupancy.objects.filter(unit__in=units, during__overlap=during, block__isnull=False)
    reason = closed.values_list("block__reason", flat=True).first()
    return SlotTaken() if reason is None else ClosedForAWhile(reason=reason)


def alternatives(hours: Hours, units: Sequence[Unit], order: Order) -> list[tuple[dt.datetime, dt.datetime]]:
    """The nearest times of the same length in which enough is free, the nearest first; at most three."""
    venue = hours.venue
    wanted = set(order.units) if venue.chooses_units else set()
    how_many = len(wanted) or order.how_many
    day, length, now = local(order.starts_at).date(), order.ends_at - order.starts_at, timezone.now()
    first, last = day - NEIGHBOUR_DAYS, min(day + NEIGHBOUR_DAYS, today() + dt.timedelta(days=venue.days_ahead))
    days = [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
    starts = [slot.starts_at for one in days for slot in hours.slots(one) if slot.starts_at > now]
    span = DateTimeTZRange(at(first), at(last + dt.timedelta(days=1)))
    taken = list(Occupancy.objects.filter(unit__in=units, during__overlap=span).values_list("unit_id", "during"))
    found = []
    for start in sorted(starts, key=lambda one: abs(one - order.starts_at)):
        end = start + length
        slots = hours.covering(start, end)
        busy = {unit for unit, during in taken if during.lower < end and during.upper > start}
        free = [unit for unit in units if unit.is_usable and unit.pk not in busy]
        fits = wanted <= {unit.pk for unit in free}
        if slots and not any(slot.reserved_for for slot in slots) and len(free) >= how_many and fits:
            found.append((start, end))
        if len(found) == ALTERNATIVES:
            break
    return found


def occupy(booking: Booking, units: Sequence[Unit]) -> None:
    """Write the booking and take its units, under their turn."""
    booking.save()
    during = DateTimeTZRange(booking.starts_at, booking.ends_at)
    Occupancy.objects.bulk_create(Occupancy(unit=unit, during=during, booking=booking) for unit in units)


def booking_in_turn(booking_id: int) -> tuple[Booking, list[Unit]]:
    """A booking and the units of its venue, read when it is our turn."""
    venue = Venue.objects.filter(bookings=booking_id).first()
    if venue is None:
        raise Booking.DoesNotExist
    units = units_in_turn(venue)
    return Booking.objects.select_related("venue__area", "resident").get(pk=booking_id), units


@in_turn
def cancel(booking_id: int, *, by: User, reason: str = "") -> Booking:
    """The time is free again, and kept for the next in line at once. Twice is harmless.

    Staff of the area may cancel until the end, with a reason that the resident reads. Raises TooLateToCancel, NotNow,
    or PermissionDenied.
    """
    booking, units = booking_in_turn(booking_id)
    venue, is_own = booking.venue, by.pk == booking.resident_id
    if not is_own and not is_staff_of(by, venue):
        raise PermissionDenied
    if booking.state == State.CANCELLED:
        return booking
    if booking.state not in {State.BOOKED, State.HELD}:
        raise NotNow(state=booking.get_state_display())
    deadline = booking.starts_at - dt.timedelta(hours=venue.cancel_hours)
    if is_own and booking.state == State.BOOKED and timezone.now() > deadline:
        raise TooLateToCancel(hours=venue.cancel_hours, phone=venue.phone or venue.area.phone)
    release(booking, State.CANCELLED, reason=clean_text(reason)[:100])
    if not is_own:
        tell([tidings.cancelled(booking)])
    fill(venue, units, booking.starts_at, booking.ends_at)
    return booking


def release(booking: Booking, state: str, *, reason: str = "") -> None:
    """End a booking under the turn of its units: they are free, and nothing more is sent about it."""
    booking.state, booking.reason, booking.ended_at, booking.held_until = state, reason, timezone.now(), None
    booking.save(update_fields=["state", "reason", "ended_at", "held_until"])
    booking.occupancies.all().delete()
    withdraw("booking", [booking.pk])


def fill(venue: Venue, units: Sequence[Unit], starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    """Keep what became free for those who wait, first come first served, in the transaction that freed it."""
    now = timezone.now()
    waiting = WaitEntry.objects.filter(venue=venue, starts_at__lt=ends_at, ends_at__gt=starts_at, starts_at__gt=now)
    for entry in waiting.select_related("resident").order_by("pk"):
        free = free_units(units, entry.starts_at, entry.ends_at)
        order = Order(venue.pk, entry.starts_at, entry.ends_at)
        if len(free) < entry.how_many or not _may_have(venue, order, entry.resident):
            continue
        held = Booking(
            venue=venue,
            resident=entry.resident,
            by=entry.resident,
            state=State.HELD,
            starts_at=entry.starts_at,
            ends_at=entry.ends_at,
            held_until=tidings.answer_by(now, entry.starts_at, HOLD),
        )
        occupy(held, free[: entry.how_many])
        entry.delete()
        tell([tidings.kept(held)])


def _may_have(venue: Venue, order: Order, resident: User) -> bool:
    try:
        check_quota(venue, order, resident)
    except OverQuota:
        return False
    return paused_until(resident) is None
