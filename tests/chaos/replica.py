"""A streaming replica of a house's PostgreSQL: a real one, made by pg_basebackup, which may be paused and killed."""

import dataclasses
import os
import signal
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from config import embedded
from config.embedded import programs
from tests.chaos.house import House, eventually

PORT = "5433"


class Replica:
    def __init__(self, home: House) -> None:
        self.where = embedded.Paths(state=home.root / "var" / "embedded", run=home.run)
        primary = programs._account(self.where)
        self.account = dataclasses.replace(primary, home=primary.home / "replica")
        self.process: subprocess.Popen[bytes] | None = None
        self._clone(home.run)

    def _clone(self, primary: Path) -> None:
        self.account.home.mkdir(mode=0o700)
        if self.account.owner:
            os.chown(self.account.home, *self.account.owner)
        place = ("-h", str(primary), "-p", embedded.PORT, "-U", embedded.NAME, "-D", str(self.account.data))
        how = ("--write-recovery-conf", "--checkpoint=fast", "--wal-method=stream", "--no-sync")
        programs._run(self.account, self.account.command("pg_basebackup", *place, *how))
        with (self.account.data / "postgresql.auto.conf").open("a") as settings:
            settings.write(f"port = {PORT}\n")

    @property
    def url(self) -> str:
        """As django-environ reads a socket with another port."""
        return f"postgres://{embedded.NAME}@/{self.where.run}/{embedded.NAME}?{urlencode({'port': PORT})}"

    def start(self) -> None:
        self.process = programs.postgres(self.account, self.where)()
        eventually(self._answers, 30, "the replica")

    def _answers(self) -> bool:
        try:
            return bool(self.rows("SELECT pg_is_in_recovery()")[0][0])
        except psycopg.OperationalError:
            return False

    def rows(self, query: str) -> list[Any]:
        facts = f"host={self.where.run} port={PORT} user={embedded.NAME} dbname={embedded.NAME}"
        with psycopg.connect(facts, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def kill(self) -> None:
        """-9, the postmaster and with it everybody who is connected."""
        postmaster = int((self.account.data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGKILL)
        assert self.process
        self.process.wait(10)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(20)
