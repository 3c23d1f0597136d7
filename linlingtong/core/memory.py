"""What may be a moment old is kept beside the code or in Valkey; a cache that is away costs time, never an answer."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import redis
import structlog
from django.conf import settings
from django.core.cache import cache, caches

T = TypeVar("T")
log = structlog.get_logger(__name__)


def kept(key: str, make: Callable[[], T]) -> T:
    """What is the same for everybody, as this process made it at most PUBLIC_ANSWER_SECONDS ago."""
    known: Any = caches["process"].get(key)
    if known is not None:
        return cast("T", known)
    fresh = make()
    caches["process"].set(key, fresh, settings.PUBLIC_ANSWER_SECONDS)
    return fresh


def remembered(key: str, seconds: int, make: Callable[[], T]) -> T:
    """The value kept under the key by whichever process made it last, at most so many seconds old."""
    try:
        known: Any = cache.get(key)
    except (redis.RedisError, OSError):
        log.warning("cache_unavailable")
        return make()
    if known is not None:
        return cast("T", known)
    fresh = make()
    try:
        cache.set(key, fresh, seconds)
    except (redis.RedisError, OSError):
        log.warning("cache_unavailable")
    return fresh
