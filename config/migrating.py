"""Migrations that a running installation does not notice: `python -m config.migrating` refuses the others.

The rules and the way around each are in docs/operations.md. Everything up to `BEFORE_THE_RULES` ran before anybody
used the product; until the first release a room may move its mark, afterwards nobody may.
"""

import re
import sys
from collections.abc import Iterator

import django
from django.db import connection
from django.db.migrations import Migration, RunPython
from django.db.migrations.loader import MigrationLoader
from django_migration_linter.sql_analyser.analyser import analyse_sql_statements
from django_migration_linter.sql_analyser.base import Check, CheckMode, CheckType
from django_migration_linter.sql_analyser.postgresql import PostgresqlAnalyser

from config import entry

BEFORE_THE_RULES = {
    "accounts": 8, "activities": 10, "areas": 5, "audit": 1, "core": 2, "delivery": 1, "home": 2, "likes": 4,
    "moderation": 2, "mutual_aid": 4, "notifications": 7, "photos": 1, "tickets": 3, "toolbox": 1, "venues": 2,
    "volunteering": 5,
}  # fmt: skip
# (room, name): what the last steps of a change are allowed to do, and why nobody needs it any more
ALLOWED: dict[tuple[str, str], str] = {}


def _locks_while_it_checks(statements: list[str], **_: object) -> bool:
    """A CHECK, foreign key or exclusion that PostgreSQL compares with all rows while nobody may write."""
    created = {table for each in statements for table in re.findall(r'^CREATE TABLE ("\w+")', each)}
    adding = re.compile(r'ALTER TABLE ("\w+") ADD CONSTRAINT "\w+" (?:CHECK|FOREIGN KEY|EXCLUDE)')
    found = ((adding.search(each), each) for each in statements)
    return any(match and match[1] not in created and "NOT VALID" not in each for match, each in found)


class Analyser(PostgresqlAnalyser):
    """What the library knows, and two more ways to hold everybody up."""

    migration_checks = [
        *PostgresqlAnalyser.migration_checks,
        Check(
            "ADD_CONSTRAINT",
            _locks_while_it_checks,
            "A constraint is added as NOT VALID and validated by the next migration.",
            CheckMode.TRANSACTION,
            CheckType.ERROR,
        ),
        Check(
            "REWRITE",
            lambda sql, **_: re.search(r"ALTER TABLE .* ADD COLUMN .* GENERATED ALWAYS AS .* STORED", sql),
            "A stored generated column writes the whole table again while nobody may read it.",
            CheckMode.ONE_LINER,
            CheckType.ERROR,
        ),
    ]


def problems(migration: Migration, statements: list[str]) -> list[str]:
    """What of it would hold up or break a running installation; empty when nothing does."""
    told = ["BEGIN;", *statements] if migration.atomic else statements
    errors, _, warnings = analyse_sql_statements(Analyser, told)
    found = [f"{issue.code}: {issue.message}" for issue in [*errors, *warnings]]
    if migration.atomic and any(isinstance(each, RunPython) for each in migration.operations):
        found.append("BACKFILL: rows are filled in batches, each with a transaction of its own: atomic = False.")
    return list(dict.fromkeys(found))


def refused() -> Iterator[str]:
    """Every migration after the mark that breaks a rule, in words."""
    loader = MigrationLoader(connection, replace_migrations=False)
    for (room, name), migration in sorted(loader.graph.nodes.items()):
        if room not in BEFORE_THE_RULES or int(name[:4]) <= BEFORE_THE_RULES[room] or (room, name) in ALLOWED:
            continue
        statements = loader.collect_sql([(migration, False)])
        yield from (f"{room}.{name}: {problem}" for problem in problems(migration, statements))


def main() -> None:
    entry.prepare()
    entry.start_servers()
    django.setup()
    found = list(refused())
    print("\n".join(found) or "Every migration can run while people are using the product.")  # noqa: T201
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
