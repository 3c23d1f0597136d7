"""The servers beside the code for the whole session; every session and worker has its own database and index."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_django
from django.conf import settings
from django.core.cache import cache, caches
from django.core.management.commands import flush
from django.db import connection, transaction
from django.db.backends.postgresql.operations import DatabaseOperations
from hypothesis import HealthCheck, Phase
from hypothesis import settings as hypotheses
from xdist.scheduler import LoadScopeScheduling

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


MADE_BY_DJANGO = {"django_content_type", "auth_permission"}


def pytest_configure(config: pytest.Config) -> None:
    entry.start_servers()
    settings.PUBLIC_ANSWER_SECONDS = 0  # a test reads what it has just written
    settings.MEDIA_ROOT = Path(tempfile.mkdtemp(prefix="linlingtong-"))
    # every test client would look for all static files; the live server has its own way to them
    settings.WHITENOISE_USE_FINDERS = False
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    database = settings.DATABASES["default"]
    if database["TEST"]["NAME"] == database["NAME"]:
        raise pytest.UsageError("TEST_DB names the database of `make run`; tests would wipe it.")
    if not hasattr(config, "workerinput"):
        messages.compile_outdated()
        os.environ["TEST_TEMPLATE"] = migrated_template()
    # nobody is ever connected to it, so sessions that start together do not refuse each other
    database["TEST"]["TEMPLATE"] = os.environ["TEST_TEMPLATE"]
    _empty_only_what_has_rows()
    if embedded.wanted():
        _use_valkey_index(_free_valkey_index())


def pytest_unconfigure() -> None:
    shutil.rmtree(settings.MEDIA_ROOT, ignore_errors=True)


def _empty_only_what_has_rows() -> None:
    """Tests with transactions of their own leave rows behind; Django would empty every table and fill its own again.

    Without triggers, because the ledger refuses to be emptied by anybody.
    """
    DatabaseOperations.execute_sql_flush = _emptied  # type: ignore[assignment, method-assign]
    flush.emit_post_migrate_signal = lambda *_args, **_kwargs: None  # type: ignore[attr-defined]


def _emptied(operations: DatabaseOperations, _statements: list[str]) -> None:
    database = operations.connection
    names = set(database.introspection.django_table_names(only_existing=True, include_views=False))
    looks = (f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names - MADE_BY_DJANGO)  # noqa: S608
    with transaction.atomic(using=database.alias), database.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(looks))
        filled = [name for (name,) in cursor.fetchall()]
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")  # noqa: S608


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


class InParts(LoadScopeScheduling):  # type: ignore[misc] # without types
    """Test by test, but these modules whole and first: what they start is dear, what they do is long."""

    WHOLE = ("tests/deploy/test_running.py", "tests/browser/test_audit.py", "tests/config/test_backups.py")

    def _split_scope(self, nodeid: str) -> str:
        module = nodeid.partition("::")[0]
        return module if module in self.WHOLE else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InParts:
    return InParts(config, log)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    """A database with somebody in it cannot be dropped, and one whom a test has killed may leave a while later."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        cursor.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")


@pytest.fixture(autouse=True)
def empty_cache() -> None:
    """Throttles and caches of one test do not reach the next."""
    cache.clear()
    caches["process"].clear()
    caches["template_fragments"].clear()


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
    # Debian's starts one that is made of software, and slower than none
    gpu = ["--disable-gpu"]
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {**browser_type_launch_args, "executable_path": program, "args": [*quiet, *gpu, *sandbox]}
