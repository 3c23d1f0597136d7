"""What people write into the cells of a roster, and what they mean by it."""

import datetime as dt
import re
import unicodedata
from typing import Any

from django.core.exceptions import ValidationError

from linlingtong.core.phone import normal_phone
from linlingtong.core.text import clean_text
from linlingtong.core.time import local

NOTHING = {"", "/", "\\", "-", "--", "—", "——", "无", "没有", "暂无", "未知", "n/a", "na", "none", "null"}
WHOLE = 11
FIRST_SERIAL, LAST_SERIAL = 20_000, 80_000  # 1954 to 2119
LONGEST_MINUTES = 12 * 60

DAY = re.compile(r"(\d{4})\s*[年./\-]\s*(\d{1,2})\s*[月./\-]\s*(\d{1,2})\s*日?(?!\d)")
PACKED_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})(?!\d)")
CLOCK = re.compile(r"(上午|早上|中午|下午|晚上|傍晚)?\s*(\d{1,2})\s*(?:[::时点]\s*(\d{1,2}|半)?)(?::\d{1,2})?\s*分?")
HOURS = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*(?:个?小时|个?钟头|时|h(?:ours?)?)(半)?")
MINUTES = re.compile(r"(\d{1,6}(?:\.\d+)?)\s*(?:分钟|分|min(?:utes?)?)")
NUMBER = re.compile(r"^\d{1,14}(?:\.\d+)?$")
CHINESE = re.compile(r"^[\u3400-\u9fff\U00020000-\U0003ffff·\s]+$")


class Unreadable(Exception):
    """A cell that says something, but not what its column is for; `code` names the reason."""

    def __init__(self, code: str, **facts: Any) -> None:
        self.code, self.facts = code, facts
        super().__init__(code)


def text_of(value: Any) -> str:
    """The cell as one line: full width made narrow, no line breaks, nothing invisible."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return " ".join(clean_text(unicodedata.normalize("NFKC", str(value)[:500])).split())


def is_blank(value: Any) -> bool:
    return text_of(value) == ""


def name_of(value: Any) -> str:
    """A name; blanks inside a Chinese one (`张 三`) go. Raises Unreadable."""
    name = text_of(value)
    if name.lower() in NOTHING:
        return ""
    if CHINESE.match(name):
        name = name.replace(" ", "")
    if len(name) > 30 or name.isdigit():
        raise Unreadable("bad_name")
    return name


def phone_of(value: Any) -> str | None:
    """E.164, "" when the cell holds none, None when it is masked by stars. Raises Unreadable."""
    typed = text_of(value)
    if typed.lower() in NOTHING:
        return ""
    if "*" in typed or "x" in typed.lower():
        return None
    if re.fullmatch(r"[\d.]+e\+?\d+", typed.lower()):
        typed = _spelled_out(typed)
    elif NUMBER.match(typed) and typed.endswith(".0"):
        typed = typed[:-2]
    digits = re.sub(r"[^\d+]", "", typed)
    if len(digits) >= 2 * WHOLE:
        raise Unreadable("two_phones")
    try:
        return normal_phone(digits)
    except ValidationError as error:
        raise Unreadable("bad_phone") from error


def _spelled_out(typed: str) -> str:
    """`1.9900001234E+10` as its eleven digits; fewer digits were thrown away by Excel and cannot be guessed.

    The exponent is looked at before it is used: a number of a billion digits would be worked out for minutes.
    """
    mantissa, _e, exponent = typed.lower().partition("e")
    whole, _dot, fraction = mantissa.partition(".")
    places = int(exponent[-3:])
    if len(exponent) > 4 or len(whole) + places < WHOLE or len(whole) + places > WHOLE + 4:
        raise Unreadable("bad_phone")
    if len(fraction) < places:
        raise Unreadable("lost_digits")
    return whole + fraction[:places]


def mask_of(phone: str) -> str:
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else ""


def day_of(value: Any, epoch: dt.datetime) -> dt.date | None:
    """The day that a cell means, None for an empty one. Raises Unreadable."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    typed = text_of(value)
    if typed.lower() in NOTHING:
        return None
    if NUMBER.match(typed) and FIRST_SERIAL <= float(typed) <= LAST_SERIAL:
        return _serial(float(typed), epoch).date()
    found = DAY.search(typed) or PACKED_DAY.match(typed)
    if found is None:
        raise Unreadable("bad_date")
    try:
        return dt.date(*map(int, found.groups()))
    except ValueError as error:
        raise Unreadable("bad_date") from error


