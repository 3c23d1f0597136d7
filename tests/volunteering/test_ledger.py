"""What the database itself keeps: nothing changes, no minute counts twice, two persons stand behind every credit."""

import datetime as dt
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from linlingtong.accounts.models import User
from linlingtong.volunteering.actions import approve, credit, reverse
from linlingtong.volunteering.models import LiveSpan, ServiceEntry, ServiceRecord
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.volunteering.deeds import deed, entered, morning, on_paper

pytestmark = pytest.mark.django_db


def line(entry: ServiceEntry, **fields: Any) -> ServiceRecord:
    values = {
        "entry": entry, "resident_id": entry.resident_id, "area_id": entry.area_id, "kind": "credit", "minutes": 60,
        "proof": entry.proof, "recorder_id": entry.recorder_id, "approver": None,
        "during": DateTimeTZRange(entry.starts_at, entry.ends_at),
    }  # fmt: skip
    return ServiceRecord(**(values | fields))


@pytest.mark.parametrize("model", [ServiceEntry, ServiceRecord, LiveSpan])
def test_no_row_of_the_ledger_is_changed_deleted_or_emptied(model: Any) -> None:
    entered(AreaFactory.create())
    table, field = model._meta.db_table, {"resident_id": UserFactory.create().pk}
    attempts = [
        lambda: model.objects.update(**field),
        lambda: model.objects.all().delete(),
        lambda: connection.cursor().execute(f"UPDATE {table} SET resident_id = resident_id"),  # noqa: S608 - names of our own
        lambda: connection.cursor().execute(f"DELETE FROM {table}"),  # noqa: S608 - names of our own
        lambda: connection.cursor().execute(f"TRUNCATE {table} CASCADE"),
    ]
    for attempt in attempts:
        with pytest.raises(Error), transaction.atomic():
            attempt()  # type: ignore[no-untyped-call]
    assert model.objects.count() == 1


def test_credited_times_cannot_be_written_past_the_ledger() -> None:
    entry = on_paper(AreaFactory.create(), UserFactory.create(), UserFactory.create())
    with pytest.raises(Error, match="follow the ledger"), transaction.atomic():
        LiveSpan.objects.create(
            entry=entry, resident=entry.resident, during=DateTimeTZRange(entry.starts_at, entry.ends_at)
        )


def test_no_minute_is_credited_twice_even_past_the_verbs() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entered(area, resident)
    second = credit([deed(area, resident, starts_at=morning() + dt.timedelta(hours=1))], by=None)[0].entry
    assert second is not None
    assert second.note == "overlap"
    with pytest.raises(Error, match="no_minute_is_credited_twice"), transaction.atomic():
        line(second).save()


def test_back_to_back_is_no_overlap() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entered(area, resident)
    assert entered(area, resident, starts_at=morning() + dt.timedelta(hours=2)).note == ""


def test_the_rule_of_two_persons_stands_in_the_database() -> None:
    area, resident, recorder = AreaFactory.create(), UserFactory.create(), UserFactory.create()
    entry = on_paper(area, resident, recorder)
    for approver, rule in [
        (None, "without_two_scans_somebody_approves"),
        (resident, "nobody_approves_own_hours"),
        (recorder, "two_persons_for_every_approval"),
    ]:
        with pytest.raises(Error, match=rule), transaction.atomic():
            line(entry, approver=approver).save()
    with pytest.raises(Error, match="nobody_records_own_hours"), transaction.atomic():
        ServiceEntry.objects.create(**_copy(entry, key="own", recorder=resident))


def _copy(entry: ServiceEntry, **fields: Any) -> dict[str, Any]:
    names = ("resident", "title", "area", "starts_at", "ends_at", "planned_minutes", "minutes", "source", "proof")
    return {name: getattr(entry, name) for name in names} | fields


@pytest.mark.parametrize("field", ["resident_id", "area_id", "recorder_id", "proof"])
def test_a_ledger_line_repeats_its_entry(field: str) -> None:
    area, approver = AreaFactory.create(), UserFactory.create()
    entry = on_paper(area, UserFactory.create(), UserFactory.create())
    other = {"area_id": AreaFactory.create().pk, "proof": "A"}.get(field, UserFactory.create().pk)
    with pytest.raises(Error, match="must repeat its entry"), transaction.atomic():
        line(entry, approver=approver, **{field: other}).save()


def test_only_a_whole_credit_is_taken_back_and_once() -> None:
    area = AreaFactory.create()
    entry, waiting = entered(area), on_paper(area, UserFactory.create(), UserFactory.create())
    for one, minutes in [(waiting, -60), (entry, -60)]:
        with pytest.raises(Error, match="only a whole credit"), transaction.atomic():
            line(one, kind="reversal", minutes=minutes, reason="x").save()
    line(entry, kind="reversal", minutes=-120, reason="x").save()
    with pytest.raises(Error, match="a_credit_is_taken_back_once"), transaction.atomic():
        line(entry, kind="reversal", minutes=-120, reason="x").save()


def test_a_reversal_frees_the_time_for_the_right_entry() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    staff = staff_of(area)
    first = entered(area, resident)
    second = entered(area, resident)
    assert second.note == "overlap"
    reverse(first.pk, by=staff, reason="记错人了")
    approve(second.pk, by=staff)
    assert list(LiveSpan.objects.values_list("entry", flat=True)) == [second.pk]


def test_a_superuser_changes_nothing_either() -> None:
    entry = entered(AreaFactory.create())
    boss = User.objects.create_superuser("19900009999")
    entry.minutes, entry.recorder = 999, boss
    with pytest.raises(Error), transaction.atomic():
        entry.save()
    with pytest.raises(Error), transaction.atomic():
        entry.delete()
