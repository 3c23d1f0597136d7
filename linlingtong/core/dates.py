import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from linlingtong.core.time import local, today

WEEKDAYS = [
    pgettext_lazy("weekday", "Mon"),
    pgettext_lazy("weekday", "Tue"),
    pgettext_lazy("weekday", "Wed"),
    pgettext_lazy("weekday", "Thu"),
    pgettext_lazy("weekday", "Fri"),
    pgettext_lazy("weekday", "Sat"),
    pgettext_lazy("weekday", "Sun"),
]
MONTHS = [
    pgettext_lazy("month", "Jan"),
    pgettext_lazy("month", "Feb"),
    pgettext_lazy("month", "Mar"),
    pgettext_lazy("month", "Apr"),
    pgettext_lazy("month", "May"),
    pgettext_lazy("month", "Jun"),
    pgettext_lazy("month", "Jul"),
    pgettext_lazy("month", "Aug"),
    pgettext_lazy("month", "Sep"),
    pgettext_lazy("month", "Oct"),
    pgettext_lazy("month", "Nov"),
    pgettext_lazy("month", "Dec"),
]
NEAR_DAYS = {
    -1: gettext_lazy("yesterday"),
    0: gettext_lazy("today"),
    1: gettext_lazy("tomorrow"),
    2: gettext_lazy("the day after tomorrow"),
}
EVENING = 18


def weekday(day: dt.date) -> str:
    """`周日`, `Sun`."""
    return str(WEEKDAYS[day.weekday()])


def month(day: dt.date) -> str:
    """`10月`, `Oct`."""
    return str(MONTHS[day.month - 1])


def date_words(day: dt.date) -> str:
    """`10月18日 周日`, `Sun 18 Oct`; with the year unless it is this one."""
    facts = {"weekday": weekday(day), "day": day.day, "month": month(day), "year": day.year}
    if day.year == today().year:
        return _("%(weekday)s %(day)d %(month)s") % facts
    return _("%(weekday)s %(day)d %(month)s %(year)d") % facts


def clock(moment: dt.datetime) -> str:
    """`8:30`: 24 hours, no leading zero, on the subdistrict's clock."""
    shown = local(moment)
    return f"{shown.hour}:{shown.minute:02}"


def moment_words(moment: dt.datetime) -> str:
    """`10月18日 周日 14:00`, `Sun 18 Oct, 14:00`."""
    return _("%(date)s, %(time)s") % {"date": date_words(local(moment).date()), "time": clock(moment)}


def span_words(start: dt.datetime, end: dt.datetime) -> str:
    """`10月18日 周日 14:00–16:30`; when it ends on another day, that day is named too."""
    if local(start).date() == local(end).date():
        return f"{moment_words(start)}–{clock(end)}"
    return f"{moment_words(start)} – {moment_words(end)}"


def near(day: dt.date) -> str:
    """`今天`, `明天`, `后天`, `昨天`, or nothing when the day is further away."""
    return str(NEAR_DAYS.get((day - today()).days, ""))


def near_moment(moment: dt.datetime) -> str:
    """Like `near`, but `今晚` for what begins this evening."""
    shown = local(moment)
    if shown.date() == today() and shown.hour >= EVENING:
        return _("tonight")
    return near(shown.date())


def near_words(moment: dt.datetime) -> str:
    """`明天 10月17日 周六 8:30`: the relative day in front, never instead."""
    return " ".join(part for part in (near_moment(moment), moment_words(moment)) if part)


def short_moment(moment: dt.datetime) -> str:
    """`今天 12:00` on a near day, else `10月18日 周日 12:00`: for a badge, where there is no room for both."""
    near_day = near(local(moment).date())
    return f"{near_day} {clock(moment)}" if near_day else moment_words(moment)


def hours_words(minutes: int) -> str:
    """`2.5 小时`: one decimal at most."""
    return _("%(hours)s h") % {"hours": f"{minutes / 60:.1f}".removesuffix(".0")}


def left_words(until: dt.datetime) -> str:
    """`3 小时 12 分`, `6 天 23 小时`: how long until then, never below a minute."""
    minutes = max(1, int((until - timezone.now()).total_seconds() // 60))
    hours, rest = divmod(minutes, 60)
    days = hours // 24
    if days:
        return _("%(days)d d %(hours)d h") % {"days": days, "hours": hours % 24}
    if not hours:
        return _("%(minutes)d min") % {"minutes": rest}
    return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": rest}
