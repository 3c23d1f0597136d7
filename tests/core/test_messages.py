"""The catalogue is in step with the code: `make messages` would find no text that it lacks."""

import ast
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.core.management import call_command
from pytest_django import Settings

ROOT = Path(__file__).resolve().parents[2]
CATALOGUE = Path("zh_Hans", "LC_MESSAGES", "django.po")
NAMES = {"_", "gettext", "gettext_lazy", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
HAS_GETTEXT = shutil.which("xgettext") is not None or os.environ.get("CI") == "true"


def texts(source: Path) -> set[tuple[str | None, str]]:
    """(context, English text) of everything in use."""
    with source.open("rb") as file:
        found = [message for message in read_po(file, locale="zh_Hans") if message.id]
    return {(one.context, one.id if isinstance(one.id, str) else one.id[0]) for one in found}


@pytest.mark.skipif(not HAS_GETTEXT, reason="needs xgettext (Debian: gettext)")
def test_every_text_of_the_code_stands_in_the_catalogue(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for room in ("config", "linlingtong", "templates", "locale"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    monkeypatch.chdir(tmp_path)
    settings.LOCALE_PATHS = [tmp_path / "locale"]

    call_command("makemessages", locale=["zh_Hans"], no_obsolete=True, no_location=True, verbosity=0)

    kept, found = texts(ROOT / "locale" / CATALOGUE), texts(tmp_path / "locale" / CATALOGUE)
    assert found - kept == set(), "run `make messages` and translate what is new"
    assert kept - found == set(), "run `make messages`: these texts are no longer used"


def nodes() -> Iterator[tuple[str, ast.AST]]:
    """Every piece of code, with the file that it stands in."""
    for path in [*(ROOT / "linlingtong").rglob("*.py"), *(ROOT / "config").rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text())):
            yield str(path.relative_to(ROOT)), node


def test_no_text_hides_from_xgettext_behind_another_name() -> None:
    hidden = [
        f"{path}: {name.asname}"
        for path, node in nodes()
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if name.asname not in {None, "_"}
    ]
    assert hidden == []


def test_no_text_hides_from_xgettext_inside_an_f_string() -> None:
    hidden = [
        f"{path}:{call.lineno}"
        for path, string in nodes()
        if isinstance(string, ast.JoinedStr)
        for call in ast.walk(string)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in NAMES
    ]
    assert hidden == []
