"""The servers beside the code for the whole session; every session and worker has its own database and index."""

import fcntl
import os

import pytest
from django.conf import settings
from django.core.cache import cache

from config import embedded, entry, messages


def pytest_configure(config: pytest.Config) -> None:
    entry.start_servers()
    database = settings.DATABASES["default"]
    if database["TEST"]["NAME"] == database["NAME"]:
        raise pytest.UsageError("TEST_DB names the database of `make run`; tests would wipe it.")
    # nobody is ever connected to template0, so sessions that start together do not refuse each other
    database["TEST"]["TEMPLATE"] = "template0"
    if not hasattr(config, "workerinput"):
        messages.compile_outdated()
    if embedded.wanted():
        _use_valkey_index(_free_valkey_index())


def _free_valkey_index() -> int:
    """A number that no other session of this checkout uses; index 0 belongs to `make run`."""
    for index in range(1, 64):
        try:
            embedded.locked(embedded.paths().lock(f"valkey-{index}"), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        return index
    raise pytest.UsageError("63 test sessions of this checkout are running already.")


def _use_valkey_index(index: int) -> None:
    settings.REDIS_URL = f"{embedded.redis_url()}?db={index}"
    settings.CACHES["default"]["LOCATION"] = settings.REDIS_URL
    settings.CELERY_BROKER_URL = f"{embedded.broker_url()}?virtual_host={index}"
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright's loop runs in the thread of the test


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Throttles and caches of one test do not reach the next."""
    cache.clear()
