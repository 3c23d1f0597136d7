"""Backups on a real server: saved, damaged, killed, restored, and compared."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker

from config import embedded
from config.backups import contents, making, server
from tests.chaos.house import eventually
from tests.factories import RegistrationFactory, subdistrict
from tests.volunteering.deeds import default_issuer, entered

PICTURE = b"a picture of \xe4\xb8\xb4\xe6\xb1\x9f" * 5000


@dataclass
class Town:
    """A database and photos of its own, and a directory for backups of them."""

    name: str
    media: Path
    backups: Path

    def rows(self, query: str) -> list[Any]:
        with server.connect(self.name) as database:
            return database.execute(sql.SQL(query)).fetchall()

    def change(self, query: str) -> None:
        with server.connect(self.name) as database:
            database.execute(sql.SQL(query))

    def say(self, *words: Any, **options: Any) -> str:
        out = StringIO()
        call_command(*words, stdout=out, **options)
        return out.getvalue()

    def back_up(self, **options: Any) -> Path:
        self.say("backup", to=self.backups, **options)
        return making.newest_first(self.backups)[0]

    def databases(self) -> list[str]:
        with server.connect(server.MAINTENANCE) as postgres:
            query = "SELECT datname FROM pg_database WHERE datname LIKE %s ORDER BY 1"
            return [name for (name,) in postgres.execute(query, [f"{self.name}%"]).fetchall()]


@pytest.fixture
def town(tmp_path: Path, settings: Any, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    name, known = f"backups_{os.getpid()}", connection.settings_dict["NAME"]
    with server.connect(server.MAINTENANCE) as postgres:
        template = sql.Identifier(os.environ["TEST_TEMPLATE"])
        postgres.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template))
    settings.MEDIA_ROOT = tmp_path / "media"
    picture = settings.MEDIA_ROOT / "photos" / "ab" / "abc-800.webp"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(PICTURE)
    place = Town(name, settings.MEDIA_ROOT, tmp_path / "backups")
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict["NAME"] = name
        try:
            default_issuer()
            entered(subdistrict())
            RegistrationFactory.create_batch(3)
            yield place
        finally:
            connection.close()
            connection.settings_dict["NAME"] = known
            for each in place.databases():
                server.drop(each)


LEDGER = "SELECT id, resident_id, minutes FROM volunteering_servicerecord ORDER BY id"
REGISTERED = "SELECT id, state, resident_id FROM activities_registration ORDER BY id"


def test_the_drill_restores_the_newest_backup_and_finds_every_hash_equal(town: Town) -> None:
    town.back_up()
    told = town.say("restore_drill", place=town.backups)
    assert "hashes equal" in told
    assert "1 photos" in told
    assert town.databases() == [town.name]


def test_a_drill_without_a_backup_fails(town: Town) -> None:
    with pytest.raises(CommandError, match="no backup"):
        town.say("restore_drill", place=town.backups)


def test_a_backup_is_for_its_owner_only_and_the_oldest_go(town: Town) -> None:
    made = [town.back_up(keep=2) for _ in range(3)]
    assert making.newest_first(town.backups) == [made[2], made[1]]
    assert made[2].stat().st_mode & 0o077 == 0
    assert town.backups.stat().st_mode & 0o077 == 0


def test_what_is_written_meanwhile_is_in_the_next_backup_and_disturbs_none(town: Town) -> None:
    stop = threading.Event()

    def write() -> None:
        with server.connect(town.name) as database:
            while not stop.is_set():
                database.execute("INSERT INTO django_session VALUES (gen_random_uuid()::text, '', now())")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        eventually(lambda: town.rows("SELECT FROM django_session"), 10, "the first rows")
        archive = town.back_up()
    finally:
        stop.set()
        writer.join()
    assert "hashes equal" in town.say("restore_drill", place=town.backups)
    (saved,) = town.rows("SELECT count(*) FROM django_session")
    town.say("restore", str(archive), replace=True)
    (back,) = town.rows("SELECT count(*) FROM django_session")
    assert 0 < back[0] < saved[0]


def test_restoring_brings_rows_rules_and_photos_back_and_sets_aside_what_was_there(town: Town) -> None:
    ledger, registered = town.rows(LEDGER), town.rows(REGISTERED)
    archive = town.back_up()
    town.change("DELETE FROM activities_registrationevent; DELETE FROM activities_registration")
    shutil.rmtree(town.media / "photos")
    (town.media / "later.webp").write_bytes(b"sent after the backup")
    with pytest.raises(CommandError, match="not empty"):
        town.say("restore", str(archive))
    assert not town.rows(REGISTERED)
    town.say("restore", str(archive), replace=True)
    assert (town.rows(LEDGER), town.rows(REGISTERED)) == (ledger, registered)
    assert (town.media / "photos" / "ab" / "abc-800.webp").read_bytes() == PICTURE
    assert not (town.media / "later.webp").exists()
    assert len(list(town.media.glob(".restore-before-*/later.webp"))) == 1
    (aside,) = set(town.databases()) - {town.name}
    assert not Town(aside, town.media, town.backups).rows(REGISTERED)
    newest = RegistrationFactory.create()
    assert newest.pk > max(row[0] for row in registered)
    for change in ("UPDATE {} SET minutes = 1", "DELETE FROM {}", "TRUNCATE {} CASCADE"):
        with pytest.raises(psycopg.Error, match=r"Cannot|never|only added"):
            town.change(change.format("volunteering_servicerecord"))


def test_an_empty_database_is_filled_without_a_word(town: Town) -> None:
    ledger, archive = town.rows(LEDGER), town.back_up()
    connection.close()
    server.create(town.name)
    told = town.say("restore", str(archive))
    assert town.rows(LEDGER) == ledger
    assert "before" not in told
    assert town.databases() == [town.name]


def flip(archive: Path, at: int) -> None:
    with archive.open("r+b") as file:
        file.seek(at)
        (byte,) = file.read(1)
        file.seek(at)
        file.write(bytes([byte ^ 1]))


def in_the_dump(archive: Path) -> None:
    flip(archive, 512 + 5000)


def in_a_photo(archive: Path) -> None:
    flip(archive, archive.read_bytes().index(PICTURE) + 100)


def in_the_manifest(archive: Path) -> None:
    flip(archive, archive.read_bytes().index(b"public.volunteering_servicerecord") + 38)


def cut_short(archive: Path) -> None:
    os.truncate(archive, archive.stat().st_size // 2)


def emptied(archive: Path) -> None:
    os.truncate(archive, 0)


@pytest.mark.parametrize("damage", [in_the_dump, in_a_photo, in_the_manifest, cut_short, emptied])
def test_a_damaged_archive_is_refused_before_anything_is_touched(town: Town, damage: Callable[[Path], None]) -> None:
    ledger, archive = town.rows(LEDGER), town.back_up()
    damage(archive)
    for words in (("restore_drill",), ("restore", str(archive))):
        options = {"place": town.backups} if len(words) == 1 else {"replace": True}
        with pytest.raises(CommandError, match=r"manifest|damaged|cannot be read"):
            town.say(*words, **options)
    assert town.rows(LEDGER) == ledger
    assert town.databases() == [town.name]
    assert (town.media / "photos" / "ab" / "abc-800.webp").read_bytes() == PICTURE


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("UPDATE accounts_user SET nickname = nickname || '!' WHERE id = (SELECT min(id) FROM accounts_user)", "user"),
        ("DELETE FROM activities_registration", "registration"),
        ("ALTER TABLE volunteering_servicerecord DISABLE TRIGGER USER", "triggers"),
        ("ALTER TABLE activities_session DROP CONSTRAINT a_session_is_never_oversold", "constraints"),
        (
            "CREATE OR REPLACE FUNCTION bigram_words(input text) RETURNS text[] LANGUAGE sql RETURN NULL::text[]",
            "functions",
        ),
    ],
)
def test_any_other_content_or_rule_has_another_hash(town: Town, change: str, told: str) -> None:
    with server.connect(town.name) as database:
        before = contents.look(database)
        assert not contents.look(database).differences(before)
        database.execute(sql.SQL(change))
        (different,) = contents.look(database).differences(before)
    assert told in different


def test_a_counter_that_would_repeat_a_number_is_seen(town: Town) -> None:
    with server.connect(town.name) as database:
        assert not contents.sequences_behind(database)
        database.execute("ALTER TABLE activities_registration ALTER COLUMN id RESTART WITH 1")
        assert contents.sequences_behind(database) == ["public.activities_registration_id_seq"]


@pytest.mark.parametrize("moment", ["the dump", "the archive"])
def test_a_backup_killed_in_the_middle_leaves_nothing_that_looks_whole(town: Town, moment: str) -> None:
    sign = {"the dump": ".partial-*/database.dump", "the archive": ".partial-*/archive"}
    for number in range(40):
        (town.media / f"{number}.webp").write_bytes(os.urandom(500_000))
    command = [sys.executable, "manage.py", "backup", "--to", str(town.backups)]
    place = {"DATABASE_URL": address(), "MEDIA_ROOT": str(town.media)}
    running = subprocess.Popen(command, cwd=embedded.ROOT, env=os.environ | place)
    eventually(lambda: list(town.backups.glob(sign[moment])), 60, moment)
    running.send_signal(signal.SIGKILL)
    assert running.wait() == -signal.SIGKILL
    assert not making.newest_first(town.backups)
    assert list(town.backups.glob(".partial-*"))
    assert len(town.back_up().name) > 20
    assert not list(town.backups.glob(".partial-*"))
    assert "41 photos, hashes equal" in town.say("restore_drill", place=town.backups)


def address() -> str:
    """The town's database as another process is told."""
    facts = connection.settings_dict
    if facts["HOST"].startswith("/"):
        return f"postgres://{facts['USER']}@/{facts['HOST']}/{facts['NAME']}"
    host = f"{facts['HOST']}:{facts['PORT'] or 5432}"
    return f"postgres://{facts['USER']}:{quote(facts['PASSWORD'])}@{host}/{facts['NAME']}"


def test_two_backups_do_not_work_in_one_directory(town: Town) -> None:
    with making.turn_in(town.backups), pytest.raises(CommandError, match="Another backup"):
        town.back_up()
