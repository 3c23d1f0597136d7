"""Figures by hand from the State Council's notice on the holidays of 2026 (国办发明电〔2025〕7号)."""

import datetime as dt

import pytest
import time_machine

from linlingtong.areas.actions import load_calendar
from linlingtong.areas.models import CalendarDay
from linlingtong.areas.working_time import (
    after_working_time,
    end_of_working_day,
    is_office_open,
    is_worked,
    last_known_day,
    working_time_between,
)
from linlingtong.core.time import at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calendar() -> None:
    load_calendar()


def moment(text: str) -> dt.datetime:
    day = dt.datetime.fromisoformat(text)
    return at(day.date(), day.time())


@pytest.mark.parametrize(
    ("day", "worked"),
    [
        ("2026-02-14", True),  # a Saturday worked for Spring Festival
        ("2026-02-15", False),
        ("2026-02-23", False),
        ("2026-02-24", True),
        ("2026-02-28", True),  # the other Saturday
        ("2026-09-20", True),  # a Sunday worked for National Day
        ("2026-10-01", False),
        ("2026-10-07", False),
        ("2026-10-08", True),
        ("2026-10-10", True),  # a Saturday
        ("2026-10-17", False),
    ],
)
def test_worked_days_are_those_of_the_notice(day: str, worked: bool) -> None:
    assert is_worked(dt.date.fromisoformat(day)) is worked


def days(*spans: str) -> set[dt.date]:
    """`"10-01 10-07"` is a span, `"09-20"` a day, all of 2026."""
    found = set()
    for span in spans:
        first, last = (dt.date.fromisoformat(f"2026-{one}") for one in (span[:5], span[-5:]))
        found |= {first + dt.timedelta(days=n) for n in range((last - first).days + 1)}
    return found


def test_the_whole_year_is_that_of_the_notice() -> None:
    off = days("01-01 01-03", "02-15 02-23", "04-04 04-06", "05-01 05-05", "06-19 06-21", "09-25 09-27", "10-01 10-07")
    made_up = days("01-04", "02-14", "02-28", "05-09", "09-20", "10-10")
    assert all(day.weekday() > 4 for day in made_up)
    for day in days("01-01 12-31"):
        expected = day in made_up or (day.weekday() <= 4 and day not in off)
        assert is_worked(day) is expected, day


def test_five_working_days_over_national_day() -> None:
    asked = moment("2026-09-30 16:00")
    assert end_of_working_day(asked, 5) == moment("2026-10-13 17:30")  # 8, 9, 10 (Saturday), 12, 13
    by_weekdays_only = moment("2026-10-07 17:30")
    assert (end_of_working_day(asked, 5) - by_weekdays_only).days == 6


def test_five_working_days_over_spring_festival() -> None:
    assert end_of_working_day(moment("2026-02-14 09:00"), 5) == moment("2026-02-28 17:30")


def test_hours_run_only_while_offices_work() -> None:
    nine_hours = dt.timedelta(hours=9)
    assert after_working_time(moment("2026-09-30 16:30"), dt.timedelta(hours=2)) == moment("2026-10-08 09:30")
    assert after_working_time(moment("2026-10-10 03:00"), nine_hours) == moment("2026-10-10 17:30")
    assert working_time_between(moment("2026-09-30 16:30"), moment("2026-10-08 09:30")) == dt.timedelta(hours=2)
    assert working_time_between(moment("2026-10-08 09:30"), moment("2026-09-30 16:30")) == dt.timedelta()


def test_what_is_counted_forward_is_counted_back() -> None:
    start = moment("2026-02-13 11:11")
    for hours in (1, 7, 9, 10, 45, 90):
        amount = dt.timedelta(hours=hours)
        assert working_time_between(start, after_working_time(start, amount)) == amount


def test_somebody_sits_in_the_office() -> None:
    assert is_office_open(moment("2026-10-10 08:30"))
    assert not is_office_open(moment("2026-10-10 17:30"))
    assert not is_office_open(moment("2026-10-01 10:00"))


def test_a_year_that_nobody_announced_has_mondays_to_fridays() -> None:
    CalendarDay.objects.all().delete()
    assert is_worked(dt.date(2031, 10, 1))
    assert not is_worked(dt.date(2031, 10, 4))
    assert last_known_day() is None


@time_machine.travel("2026-11-01")
def test_loading_twice_changes_nothing_and_repairs_what_differs() -> None:
    assert load_calendar() == 0
    CalendarDay.objects.filter(day="2026-10-01").update(is_worked=True)
    assert load_calendar() == 1
    assert CalendarDay.objects.get(day="2026-10-01").holiday == "国庆节"
