"""What may be a moment old is kept beside the code or in Valkey; a cache that is away costs time, never an answer."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import redis
import structlog
from django.core.cache import cache

T = TypeVar("T")
log = structlog.get_logger(__name__)


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
