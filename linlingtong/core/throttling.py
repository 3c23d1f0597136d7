"""How many calls one caller may make in a minute: counted in Valkey in one step, and open when Valkey is away."""

import functools
import random
from typing import Any

import redis
import structlog
from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

SECONDS = 60
# Reads are counted one in twenty, twenty at a time: a limit this high does not need every call's round trip.
SAMPLE = 20
COUNT = """
local calls = redis.call('INCRBY', KEYS[1], ARGV[1])
if calls == tonumber(ARGV[1]) then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
return {calls, redis.call('TTL', KEYS[1])}
"""
READING = {"GET", "HEAD", "OPTIONS"}
log = structlog.get_logger(__name__)


@functools.cache
def _counter(url: str) -> Any:
    return redis.Redis.from_url(url, socket_timeout=0.5, socket_connect_timeout=0.5).register_script(COUNT)


class PerMinute(BaseThrottle):
    """Writes by person, reads by address; a dormitory behind one address is not locked out."""

    left = 0

    def allow_request(self, request: Request, view: Any) -> bool:  # noqa: ARG002 - REST framework's
        if request.method in READING:
            return self._may_read(request)
        who = f"user:{request.user.pk}" if request.user.is_authenticated else f"address:{_address(request)}"
        limit: int = settings.API_WRITES_PER_MINUTE if request.user.is_authenticated else settings.API_READS_PER_MINUTE
        return self._count(f"llt:calls:write:{who}", 1) <= limit

    def wait(self) -> float:
        return float(max(1, self.left))

    def _may_read(self, request: Request) -> bool:
        if random.randrange(SAMPLE):  # noqa: S311 - which call is counted is no secret
            return True
        limit: int = settings.API_READS_PER_MINUTE
        return self._count(f"llt:calls:read:{_address(request)}", SAMPLE) <= limit

    def _count(self, key: str, weight: int) -> int:
        try:
            calls, self.left = _counter(settings.REDIS_URL)(keys=[key], args=[weight, SECONDS])
        except redis.RedisError:
            log.warning("throttle_unavailable")
            return 0
        return int(calls)


def _address(request: Request) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))
