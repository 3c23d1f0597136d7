"""Time in which offices work, by the statutory calendar."""

import datetime as dt
from functools import partial

from django.conf import settings

from linlingtong.areas.models import CalendarDay
from linlingtong.core.memory import remembered
from linlingtong.core.time import at, local

FRIDAY = 4
REMEMBERED_SECONDS = 300
LONGEST = dt.timedelta(days=370)


def is_worked(day: dt.date) -> bool:
    """Whether offices work on that day; a year that nobody announced yet has Mondays to Fridays."""
    worked = _year(day.year).get(day)
    return day.weekday() <= FRIDAY if worked is None else worked


def is_office_open(moment: dt.datetime) -> bool:
    """Whether somebody sits in the offices of the subdistrict at that moment."""
    start, end = _hours(local(moment).date())
    return is_worked(local(moment).date()) and start <= moment < end


def end_of_working_day(moment: dt.datetime, days: int) -> dt.datetime:
    """When the office closes on the so-manieth working day after the day of `moment`.

    The day on which a period begins does not count, and it ends when business closes: Civil Code of the PRC,
    articles 201 and 203.
    """
    day = local(moment).date()
    left = days
    while left:
        day += dt.timedelta(days=1)
        left -= is_worked(day)
    return _hours(day)[1]


def after_working_time(moment: dt.datetime, amount: dt.timedelta) -> dt.datetime:
    """The moment at which offices have worked for `amount` since `moment`."""
    day, left = local(moment).date(), amount
    while True:
        start, end = _hours(day)
        start = max(start, moment)
        if is_worked(day) and start < end:
            if start + left <= end:
                return start + left
            left -= end - start
        day += dt.timedelta(days=1)


def working_time_between(start: dt.datetime, end: dt.datetime) -> dt.timedelta:
    """How long offices worked from `start` to `end`; never negative; only the first year or so counts."""
    end = min(end, start + LONGEST)
    total, day = dt.timedelta(), local(start).date()
    while at(day) < end:
        opens, closes = _hours(day)
        worked = min(closes, end) - max(opens, start)
        if is_worked(day) and worked > dt.timedelta():
            total += worked
        day += dt.timedelta(days=1)
    return total


def last_known_day() -> dt.date | None:
    """Up to when the calendar was announced and loaded."""
    return CalendarDay.objects.order_by("-day").values_list("day", flat=True).first()


def _hours(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    return at(day, settings.OFFICE_OPENS), at(day, settings.OFFICE_CLOSES)


def _year(year: int) -> dict[dt.date, bool]:
    """All days of a year; read once in five minutes, because deadlines ask for many of them."""
    return remembered(f"calendar:{year}", REMEMBERED_SECONDS, partial(_read, year))


def _read(year: int) -> dict[dt.date, bool]:
    return dict(CalendarDay.objects.filter(day__year=year).values_list("day", "is_worked"))
