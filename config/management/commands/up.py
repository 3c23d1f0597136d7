"""`manage.py up`: the whole product on one machine."""

import os
import socket
import sys
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from config import messages
from linlingtong.accounts.models import User


class Command(BaseCommand):
    help = "Start everything on this machine: database, pages, background work and, the first time, the demo world."
    requires_system_checks: list[str] = []

    def handle(self, *_: Any, **__: Any) -> None:
        host, port = os.environ.get("HOST") or "127.0.0.1", _port()
        _refuse_taken(host, port)
        try:
            self._prepare()
        except KeyboardInterrupt:
            raise CommandError("Stopped before everything was prepared; the next start goes on.") from None
        sys.stdout.flush()
        inbox = ["/dev/inbox/"] if settings.DEVELOPER_INBOX else []
        # the watching process stays: it should not keep all of Django in memory
        os.execv(sys.executable, [sys.executable, "-m", "config.serve", host, str(port), *inbox])  # noqa: S606

    def _prepare(self) -> None:
        if messages.outdated():
            self._step("Compiling the Chinese texts", messages.compile_outdated)
        if _has_migrations_to_run():
            self._step("Preparing the database", lambda: call_command("migrate", verbosity=0, interactive=False))
        if "seed" in get_commands() and not User.objects.exists():
            self._step("Building the demo world", lambda: call_command("seed"))
        connection.close()

    def _step(self, text: str, work: Callable[[], object]) -> None:
        self.stdout.write(f"{text} ...")
        self.stdout.flush()
        began = time.monotonic()
        work()
        self.stdout.write(f"  done in {time.monotonic() - began:.1f} s")


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
