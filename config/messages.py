"""The compiled catalogues are not in the repository; they are made where they are older than their source.

`python -m config.messages` compiles them and fails when a text has no translation.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LOCALE = Path(__file__).resolve().parent.parent / "locale"


def outdated() -> list[Path]:
    return [source for source in sorted(LOCALE.rglob("*.po")) if _older(source.with_suffix(".mo"), source)]


def compile_outdated() -> None:
    for source in outdated():
        fresh = source.with_suffix(".new")
        with fresh.open("wb") as file:
            write_mo(file, _read(source))
        fresh.replace(source.with_suffix(".mo"))


def untranslated() -> list[str]:
    found = []
    for source in sorted(LOCALE.rglob("*.po")):
        lacking = [message for message in _read(source) if message.id and not _translated(message)]
        found += [f"{source.relative_to(LOCALE)}: {message.id}" for message in lacking]
    return found


def _older(compiled: Path, source: Path) -> bool:
    return not compiled.exists() or compiled.stat().st_mtime_ns < source.stat().st_mtime_ns


def _read(source: Path) -> Catalog:
    with source.open("rb") as file:
        return read_po(file, locale=source.parent.parent.name)


def _translated(message: Message) -> bool:
    texts = message.string if isinstance(message.string, (list, tuple)) else (message.string,)
    return bool(texts) and all(texts) and not message.fuzzy


if __name__ == "__main__":
    compile_outdated()
    lacking = untranslated()
    print("\n".join(lacking) or "Every text has its translation.")  # noqa: T201
    sys.exit(bool(lacking))
