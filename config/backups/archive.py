"""The file of a backup: a tar of the dump and the photos, and a manifest that comes last and vouches for all of it."""

import hashlib
import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from config.backups import DamagedArchive
from config.backups.contents import Contents

DUMP, MANIFEST, PHOTOS = "database.dump", "manifest.json", "photos/"
FORMAT = 1
CHUNK = 1 << 20


@dataclass(frozen=True)
class Manifest:
    """`parts` holds size and SHA-256 of every other file of the archive, by its name."""

    made_at: str
    database: str
    server_version: int
    migrations: dict[str, str]
    tables: dict[str, str]
    rules: dict[str, str]
    parts: dict[str, str]
    format: int = FORMAT

    @property
    def contents(self) -> Contents:
        return Contents(self.tables, self.rules)

    @property
    def photos(self) -> list[str]:
        return [name for name in self.parts if name.startswith(PHOTOS)]

    def written(self) -> bytes:
        facts = asdict(self)
        return json.dumps(facts | {"digest": _digest(facts)}, indent=1, sort_keys=True).encode()

    @classmethod
    def of(cls, text: bytes) -> "Manifest":
        try:
            facts = json.loads(text)
            digest = facts.pop("digest")
            found = cls(**facts)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise DamagedArchive("The manifest cannot be read.") from error
        if digest != _digest(facts) or found.format != FORMAT:
            raise DamagedArchive("The manifest is not the one that was written, or of another version.")
        return found


def _digest(facts: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


class _Read:
    """A file that counts and hashes what is read from it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.size, self.hash = file, 0, hashlib.sha256()

    def read(self, amount: int = -1) -> bytes:
        piece = self.file.read(amount)
        self.size += len(piece)
        self.hash.update(piece)
        return piece

    @property
    def fact(self) -> str:
        return f"{self.size}:{self.hash.hexdigest()}"


def add(tar: tarfile.TarFile, name: str, source: Path) -> str:
    """Put the file into the archive; answers its size and hash as they were read."""
    with source.open("rb") as file:
        reader = _Read(file)
        entry = _entry(name, os.fstat(file.fileno()).st_size)
        tar.addfile(entry, reader)
    return reader.fact


def add_text(tar: tarfile.TarFile, name: str, text: bytes) -> None:
    tar.addfile(_entry(name, len(text)), io.BytesIO(text))


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = size, 0o600
    return entry


def checked(path: Path) -> Manifest:
    """Read the whole archive; DamagedArchive unless it is what was written, to the last byte."""
    found: dict[str, str] = {}
    text = b""
    try:
        with tarfile.open(path, "r:") as tar:
            for entry in tar:
                if entry.name == MANIFEST:
                    text = _opened(tar, entry).read()
                else:
                    found[_safe(entry)] = _fact(_opened(tar, entry))
    except (tarfile.TarError, EOFError, OSError) as error:
        raise DamagedArchive(f"{path} cannot be read to its end: {error}") from error
    if not text:
        raise DamagedArchive(f"{path} has no manifest: it was never finished, or it was cut.")
    manifest = Manifest.of(text)
    wrong = [name for name in found.keys() | manifest.parts.keys() if found.get(name) != manifest.parts.get(name)]
    if wrong or DUMP not in found:
        raise DamagedArchive(f"{path} is damaged: {', '.join(sorted(wrong)[:5]) or DUMP}.")
    return manifest


def _fact(file: IO[bytes]) -> str:
    reader = _Read(file)
    while reader.read(CHUNK):
        pass
    return reader.fact


def _safe(entry: tarfile.TarInfo) -> str:
    if not entry.isreg() or entry.name.startswith("/") or ".." in entry.name.split("/"):
        raise DamagedArchive(f"{entry.name} has no place in a backup.")
    return entry.name


def _opened(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(entry)
    if file is None:
        raise DamagedArchive(f"{entry.name} has no content.")
    return file


@contextmanager
def dump_of(path: Path) -> Iterator[IO[bytes]]:
    """The dump inside the archive, to be read from its beginning."""
    with tarfile.open(path, "r:") as tar:
        yield _opened(tar, tar.getmember(DUMP))


def unpack_photos(path: Path, manifest: Manifest, target: Path) -> None:
    """Write the photos below the directory and read them again: DamagedArchive when one is not as it was saved."""
    with tarfile.open(path, "r:") as tar:
        for entry in tar:
            if not entry.name.startswith(PHOTOS):
                continue
            place = target / _safe(entry).removeprefix(PHOTOS)
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("wb") as file:
                shutil.copyfileobj(_opened(tar, entry), file, CHUNK)
                os.fsync(file.fileno())
            with place.open("rb") as file:
                if _fact(file) != manifest.parts[entry.name]:
                    raise DamagedArchive(f"{place} is not what was saved.")
