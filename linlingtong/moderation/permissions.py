from django.core.exceptions import PermissionDenied
from django.db.models import Q

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, is_whole, scope_for
from linlingtong.areas.models import inside
from linlingtong.moderation.models import Case, CaseQuerySet


def may_decide(user: User, case: Case) -> bool:
    """Staff of the case's area; what belongs nowhere is for those who see everything."""
    scope = scope_for(user)
    return in_scope(case.area_path, scope) if case.area_path else is_whole(scope)


def check_decides(user: User, case: Case) -> None:
    """Raises PermissionDenied for everybody but the staff of the case's area."""
    if not may_decide(user, case):
        raise PermissionDenied


def managed_by(user: User, scope: list[str] | None = None) -> CaseQuerySet:
    """The cases of one's own areas."""
    scope = scope_for(user) if scope is None else scope
    rows: CaseQuerySet = Case.objects.all()
    return rows if is_whole(scope) else rows.filter(inside(scope, "area_path"))


def queue_for(user: User, scope: list[str] | None = None) -> CaseQuerySet:
    """What this person can decide now: nothing of their own, and nothing that asks for a second pair of eyes."""
    own_decision = Q(state=Case.State.APPEALED, decided_by=user)
    return managed_by(user, scope).queue().exclude(author=user).exclude(first_look_by=user).exclude(own_decision)
