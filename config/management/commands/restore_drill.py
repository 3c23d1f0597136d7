"""`manage.py restore_drill`: proves that the newest backup can be restored, without touching anything."""

from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import backups
from config.backups import making, restoring


class Command(BaseCommand):
    help = "Restore the newest backup beside the database, compare every table, and remove the copy again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from", dest="place", type=Path, default=backups.directory(), help="directory")

    def handle(self, *_: Any, **options: Any) -> None:
        place: Path = options["place"]
        found = making.newest_first(place)
        if not found:
            raise CommandError(f"There is no backup in {place}.")
        try:
            with making.turn_in(place):
                seen = restoring.drill(found[0])
        except (backups.BackupFailed, psycopg.Error, OSError) as failure:
            raise CommandError(str(failure)) from failure
        rows = f"{seen.contents.rows} rows of {len(seen.contents.tables)} tables, {len(seen.manifest.photos)} photos"
        self.stdout.write(f"{seen.archive.name}: {rows}, hashes equal, {seen.seconds:.1f} s.")
