"""`manage.py backup`: the database and the photos in one file."""

from pathlib import Path
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import backups
from config.backups import making


class Command(BaseCommand):
    help = "Save the database and the photos to one file that proves by itself whether it is whole."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, default=backups.directory(), help="directory; default: %(default)s")
        parser.add_argument("--keep", type=int, default=14, help="so many newest backups stay; default: %(default)s")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["keep"] < 1:
            raise CommandError("--keep needs at least 1: the backup that is made now.")
        try:
            made, manifest = making.make(options["to"], options["keep"])
        except (backups.BackupFailed, psycopg.Error, OSError) as failure:
            raise CommandError(str(failure)) from failure
        tables = f"{manifest.contents.rows} rows of {len(manifest.tables)} tables, {len(manifest.photos)} photos"
        self.stdout.write(f"{made}: {tables}, {made.stat().st_size} bytes.")
