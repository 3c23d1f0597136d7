import datetime as dt

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.venues.models import Booking, Venue


def is_staff_of(user: User, venue: Venue) -> bool:
    """Whether somebody looks after the venue for its area."""
    return in_scope(venue.area.path, scope_for(user))


def check_may_act_for(by: User, resident: User, venue: Venue) -> None:
    """Residents act for themselves, staff of the venue for anybody. Raises PermissionDenied."""
    if by.pk != resident.pk and not is_staff_of(by, venue):
        raise PermissionDenied


def paused_until(resident: User) -> dt.datetime | None:
    """Until when somebody who did not come three times in sixty days books nothing in advance; None when free.

    What was excused, or called off by the venue, does not count.
    """
    now = timezone.now()
    span, pause = dt.timedelta(days=settings.VENUE_STRIKE_DAYS), dt.timedelta(days=settings.VENUE_PAUSE_DAYS)
    strikes = Booking.objects.strikes(resident.pk, now - span - pause).order_by("starts_at")
    days = list(strikes.values_list("starts_at", flat=True))
    needed = settings.VENUE_STRIKES
    ends = [
        last + pause
        for first, last in zip(days, days[needed - 1 :], strict=False)
        if last - first <= span and last + pause > now
    ]
    return max(ends, default=None)
