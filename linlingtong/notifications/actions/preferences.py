import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import User
from linlingtong.notifications.models import MUTABLE, Preferences


def set_preferences(
    resident: User,
    *,
    by: User,
    muted: Iterable[str] | None = None,
    quiet_from: dt.time | None = None,
    quiet_until: dt.time | None = None,
) -> Preferences:
    """How the resident wants to be told from now on; what is None stays as it is.

    `muted` names kinds by channel (`reminder_day:sms`); words that name nothing are left out.
    """
    if by != resident:
        raise PermissionDenied
    wishes: dict[str, Any] = {"quiet_from": quiet_from, "quiet_until": quiet_until}
    if muted is not None:
        wishes["muted"] = sorted(MUTABLE.intersection(muted))
    wishes = {name: value for name, value in wishes.items() if value is not None}
    return Preferences.objects.update_or_create(resident=resident, defaults=wishes)[0]
