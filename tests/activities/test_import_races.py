"""Two colleagues apply at the same moment; the control shows what happens when nobody waits."""

import threading
from functools import partial
from typing import Any

import pytest
from django.db import transaction

from linlingtong.accounts.models import User
from linlingtong.activities.actions import claiming, importing, judging, rosters
from linlingtong.activities.models import Activity, ImportBatch, Participant
from linlingtong.areas.models import Area
from linlingtong.volunteering.models import ServiceEntry
from tests.activities.workbooks import cleaning
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
PEOPLE = tuple((f"志愿者{n}", 19911110000 + n) for n in range(30))


def check(staff: User, area: Area) -> ImportBatch:
    return importing.upload(cleaning(*PEOPLE), "签到表.xlsx", by=staff, area=area, evidence="有")


def test_the_same_list_applied_from_two_checks_at_once_is_written_once() -> None:
    area = AreaFactory.create()
    staff = staff_of(area)
    batches = [check(staff, area) for _ in range(4)]
    at_once([partial(importing.apply_now, one.pk, by=staff) for one in batches])
    assert (Activity.objects.count(), Participant.objects.count()) == (1, len(PEOPLE))


def test_one_check_applied_twice_at_once_is_written_once() -> None:
    area = AreaFactory.create()
    staff, resident = staff_of(area), UserFactory.create(phone="+8619911110001")
    batch = check(staff, area)
    at_once([partial(importing.apply_now, batch.pk, by=staff) for _ in range(4)])
    assert (Activity.objects.count(), Participant.objects.count()) == (1, len(PEOPLE))
    assert ServiceEntry.objects.filter(resident=resident).count() == 1


def test_control_without_turns_the_list_is_written_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    area = AreaFactory.create()
    staff = staff_of(area)
    batches = [check(staff, area) for _ in range(2)]
    judge = judging.judge

    def slowly(*args: Any, **kwargs: Any) -> Any:
        """Everybody looks before anybody writes."""
        found = judge(*args, **kwargs)
        barrier.wait(timeout=10)
        return found

    barrier = threading.Barrier(2)
    monkeypatch.setattr(importing, "take_turns", lambda _turns: None)
    monkeypatch.setattr(rosters, "judge", slowly)
    at_once([partial(importing.apply_now, one.pk, by=staff) for one in batches])
    assert Activity.objects.count() == 2


def test_somebody_who_claims_twice_at_once_is_credited_once() -> None:
    area = AreaFactory.create()
    staff = staff_of(area)
    importing.apply_now(check(staff, area).pk, by=staff)
    newcomer = UserFactory.create(phone="+8619911110001")
    at_once([partial(claim_or_not, newcomer) for _ in range(4)])
    assert ServiceEntry.objects.filter(resident=newcomer).count() == 1


def claim_or_not(resident: User) -> int:
    with transaction.atomic():
        return claiming.claim_lately()
