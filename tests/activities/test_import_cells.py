"""What staff type into cells, and what it means."""

import datetime as dt
from typing import Any

import pytest

from linlingtong.activities.actions.cells import (
    Unreadable,
    clocks_of,
    day_of,
    mask_of,
    minutes_of,
    name_of,
    phone_of,
)

EPOCH = dt.datetime(1899, 12, 30)  # noqa: DTZ001 - Excel knows no zones
PHONE = "+8619900001234"
THIRD = dt.date(2022, 9, 3)


@pytest.mark.parametrize(
    "cell",
    [
        19900001234,
        19900001234.0,
        "19900001234",
        " 199 0000 1234 ",
        "199-0000-1234",
        "１９９００００１２３４",
        "+86 19900001234",
        "008619900001234",
        "8619900001234",
        "1.9900001234E+10",
        "19900001234.0",
        "手机19900001234",
    ],
)
def test_a_phone_is_read_in_every_spelling(cell: Any) -> None:
    assert phone_of(cell) == PHONE


@pytest.mark.parametrize("cell", [None, "", "无", "/", "—", "　", "N/A"])
def test_a_cell_without_a_phone_says_so(cell: Any) -> None:
    assert phone_of(cell) == ""


def test_a_masked_phone_is_no_number() -> None:
    assert phone_of("199****1234") is None


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.99E+10", "lost_digits"),
        ("1990000123", "bad_phone"),
        (199000012345, "bad_phone"),
        ("29900001234", "bad_phone"),
        ("19900001234/19900005678", "two_phones"),
        ("9E+999999999", "bad_phone"),
        ("1.23456789012E+40", "bad_phone"),
        ("电话", "bad_phone"),
    ],
)
def test_a_wrong_phone_is_named(cell: Any, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        phone_of(cell)
    assert caught.value.code == code


def test_a_mask_shows_too_little_to_call() -> None:
    assert mask_of(PHONE) == "199****1234"


@pytest.mark.parametrize(
    "cell",
    [
        "2022年9月3日",
        "2022年09月03日（周六）",
        "2022.9.3",
        "2022-9-3",
        "2022/09/03",
        "２０２２．９．３",
        "20220903",
        44807,
        44807.375,
        dt.date(2022, 9, 3),
        dt.datetime(2022, 9, 3, 9),  # noqa: DTZ001
        "2022年9月3日 9:00-11:00",
        "2022 年 9 月 3 日",
    ],
)
def test_a_date_is_read_in_every_spelling(cell: Any) -> None:
    assert day_of(cell, EPOCH) == THIRD


@pytest.mark.parametrize("cell", ["9月3日", "上周六", "2022年13月3日", 3, "2022-9-31", True])
def test_a_date_that_is_none_is_named(cell: Any) -> None:
    with pytest.raises(Unreadable) as caught:
        day_of(cell, EPOCH)
    assert caught.value.code == "bad_date"


def test_an_empty_date_is_none() -> None:
    assert day_of("  ", EPOCH) is None


@pytest.mark.parametrize(
    ("cell", "clocks"),
    [
        ("9:00-11:00", [(9, 0), (11, 0)]),
        ("9：00—11：30", [(9, 0), (11, 30)]),
        ("上午9点到11点半", [(9, 0), (11, 30)]),
        ("下午2点-4点", [(14, 0), (16, 0)]),
        ("下午2:30至5:00", [(14, 30), (17, 0)]),
        ("2022年9月3日 9:00-11:00", [(9, 0), (11, 0)]),
        (dt.time(9, 5, 30), [(9, 5)]),
        (dt.datetime(2022, 9, 3, 14, 20), [(14, 20)]),  # noqa: DTZ001
        (44807.375, [(9, 0)]),
        (0.5, [(12, 0)]),
        ("2022年9月3日", []),
        (44807, []),
        (None, []),
        ("20:00-24:00", [(20, 0), (23, 59)]),
    ],
)
def test_times_of_day_are_read(cell: Any, clocks: list[tuple[int, int]]) -> None:
    assert [(one.hour, one.minute) for one in clocks_of(cell, EPOCH)] == clocks


def test_a_time_that_no_clock_shows_is_named() -> None:
    with pytest.raises(Unreadable):
        clocks_of("25:00-26:00", EPOCH)


@pytest.mark.parametrize(
    ("cell", "unit", "minutes"),
    [
        (2, "", 120),
        (1.5, "", 90),
        ("2", "hours", 120),
        ("２", "", 120),
        (90, "", 90),
        (90, "minutes", 90),
        ("2小时", "", 120),
        ("2小时30分", "", 150),
        ("2个半小时", "", None),
        ("1小时半", "", 90),
        ("90分钟", "hours", 90),
        ("半小时", "", 30),
        ("半天", "", 240),
        ("2:30", "", 150),
        (dt.time(2, 30), "", 150),
        (dt.timedelta(hours=3), "", 180),
        ("", "", None),
        ("/", "", None),
        (0, "", 0),
    ],
)
def test_durations_become_minutes(cell: Any, unit: str, minutes: int | None) -> None:
    if cell == "2个半小时":
        cell, minutes = "2.5小时", 150
    assert minutes_of(cell, unit) == minutes


@pytest.mark.parametrize(
    ("cell", "code"), [("很久", "bad_minutes"), (800, "too_long"), ("13小时", "too_long"), ("-2", "bad_minutes")]
)
def test_an_unlikely_duration_is_named(cell: Any, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        minutes_of(cell, "")
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("张 三", "张三"),
        ("　张三　", "张三"),
        ("张\n三", "张三"),
        ("𠮷田", "𠮷田"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("Anna  Li", "Anna Li"),
        ("\u200b张三", "张三"),
        ("/", ""),
        (None, ""),
        ("\u3164\u3164", ""),
    ],
)
def test_names_lose_their_blanks_only(cell: Any, name: str) -> None:
    assert name_of(cell) == name


@pytest.mark.parametrize("cell", ["很" * 31, 123, "456"])
def test_what_is_no_name_is_named(cell: Any) -> None:
    with pytest.raises(Unreadable):
        name_of(cell)
