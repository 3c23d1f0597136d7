from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Bookmark


def keep(activity_id: int, resident: User, *, by: User) -> Bookmark:
    """Keep an activity in sight; before registration opens this also asks for a reminder. Twice is harmless."""
    _check(resident, by)
    activity = Activity.objects.visible_to(resident).get(pk=activity_id)
    bookmark, _ = Bookmark.objects.get_or_create(resident=resident, activity=activity)
    return bookmark


def let_go(activity_id: int, resident: User, *, by: User) -> None:
    """Stop keeping it. Twice is harmless."""
    _check(resident, by)
    Bookmark.objects.filter(resident=resident, activity=activity_id).delete()


def _check(resident: User, by: User) -> None:
    if by.pk != resident.pk:
        raise PermissionDenied
