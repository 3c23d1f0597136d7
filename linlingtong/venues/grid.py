"""The timetable as one reader sees it: what is free, taken, kept for somebody, or more than they may book."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.time import at, today
from linlingtong.venues.actions.booking import RIGHT_NOW, used, week_of
from linlingtong.venues.hours import Hours, Slot
from linlingtong.venues.models import Booking, Occupancy, Unit, Venue
from linlingtong.venues.permissions import paused_until


class Standing(StrEnum):
    FREE = "free"
    TAKEN = "taken"
    MINE = "mine"
    OVER_QUOTA = "over_quota"
    CLOSED = "closed"
    PAST = "past"


@dataclass(frozen=True)
class Cell:
    """One slot for one reader. `label` are its words, `free` the units that can be had; blocked is for a while.

    `can_wait`: others have it, and this reader may stand in line.
    """

    slot: Slot
    standing: Standing
    label: str
    free: tuple[Unit, ...] = ()
    is_blocked: bool = False
    can_wait: bool = False

    @property
    def is_free(self) -> bool:
        return self.standing == Standing.FREE


@dataclass(frozen=True)
class Day:
    day: dt.date
    cells: tuple[Cell, ...]

    @property
    def free_count(self) -> int:
        return sum(cell.is_free for cell in self.cells)


class Grid:
    """Some days of a venue, read with a handful of queries however many days and slots there are."""

    def __init__(self, venue: Venue, first: dt.date, days: int, reader: User | None) -> None:
        self.venue, self.reader, self.now = venue, reader, timezone.now()
        last = first + dt.timedelta(days=days - 1)
        self.hours = Hours(venue, first, last)
        self.units: Sequence[Unit] = [unit for unit in venue.units.order_by("pk") if unit.is_usable]
        self._read_taken(first, last)
        self._read_quota(first, last)
        self.days = [self._day(first + dt.timedelta(days=n)) for n in range(days)]

    def _read_taken(self, first: dt.date, last: dt.date) -> None:
        span = DateTimeTZRange(at(first), at(last + dt.timedelta(days=1)))
        taken = Occupancy.objects.filter(unit__in=self.units, during__overlap=span)
        self.taken = list(taken.values_list("unit_id", "during", "booking__resident_id", "block__reason"))

    def _read_quota(self, first: dt.date, last: dt.date) -> None:
        """Which weeks are used up; what is booked for a team does not count."""
        self.full_weeks: set[dt.datetime] = set()
        self.paused_until = paused_until(self.reader) if self.reader else None
        if self.reader is None:
            return
        monday, end = week_of(at(first))[0], week_of(at(last))[1]
        while monday < end:
            week = Booking.objects.filter(
                venue=self.venue,
                resident=self.reader,
                team=None,
                starts_at__gte=monday,
                starts_at__lt=week_of(monday)[1],
            )
            how_many, how_long = used(week)
            longest = dt.timedelta(hours=self.venue.most_hours)
            if how_many >= self.venue.most_bookings or how_long + self.venue.slot > longest:
                self.full_weeks.add(monday)
            monday = week_of(monday)[1]

    def _day(self, day: dt.date) -> Day:
        return Day(day, tuple(self._cell(slot, day) for slot in self.hours.slots(day)))

    def _cell(self, slot: Slot, day: dt.date) -> Cell:
        here = [row for row in self.taken if row[1].lower < slot.ends_at and row[1].upper > slot.starts_at]
        if self.reader and any(row[2] == self.reader.pk for row in here):
            return Cell(slot, Standing.MINE, _("yours"))
        if slot.starts_at < self.now + dt.timedelta(minutes=self.venue.notice_minutes):
            return Cell(slot, Standing.PAST, _("gone by"))
        if slot.reserved_for:
            return Cell(slot, Standing.CLOSED, slot.reserved_for)
        busy = {row[0] for row in here}
        free = tuple(unit for unit in self.units if unit.pk not in busy)
        if not free:
            reason = next((row[3] for row in here if row[3]), "")
            standing = Standing.CLOSED if reason else Standing.TAKEN
            can_wait = not reason and not self._is_over(slot)
            return Cell(slot, standing, reason or _("taken"), is_blocked=bool(reason), can_wait=can_wait)
        return self._open(slot, day, free)

    def _open(self, slot: Slot, day: dt.date, free: tuple[Unit, ...]) -> Cell:
        if (day - today()).days > self.venue.days_ahead:
            return Cell(slot, Standing.CLOSED, _("not yet"))
        if self._is_over(slot):
            return Cell(slot, Standing.OVER_QUOTA, _("over your limit"), free)
        return Cell(slot, Standing.FREE, self._free_words(free), free)

    def _is_over(self, slot: Slot) -> bool:
        """Whether it is more than this reader may book."""
        is_paused = self.paused_until and slot.starts_at > self.now + RIGHT_NOW
        return bool(is_paused) or week_of(slot.starts_at)[0] in self.full_weeks

    def _free_words(self, free: tuple[Unit, ...]) -> str:
        if len(free) == len(self.units) or len(self.units) == 1:
            return _("free")
        return str(free[0]) if self.venue.chooses_units else _("%(number)d free") % {"number": len(free)}

    def find(self, moment: dt.datetime) -> Cell | None:
        """The cell that begins at the moment."""
        return next((cell for day in self.days for cell in day.cells if cell.slot.starts_at == moment), None)
