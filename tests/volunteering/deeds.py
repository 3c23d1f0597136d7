"""Deeds for the tests: two hours last Saturday morning, scanned in and out, unless a test says otherwise."""

import datetime as dt
from itertools import count
from typing import Any

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.time import at, today
from linlingtong.volunteering.actions import Service, credit
from linlingtong.volunteering.models import Issuer, ServiceEntry, StarLevel
from tests.factories import UserFactory

numbers = count(1)
HOURS = (100, 300, 600, 1000, 1500)


def default_issuer() -> Issuer:
    """The rules that a migration lays; tests that empty the tables lay them again."""
    issuer, made = Issuer.objects.get_or_create(area=None, defaults={"name": "临灵通志愿服务"})
    if made or not issuer.levels.exists():
        StarLevel.objects.bulk_create([StarLevel(issuer=issuer, stars=n, hours=h) for n, h in enumerate(HOURS, 1)])
    return issuer


def morning(days_ago: int = 7) -> dt.datetime:
    return at(today() - dt.timedelta(days=days_ago), dt.time(9))


def deed(area: Area, resident: User | None = None, **fields: Any) -> Service:
    resident = resident or UserFactory.create()
    start = fields.pop("starts_at", morning())
    minutes = fields.pop("stayed", 120)
    values: dict[str, Any] = {
        "key": f"deed/{next(numbers)}", "resident_id": resident.pk, "title": "沿江湿地净滩", "area_id": area.pk,
        "starts_at": start, "ends_at": start + dt.timedelta(minutes=minutes), "planned_minutes": 120,
        "source": ServiceEntry.Source.SCAN, "proof": ServiceEntry.Proof.A, "place": "北侧入口",
    }  # fmt: skip
    return Service(**(values | fields))


def entered(area: Area, resident: User | None = None, **fields: Any) -> ServiceEntry:
    """A credited entry, or a waiting one when proof or presence do not suffice."""
    found = credit([deed(area, resident, **fields)], by=None)[0]
    assert found.entry is not None, found.refusal
    return found.entry


def on_paper(area: Area, resident: User, recorder: User, **fields: Any) -> ServiceEntry:
    paper = {"source": ServiceEntry.Source.PAPER, "proof": ServiceEntry.Proof.C, "recorder_id": recorder.pk}
    return entered(area, resident, **(paper | fields))
