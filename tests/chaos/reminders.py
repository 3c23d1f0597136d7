"""The reminders: many due at once, two beats, workers killed -9 again and again, and the broker with them."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from celery import Celery
from kombu.exceptions import OperationalError

from tests.chaos.house import House, eventually
from tests.notifications import ledger

POOL = 2
DUE = """
INSERT INTO notifications_preferences (resident_id, muted, quiet_from, quiet_until)
    SELECT id, '[]', '00:00', '00:00' FROM accounts_user WHERE nickname LIKE 'bench %%' ON CONFLICT DO NOTHING
"""
MESSAGES = """
INSERT INTO notifications_message (resident_id, channel, kind, key, subject, subject_id, text, url, due_at,
    state, attempt, failures, sent_as, outcome, created_at)
SELECT id, 'sms', 'message', 'chaos/' || id, '', 0, 'reminder ' || id, '/', now(), 'pending', 0, 0, '', '', now()
  FROM accounts_user WHERE nickname LIKE 'bench %%' AND NOT is_staff
"""
# the clock is not waited for: a lease that would run out in minutes has run out
LEASES = "UPDATE notifications_message SET lease_until = now() - interval '10 minutes' WHERE state = 'claimed'"
RECEIPTS = """UPDATE notifications_message SET lease_until = now() - interval '10 minutes',
    settled_at = now() - interval '10 minutes' WHERE state = 'unknown'"""


@dataclass
class Reminders:
    due: int
    lost: int
    doubles: int
    most_to_one: int
    worker_kills: int
    broker_kills: int
    allowed_doubles: int
    seconds: float

    def is_kept(self) -> bool:
        return not self.lost and self.doubles <= self.allowed_doubles and self.most_to_one <= 2

    def table(self) -> str:
        return "\n".join(f"  {name.replace('_', ' '):18} {value}" for name, value in asdict(self).items())


def run_reminders(home: House, book: Path, kills: int) -> Reminders:
    """The house is open with `ledger.Ledger` as its gateway and this book; its beat gets a second one beside it."""
    os.environ[ledger.VARIABLE] = str(book)
    home.change(DUE)
    home.change(MESSAGES)
    due = home.rows("SELECT count(*) FROM notifications_message WHERE key LIKE 'chaos/%%'")[0][0]
    began, killed = time.monotonic(), 0
    beat = _second_beat(home)
    try:
        for number in range(kills):
            before = len(ledger.lines())
            _ring(home)
            enough = before + due // (2 * kills)
            eventually(partial(_has_sent, home, enough), 180, "sending")
            killed += _kill_worker(home)
            if number == kills // 2:
                home.kill(home.processes("valkey-server")[0])
            eventually(lambda: home.processes("celery", "worker"), 60, "a worker again")
            home.change(LEASES)
        _finish(home)
    finally:
        beat.kill()
        beat.wait()
    told = Counter(ledger.lines())
    doubles = sum(times - 1 for times in told.values())
    most = max(told.values())
    seconds = round(time.monotonic() - began, 1)
    return Reminders(due, due - len(told), doubles, most, killed, 1, killed * POOL, seconds)


def _second_beat(home: House) -> "subprocess.Popen[bytes]":
    command = ["-m", "celery", "--quiet", "--app", "config.celery", "beat", "--pidfile", "", "--schedule"]
    return subprocess.Popen(
        [sys.executable, *command, str(home.root / "second-beat")],
        cwd=home.root,
        env=home.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def _ring(home: House) -> None:
    """What the beats do every 20 seconds, now; a dead broker is no reason to fail, the beats ring again."""
    with contextlib.suppress(OperationalError, OSError), Celery(broker=home.broker) as bell:
        for _ in range(2):
            bell.send_task("linlingtong.home.tasks.every_minute", retry=False)


def _kill_worker(home: House) -> int:
    workers = home.processes("celery", "worker", "threads")
    if not workers:
        return 0
    os.kill(random.choice(workers), signal.SIGKILL)  # noqa: S311
    return 1


def _has_sent(home: House, enough: int) -> bool:
    return len(ledger.lines()) > enough or _all_sent(home)


def _all_sent(home: House) -> bool:
    query = "SELECT count(*) FROM notifications_message WHERE key LIKE 'chaos/%%' AND state NOT IN ('sent', 'failed')"
    return bool(home.rows(query)[0][0] == 0)


def _finish(home: House) -> None:
    deadline = time.monotonic() + 180
    while not _all_sent(home):
        if time.monotonic() > deadline:
            return
        home.change(LEASES)
        home.change(RECEIPTS)
        _ring(home)
        time.sleep(2)
