"""A database of the benchmark's own on the servers beside the code."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psycopg

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
DATABASE = "linlingtong_bench"


def url(database: str = DATABASE) -> str:
    facts = embedded.database()
    return f"postgres://{facts['USER']}@/{database}?host={facts['HOST']}"


def django_url() -> str:
    """As django-environ reads a socket: its directory stands in the path, before the name."""
    facts = embedded.database()
    return f"postgres://{facts['USER']}@/{facts['HOST']}/{DATABASE}"


def prepare_database() -> None:
    """Start the servers and begin with an empty database."""
    embedded.ensure()
    with psycopg.connect(url("postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    manage("migrate", "--verbosity", "0")


def manage(*arguments: str) -> str:
    return run("manage.py", *arguments)


def run(*arguments: str) -> str:
    """A Python process on the benchmark's database whose texts go nowhere; answers what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout


def environment() -> dict[str, str]:
    """No text leaves, and no resident is held back for writing often: every round writes as the same people."""
    facts = {"DATABASE_URL": django_url(), "SMS_BACKEND": "bench.reminders.NullBackend"}
    return os.environ | facts | {"API_WRITES_PER_MINUTE": "1000000", "LINLINGTONG_PROCESS": ""}


def execute(query: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(url()) as connection:
        return connection.execute(query, values).fetchall()
