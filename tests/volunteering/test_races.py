"""Real threads, each with its connection; each race has a control that shows it happens unguarded."""

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from linlingtong.core import turns
from linlingtong.core.time import today
from linlingtong.volunteering.actions import credit, deciding, make_sheet, reverse, sheets
from linlingtong.volunteering.models import ServiceEntry, ServiceRecord, ServiceSheet
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.races import at_once
from tests.volunteering.deeds import deed, default_issuer, entered, morning

pytestmark = pytest.mark.django_db(transaction=True)
CODES, SCANS = 50, 20


@pytest.fixture(autouse=True)
def rules() -> None:
    default_issuer()


def test_fifty_codes_scanned_twenty_times_at_once_are_fifty_credits() -> None:
    area = AreaFactory.create()
    services = [deed(area) for _ in range(CODES)]
    for start in range(0, CODES, 5):
        batch = services[start : start + 5]
        at_once([partial(credit, [service], by=None) for service in batch for _ in range(SCANS // 2)])
        at_once([partial(credit, [service], by=None) for service in batch for _ in range(SCANS // 2)])
    assert ServiceEntry.objects.count() == CODES
    assert ServiceRecord.objects.filter(kind="credit").count() == CODES


def test_control_looking_first_and_then_writing_credits_a_code_more_than_once() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE unguarded (code text)")
    try:
        at_once(scans())
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM unguarded")
            (written,) = cursor.fetchone()
        assert written > 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE unguarded")


def scans() -> list[Callable[[], None]]:
    gate = threading.Barrier(8)
    return [partial(look_then_write, "deed/1", gate) for _ in range(8)]


def look_then_write(code: str, gate: threading.Barrier) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM unguarded WHERE code = %s", [code])
        known = cursor.fetchone()[0]
        gate.wait(10)
        if not known:
            cursor.execute("INSERT INTO unguarded VALUES (%s)", [code])


def test_overlapping_services_at_once_are_credited_once_and_nobody_sees_an_error() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    done = at_once([partial(credit, [deed(area, resident)], by=None) for _ in range(8)])
    assert not [one for one in done if isinstance(one, Exception)]
    assert ServiceRecord.objects.filter(kind="credit").count() == 1
    assert ServiceEntry.objects.undecided().count() == 7


def print_while_taken_back(monkeypatch: pytest.MonkeyPatch) -> ServiceSheet:
    """A sheet is being made; between reading the lines and writing the sheet a line is taken back, or tries to."""
    area, resident = AreaFactory.create(), UserFactory.create()
    boss, entry = staff_of(area), entered(area, resident, starts_at=morning(2))
    read, went = threading.Event(), threading.Event()
    issued = sheets._issued

    def slowly(*args: Any) -> ServiceSheet:
        read.set()
        went.wait(1)  # the reversal waits for its turn meanwhile, unless there are none
        return issued(*args)

    def take_back() -> None:
        read.wait(10)
        reverse(entry.pk, by=boss, reason="记错人了")
        went.set()

    monkeypatch.setattr(sheets, "_issued", slowly)
    done = at_once(
        [
            partial(
                make_sheet, resident, by=resident, first_on=morning(9).date(), last_on=today(), holder_name="陈明"
            ),
            take_back,
        ]
    )
    assert not [one for one in done if isinstance(one, Exception)], done
    return ServiceSheet.objects.with_validity().get(resident=resident)


def test_a_line_taken_back_while_its_sheet_is_made_kills_the_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    sheet = print_while_taken_back(monkeypatch)
    assert sheet.revoked_at is not None
    assert not sheet.is_live


def test_control_without_turns_the_sheet_would_not_be_revoked_but_is_dead_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for module in (sheets, deciding):
        monkeypatch.setattr(module, "take_turns", lambda _: turns.take_turns([]))
    sheet = print_while_taken_back(monkeypatch)
    assert sheet.revoked_at is None
    assert not sheet.is_live
