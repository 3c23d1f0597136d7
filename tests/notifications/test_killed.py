"""Real processes, really killed."""

import datetime as dt
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.notifications.actions import ask_for_receipts, deliver
from linlingtong.notifications.models import Message, Preferences
from tests.factories import UserFactory
from tests.notifications import ledger

pytestmark = pytest.mark.django_db(transaction=True)
State = Message.State
TEXTS, KILLS = 600, 4


def awake_message(number: int, resident_id: int) -> Message:
    return Message(
        resident_id=resident_id,
        channel="sms",
        kind="message",
        key=f"letter/{number}",
        text=f"第{number}条",
        due_at=timezone.now() - dt.timedelta(minutes=1),
    )


def worker() -> subprocess.Popen[str]:
    database = str(connection.settings_dict["NAME"])
    command = [sys.executable, "-m", "tests.notifications.drain", database]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def kill_when(process: subprocess.Popen[str], texts: int) -> None:
    deadline = time.monotonic() + 20
    while len(ledger.lines()) < texts and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    process.communicate()


def everybody_dead_is_noticed() -> None:
    """As if the lease had run out and the gateway's books were complete."""
    past = timezone.now() - dt.timedelta(minutes=10)
    Message.objects.filter(state=State.CLAIMED).update(lease_until=past)
    deliver({})
    Message.objects.filter(state=State.UNKNOWN).update(lease_until=past, settled_at=past)
    ask_for_receipts(seconds=20, limit=1000)


def test_workers_killed_while_sending_lose_nothing_and_double_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setenv(ledger.VARIABLE, str(tmp_path / "ledger"))
    settings.SMS_BACKEND = "tests.notifications.ledger.Ledger"
    residents = UserFactory.create_batch(30)
    Preferences.objects.bulk_create(
        Preferences(resident=resident, quiet_from=dt.time(0), quiet_until=dt.time(0)) for resident in residents
    )
    Message.objects.bulk_create(awake_message(n, residents[n % 30].pk) for n in range(TEXTS))
    for number in range(0, KILLS, 2):
        pair = [worker(), worker()]
        kill_when(pair[0], (number + 1) * TEXTS // 6)
        kill_when(pair[1], (number + 2) * TEXTS // 6)
    assert Message.objects.filter(state=State.CLAIMED).exists(), "nobody was killed while sending"
    for _round in range(3):
        everybody_dead_is_noticed()
    told = Counter(ledger.lines())
    assert set(told) == {f"letter/{number}" for number in range(TEXTS)}
    assert sum(told.values()) == TEXTS
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}
