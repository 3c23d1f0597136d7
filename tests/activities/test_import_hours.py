"""Hours of paper rosters in the ledger: noted once, approved by somebody else, taken back with a trace."""

import datetime as dt
from typing import Any

import pytest

from linlingtong.accounts.models import User
from linlingtong.activities.actions import claiming, importing, recording
from linlingtong.activities.models import ImportBatch, ImportRow, Participant
from linlingtong.areas.models import Area
from linlingtong.core.time import at
from linlingtong.volunteering.actions import approve
from linlingtong.volunteering.actions.refusals import SecondPersonNeeded
from linlingtong.volunteering.models import ServiceEntry
from tests.activities.workbooks import cleaning
from tests.factories import AreaFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
PHONE = "+8619911110001"


@pytest.fixture
def area(db: None) -> Area:
    return AreaFactory.create()


@pytest.fixture
def staff(area: Area) -> User:
    return staff_of(area)


def applied(staff: User, area: Area, **about: Any) -> ImportBatch:
    sheet = cleaning(("李建国", PHONE), ("王秀英", 19911110002))
    batch = importing.upload(sheet, "a.xlsx", by=staff, area=area, evidence="有", **about)
    return importing.apply_now(batch.pk, by=staff)


def test_a_sheet_notes_hours_that_a_second_person_approves(staff: User, area: Area) -> None:
    resident = UserFactory.create(phone=PHONE)
    batch = applied(staff, area)
    entry = ServiceEntry.objects.get()
    assert (entry.resident, entry.minutes, entry.proof, entry.source) == (resident, 120, "C", "import")
    assert entry.recorder == staff
    assert not entry.records.exists()
    with pytest.raises(SecondPersonNeeded):
        approve(entry.pk, by=staff)
    approve(entry.pk, by=staff_of(area))
    assert [one.minutes for one in entry.records.all()] == [120]
    importing.undo_now(batch.pk, by=staff)
    assert sum(one.minutes for one in entry.records.all()) == 0
    assert not Participant.objects.exists()


def test_a_list_by_hand_is_paper(staff: User, area: Area) -> None:
    UserFactory.create(phone=PHONE)
    start = at(dt.date(2022, 9, 3), dt.time(9))
    recording.record(
        by=staff, area=area, title="护河", kind="volunteer", starts_at=start, ends_at=start + dt.timedelta(hours=2),
        place="江堤", names=f"李建国 {PHONE} 90", evidence="有",
    )  # fmt: skip
    entry = ServiceEntry.objects.get()
    assert (entry.source, entry.minutes) == ("paper", 90)
    recording.strike(Participant.objects.get().pk, by=staff)
    assert [one.kind for one in entry.records.all()] == ["decline"]


def test_only_volunteering_is_service(staff: User, area: Area) -> None:
    UserFactory.create(phone=PHONE)
    applied(staff, area, kind="festival")
    assert not ServiceEntry.objects.exists()


def test_hours_come_with_the_claim_once(staff: User, area: Area) -> None:
    applied(staff, area)
    assert not ServiceEntry.objects.exists()
    newcomer = UserFactory.create(phone=PHONE)
    claiming.claim(newcomer, by=newcomer)
    assert claiming.claim_lately() == 0
    entry = ServiceEntry.objects.get()
    assert (entry.resident, entry.recorder) == (newcomer, staff)
    claiming.disown(Participant.objects.get(resident=newcomer).pk, by=newcomer)
    assert [one.kind for one in entry.records.all()] == ["decline"]


def test_hours_elsewhere_at_that_time_are_said_before(staff: User, area: Area) -> None:
    UserFactory.create(phone=PHONE)
    applied(staff, area)
    approve(ServiceEntry.objects.get().pk, by=staff_of(area))
    sheet = cleaning(("李建国", PHONE), title="慰问老人")
    batch = importing.upload(sheet, "b.xlsx", by=staff, area=area, evidence="有")
    assert list(batch.rows.values_list("outcome", "reason")) == [(ImportRow.Outcome.REFUSED, "served_elsewhere")]


def test_a_claim_for_hours_credited_elsewhere_counts_without_hours(staff: User, area: Area) -> None:
    applied(staff, area)
    newcomer = UserFactory.create(phone=PHONE, phone_verified_at=None)
    sheet = cleaning(("李建国", PHONE), title="慰问老人")
    importing.apply_now(importing.upload(sheet, "b.xlsx", by=staff, area=area, evidence="有").pk, by=staff)
    User.objects.update(phone_verified_at=at(dt.date(2026, 11, 1), dt.time(9)))
    newcomer.refresh_from_db()
    first = Participant.objects.filter(phone_key__gt="", session__activity__title="清洁家园", name="李建国").get()
    claiming.claim(newcomer, by=newcomer)
    first.refresh_from_db()
    assert first.resident == newcomer
    assert ServiceEntry.objects.filter(resident=newcomer).count() == 2


def test_whoever_undoes_leaves_their_own_entry(staff: User, area: Area) -> None:
    colleague = staff_of(area, phone=PHONE)
    batch = applied(staff, area)
    importing.undo_now(batch.pk, by=colleague)
    assert Participant.objects.get().resident == colleague
