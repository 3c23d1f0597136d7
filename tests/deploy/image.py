"""What the Dockerfile makes, without Docker: its own copies and its own commands, in a directory.

The packages are those that `uv sync --no-default-groups` would install, linked from this environment: what the image
does not hold cannot be imported here either.
"""

import fnmatch
import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from tests.deploy.compose import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()


@dataclass(frozen=True)
class Step:
    """An instruction, continued lines joined and comments left out."""

    stage: str
    word: str
    rest: str


def steps() -> list[Step]:
    lines = "\n".join(line for line in DOCKERFILE.splitlines() if not line.lstrip().startswith("#"))
    found, stage = [], ""
    for line in re.sub(r"\\\n\s*", "", lines).splitlines():
        if not line.strip():
            continue
        word, _, rest = line.partition(" ")
        if word == "FROM":
            stage = rest.partition(" AS ")[2] or "last"
        found.append(Step(stage, word, rest.strip()))
    return found


def locked() -> set[str]:
    """The packages of the image, by the lock."""
    uv = shutil.which("uv", path=f"{ROOT / '.cache/uv/bin'}:{os.environ['PATH']}") or "uv"
    command = [uv, "export", "--frozen", "--no-default-groups", "--no-hashes", "--no-annotate", "--quiet"]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    wanted = [Requirement(line) for line in said.splitlines() if line[:1].isalnum()]
    return {each.name for each in wanted if each.marker is None or each.marker.evaluate()}


class Image:
    """`/app` and `/venv` of the image."""

    def __init__(self, home: Path) -> None:
        self.app, self.venv = home / "app", home / "venv"
        self._copy()
        self._install()
        for step in steps():
            if step.stage == "build" and step.word == "RUN":
                self._run(step.rest)

    @property
    def python(self) -> Path:
        return self.venv / "bin" / "python"

    def _copy(self) -> None:
        """What COPY of the first stage takes from the checkout, without what .dockerignore leaves out."""
        self.app.mkdir(parents=True)
        left_out = [line[3:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("**/")]
        for source, target in sources():
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, self.app / target, ignore=shutil.ignore_patterns(*left_out))
            else:
                shutil.copy(ROOT / source, self.app / target)

    def _install(self) -> None:
        venv.create(self.venv, symlinks=True, with_pip=False)
        place = Path(sysconfig.get_path("purelib", vars={"base": str(self.venv), "platbase": str(self.venv)}))
        here = Path(sysconfig.get_path("purelib"))
        for name in locked():
            for part in {file.parts[0] for file in importlib.metadata.files(name) or []} - {"..", "__pycache__"}:
                if not (place / part).exists():
                    (place / part).symlink_to(here / part)

    def _run(self, command: str) -> None:
        """A command of the Dockerfile; the tools of the build are those of this environment."""
        if not re.search(r"/(venv|tools)/bin/python -m|manage\.py collectstatic", command):
            return
        tools, product = shlex.quote(sys.executable), shlex.quote(str(self.python))
        here = command.replace("/tools/bin/python", tools).replace("/venv/bin/python", product)
        bare = {"PATH": os.environ["PATH"]}
        subprocess.run(["sh", "-ec", here], cwd=self.app, env=bare, check=True, capture_output=True)

    def files(self) -> dict[str, int]:
        """Everything in `/app` with its time, to see whether somebody wrote there."""
        return {str(path): path.stat().st_mtime_ns for path in self.app.rglob("*") if path.is_file()}


def sources() -> list[tuple[str, str]]:
    """What is copied from the checkout, and where to."""
    found = []
    for step in steps():
        if step.word == "COPY" and not step.rest.startswith("--from"):
            *names, target = step.rest.split()
            found += [(name, name if target in {"./", "."} else target) for name in names]
    return found


def is_ignored(path: str) -> bool:
    """Whether .dockerignore keeps it from the build; the last line that fits counts."""
    ignored = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        if line and not line.startswith("#"):
            pattern = line.removeprefix("!")
            fits = fnmatch.fnmatch(path, pattern) or path.partition("/")[0] == pattern
            if pattern.startswith("**/"):
                fits = any(fnmatch.fnmatch(part, pattern[3:]) for part in path.split("/"))
            ignored = not line.startswith("!") if fits else ignored
    return ignored
