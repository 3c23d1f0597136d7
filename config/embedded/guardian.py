"""The guardian: the process that owns PostgreSQL and Valkey and stops them when nobody uses them any more."""

import fcntl
import os
import shutil
import signal
import time
from collections.abc import Callable
from types import FrameType

from config.embedded import Paths, locked, paths, programs, still_named
from config.embedded.server import Server

GRACE_SECONDS = 1.0
LOG_LIMIT = 5_000_000


class _Ended(Exception):
    """Somebody told the guardian to stop."""


def guard() -> None:
    """Keep the servers up while they are used, or leave at once when another guardian does."""
    where = paths()
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    if where.guardian_log.stat().st_size > LOG_LIMIT:
        os.truncate(where.guardian_log, 0)
    try:
        lock = _take_office(where)
    except BlockingIOError:
        return
    _keep(where, lock)


def _end(_signal: int, _frame: FrameType | None) -> None:
    raise _Ended


def _take_office(where: Paths) -> int:
    deadline = time.monotonic() + 1
    while True:
        try:
            return locked(where.lock("guard"), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            # a starter that only looks holds the lock for an instant, a guardian for good
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _keep(where: Paths, lock: int) -> None:
    users = os.open(where.lock("users"), os.O_RDWR | os.O_CREAT, 0o600)
    servers: list[Server] = []
    try:
        account = programs.prepare(where)
        servers += [
            Server(account.data, where.postgres_socket, signal.SIGINT, programs.postgres(account, where)),
            Server(where.state / "valkey", where.valkey_socket, signal.SIGTERM, programs.valkey(where)),
        ]
        _watch(servers, _nobody_left(users), lambda: _in_office(where, lock, users))
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


def _in_office(where: Paths, lock: int, users: int) -> bool:
    """False when the checkout was removed or its state wiped: a new guardian may be at work there already."""
    return still_named(lock, where.lock("guard")) and still_named(users, where.lock("users"))


def _nobody_left(users: int) -> Callable[[], bool]:
    """Asks for the lock alone; who gets it keeps newcomers waiting until the guardian has ended."""
    since: list[float] = []

    def asked() -> bool:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            since.clear()
            return False
        since.append(time.monotonic())
        if since[-1] - since[0] > GRACE_SECONDS:
            return True
        fcntl.flock(users, fcntl.LOCK_UN)
        return False

    return asked


def _watch(servers: list[Server], nobody_left: Callable[[], bool], in_office: Callable[[], bool]) -> None:
    while in_office() and not nobody_left():
        for server in servers:
            server.keep_up()
        time.sleep(0.1)


if __name__ == "__main__":
    guard()
