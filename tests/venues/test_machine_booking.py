"""Made-up lives of a venue with its waiting list, against a small model of what residents were promised."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from linlingtong.accounts.models import User
from linlingtong.venues.actions import Order, accept, book, cancel, lapse_holds, leave_line, wait
from linlingtong.venues.models import Booking, Unit, Venue, WaitEntry
from tests.factories import UserFactory, VenueFactory
from tests.machines import MORNING, Life, live

HELD, BOOKED, CANCELLED, LAPSED = "held", "booked", "cancelled", "lapsed"
HOUR, HOLD = dt.timedelta(hours=1), dt.timedelta(minutes=20)
RESIDENTS, FIRST, SLOTS = 5, MORNING + dt.timedelta(days=1), 3
MOST_BOOKINGS, MOST_HOURS, MOST_SLOTS = 2, 3, 2
people, starts, lengths = st.integers(0, RESIDENTS - 1), st.integers(0, SLOTS - 1), st.integers(1, MOST_SLOTS + 1)


@dataclass
class Time:
    """Somebody has units, or had them; `until` is when a kept time ends."""

    who: int
    start: int
    length: int
    units: set[int]
    state: str
    until: dt.datetime | None = None

    @property
    def is_live(self) -> bool:
        return self.state in {HELD, BOOKED}

    def meets(self, start: int, length: int) -> bool:
        return self.start < start + length and start < self.start + self.length


@dataclass
class Wish:
    """One line of the waiting list."""

    who: int
    start: int
    length: int
    how_many: int


@dataclass
class Model:
    """A venue of some units."""

    units: int
    times: list[Time] = field(default_factory=list)
    line: list[Wish] = field(default_factory=list)

    def free(self, start: int, length: int) -> list[int]:
        taken = {unit for one in self.times if one.is_live and one.meets(start, length) for unit in one.units}
        return [unit for unit in range(self.units) if unit not in taken]

    def is_beyond_quota(self, who: int, length: int) -> bool:
        mine = [one.length for one in self.times if one.who == who and one.is_live]
        return len(mine) >= MOST_BOOKINGS or sum(mine) + length > MOST_HOURS

    def released(self, time: Time, state: str, now: dt.datetime) -> None:
        """The next in line whom it fits gets what became free, for twenty minutes."""
        time.state, time.until = state, None
        for wish in [one for one in self.line if time.meets(one.start, one.length)]:
            free = self.free(wish.start, wish.length)
            if len(free) >= wish.how_many and not self.is_beyond_quota(wish.who, wish.length):
                kept = set(free[: wish.how_many])
                self.times.append(Time(wish.who, wish.start, wish.length, kept, HELD, now + HOLD))
                self.line.remove(wish)


class Place(Life):
    """Five residents; a pitch of two halves that are chosen by name, or a gym of three seats that are given."""

    @initialize(chooses=st.booleans())
    def begin(self, chooses: bool) -> None:
        """One has the first hour already, three wait for it."""
        names = ("北半场", "南半场") if chooses else ("一", "二", "三")
        quotas = {"most_bookings": MOST_BOOKINGS, "most_hours": MOST_HOURS, "most_slots": MOST_SLOTS}
        self.venue: Venue = VenueFactory.create(units=names, chooses_units=chooses, **quotas)
        self.units = list(Unit.objects.filter(venue=self.venue).order_by("pk").values_list("pk", flat=True))
        self.residents: list[User] = [UserFactory.create() for _ in range(RESIDENTS)]
        self.model = Model(len(names))
        self.book(0, 0, 1, set(range(len(names))))
        for who in range(1, RESIDENTS - 1):
            self.wait(who, 0, 1 + who % MOST_SLOTS, 1 + who % 2)

    def times(self, start: int, length: int) -> tuple[dt.datetime, dt.datetime]:
        return FIRST + start * HOUR, FIRST + (start + length) * HOUR

    @rule(who=people, start=starts, length=lengths, wanted=st.sets(st.integers(0, 2), min_size=1))
    def book(self, who: int, start: int, length: int, wanted: set[int]) -> None:
        chooses, resident = self.venue.chooses_units, self.residents[who]
        wanted = {unit % self.model.units for unit in wanted}
        units = tuple(self.units[unit] for unit in sorted(wanted)) if chooses else ()
        order = Order(self.venue.pk, *self.times(start, length), units, how_many=len(wanted))
        said = self.said(book, order, resident, by=resident)
        free = self.model.free(start, length)
        chosen = set(free) & wanted if chooses else set(free[: len(wanted)])
        if self._has(who, start, length, wanted if chooses else None):
            assert said == "ok"
        elif length > MOST_SLOTS:
            assert said == "OffGrid"
        elif self.model.is_beyond_quota(who, length):
            assert said == "OverQuota"
        elif len(chosen) < len(wanted):
            assert said == "SlotTaken"
        else:
            assert said == "ok"
            self.model.times.append(Time(who, start, length, chosen, BOOKED))
            self.model.line = [one for one in self.model.line if (one.who, one.start) != (who, start)]

    def _has(self, who: int, start: int, length: int, units: set[int] | None) -> bool:
        mine = (one for one in self.model.times if (one.who, one.start, one.length) == (who, start, length))
        first = next((one for one in mine if one.is_live), None)
        return first is not None and first.state == BOOKED and units in (None, first.units)

    @rule(who=people, start=starts, length=st.integers(1, MOST_SLOTS), how_many=st.integers(1, 4))
    def wait(self, who: int, start: int, length: int, how_many: int) -> None:
        resident, times = self.residents[who], self.times(start, length)
        said = self.said(wait, self.venue.pk, *times, resident, by=resident, how_many=how_many)
        if self.model.is_beyond_quota(who, length):
            assert said == "OverQuota"
        elif how_many > self.model.units:
            assert said == "NoSuchUnits"
        elif len(self.model.free(start, length)) >= how_many:
            assert said == "StillFree"
        else:
            assert said == "ok"
            if not any((one.who, one.start) == (who, start) for one in self.model.line):
                self.model.line.append(Wish(who, start, length, how_many))

    @rule(number=st.integers(0, 20))
    def leave_the_line(self, number: int) -> None:
        if self.model.line:
            gone = self.model.line.pop(number % len(self.model.line))
            entry = WaitEntry.objects.get(resident=self.residents[gone.who], starts_at=self.times(gone.start, 1)[0])
            assert self.said(leave_line, entry.pk, by=self.residents[gone.who]) == "ok"

    def _rows(self) -> Iterator[tuple[Time, Booking]]:
        rows = Booking.objects.filter(venue=self.venue).order_by("pk")
        yield from zip(self.model.times, rows, strict=True)

    @rule(number=st.integers(0, 30))
    def cancel(self, number: int) -> None:
        found = list(self._rows())
        if found:
            time, row = found[-1 - number % len(found)]
            said = self.said(cancel, row.pk, by=self.residents[time.who])
            assert said == ("NotNow" if time.state == LAPSED else "ok")
            if time.is_live:
                self.model.released(time, CANCELLED, self.now)

    @rule(number=st.integers(0, 30))
    def take_what_is_kept(self, number: int) -> None:
        found = [pair for pair in self._rows() if pair[0].state != BOOKED]
        if found:
            time, row = found[-1 - number % len(found)]
            said = self.said(accept, row.pk, by=self.residents[time.who])
            assert said == ("ok" if time.state == HELD else "NotKept")
            time.state, time.until = (BOOKED, None) if time.state == HELD else (time.state, None)

    @precondition(lambda self: self.now < MORNING + 10 * HOUR)
    @rule(minutes=st.integers(5, 30))
    def time_goes_by(self, minutes: int) -> None:
        self.clock.shift(minutes * 60)
        lapse_holds()
        due = [one for one in self.model.times if one.until is not None and one.until <= self.now]
        for time in sorted(due, key=lambda one: one.until or self.now):
            self.model.released(time, LAPSED, self.now)

    @invariant()
    def everybody_has_what_they_were_told(self) -> None:
        if not hasattr(self, "model"):
            return
        for time, row in self._rows():
            units = {self.units.index(one.unit_id) for one in row.occupancies.all()}
            assert (row.resident_id, row.state) == (self.residents[time.who].pk, time.state)
            assert (row.starts_at, row.ends_at) == self.times(time.start, time.length)
            assert (units, row.held_until) == (time.units if time.is_live else set(), time.until)
        entries = WaitEntry.objects.filter(venue=self.venue).order_by("pk")
        told = [(self.residents[one.who].pk, *self.times(one.start, one.length)) for one in self.model.line]
        assert list(entries.values_list("resident", "starts_at", "ends_at")) == told


@pytest.mark.django_db
def test_no_life_of_a_venue_breaks_what_residents_were_promised() -> None:
    live(Place)
