"""From the cells of a sheet to lines that can be judged: who, when, how long, at what. Nothing is looked up here
except which phones have an account."""

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from linlingtong.accounts.actions.sign_in import key_of
from linlingtong.accounts.models import User
from linlingtong.activities.actions import cells
from linlingtong.activities.actions.cells import Unreadable
from linlingtong.activities.actions.sheets import Line, Sheet
from linlingtong.activities.models import ImportRow, Session
from linlingtong.core.time import at, today

T = TypeVar("T")
USUAL_START = dt.time(9)
USUAL_LENGTH = dt.timedelta(hours=2)
OLDEST = dt.date(2000, 1, 1)
LENGTHS = {"title": 80, "place": 80, "leader": 30}
Outcome = ImportRow.Outcome


def roster_key(phone: str) -> str:
    """How a number is remembered in rosters: recognised when its owner signs in, readable by nobody."""
    return key_of("roster", phone)


@dataclass(frozen=True)
class Given:
    """What staff said on the form for lines that do not say it themselves."""

    title: str = ""
    day: dt.date | None = None
    place: str = ""
    minutes: int | None = None


def understand(sheet: Sheet, given: Given, session: Session | None) -> list[ImportRow]:
    """A row for each line; those that cannot be understood, or repeat another, are settled already."""
    reader = _Reader(sheet, given, session)
    rows = [reader.row(line) for line in sheet.lines]
    know_residents([row for row in rows if row.phone_key], reader.phones)
    find_repeats(rows)
    find_overlaps(rows)
    return rows


