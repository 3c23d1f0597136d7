"""Restoring: into a database beside, compared there with what was saved, and only then put into its place."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from django.conf import settings
from django.db import connections
from django.utils import timezone

from config.backups import BackupFailed, DamagedArchive, archive, contents, server
from config.backups.archive import Manifest
from config.backups.contents import Contents
from config.backups.making import ASIDE


@dataclass(frozen=True)
class Drill:
    """What a restored copy was seen to hold."""

    archive: Path
    manifest: Manifest
    contents: Contents
    seconds: float


def drill(path: Path) -> Drill:
    """Restore the archive beside the living database, compare every table, and remove it again.

    Raises DamagedArchive when anything differs.
    """
    began = monotonic()
    scratch = f"{server.database()}_drill"
    manifest = archive.checked(path)
    try:
        found = _rebuild(path, manifest, scratch)
    finally:
        server.drop(scratch)
    return Drill(path, manifest, found, monotonic() - began)


def restore(path: Path, *, replace: bool) -> tuple[Manifest, str]:
    """Bring back database and photos; answers the manifest and the name of the database that was set aside.

    Raises BackupFailed when the database holds something and `replace` is not said, DamagedArchive when the archive
    or what came out of it is not what was saved. Until everything is compared, nothing that is in use is touched.
    """
    name, stamp = server.database(), timezone.now().strftime("%Y%m%d%H%M%S")
    manifest = archive.checked(path)
    holds_something = server.exists(name) and _holds_something(name)
    if holds_something and not replace:
        raise BackupFailed(f"The database {name} is not empty. --replace puts the backup in its place.")
    fresh, aside = f"{name}_restoring", f"{name}_before_{stamp}"
    photos = Path(settings.MEDIA_ROOT) / f"{ASIDE}new"
    try:
        _rebuild(path, manifest, fresh)
        shutil.rmtree(photos, ignore_errors=True)
        photos.mkdir(mode=0o700, parents=True)
        archive.unpack_photos(path, manifest, photos)
        connections.close_all()
        server.take_place_of(fresh, name, aside)
    except BaseException:
        server.drop(fresh)
        shutil.rmtree(photos, ignore_errors=True)
        raise
    _take_place(photos, Path(settings.MEDIA_ROOT), f"{ASIDE}before-{stamp}")
    if not holds_something:
        server.drop(aside)
    return manifest, aside if holds_something else ""


def _holds_something(name: str) -> bool:
    with server.connect(name) as database:
        return not contents.is_empty(database)


def _rebuild(path: Path, manifest: Manifest, name: str) -> Contents:
    """The dump in a database of that name, compared; what differs is told by name."""
    server.create(name)
    with archive.dump_of(path) as dump:
        server.call("pg_restore", name, "--exit-on-error", "--no-owner", "--no-privileges", source=dump)
    with server.connect(name) as database:
        found = contents.look(database)
        wrong = found.differences(manifest.contents)
        wrong += [f"{sequence} counts from too low" for sequence in contents.sequences_behind(database)]
        database.execute("ANALYZE")
    if wrong:
        raise DamagedArchive(f"What {path} gave back is not what was saved. {'; '.join(wrong[:5])}")
    return found


def _take_place(fresh: Path, root: Path, aside: str) -> None:
    """Inside the directory, because the directory itself may be a volume that cannot be renamed."""
    old = [entry for entry in root.iterdir() if not entry.name.startswith(ASIDE)]
    if old:
        (root / aside).mkdir(mode=0o700)
    for entry in old:
        entry.rename(root / aside / entry.name)
    for entry in fresh.iterdir():
        entry.rename(root / entry.name)
    fresh.rmdir()
