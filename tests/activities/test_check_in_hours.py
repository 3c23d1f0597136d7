"""From the door to the ledger: what a stay is worth, on which proof, and what happens when the roster is put right."""

import uuid
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from linlingtong.activities.actions.attendance import close_past_sessions, mark
from linlingtong.activities.actions.check_in import Item, arrive, record
from linlingtong.activities.models import Activity, Registration, Session, codes
from linlingtong.volunteering.models import ServiceEntry, ServiceRecord
from tests.activities.door import MINUTE, digits_of, leader_of, under_way
from tests.factories import RegistrationFactory, UserFactory

pytestmark = pytest.mark.django_db
Proof, Source = ServiceEntry.Proof, ServiceEntry.Source


@pytest.fixture
def session() -> Session:
    """Two hours of volunteering that have just ended; the door took codes all the time."""
    now = timezone.now().replace(microsecond=0)
    return under_way(
        starts_at=now - 121 * MINUTE, ends_at=now - MINUTE, activity__kind=Activity.Kind.VOLUNTEER,
        activity__risks="潮水", activity__protection="手套", activity__insurance="意外险",
        activity__leader=UserFactory.create(),
    )  # fmt: skip


@pytest.fixture
def row(session: Session) -> Registration:
    return RegistrationFactory.create(session=session)


def scanned(row: Registration, kind: str, minute: int, **fields: Any) -> None:
    item = {"code": digits_of(row)} | fields
    at = row.session.starts_at + minute * MINUTE
    record(Item(uuid.uuid4(), row.session_id, kind, at, **item), by=leader_of(row.session))


def settle(row: Registration, after: int = 121) -> None:
    with time_machine.travel(row.session.ends_at + after * MINUTE, tick=False):
        close_past_sessions()
        close_past_sessions()


def credited(row: Registration) -> int:
    records = ServiceRecord.objects.filter(entry__resident=row.resident)
    return sum(records.values_list("minutes", flat=True))


def test_two_scans_are_credited_at_once_and_once(row: Registration) -> None:
    scanned(row, "in", -5)
    scanned(row, "out", 115)
    close_past_sessions()
    settle(row)
    entry = ServiceEntry.objects.get()
    assert (entry.proof, entry.source, entry.minutes, entry.planned_minutes) == (Proof.A, Source.SCAN, 115, 120)
    assert entry.key == f"registration/{row.pk}"
    assert entry.recorder == leader_of(row.session)
    assert credited(row) == 115
    assert len(entry.evidence["scans"]) == 2


def test_a_fixed_number_of_minutes_is_the_activitys(row: Registration) -> None:
    Activity.objects.update(credited_minutes=90)
    scanned(row, "in", 0)
    scanned(row, "out", 120)
    close_past_sessions()
    assert ServiceEntry.objects.get().minutes == 90


def test_a_forgotten_check_out_waits_for_somebody_else(row: Registration) -> None:
    scanned(row, "in", 10)
    close_past_sessions()
    assert not ServiceEntry.objects.exists()
    settle(row)
    entry = ServiceEntry.objects.get()
    assert (entry.proof, entry.source, entry.minutes) == (Proof.B, Source.SCAN, 110)
    assert entry.evidence["automatic"] is True
    assert credited(row) == 0


def test_a_ticked_roster_waits_for_somebody_else(row: Registration) -> None:
    mark(row.pk, "in", by=leader_of(row.session))
    settle(row)
    entry = ServiceEntry.objects.get()
    assert (entry.proof, entry.source) == (Proof.B, Source.STAFF)
    assert entry.recorder == leader_of(row.session)
    assert credited(row) == 0


def test_below_sixty_percent_nothing_is_credited_without_approval(row: Registration) -> None:
    scanned(row, "in", 0)
    scanned(row, "out", 60)
    close_past_sessions()
    assert ServiceEntry.objects.get().proof == Proof.A
    assert credited(row) == 0


def test_a_leader_who_scans_the_own_screen_waits_for_somebody_else(session: Session) -> None:
    leader = leader_of(session)
    row = RegistrationFactory.create(session=session, resident=leader)
    for kind, minute in (("in", 0), ("out", 119)):
        with time_machine.travel(session.starts_at + minute * MINUTE, tick=False):
            arrive(session.pk, leader, by=leader, code=codes.venue_code(session.pk, timezone.now()).text, kind=kind)
    close_past_sessions()
    entry = ServiceEntry.objects.get(resident=leader)
    assert (entry.proof, entry.recorder) == (Proof.B, None)
    assert credited(row) == 0


def test_a_scan_that_comes_late_puts_the_line_right(row: Registration) -> None:
    scanned(row, "in", 0)
    scanned(row, "out", 100)
    close_past_sessions()
    assert credited(row) == 100
    scanned(row, "out", 118)
    assert credited(row) == 118
    scanned(row, "out", 90)
    assert credited(row) == 118
    assert ServiceEntry.objects.count() == 2


def test_a_mark_taken_back_takes_the_hours_back_and_gives_them_again(row: Registration) -> None:
    scanned(row, "in", 0)
    scanned(row, "out", 119)
    close_past_sessions()
    mark(row.pk, "absent", by=leader_of(row.session))
    assert credited(row) == 0
    mark(row.pk, "in", by=leader_of(row.session))
    assert ServiceEntry.objects.undecided().get().proof == Proof.B


@pytest.mark.parametrize("kind", [Activity.Kind.CULTURE, Activity.Kind.MARKET])
def test_only_volunteering_is_credited(row: Registration, kind: str) -> None:
    Activity.objects.update(kind=kind)
    scanned(row, "in", 0)
    scanned(row, "out", 119)
    close_past_sessions()
    settle(row)
    assert not ServiceEntry.objects.exists()


def test_who_only_looked_in_has_no_hours(row: Registration) -> None:
    scanned(row, "in", 119)
    scanned(row, "out", 119)
    close_past_sessions()
    settle(row)
    assert not ServiceEntry.objects.exists()
