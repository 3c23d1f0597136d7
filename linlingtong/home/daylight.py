import datetime as dt

from astral import Observer
from astral.sun import sunrise
from django.utils import translation
from lunardate import LunarDate

LINJIANG = Observer(latitude=30.28, longitude=120.62)
MONTHS = "正二三四五六七八九十冬腊"
TENS = ("初", "十", "廿", "三")
DIGITS = "一二三四五六七八九十"


def sunrise_on(day: dt.date) -> str:
    """`5:59`: when the sun comes up over Linjiang, by the clock of the subdistrict."""
    moment = sunrise(LINJIANG, date=day, tzinfo="Asia/Shanghai")
    return f"{moment.hour}:{moment.minute:02d}"


def lunar_day(day: dt.date) -> str:
    """`九月初七` for a Chinese reader; nothing for others, to whom it says little."""
    if translation.get_language() != "zh-hans":
        return ""
    date = LunarDate.from_solar_date(day.year, day.month, day.day)
    return f"{'闰' if date.is_leap_month else ''}{MONTHS[date.month - 1]}月{_lunar_number(date.day)}"


def _lunar_number(day: int) -> str:
    if day in (10, 20, 30):
        return {10: "初十", 20: "二十", 30: "三十"}[day]
    return TENS[day // 10] + DIGITS[day % 10 - 1]
