from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.contrib.auth.models import AnonymousUser

from linlingtong.accounts.models import Appointment, Membership, User
from linlingtong.accounts.proof import lacks_proof
from linlingtong.areas.models import Area

MANAGING = (Appointment.Role.MANAGER, Appointment.Role.GRID_WORKER)
EVERYTHING = "/"
Scopes = dict[tuple[int, tuple[str, ...]], list[str]]

_asked: ContextVar[Scopes | None] = ContextVar("asked", default=None)


@contextmanager
def scopes_asked_once() -> Iterator[None]:
    """While this lasts, `scope_for` asks once for each person and roles: for a request that only reads."""
    token = _asked.set({})
    try:
        yield
    finally:
        _asked.reset(token)


def scope_for(user: User | AnonymousUser, roles: tuple[str, ...] = MANAGING) -> list[str]:
    """The paths of the areas that the person works for today; everything below them is theirs to see.

    A superuser has the root of the tree (and may plant one), a resident nothing, staff who call without the second
    factor that the installation wants nothing either. Building heads are left out by default: they look after a stair,
    not after activities.
    """
    if not user.is_authenticated or not user.is_active or not (user.is_staff or user.is_superuser):
        return []
    if lacks_proof(user):
        return []
    if user.is_superuser:
        return list(Area.objects.filter(parent=None).values_list("path", flat=True)) or [EVERYTHING]
    asked = _asked.get()
    if asked is None:
        return _appointed_paths(user, roles)
    if (user.pk, roles) not in asked:
        asked[user.pk, roles] = _appointed_paths(user, roles)
    return list(asked[user.pk, roles])


def _appointed_paths(user: User, roles: tuple[str, ...]) -> list[str]:
    held = Appointment.objects.filter(user=user, role__in=roles).current()
    return list(held.values_list("area__path", flat=True).distinct())


def in_scope(path: str, scope: list[str]) -> bool:
    """Whether the area with this path lies in one of the subtrees."""
    return any(path.startswith(prefix) for prefix in scope)


def may_appoint(user: User, path: str) -> bool:
    """Whether the person may say who works for the area with this path: managers only, inside what they manage."""
    return in_scope(path, scope_for(user, (Appointment.Role.MANAGER,)))


def may_confirm(user: User, membership: Membership) -> bool:
    """Whether the person works for the area that the company, dormitory or team is in."""
    return in_scope(membership.organization.area.path, scope_for(user))


def is_whole(scope: list[str]) -> bool:
    """Whether the scope holds a whole subdistrict: then also what belongs to no area is seen."""
    return any(path.count("/") <= 2 for path in scope)


def may_confirm_home(user: User, resident: User) -> bool:
    """Whether the person works for the area that the resident says they live in."""
    return resident.home_area is not None and in_scope(resident.home_area.path, scope_for(user))
