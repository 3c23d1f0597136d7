"""`manage.py restore FILE`: the database and the photos as a backup saved them."""

from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from config import backups
from config.backups import restoring


class Command(BaseCommand):
    help = "Bring back the database and the photos from a backup, after comparing every table with what was saved."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--replace", action="store_true", help="although the database holds something")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            manifest, aside = restoring.restore(options["file"], replace=options["replace"])
        except (backups.BackupFailed, psycopg.Error, OSError) as failure:
            raise CommandError(str(failure)) from failure
        self.stdout.write(f"{manifest.contents.rows} rows and {len(manifest.photos)} photos are back, hashes equal.")
        if aside:
            self.stdout.write(f"What was there before is the database {aside}; drop it when nobody needs it.")
        if _lacks_migrations():
            self.stdout.write("The backup is of an older version: run `manage.py migrate`.")


def _lacks_migrations() -> bool:
    loader = MigrationLoader(connection)
    return any(name not in loader.applied_migrations for name in loader.graph.leaf_nodes())
