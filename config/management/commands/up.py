"""`manage.py up`: the whole product on one machine."""

import http.client
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import entry, messages
from config.embedded import EmbeddedServersFailed
from config.supervisor import DoesNotStayUp, Stopped, Supervisor
from linlingtong.accounts.models import User

READY_SECONDS = 60
ENSURE_EVERY_SECONDS = 3


class Command(BaseCommand):
    help = "Start everything on this machine: database, pages, background work and, the first time, the demo world."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **__: Any) -> None:
        sys.stdout.reconfigure(line_buffering=True, errors="backslashreplace")  # type: ignore[union-attr]
        host, port = os.environ.get("HOST", "127.0.0.1"), _port()
        _refuse_taken(host, port)
        try:
            self._prepare()
            self._run(host, port)
        except (KeyboardInterrupt, Stopped):
            self.stdout.write("Stopped.")

    def _step(self, text: str, work: Callable[[], object]) -> None:
        self.stdout.write(f"{text} ...")
        began = time.monotonic()
        work()
        self.stdout.write(f"  done in {time.monotonic() - began:.1f} s")

    def _prepare(self) -> None:
        if messages.outdated():
            self._step("Compiling the Chinese texts", messages.compile_outdated)
        if _has_migrations_to_run():
            self._step("Preparing the database", lambda: call_command("migrate", verbosity=0, interactive=False))
        if "seed" in get_commands() and not _has_people():
            self._step("Building the demo world", lambda: call_command("seed"))
        connection.close()

    def _run(self, host: str, port: int) -> None:
        supervisor = Supervisor(Path(settings.BASE_DIR), self.stdout.write)
        try:
            self._start_processes(supervisor, host, port)
            _wait_until_ready(supervisor, host, port)
            self._greet(f"http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}")  # noqa: S104
            _look_after_everything(supervisor)
        except DoesNotStayUp as failure:
            raise CommandError(str(failure)) from None
        finally:
            supervisor.stop()

    def _start_processes(self, supervisor: Supervisor, host: str, port: int) -> None:
        workers = str(min(os.cpu_count() or 1, 4))
        web = ("--interface", "wsgi", "--host", host, "--port", str(port), "--workers", workers, "--no-ws")
        limits = ("--blocking-threads", "4", "--workers-kill-timeout", "5", "--log-level", "warning")
        supervisor.start("web", sys.executable, "-m", "granian", *web, *limits, "config.wsgi:application")
        celery = (sys.executable, "-m", "celery", "--quiet", "--app", "config.celery")
        quiet = ("--loglevel", "WARNING")
        alone = ("--without-gossip", "--without-mingle", "--without-heartbeat")
        supervisor.start("worker", *celery, "worker", "--concurrency", "2", *alone, *quiet)
        schedule = Path(settings.BASE_DIR) / "var" / "beat"
        supervisor.start("beat", *celery, "beat", "--schedule", str(schedule), "--pidfile", "", *quiet)

    def _greet(self, address: str) -> None:
        lines = ["", f"  Linlingtong is ready: {address}/", ""]
        accounts = Path(settings.BASE_DIR) / "var" / "demo.json"
        if accounts.exists():
            lines += ["  Sign in as:"]
            lines += [f"    {each['role']:<20} {each['sign_in']:<30} {each['name']}" for each in _read(accounts)]
        if getattr(settings, "DEVELOPER_INBOX", False):
            lines += ["", f"  The sign-in codes arrive here: {address}/dev/inbox/"]
        self.stdout.write("\n".join([*lines, "", "  Ctrl-C stops everything.", ""]))


def _read(path: Path) -> list[dict[str, str]]:
    accounts: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return accounts


def _port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise CommandError(f"PORT={text} is not a port: name a number from 1 to 65535.")
    return int(text)


def _refuse_taken(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as refusal:
            raise CommandError(
                f"Port {port} on {host} cannot be used ({refusal.strerror}). Another one: PORT={port + 1} make run"
            ) from None


def _has_migrations_to_run() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _has_people() -> bool:
    return User.objects.exists()


def _wait_until_ready(supervisor: Supervisor, host: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _healthy("127.0.0.1" if host == "0.0.0.0" else host, port):  # noqa: S104
        supervisor.look_after()
        if time.monotonic() > deadline:
            raise DoesNotStayUp(f"/healthz on port {port} did not answer 200 within {READY_SECONDS} s.")
        time.sleep(0.1)


def _healthy(host: str, port: int) -> bool:
    wire = http.client.HTTPConnection(host, port, timeout=5)
    try:
        wire.request("GET", "/healthz")
        return wire.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        wire.close()


def _look_after_everything(supervisor: Supervisor) -> None:
    ensured = time.monotonic()
    while True:
        time.sleep(0.3)
        supervisor.look_after()
        if time.monotonic() - ensured > ENSURE_EVERY_SECONDS:
            try:
                entry.start_servers()
            except EmbeddedServersFailed as failure:
                raise DoesNotStayUp(str(failure)) from None
            ensured = time.monotonic()
