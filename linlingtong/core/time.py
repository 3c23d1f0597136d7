import datetime as dt

from django.utils import timezone

LOCAL = timezone.get_default_timezone
EARLIEST, LATEST = dt.date(1900, 1, 1), dt.date(2100, 1, 1)


def local(moment: dt.datetime) -> dt.datetime:
    """The same moment on the clock of the subdistrict (Asia/Shanghai)."""
    return timezone.localtime(moment, LOCAL())


def is_likely(moment: dt.datetime) -> bool:
    """Whether zones, weeks and slots can be added to the moment without leaving what the calendar knows."""
    return EARLIEST <= moment.date() <= LATEST


def today() -> dt.date:
    """The date in the subdistrict, whatever zone the server or a reader is in."""
    return local(timezone.now()).date()


def at(day: dt.date, clock: dt.time = dt.time.min) -> dt.datetime:
    """The moment at which the subdistrict's clock shows `clock` on `day`."""
    return dt.datetime.combine(day, clock, tzinfo=LOCAL())


def day_bounds(day: dt.date) -> tuple[dt.datetime, dt.datetime]:
    """From midnight to midnight in the subdistrict, half open."""
    return at(day), at(day + dt.timedelta(days=1))
