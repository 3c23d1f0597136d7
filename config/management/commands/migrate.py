"""`manage.py migrate`: Django's own, which never makes anybody wait long behind it."""

import time
from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import OperationalError, connections

TRIES = 20
LOCK_TIMEOUT = "3s"
PAUSE_SECONDS = 1.0
LOCK_NOT_AVAILABLE = "55P03"


class Command(migrate.Command):
    """A migration that waits for a table keeps everybody behind it waiting: it gives up soon, and tries again.

    What is done already is not done again: each migration is one transaction, or says itself how it goes on.
    """

    def handle(self, *args: Any, **options: Any) -> None:
        self.database = options["database"]
        for left in reversed(range(TRIES)):
            self._wait_at_most(LOCK_TIMEOUT)
            try:
                super().handle(*args, **options)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) != LOCK_NOT_AVAILABLE:
                    raise
                if not left:
                    raise CommandError(
                        "Somebody else holds a lock that a migration needs. Nothing is lost."
                    ) from error
                self.stdout.write("  somebody else holds a lock; trying again")
                time.sleep(PAUSE_SECONDS)
            else:
                return
            finally:
                self._wait_at_most("0")

    def migration_progress_callback(self, action: str, migration: Any = None, fake: bool = False) -> None:
        """An index that is built beside everybody waits for old transactions and blocks nobody: it has time."""
        if action == "apply_start" and migration is not None:
            self._wait_at_most(LOCK_TIMEOUT if migration.atomic else "0")
        super().migration_progress_callback(action, migration, fake)

    def _wait_at_most(self, limit: str) -> None:
        with connections[self.database].cursor() as cursor:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [limit])
