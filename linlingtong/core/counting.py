"""How often people were told no, by code: each process adds up and brings its sums to Valkey every few seconds."""

import threading
from collections import Counter
from typing import cast

import redis
from django.conf import settings

KEY = "llt:refusals"
SECONDS = 2

_lock = threading.Lock()
_sums: Counter[str] = Counter()
_timer: threading.Timer | None = None


def count_refusal(code: str) -> None:
    """One more; costs nothing where it is called."""
    global _timer  # noqa: PLW0603 - one timer a process
    with _lock:
        _sums[code] += 1
        if _timer is None:
            _timer = threading.Timer(SECONDS, bring_sums)
            _timer.daemon = True
            _timer.start()


def bring_sums() -> None:
    """Add what came together; without Valkey it is lost, because figures are no reason to wait."""
    global _timer
    with _lock:
        sums, _timer = dict(_sums), None
        _sums.clear()
    try:
        with _valkey() as valkey, valkey.pipeline(transaction=False) as pipe:
            for code, number in sums.items():
                pipe.hincrby(KEY, code, number)
            pipe.execute()
    except (redis.RedisError, OSError):
        return


def refusals() -> dict[str, int]:
    """The sums of all processes since Valkey was started, by code; empty without it."""
    try:
        with _valkey() as valkey:
            found: dict[bytes, bytes] = valkey.hgetall(KEY)
    except (redis.RedisError, OSError):
        return {}
    return {code.decode(): int(number) for code, number in found.items()}


def waiting_tasks() -> int | None:
    """How many rings of the doorbell no worker has heard yet; None without Valkey."""
    try:
        with _valkey() as valkey:
            return int(cast("int", valkey.llen("celery")))
    except (redis.RedisError, OSError):
        return None


def _valkey() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1)