class _Reader:
    """Reads line after line; remembers the whole numbers only as long as it lives."""

    def __init__(self, sheet: Sheet, given: Given, session: Session | None) -> None:
        self.sheet, self.given, self.session = sheet, given, session
        self.phones: dict[str, str] = {}
        self.today = today()

    def row(self, line: Line) -> ImportRow:
        row = ImportRow(number=line.number, name=line.shown[:60])
        if line.left_out:
            settle(row, Outcome.LEFT_OUT, line.left_out)
            return row
        for step in (self._name, self._number, self._what, self._when):
            self._try(row, partial(step, row, line))
        return row

    def _try(self, row: ImportRow, read: Callable[[], T]) -> T | None:
        """What the cell says; None where it cannot be read, which is noted beside what else is wrong with the line."""
        try:
            return read()
        except Unreadable as error:
            blame(row, error)
            return None

    def _said(self, line: Line, column: str) -> Any:
        value = line.cells.get(column)
        return self.sheet.defaults.get(column) if cells.is_blank(value) else value

    def _name(self, row: ImportRow, line: Line) -> None:
        row.name = cells.text_of(line.cells.get("name"))[:60]
        row.name = cells.name_of(line.cells.get("name"))
        if not row.name:
            raise Unreadable("no_name")

    def _number(self, row: ImportRow, line: Line) -> None:
        phone = cells.phone_of(line.cells.get("phone"))
        if phone:
            row.phone_key, row.phone_mask = roster_key(phone), cells.mask_of(phone)
            self.phones[row.phone_key] = phone
        else:
            row.facts = (row.facts or {}) | {"note": "masked_phone" if phone is None else "no_phone"}

    def _what(self, row: ImportRow, line: Line) -> None:
        if self.session is not None:
            row.title, row.place = self.session.activity.title, self.session.activity.place
            return
        for column, longest in LENGTHS.items():
            text = cells.text_of(self._said(line, column)) or getattr(self.given, column, "")
            setattr(row, column, text[:longest])
            if len(text) > longest:
                blame(row, Unreadable("too_much_text", most=longest))
            elif column == "title" and not text:
                blame(row, Unreadable("no_title"))

    def _when(self, row: ImportRow, line: Line) -> None:
        day = self._try(row, lambda: self._day(line))
        clocks = self._try(row, lambda: self._clocks(line))
        minutes = self._try(row, lambda: self._said_minutes(line))
        if day is None or clocks is None:
            return
        row.is_timed = bool(clocks)
        row.starts_at = at(day, clocks[0] if clocks else self._usual_start())
        row.ends_at = at(day, clocks[1]) if len(clocks) > 1 else None
        if row.ends_at and row.ends_at <= row.starts_at:
            raise Unreadable("ends_before_start")
        row.minutes = self._minutes(row, minutes)
        if row.ends_at is None:
            row.ends_at = row.starts_at + (dt.timedelta(minutes=row.minutes) if row.minutes else USUAL_LENGTH)

    def _said_minutes(self, line: Line) -> int | None:
        minutes = cells.minutes_of(line.cells.get("minutes"), self.sheet.unit)
        if minutes is None and self._said(line, "minutes") is not None:
            return cells.minutes_of(self._said(line, "minutes"), "")
        return minutes

    def _usual_start(self) -> dt.time:
        return cells.local_clock(self.session.starts_at) if self.session else USUAL_START

    def _day(self, line: Line) -> dt.date:
        day = cells.day_of(self._said(line, "day"), self.sheet.epoch) or self.given.day
        if self.session is not None:
            own = cells.local_day(self.session.starts_at)
            if day is not None and day != own:
                raise Unreadable("other_day", day=own.isoformat())
            return own
        if day is None:
            raise Unreadable("no_date")
        if day > self.today:
            raise Unreadable("in_future")
        if day < OLDEST:
            raise Unreadable("bad_date")
        return day

    def _clocks(self, line: Line) -> list[dt.time]:
        read: Callable[[Any], list[dt.time]] = lambda value: cells.clocks_of(value, self.sheet.epoch)  # noqa: E731
        starts, ends = read(line.cells.get("starts")), read(line.cells.get("ends"))
        if starts:
            return [starts[0], *(ends[:1] or starts[1:2])]
        for column in ("span", "day"):
            found = read(self._said(line, column))
            if found:
                return found
        return []

    def _minutes(self, row: ImportRow, minutes: int | None) -> int | None:
        assert row.starts_at is not None  # noqa: S101 - set by the caller
        span = int((row.ends_at - row.starts_at).total_seconds() // 60) if row.ends_at else None
        if minutes is None:
            minutes = self.given.minutes or span
        if minutes is not None and minutes > cells.LONGEST_MINUTES:
            raise Unreadable("too_long")
        if minutes is not None and span is not None and minutes > span:
            raise Unreadable("more_than_span", span=span)
        return minutes


def settle(row: ImportRow, outcome: str, reason: str, **facts: Any) -> None:
    """This stays, whatever the database says later."""
    row.outcome, row.reason, row.is_final = outcome, reason, True
    row.facts = (row.facts or {}) | facts


def blame(row: ImportRow, error: Unreadable) -> None:
    """The line is not possible; a further mistake is told beside the first one."""
    if row.is_final:
        row.facts.setdefault("also", []).append({"code": error.code, **error.facts})
    else:
        settle(row, Outcome.REFUSED, error.code, **error.facts)


def know_residents(rows: Sequence[ImportRow], phones: dict[str, str]) -> None:
    """Give each row the account that its phone belongs to, if there is one."""
    verified = User.objects.active().filter(phone_verified_at__isnull=False, phone__in=set(phones.values()))
    known = dict(verified.values_list("phone", "pk"))
    for row in rows:
        row.resident_id = known.get(phones[row.phone_key])


def know_newcomers(rows: Iterable[ImportRow], since: dt.datetime) -> None:
    """The same for people who proved their phone after the sheet was read, when the numbers were gone."""
    open_rows = [row for row in rows if row.phone_key and row.resident_id is None]
    if not open_rows:
        return
    fresh = User.objects.active().filter(phone_verified_at__gte=since, phone__isnull=False)
    known = {roster_key(phone): pk for pk, phone in fresh.values_list("pk", "phone") if phone}
    for row in open_rows:
        row.resident_id = known.get(row.phone_key)


def find_repeats(rows: Sequence[ImportRow]) -> None:
    """The same person in the same activity on the same day: the first line counts, later ones are named as repeats."""
    open_rows = [row for row in rows if not row.is_final and row.starts_at is not None]
    by_phone: dict[Any, ImportRow] = {}
    by_name: dict[Any, ImportRow] = {}
    for row in open_rows:
        if row.phone_key:
            first = by_phone.setdefault((_what_and_when(row), row.phone_key), row)
            by_name.setdefault((_what_and_when(row), row.name), row)
            if first is not row and first.name != row.name:
                settle(row, Outcome.REFUSED, "other_name", line=first.number)
            elif first is not row:
                settle(row, Outcome.KNOWN, "repeats_line", line=first.number)
    for row in open_rows:
        first = row if row.phone_key else by_name.setdefault((_what_and_when(row), row.name), row)
        if first is not row and first.phone_key:
            settle(row, Outcome.REFUSED, "same_name", line=first.number)
        elif first is not row:
            settle(row, Outcome.KNOWN, "repeats_line", line=first.number)


def _what_and_when(row: ImportRow) -> tuple[str, dt.date]:
    assert row.starts_at is not None  # noqa: S101 - only rows with a time are compared
    return row.title, cells.local_day(row.starts_at)


def find_overlaps(rows: Sequence[ImportRow]) -> None:
    """One person, two activities, the same hours: the later line is not possible."""
    taken: dict[str, list[ImportRow]] = {}
    for row in rows:
        if row.is_final or not row.phone_key or not row.minutes:
            continue
        first, last = during(row)
        other = next((one for one in taken.get(row.phone_key, ()) if _meets(one, first, last)), None)
        if other is not None:
            settle(row, Outcome.REFUSED, "two_at_once", line=other.number)
        else:
            taken.setdefault(row.phone_key, []).append(row)


def _meets(row: ImportRow, first: dt.datetime, last: dt.datetime) -> bool:
    begin, end = during(row)
    return begin < last and first < end


def during(row: ImportRow) -> tuple[dt.datetime, dt.datetime]:
    """When somebody served: from the start for the credited minutes, or as long as the session lasted."""
    assert row.starts_at is not None and row.ends_at is not None  # noqa: S101, PT018 - unsettled lines have a time
    return row.starts_at, row.starts_at + dt.timedelta(minutes=row.minutes) if row.minutes else row.ends_at
