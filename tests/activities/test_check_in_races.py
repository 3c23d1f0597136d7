"""Many scanners at once: one accept, one state; each race has a control that shows it happens unguarded."""

import uuid
from functools import partial
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from linlingtong.activities.actions import attendance, check_in
from linlingtong.activities.actions.check_in import Item, record
from linlingtong.activities.actions.walk_ins import let_in
from linlingtong.activities.models import Presence, Registration, Scan, Session
from tests.activities.door import MINUTE, code_of, digits_of, leader_of, under_way
from tests.factories import RegistrationFactory, UserFactory, staff_of
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
Attendance, Verdict = Registration.Attendance, Scan.Verdict


def scans_of(rows: list[Registration], times: int) -> list[Any]:
    """Each code `times` times, each scan by a device of its own, all mixed up."""
    session, by = rows[0].session, leader_of(rows[0].session)
    items = [
        Item(uuid.uuid4(), session.pk, "in", timezone.now(), code_of(row))
        for _ in range(times)
        for row in rows
    ]  # fmt: skip
    return [partial(record, item, by=by) for item in items]


def accepted(answers: list[Any]) -> int:
    return sum(answer.verdict == Verdict.ACCEPTED for answer in answers)


def test_fifty_codes_scanned_twenty_times_are_fifty_accepted() -> None:
    session = under_way()
    rows = RegistrationFactory.create_batch(50, session=session)
    answers = at_once(scans_of(rows, 20))
    assert accepted(answers) == 50
    assert Scan.objects.filter(verdict=Verdict.ACCEPTED).values("registration").distinct().count() == 50
    assert Scan.objects.filter(verdict=Verdict.DUPLICATE).count() == 950
    assert session.registrations.filter(attendance=Attendance.CHECKED_IN).count() == 50


def test_control_without_turns_one_code_is_accepted_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(session_id: int, **_: Any) -> Session:
        return Session.objects.select_related("activity__area").get(pk=session_id)

    monkeypatch.setattr(check_in, "session_in_turn", read)
    rows = RegistrationFactory.create_batch(10, session=under_way())
    for row in rows:  # the row that all would write at once exists, so that only the counting goes wrong
        Presence.objects.create(registration=row, session=row.session)
    assert accepted(at_once(scans_of(rows, 20))) > 10


def test_the_same_item_sent_by_many_lines_at_once_is_one_row() -> None:
    session = under_way()
    row = RegistrationFactory.create(session=session)
    item = Item(uuid.uuid4(), session.pk, "in", timezone.now(), code_of(row))
    answers = at_once([partial(record, item, by=leader_of(session))] * 24)
    assert accepted(answers) == 1
    assert Scan.objects.count() == 1


def test_two_consoles_sync_the_same_evening_in_opposite_order() -> None:
    session = under_way()
    rows = RegistrationFactory.create_batch(6, session=session)
    start, helper = session.starts_at, staff_of(session.activity.area)
    noted = [(kind, minute, row) for row in rows for kind, minute in (("in", 1), ("in", 4), ("out", 20), ("out", 24))]
    items = [
        Item(uuid.uuid4(), session.pk, kind, start + minute * MINUTE, digits_of(row)) for kind, minute, row in noted
    ]

    def send(queue: list[Item], by: Any) -> list[Any]:
        return [record(item, by=by) for item in queue]

    both = [partial(send, items, leader_of(session)), partial(send, items[::-1], helper)]
    at_once(both, threads=2)
    at_once(both, threads=2)
    assert Scan.objects.count() == len(items)
    for row in rows:
        row.refresh_from_db()
        assert row.attendance == Attendance.CHECKED_OUT
        assert (row.presence.came_at, row.presence.left_at) == (start + MINUTE, start + 24 * MINUTE)


@pytest.mark.parametrize("round_", range(3))
def test_a_check_out_beside_the_automatic_close_is_the_one_that_counts(round_: int) -> None:
    now = timezone.now()
    session = under_way(starts_at=now - 120 * MINUTE, ends_at=now - round_ * MINUTE)
    rows = RegistrationFactory.create_batch(8, session=session)
    early, left = session.starts_at + MINUTE, session.ends_at - 5 * MINUTE
    by = leader_of(session)
    for row in rows:
        record(Item(uuid.uuid4(), session.pk, "in", early, digits_of(row)), by=by)
    outs = [partial(record, Item(uuid.uuid4(), session.pk, "out", left, digits_of(row)), by=by) for row in rows]
    at_once([*outs, *[attendance.close_past_sessions] * 8], threads=8)
    for row in rows:
        row.refresh_from_db()
        assert (row.presence.left_at, row.presence.left_automatically) == (left, False)
    with time_machine.travel(session.ends_at + 180 * MINUTE, tick=False):
        attendance.close_past_sessions()
    assert not Presence.objects.exclude(left_at=left).exists()


def test_one_person_is_let_in_once_however_many_leaders_tap() -> None:
    session, person = under_way(), UserFactory.create()
    at_once([partial(let_in, session.pk, person.pk, by=leader_of(session))] * 12)
    assert session.registrations.filter(resident=person).count() == 1
    session.refresh_from_db()
    assert session.taken == 1
