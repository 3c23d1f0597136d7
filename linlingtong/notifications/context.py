import functools
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from linlingtong.notifications.models import Notification

ENOUGH = 100


def unread(request: HttpRequest) -> dict[str, Any]:
    """How many messages the reader has not opened, up to a hundred; asked for only by pages that show it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"unread_count": 0}

    def count() -> int:
        return Notification.objects.visible_to(user).unread()[:ENOUGH].count()

    once: Callable[[], int] = functools.cache(count)
    return {"unread_count": once}
