from collections.abc import Collection

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.notifications.models import Notification


def mark_read(resident: User, ids: Collection[int] | None, *, by: User) -> int:
    """The resident has read these lines of the inbox, or all of them (None); answers how many were unread."""
    if by != resident:
        raise PermissionDenied
    unread = Notification.objects.visible_to(resident).unread()
    if ids is not None:
        unread = unread.filter(pk__in=ids)
    return unread.update(read_at=timezone.now())
