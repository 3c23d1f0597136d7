"""The product as `make run` starts it, in a copy of the tree with servers of its own: all of it may be killed."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg

from config import embedded
from config.embedded import programs
from tests.template import copied

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("bench", "config", "linlingtong", "locale", "static", "templates", "tests", "manage.py", "pyproject.toml")
ROOM = 2_000_000_000
PATHS = "from config import embedded; print(embedded.paths().run, embedded.NAME, embedded.PORT)"


class NotInTime(AssertionError):
    """Something that should have happened did not."""


def eventually(true: Callable[[], object], seconds: float, what: str) -> float:
    """Wait until it is true; answers how many seconds that took."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > seconds:
            raise NotInTime(f"{what}: not within {seconds} s")
        time.sleep(0.05)
    return time.monotonic() - began


class House:
    def __init__(self, root: Path, **environment: str) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
            copy(ROOT / part, root / part)
        left_out = ("DATABASE_URL", "REDIS_URL", "TEST_DB", "DJANGO_SETTINGS_MODULE", "LINLINGTONG_PROCESS")
        kept = {name: value for name, value in os.environ.items() if name not in left_out}
        self.environment = kept | {"PYTHONPATH": "", "API_WRITES_PER_MINUTE": "100000"} | environment
        self.port = _free_port()
        self.product: subprocess.Popen[bytes] | None = None
        run, name, port = self.python("-c", PATHS).split()
        self.run = Path(run)
        self.broker = f"redis+socket://{run}/valkey.sock"
        self.address = f"host={run} user={name} dbname={name} port={port}"

    def python(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise NotInTime(f"{arguments} failed:\n{done.stderr[-3000:]}")
        return done.stdout

    def hold_servers(self) -> None:
        """Keep PostgreSQL and Valkey up from one command to the next."""
        wait = "import sys; from config import embedded; embedded.ensure(); print('up', flush=True); sys.stdin.read()"
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        self.holder = subprocess.Popen([sys.executable, "-c", wait], cwd=self.root, env=self.environment, **pipes)
        assert self.holder.stdout
        self.holder.stdout.readline()

    def world(self, residents: int, places: int) -> dict[str, Any]:
        """Made-up residents with their tokens, and a session with so many places."""
        if template := os.environ.get("TEST_TEMPLATE"):
            where = embedded.Paths(state=self.root / "var" / "embedded", run=self.run)
            copied(template, programs._account(where), self.address)
        self.python("manage.py", "migrate", "--verbosity", "0")
        amounts = ("--residents", str(residents), "--places", str(places), "--spread", "2")
        self.python("manage.py", "bench_world", *amounts, "--out", str(self.root / "world.json"))
        found: dict[str, Any] = json.loads((self.root / "world.json").read_text())
        return found

    def open(self) -> None:
        """`manage.py up`, until it is ready; what it says goes to `said`."""
        with self.log.open("wb") as log:
            self.product = subprocess.Popen(
                [sys.executable, "manage.py", "up"],
                cwd=self.root,
                env=self.environment | {"PORT": str(self.port)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        eventually(lambda: "is ready" in self.said, 120, "manage.py up")

    @property
    def log(self) -> Path:
        return self.root / "product.log"

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (OSError, urllib.error.HTTPError):
            return False

    def processes(self, *words: str) -> list[int]:
        """What runs in this tree and has these words in its command, oldest first."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                inside = str(self.root) in line or (entry / "cwd").resolve().is_relative_to(self.root)
                if inside and all(word in line for word in words):
                    found.append(int(entry.name))
        return sorted(found)

    def web_workers(self) -> list[int]:
        """Those that answer requests: each the child of a granian that only watches it."""
        granians = set(self.processes("granian"))
        return [pid for pid in granians if _parent(pid) in granians]

    @property
    def wanted_web_workers(self) -> int:
        return min(os.cpu_count() or 1, 4)

    def kill(self, pid: int) -> None:
        assert _inside(pid, self.root), "not ours"
        os.kill(pid, signal.SIGKILL)

    def postmaster(self) -> int:
        (file,) = (self.root / "var" / "embedded").glob("postgres-*/postmaster.pid")
        return int(file.read_text().split()[0])

    def restart_postgres(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """An immediate shutdown (or kill -9) like a power cut; the guardian starts it again."""
        os.kill(self.postmaster(), how)

    def rows(self, query: str, *values: Any) -> list[Any]:
        with psycopg.connect(self.address, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()

    def change(self, query: str) -> None:
        with psycopg.connect(self.address, autocommit=True) as connection:
            connection.execute(query)

    def close(self) -> float:
        """Ctrl-C; answers how many seconds the end took."""
        if self.product is None or self.product.poll() is not None:
            return 0.0
        began = time.monotonic()
        self.product.send_signal(signal.SIGINT)
        self.product.wait(30)
        return time.monotonic() - began

    def tear_down(self) -> None:
        self.close()
        holder = getattr(self, "holder", None)
        if holder:
            holder.kill()
            holder.communicate()
        eventually(lambda: not self.processes(), 20, "processes left behind")


@contextlib.contextmanager
def house(**environment: str) -> Iterator[House]:
    """A house with servers, not yet open; nothing of it is left afterwards.

    In memory where there is room: what a killed process had written stays with the kernel there as on a disk.
    """
    memory = Path("/dev/shm")  # noqa: S108
    is_roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    root = Path(tempfile.mkdtemp(prefix="linlingtong-chaos-", dir=memory if is_roomy else None))
    try:
        place = House(root / "house", **environment)
        place.hold_servers()
        try:
            yield place
        finally:
            place.tear_down()
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _parent(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except (OSError, IndexError):
        return 0


def _inside(pid: int, root: Path) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cwd").resolve().is_relative_to(root)
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
