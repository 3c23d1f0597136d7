from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.volunteering.models import ServiceEntry

DECIDING = (Appointment.Role.MANAGER,)


def may_decide(user: User, entry: ServiceEntry) -> bool:
    """Managers of the area in which the service took place; grid workers look on."""
    return in_scope(entry.area.path, scope_for(user, DECIDING))


def check_decides(user: User | None, entry: ServiceEntry) -> None:
    """Raises PermissionDenied for everybody who may not decide about the entry; None is the clock."""
    if user is not None and not may_decide(user, entry):
        raise PermissionDenied
