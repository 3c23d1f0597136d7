"""The rules for migrations, tried on bad ones and on the way around each; and how long one waits for a lock."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.contrib.postgres.operations import AddConstraintNotValid, AddIndexConcurrently, ValidateConstraint
from django.core.management import CommandError, call_command
from django.db import connection, migrations, models
from django.db.migrations import Migration
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.models.functions import Length

from config import embedded, migrating
from config.management.commands import migrate

pytestmark = pytest.mark.django_db(transaction=True)

MODEL = "contact"
INDEX = models.Index(fields=["phone"], name="by_phone")
CHECK = models.CheckConstraint(condition=models.Q(phone__gt=""), name="has_a_phone")


def made_up(**facts: Any) -> Migration:
    kind: type[Migration] = type("MadeUp", (Migration,), facts)
    return kind("9999_made_up", "toolbox")


def found(*operations: Operation, atomic: bool = True) -> str:
    """What is said about a migration of the toolbox that follows the newest one."""
    loader = MigrationLoader(connection)
    (newest,) = loader.graph.leaf_nodes("toolbox")
    migration = made_up(operations=list(operations), atomic=atomic, dependencies=[newest])
    state = loader.project_state(newest)
    with connection.schema_editor(collect_sql=True, atomic=atomic) as editor:
        migration.apply(state, editor, collect_sql=True)
    return " ".join(migrating.problems(migration, editor.collected_sql))


BAD: dict[str, tuple[str, Operation]] = {
    "a column that must not be empty": (
        "NOT_NULL",
        migrations.AddField(MODEL, "floor", models.IntegerField(default=0)),
    ),
    "a new name": ("RENAME_COLUMN", migrations.RenameField(MODEL, "fees", "costs")),
    "a new name of a table": ("RENAME_TABLE", migrations.RenameModel(MODEL, "number")),
    "a column that goes": ("DROP_COLUMN", migrations.RemoveField(MODEL, "fees")),
    "a table that goes": ("DROP_TABLE", migrations.DeleteModel(MODEL)),
    "another type": ("ALTER_COLUMN", migrations.AlterField(MODEL, "fees", models.IntegerField())),
    "an index that locks": ("CREATE_INDEX", migrations.AddIndex(MODEL, INDEX)),
    "a check of all rows": ("ADD_CONSTRAINT", migrations.AddConstraint(MODEL, CHECK)),
    "a table written again": (
        "REWRITE",
        migrations.AddField(
            MODEL,
            "length",
            models.GeneratedField(
                expression=Length("phone"), output_field=models.IntegerField(null=True), db_persist=True
            ),
        ),
    ),
    "rows filled in one go": ("BACKFILL", migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)),
}
GOOD: dict[str, tuple[list[Operation], bool]] = {
    "a column that may be empty": ([migrations.AddField(MODEL, "floor", models.IntegerField(null=True))], True),
    "a column with a default of the database": (
        [migrations.AddField(MODEL, "floor", models.IntegerField(default=0, db_default=0))],
        True,
    ),
    "an index built beside everybody": ([AddIndexConcurrently(MODEL, INDEX)], False),
    "a constraint for new rows": ([AddConstraintNotValid(MODEL, CHECK)], True),
    "a name that only Python knows": (
        [migrations.SeparateDatabaseAndState(state_operations=[migrations.RenameModel(MODEL, "number")])],
        True,
    ),
    "rows filled in batches": ([migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop)], False),
    "a new table with all it needs": (
        [
            migrations.CreateModel(
                "floor",
                [("id", models.BigAutoField(primary_key=True)), ("phone", models.CharField(max_length=9))],
                options={"indexes": [INDEX], "constraints": [CHECK]},
            )
        ],
        True,
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_migration_that_holds_up_or_breaks_a_running_installation_is_refused(what: str) -> None:
    rule, operation = BAD[what]
    assert rule in found(operation)


@pytest.mark.parametrize("what", GOOD)
def test_the_way_around_is_allowed(what: str) -> None:
    operations, atomic = GOOD[what]
    assert found(*operations, atomic=atomic) == ""


def test_a_constraint_is_validated_later() -> None:
    steps = AddConstraintNotValid(MODEL, CHECK), ValidateConstraint(MODEL, "has_a_phone")
    assert found(*steps) == ""


def test_every_migration_after_the_mark_keeps_the_rules() -> None:
    assert list(migrating.refused()) == []


def test_the_rules_are_asked_of_what_comes_after_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(migrating.BEFORE_THE_RULES, "activities", 1)
    assert any("activities.000" in told for told in migrating.refused())
    for name in {told.partition(":")[0].partition(".")[2] for told in migrating.refused()}:
        monkeypatch.setitem(migrating.ALLOWED, ("activities", name), "nobody reads it since 1.2")
    assert list(migrating.refused()) == []


def test_every_room_with_migrations_has_a_mark() -> None:
    rooms = {room for room, _ in MigrationLoader(connection).graph.nodes}
    ours = {config for config in rooms if (embedded.ROOT / "linlingtong" / config).is_dir()}
    assert ours == set(migrating.BEFORE_THE_RULES)


@contextmanager
def held(seconds: float) -> Iterator[None]:
    """Somebody reads the list of migrations in a long transaction."""
    facts = connection.get_connection_params()
    with psycopg.connect(**facts) as other:
        other.execute("LOCK TABLE django_migrations IN ACCESS EXCLUSIVE MODE")
        timer = threading.Timer(seconds, other.rollback)
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            timer.join()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "LOCK_TIMEOUT", "100ms")
    monkeypatch.setattr(migrate, "PAUSE_SECONDS", 0.05)


def test_migrate_gives_way_to_others_and_comes_back(impatient: None) -> None:
    out = StringIO()
    with held(0.6):
        call_command("migrate", stdout=out)
    assert "trying again" in out.getvalue()
    assert "No migrations to apply" in out.getvalue()


def test_migrate_says_so_when_the_lock_stays(impatient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate, "TRIES", 2)
    with held(30), pytest.raises(CommandError, match="holds a lock"):
        call_command("migrate", stdout=StringIO())


def test_an_index_built_beside_everybody_has_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def limit(atomic: bool) -> Any:
        command = migrate.Command(stdout=StringIO())
        command.database, command.verbosity = "default", 0
        command.migration_progress_callback("apply_start", made_up(atomic=atomic))
        with connection.cursor() as cursor:
            cursor.execute("SHOW lock_timeout")
            return cursor.fetchone()[0]

    assert (limit(True), limit(False)) == ("3s", "0")
