"""When a venue is open, slot by slot."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from linlingtong.core.time import at, local
from linlingtong.venues.models import DayException, OpeningRule, Venue


@dataclass(frozen=True)
class Slot:
    """One cell of the timetable; `reserved_for` names whose it is every week, empty when residents can book it."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    reserved_for: str = ""


class Hours:
    """The opening rules of one venue, read once for any number of days."""

    def __init__(self, venue: Venue, first: dt.date, last: dt.date) -> None:
        self.venue = venue
        self.rules: list[OpeningRule] = list(venue.opening_rules.order_by("opens_at", "pk"))
        days: Iterable[DayException] = venue.exceptions.filter(day__gte=first, day__lte=last)
        self.exceptions = {one.day: one for one in days}
        self._known: dict[dt.date, list[Slot]] = {}

    def slots(self, day: dt.date) -> list[Slot]:
        """The slots of the day in order; a slot that does not fit before closing time does not exist."""
        if day not in self._known:
            self._known[day] = self._laid_out(day)
        return self._known[day]

    def _laid_out(self, day: dt.date) -> list[Slot]:
        kept = [rule for rule in self.rules if rule.reserved_for and rule.applies(day)]
        slots = [self._slot(day, start, kept) for start, _end in self._grid(day)]
        return sorted(set(slots), key=lambda slot: slot.starts_at)

    def _grid(self, day: dt.date) -> Iterable[tuple[dt.datetime, dt.datetime]]:
        for opens, closes in self._spans(day):
            start, end = at(day, opens), at(day, closes)
            while start + self.venue.slot <= end:
                yield start, start + self.venue.slot
                start += self.venue.slot

    def _spans(self, day: dt.date) -> list[tuple[dt.time, dt.time]]:
        exception = self.exceptions.get(day)
        if exception is not None:
            both = exception.opens_at, exception.closes_at
            return [(both[0], both[1])] if both[0] and both[1] else []
        return [(one.opens_at, one.closes_at) for one in self.rules if not one.reserved_for and one.applies(day)]

    def _slot(self, day: dt.date, start: dt.datetime, kept: list[OpeningRule]) -> Slot:
        end = start + self.venue.slot
        owners = (one.reserved_for for one in kept if at(day, one.opens_at) < end and at(day, one.closes_at) > start)
        return Slot(start, end, next(owners, ""))

    def covering(self, starts_at: dt.datetime, ends_at: dt.datetime) -> list[Slot]:
        """The slots that together are exactly this time; none when it does not fit the timetable."""
        wanted = [slot for slot in self.slots(local(starts_at).date()) if starts_at <= slot.starts_at < ends_at]
        edges = [starts_at, *(slot.ends_at for slot in wanted)]
        fits = bool(wanted) and [slot.starts_at for slot in wanted] == edges[:-1] and edges[-1] == ends_at
        return wanted if fits else []
