"""First come, first served, to the millisecond in which PostgreSQL heard of it; and what row locks would do."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection

from linlingtong.accounts.models import User
from linlingtong.activities.actions import register, registration
from linlingtong.activities.models import Session
from linlingtong.core import turns
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
CLIENTS, RESIDENTS = 32, 320
TOLERANCE = dt.timedelta(milliseconds=5)
# When the message with the lock and the question arrived at the server, however long it waited then.
FROM = "\n  FROM activities_session s"
HEARD = registration.STANDING.replace(FROM, f", statement_timestamp(){FROM}")


def overtaken(monkeypatch: pytest.MonkeyPatch, *, has_turns: bool) -> float:
    """The share of residents who got a later number than somebody who came more than 5 ms after them."""
    heard: dict[int, dt.datetime] = {}

    def take(asked: Any, _then: str, values: dict[str, Any]) -> Any:
        query = HEARD if has_turns else f"{HEARD} FOR NO KEY UPDATE OF s"
        row = turns.take_turns(asked if has_turns else [], query, values)
        heard[values["resident"]] = row[-1]
        return row[:-1]

    monkeypatch.setattr(registration, "take_turns", take)
    session, residents = SessionFactory.create(capacity=100), UserFactory.create_batch(RESIDENTS)
    rush(session, residents)
    in_order = [heard[key] for key in session.registrations.order_by("number").values_list("resident_id", flat=True)]
    assert len(in_order) == RESIDENTS
    latest, late = in_order[0], 0
    for moment in in_order:
        late += latest > moment + TOLERANCE
        latest = max(latest, moment)
    return late / RESIDENTS


def rush(session: Session, residents: list[User]) -> None:
    gate = threading.Barrier(CLIENTS)

    def client(number: int) -> None:
        gate.wait()
        try:
            for resident in residents[number::CLIENTS]:
                register(session.pk, resident, by=resident)
        finally:
            connection.close()

    with ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(client, range(CLIENTS)))


def test_nobody_is_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert overtaken(monkeypatch, has_turns=True) <= 0.005


def test_control_with_row_locks_many_are_overtaken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert overtaken(monkeypatch, has_turns=False) > 0.05
