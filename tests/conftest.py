"""The servers beside the code for the whole session; every session and worker has its own database and index."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypotheses

from config import embedded, entry, messages
from tests.template import migrated_template

# Made-up cases are the same ones in every run; `--hypothesis-profile deep` makes up many more, and new ones.
hypotheses.register_profile(
    "quick",
    max_examples=6,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate],
)
hypotheses.register_profile("deep", hypotheses.get_profile("quick"), max_examples=50, derandomize=False)
hypotheses.load_profile("quick")


def pytest_configure(config: pytest.Config) -> None:
    entry.start_servers()
    settings.PUBLIC_ANSWER_SECONDS = 0  # a test reads what it has just written
    settings.MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="linlingtong-"))
    database = settings.DATABASES["default"]
    if database["TEST"]["NAME"] == database["NAME"]:
        raise pytest.UsageError("TEST_DB names the database of `make run`; tests would wipe it.")
    if not hasattr(config, "workerinput"):
        messages.compile_outdated()
        os.environ["TEST_TEMPLATE"] = migrated_template()
    # nobody is ever connected to it, so sessions that start together do not refuse each other
    database["TEST"]["TEMPLATE"] = os.environ["TEST_TEMPLATE"]
    _let_tests_empty_the_ledger()
    if embedded.wanted():
        _use_valkey_index(_free_valkey_index())


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


def _let_tests_empty_the_ledger() -> None:
    """Tests with transactions of their own empty all tables afterwards, which the ledger refuses to anybody."""
    plain = DatabaseOperations.execute_sql_flush
    never = [f"volunteering.{name}:never_emptied" for name in ("ServiceEntry", "ServiceRecord", "LiveSpan")]

    def emptied(operations: DatabaseOperations, statements: list[str]) -> None:
        with pgtrigger.ignore(*never):
            plain(operations, statements)

    DatabaseOperations.execute_sql_flush = emptied  # type: ignore[assignment, method-assign]


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
    caches["process"].clear()


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
    return next((path for path in map(shutil.which, names) if path), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Without a browser its tests are skipped here and fail in CI, where nobody would read the skip."""
    if _chromium() or os.environ.get("CI") == "true":
        return
    advice = pytest.mark.skip(reason="no Chromium on PATH; on Debian: apt-get install chromium fonts-noto-cjk")
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(advice)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's Chromium: Playwright's own download does not work behind every network."""
    program = _chromium()
    if program is None:
        pytest.fail("The browser tests need a Chromium on PATH; on Debian: apt-get install chromium fonts-noto-cjk")
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": program, "args": [*quiet, *sandbox]}
