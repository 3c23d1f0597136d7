"""The house keeps its own rules: where rows change, which way keys point, how long things get."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import global_settings, settings

HOUSE: Path = settings.BASE_DIR / "linlingtong"
FLOORS = ["core", "audit", "delivery", "areas", "accounts", "notifications", "activities", "home"]
CREATING = {"create", "get_or_create", "update_or_create", "bulk_create", "bulk_update"}
NOT_ROWS = re.compile(r"form|serializer|cache|session|storage|cookie|request|file|image|client|super\(", re.IGNORECASE)
BANNED_FILES = {"services.py", "selectors.py", "utils.py", "helpers.py", "managers.py", "signals.py"}
BANNED_NAMES = re.compile(r"^(do|process|handle|manage)_|helper|util|(^|_)(data|info)$")
# Names that a library asks for.
ASKED_FOR = {"process_exception", "process_view", "handle_invalid_input", "handle_raw_input", "cleaned_data", "data"}


@cache
def modules() -> list[tuple[Path, ast.Module]]:
    return [
        (path.relative_to(HOUSE), ast.parse(path.read_text(encoding="utf8")))
        for path in sorted(HOUSE.rglob("*.py"))
        if not {"migrations", "management"} & set(path.parts)
    ]


def writes_rows(call: ast.Call) -> bool:
    if not isinstance(call.func, ast.Attribute):
        return False
    owner, verb = ast.unparse(call.func.value), call.func.attr
    if verb in CREATING:
        return "objects" in owner or bool(re.search(r"\.\w+s$", owner))
    if verb in {"save", "delete"}:
        return not NOT_ROWS.search(owner)
    return verb == "update" and bool(re.search(r"objects|filter\(|queryset", owner))


def test_only_verbs_change_rows() -> None:
    found = [
        f"{path}:{node.lineno}"
        for path, tree in modules()
        if not re.search(r"/actions|/(models|admin)(\.py|/)|/admin_", f"/{path.as_posix()}")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and writes_rows(node)
    ]
    assert found == []


def test_functions_and_modules_stay_short() -> None:
    long = []
    for path, tree in modules():
        if len((HOUSE / path).read_text(encoding="utf8").splitlines()) > 400:
            long.append(str(path))
        long += [
            f"{path}:{node.name}"
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and (node.end_lineno or 0) - node.lineno >= 50
        ]
    assert long == []


def test_names_say_what_things_are() -> None:
    bad = [str(path) for path, _ in modules() if path.name in BANNED_FILES]
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and BANNED_NAMES.search(node.name):
                bad += [f"{path}:{node.name}"] if node.name not in ASKED_FOR else []
    assert bad == []


def test_foreign_keys_point_to_a_floor_below_or_their_own() -> None:
    up = []
    for model in apps.get_models():
        room = model._meta.app_label
        if room not in FLOORS:
            continue
        for field in model._meta.get_fields():
            if field.many_to_one or (field.one_to_one and field.concrete):
                target = field.related_model._meta.app_label  # type: ignore[union-attr]
                if target in FLOORS and FLOORS.index(target) > FLOORS.index(room):
                    up.append(f"{model.__name__}.{field.name} -> {target}")
    assert up == []


def test_every_room_says_in_one_sentence_what_it_is() -> None:
    for room in FLOORS:
        tree = ast.parse((HOUSE / room / "__init__.py").read_text(encoding="utf8"))
        docstring = ast.get_docstring(tree) or ""
        assert docstring.endswith("."), room
        assert "\n" not in docstring, room


def test_nobody_listens_to_signals() -> None:
    found = [str(path) for path, tree in modules() if "receiver" in ast.dump(tree)]
    assert found == []


def test_templates_hold_no_inline_script_or_style() -> None:
    inline = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=\"", re.IGNORECASE)
    found = [
        str(path)
        for path in sorted((settings.BASE_DIR / "templates").rglob("*.html"))
        if inline.search(path.read_text(encoding="utf8")) and path.name != "500.html"
    ]
    assert found == []


@pytest.mark.parametrize(
    "document", ["README.md", "README.zh-CN.md", *(f"docs/{n}.md" for n in ("architecture", "glossary"))]
)
def test_documents_point_to_files_that_exist(document: str) -> None:
    text = (settings.BASE_DIR / document).read_text(encoding="utf8")
    here = (settings.BASE_DIR / document).parent
    for link in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (here / link).exists(), link
    for room in re.findall(r"linlingtong/(\w+)/", text):
        assert (HOUSE / room).exists(), room


def test_every_setting_that_code_reads_stands_in_the_settings_with_its_default() -> None:
    """A name that stands nowhere can be neither found nor set."""
    own = (settings.BASE_DIR / "config" / "settings.py").read_text(encoding="utf8")
    missing = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            name = setting_read(node)
            if name and not re.search(rf"^\s*{name}\b", own, re.MULTILINE) and not hasattr(global_settings, name):
                missing.add(f"{path}: {name}")
    assert missing == set()


def setting_read(node: ast.AST) -> str:
    """`X` for `settings.X` and `getattr(settings, "X", …)`, else nothing."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "settings":
        return node.attr
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id != "getattr":
        return ""
    whose, name = node.args[:2]
    is_ours = isinstance(whose, ast.Name) and whose.id == "settings"
    return str(name.value) if is_ours and isinstance(name, ast.Constant) else ""


def test_what_an_installation_may_set_is_named_in_the_example() -> None:
    own = (settings.BASE_DIR / "config" / "settings.py").read_text(encoding="utf8")
    named = set(re.findall(r'\benv(?:\.\w+)?\(\s*"([A-Z_]+)"', own)) - {"LINLINGTONG_PROCESS", "TEST_DB"}
    example = (settings.BASE_DIR / ".env.example").read_text(encoding="utf8")
    assert sorted(name for name in named if not re.search(rf"^# {name}=", example, re.MULTILINE)) == []