def _serial(number: float, epoch: dt.datetime) -> dt.datetime:
    from openpyxl.utils.datetime import from_excel  # noqa: PLC0415 - 5 MB in every process that never reads a sheet

    moment = from_excel(number, epoch)
    return moment if isinstance(moment, dt.datetime) else dt.datetime.combine(moment, dt.time())


def clocks_of(value: Any, epoch: dt.datetime) -> list[dt.time]:
    """Up to two times of day in a cell: a start, or a start and an end; without a time, none."""
    if isinstance(value, dt.datetime):
        return [value.time().replace(second=0, microsecond=0)] if value.time() != dt.time() else []
    if isinstance(value, dt.time):
        return [value.replace(second=0, microsecond=0)]
    typed = text_of(value)
    if NUMBER.match(typed):
        return _clock_of_number(float(typed), epoch)
    rest = DAY.sub(" ", typed)
    found = [_clock(*one) for one in CLOCK.findall(rest)[:2]]
    return _same_half(found, rest)


def _clock_of_number(number: float, epoch: dt.datetime) -> list[dt.time]:
    """A serial with a fraction is a moment, a fraction alone a time of day."""
    if 0 < number < 1 or (FIRST_SERIAL <= number <= LAST_SERIAL and number % 1):
        moment = _serial(FIRST_SERIAL + number % 1, epoch) + dt.timedelta(seconds=30)
        return [moment.time().replace(second=0, microsecond=0)]
    return []


def _clock(half: str, hour: str, minute: str) -> dt.time:
    number = int(hour)
    if half in {"下午", "晚上", "傍晚"} and number < 12:
        number += 12
    if number == 24 and minute in {"", "0", "00"}:
        return dt.time(23, 59)
    try:
        return dt.time(number, 30 if minute == "半" else int(minute or 0))
    except ValueError as error:
        raise Unreadable("bad_time") from error


def _same_half(found: list[dt.time], typed: str) -> list[dt.time]:
    """`下午2点-4点`: the end is in the afternoon too."""
    if len(found) == 2 and found[1] <= found[0] and found[1].hour < 12 and ("下午" in typed or "晚上" in typed):
        return [found[0], found[1].replace(hour=found[1].hour + 12)]
    return found


def minutes_of(value: Any, unit: str) -> int | None:
    """Minutes of service; a bare number is hours up to twelve, minutes above, unless the heading names the unit."""
    if isinstance(value, dt.timedelta):
        return _within(value.total_seconds() / 60)
    if isinstance(value, dt.datetime):
        raise Unreadable("bad_minutes")
    if isinstance(value, dt.time):
        return _within(value.hour * 60 + value.minute)
    typed = text_of(value).lower()
    if typed in NOTHING:
        return None
    if NUMBER.match(typed):
        number = float(typed)
        is_hours = unit == "hours" or (unit == "" and number <= 12)
        return _within(number * 60 if is_hours else number)
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", typed)
    if clock:
        return _within(int(clock[1]) * 60 + int(clock[2]))
    return _within(_spoken(typed))


def _spoken(typed: str) -> float:
    if typed in {"半小时", "半个小时"}:
        return 30
    if typed in {"半天", "全天", "一天"}:
        return 240 if typed == "半天" else 480
    hours, minutes = HOURS.search(typed), MINUTES.search(typed)
    if hours is None and minutes is None:
        raise Unreadable("bad_minutes")
    total = float(minutes[1]) if minutes else 0.0
    if hours:
        total += float(hours[1]) * 60 + (30 if hours[2] else 0)
    return total


def _within(minutes: float) -> int:
    whole = round(minutes)
    if whole > LONGEST_MINUTES:
        raise Unreadable("too_long")
    return whole


def local_day(moment: dt.datetime) -> dt.date:
    return local(moment).date()


def local_clock(moment: dt.datetime) -> dt.time:
    return local(moment).time()
