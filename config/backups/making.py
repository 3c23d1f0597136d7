"""Making a backup: everything is written aside, and the archive gets its name when it is whole and on the disk."""

import datetime as dt
import fcntl
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from psycopg import IsolationLevel

from config import embedded
from config.backups import BackupFailed, archive, contents, server
from config.backups.archive import Manifest

NAMED, PARTIAL = "linlingtong-*.tar", ".partial-"
# what a restore keeps inside the directory of the photos
ASIDE = ".restore-"


def newest_first(directory: Path) -> list[Path]:
    """The archives that were finished; their names sort by time."""
    return sorted(directory.glob(NAMED), reverse=True)


@contextmanager
def turn_in(directory: Path) -> Iterator[None]:
    """One backup or drill at a time in one directory; what a killed one left behind is removed."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock = embedded.locked(directory / ".lock", fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise BackupFailed(f"Another backup is at work in {directory}.") from None
    try:
        for left in directory.glob(f"{PARTIAL}*"):
            shutil.rmtree(left)
        yield
    finally:
        os.close(lock)


def make(directory: Path, keep: int) -> tuple[Path, Manifest]:
    """Save database and photos to a new archive, then remove all but the newest `keep`."""
    with turn_in(directory):
        aside = Path(tempfile.mkdtemp(prefix=PARTIAL, dir=directory))
        try:
            manifest = _write(aside)
            made = directory / f"linlingtong-{manifest.made_at}.tar"
            (aside / "archive").rename(made)
            _settle(directory)
        finally:
            shutil.rmtree(aside, ignore_errors=True)
        for old in newest_first(directory)[keep:]:
            old.unlink()
    return made, manifest


def _write(aside: Path) -> Manifest:
    made_at = timezone.now().astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S-%fZ")
    with server.connect(server.database(), autocommit=False) as database:
        database.isolation_level, database.read_only = IsolationLevel.REPEATABLE_READ, True
        (snapshot,) = database.execute("SELECT pg_export_snapshot()").fetchone() or ("",)
        dump = ("--format=custom", "--no-owner", "--no-privileges", f"--file={aside / archive.DUMP}")
        server.call("pg_dump", server.database(), *dump, f"--snapshot={snapshot}")
        seen = contents.look(database)
        applied = dict(database.execute("SELECT app, max(name) FROM django_migrations GROUP BY app").fetchall())
        version = database.info.server_version
    (aside / "archive").touch(mode=0o600)
    with tarfile.open(aside / "archive", "w:", format=tarfile.PAX_FORMAT) as tar:
        parts = {archive.DUMP: archive.add(tar, archive.DUMP, aside / archive.DUMP)}
        parts |= _add_photos(tar, Path(settings.MEDIA_ROOT))
        manifest = Manifest(made_at, server.database(), version, applied, seen.tables, seen.rules, parts)
        archive.add_text(tar, archive.MANIFEST, manifest.written())
    _settle(aside / "archive")
    return manifest


def _add_photos(tar: tarfile.TarFile, root: Path) -> dict[str, str]:
    parts = {}
    for path in sorted(root.rglob("*")):
        place = path.relative_to(root)
        if path.is_file() and not path.is_symlink() and not place.parts[0].startswith(ASIDE):
            # deleted since the list was read: its row went with it, or is newer than the snapshot
            with suppress(FileNotFoundError):
                name = archive.PHOTOS + place.as_posix()
                parts[name] = archive.add(tar, name, path)
    return parts


def _settle(path: Path) -> None:
    """Have the kernel write it to the disk: a name must not be there before what it names."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
