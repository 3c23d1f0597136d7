"""Ringing somebody on the list of a session: the number is shown to who may see it, and that is noted."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.door_refusals import NoPhone
from linlingtong.activities.models import PhoneLook, Registration, Session
from linlingtong.activities.permissions import check_runs_door, may_see_phones
from linlingtong.core.turns import in_turn, take_turns

STAYS = dt.timedelta(hours=1)


@in_turn
def look_up_phone(registration_id: int, *, by: User) -> str:
    """The number of somebody on the list, for an hour; each look is noted once, and its owner reads it.

    Raises PermissionDenied for who may not see whole numbers, NoPhone.
    """
    rows = Registration.objects.select_related("resident", "session__activity")
    row = rows.get(pk=registration_id)
    check_runs_door(by, row.session.activity)
    if not may_see_phones(by, row.session.activity.area_path):
        raise PermissionDenied
    if not row.resident.phone:
        raise NoPhone(name=str(row.resident))
    take_turns([("phone_looks", by.pk)])
    if row.pk not in seen_by(by, row.session):
        PhoneLook.objects.create(registration=row, by=by)
    return row.resident.phone


def seen_by(user: User, session: Session) -> set[int]:
    """The registrations of a session whose number the person has just looked up."""
    looks = PhoneLook.objects.filter(registration__session=session, by=user, at__gt=timezone.now() - STAYS)
    return set(looks.values_list("registration", flat=True))


def looks_at(registration: Registration) -> list[PhoneLook]:
    """Who looked up the number of whoever registered, newest first."""
    others = registration.phone_looks.exclude(by=F("registration__resident"))
    return list(others.select_related("by").order_by("-at", "-pk")[:20])
