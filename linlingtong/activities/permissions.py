from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.activities.models import Activity, Registration


def may_manage(user: User | None, activity: Activity) -> bool:
    """Staff whose area is the activity's or lies above it; None is the clock, which may everything."""
    return user is None or in_scope(activity.area_path, scope_for(user))


def may_speak_for(user: User | None, registration: Registration) -> bool:
    """The resident, or staff of the activity."""
    if user is not None and user.pk == registration.resident_id:
        return True
    return may_manage(user, registration.session.activity)


def check_manages(user: User | None, activity: Activity) -> None:
    """Raises PermissionDenied for everybody who may not manage the activity."""
    if not may_manage(user, activity):
        raise PermissionDenied


def check_speaks_for(user: User | None, registration: Registration) -> None:
    """Raises PermissionDenied for everybody but the resident and the staff of the activity."""
    if not may_speak_for(user, registration):
        raise PermissionDenied


def may_see_phones(user: User, path: str) -> bool:
    """Whole numbers are for staff who manage the area, not for everybody who works in it."""
    return in_scope(path, scope_for(user, (Appointment.Role.MANAGER,)))


def may_run_door(user: User, activity: Activity) -> bool:
    """Who checks people in: staff of the activity, and the one who leads it."""
    return user.is_active and (user.pk == activity.leader_id or may_manage(user, activity))


def check_runs_door(user: User, activity: Activity) -> None:
    """Raises PermissionDenied for everybody who does not check people in there."""
    if not may_run_door(user, activity):
        raise PermissionDenied
