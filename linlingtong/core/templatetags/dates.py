import datetime as dt

from django import template

from linlingtong.core import dates
from linlingtong.core.time import local

register = template.Library()

register.filter("clock", dates.clock)
register.filter("date_words", dates.date_words)
register.filter("moment_words", dates.moment_words)
register.filter("near", dates.near)
register.filter("near_moment", dates.near_moment)
register.filter("near_words", dates.near_words)
register.filter("hours_words", dates.hours_words)
register.filter("left_words", dates.left_words)
register.filter("short_moment", dates.short_moment)
register.filter("weekday", dates.weekday)


@register.filter
def until(start: dt.datetime, end: dt.datetime) -> str:
    """`{{ session.starts_at|until:session.ends_at }}`: `10月18日 周日 14:00–16:30`."""
    return dates.span_words(start, end)


@register.filter
def clock_until(start: dt.datetime, end: dt.datetime) -> str:
    """`14:00–16:30`, for places where the day is known already."""
    same_day = local(start).date() == local(end).date()
    return f"{dates.clock(start)}–{dates.clock(end) if same_day else dates.moment_words(end)}"


@register.filter
def local_date(moment: dt.datetime) -> dt.date:
    """The day in the subdistrict."""
    return local(moment).date()
