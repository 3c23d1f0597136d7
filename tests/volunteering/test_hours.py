"""Verbs: what counts at once, what waits, who decides, what can be taken back."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client

from linlingtong.core.time import today
from linlingtong.notifications.models import Notification
from linlingtong.volunteering.actions import (
    answer,
    approve,
    correct_key,
    credit,
    decline,
    dispute,
    forget,
    make_sheet,
    overlapping,
    own_hours,
    refusals,
    reverse,
    reverse_keys,
)
from linlingtong.volunteering.board import board
from linlingtong.volunteering.models import Dispute, Issuer, ServiceEntry, ServiceRecord, ServiceSheet, Standing
from linlingtong.volunteering.models.totals import issuer_of, minutes_of, months_of, summary_of
from tests.factories import AppointmentFactory, AreaFactory, UserFactory, staff_of
from tests.volunteering.deeds import deed, entered, morning, on_paper

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("issuer")]


def standing(entry: ServiceEntry) -> str:
    found: Any = ServiceEntry.objects.with_standing().get(pk=entry.pk)
    return str(found.standing)


@pytest.mark.parametrize(
    ("fields", "note", "state"),
    [
        ({}, "", Standing.CREDITED),
        ({"stayed": 72}, "", Standing.CREDITED),
        ({"stayed": 71}, "short_stay", Standing.WAITING),
        ({"proof": "B", "recorder_id": 0}, "proof", Standing.WAITING),
        ({"proof": "C", "recorder_id": 0, "source": "paper"}, "proof", Standing.WAITING),
    ],
)
def test_only_what_scans_show_completely_counts_at_once(fields: dict[str, Any], note: str, state: str) -> None:
    if "recorder_id" in fields:
        fields = fields | {"recorder_id": UserFactory.create().pk}
    entry = entered(AreaFactory.create(), **fields)
    assert (entry.note, standing(entry)) == (note, state)
    assert Notification.objects.filter(resident=entry.resident, kind="hours").count() == 1


def test_the_least_presence_is_a_rule_of_the_issuer() -> None:
    area = AreaFactory.create()
    Issuer.objects.create(name="这个社区", area=area, least_presence=30)
    assert entered(area, stayed=40).note == ""
    assert entered(AreaFactory.create(), stayed=40).note == "short_stay"


def test_a_key_is_credited_once_and_answers_what_is_stored() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    service = deed(area, resident)
    first, second = credit([service], by=None)[0], credit([service], by=None)[0]
    assert (first.is_new, second.is_new, first.entry) == (True, False, second.entry)
    assert minutes_of(resident) == 120
    assert Notification.objects.filter(resident=resident).count() == 1


def test_one_bad_service_does_not_stop_the_others() -> None:
    area, staff, resident = AreaFactory.create(), UserFactory.create(), UserFactory.create()
    own = deed(area, staff, proof="B", recorder_id=staff.pk)
    short = deed(area, stayed=0)
    good = deed(area, resident)
    done = credit([own, short, good], by=None)
    assert [one.refusal and one.refusal.code for one in done] == ["own_hours", "too_short", None]
    assert [one.is_new for one in done] == [False, False, True]


def test_of_two_overlapping_ones_in_a_batch_the_first_counts() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    later = deed(area, resident, starts_at=morning() + dt.timedelta(hours=1))
    done = credit([deed(area, resident), later], by=None)
    assert [one.entry and one.entry.note for one in done] == ["", "overlap"]
    clash = overlapping(resident.pk, morning(), morning() + dt.timedelta(minutes=1))
    assert clash == done[0].entry


def test_a_second_person_of_the_area_approves() -> None:
    area = AreaFactory.create()
    recorder, colleague, resident = staff_of(area), staff_of(area), UserFactory.create()
    entry = on_paper(area, resident, recorder)
    with pytest.raises(refusals.SecondPersonNeeded):
        approve(entry.pk, by=recorder)
    with pytest.raises(PermissionDenied):
        approve(entry.pk, by=staff_of(AreaFactory.create()))
    with pytest.raises(PermissionDenied):
        approve(entry.pk, by=AppointmentFactory.create(area=area, role="grid_worker").user)
    with pytest.raises(refusals.TooManyMinutes):
        approve(entry.pk, by=colleague, minutes=121)
    approve(entry.pk, by=colleague)
    approve(entry.pk, by=colleague)
    assert minutes_of(resident) == 120
    with pytest.raises(refusals.AlreadyDecided):
        decline(entry.pk, by=colleague, reason="x")


def test_nobody_decides_about_own_hours() -> None:
    area = AreaFactory.create()
    boss, other = staff_of(area), staff_of(area)
    waiting, credited = on_paper(area, boss, other), entered(area, boss, starts_at=morning(3))
    for verb in (
        lambda: approve(waiting.pk, by=boss),
        lambda: decline(waiting.pk, by=boss, reason="x"),
        lambda: reverse(credited.pk, by=boss, reason="x"),
        lambda: reverse_keys([credited.key], by=boss, reason="x"),
    ):
        with pytest.raises(refusals.OwnHours):
            verb()


def test_staff_may_approve_a_part_of_a_short_stay() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident, stayed=50)
    approve(entry.pk, by=staff_of(area), minutes=45)
    assert minutes_of(resident) == 45


def test_declined_hours_tell_why() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry, boss = entered(area, resident, stayed=10), staff_of(area)
    with pytest.raises(refusals.ReasonMissing):
        decline(entry.pk, by=boss, reason=" \u200b")
    decline(entry.pk, by=boss, reason="只来了十分钟")
    decline(entry.pk, by=boss, reason="只来了十分钟")
    assert standing(entry) == Standing.DECLINED
    assert "只来了十分钟" in Notification.objects.filter(resident=resident).latest("pk").body
    with pytest.raises(refusals.NotCredited):
        reverse(entry.pk, by=boss, reason="x")


def test_a_reversal_takes_the_minutes_frees_the_time_and_tells_why() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    boss, entry = staff_of(area), entered(area, resident)
    first = reverse(entry.pk, by=boss, reason="记错人了")
    assert reverse(entry.pk, by=boss, reason="记错人了") == first
    assert (minutes_of(resident), standing(entry)) == (0, Standing.REVERSED)
    assert entered(area, resident).note == ""
    assert Notification.objects.filter(resident=resident, body__contains="记错人了").count() == 1
    assert board.figures(area.path) == {"service_minutes": 120}


def test_undoing_keys_reverses_and_declines() -> None:
    area, boss = AreaFactory.create(), staff_of(AreaFactory.create())
    credited, waiting = entered(area), entered(area, stayed=10)
    keys = [credited.key, waiting.key, "unknown"]
    assert reverse_keys(keys, by=boss, reason="整批撤回") == 2
    assert reverse_keys(keys, by=boss, reason="整批撤回") == 0
    assert [standing(credited), standing(waiting)] == [Standing.REVERSED, Standing.DECLINED]


def test_undoing_keys_undoes_what_corrected_them() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    recorder, second, third = staff_of(area), staff_of(area), staff_of(area)
    entry = approve(on_paper(area, resident, recorder).pk, by=third, minutes=60)
    answer(dispute(entry.pk, "我待了两小时", by=resident).pk, "确实", by=second, minutes=120)
    approve(ServiceEntry.objects.get(replaces=entry).pk, by=third)
    assert minutes_of(resident) == 120
    assert reverse_keys([entry.key], by=recorder, reason="没有来过") == 1
    assert minutes_of(resident) == 0
    assert reverse_keys([entry.key], by=recorder, reason="没有来过") == 0


def test_a_late_scan_replaces_what_was_credited() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    old = entered(area, resident, stayed=90)
    new = deed(area, resident, key=f"{old.key}/2", stayed=110)
    assert correct_key(old.key, new, by=None).is_new
    assert not correct_key(old.key, new, by=None).is_new
    assert minutes_of(resident) == 110
    assert [standing(old)] == [Standing.REVERSED]
    same = deed(area, resident, key=f"{old.key}/3", stayed=110)
    assert not correct_key(old.key, same, by=None).is_new
    again = deed(area, resident, key=f"{old.key}/4", stayed=100)
    correct_key(old.key, again, by=None)
    assert minutes_of(resident) == 100
    assert ServiceEntry.objects.visible_to(resident).current().count() == 1


def test_a_resident_asks_once_and_gets_an_answer_in_working_days() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident)
    asked = dispute(entry.pk, "签退漏扫", by=resident)
    assert dispute(entry.pk, "签退漏扫", by=resident) == asked
    assert standing(entry) == Standing.DISPUTED
    assert asked.due_at > asked.opened_at + dt.timedelta(days=4)
    with pytest.raises(refusals.AlreadyDisputed):
        dispute(entry.pk, "另一个原因", by=resident)
    with pytest.raises(ServiceEntry.DoesNotExist):
        dispute(entry.pk, "不是我的", by=UserFactory.create())
    with pytest.raises(refusals.ReasonMissing):
        dispute(entry.pk, " ", by=resident)


def test_disputes_end_some_days_after_the_last_word(issuer: Issuer) -> None:
    resident = UserFactory.create()
    entry = entered(AreaFactory.create(), resident)
    issuer.dispute_within_days = 0
    issuer.save()
    with pytest.raises(refusals.DisputeTooLate):
        dispute(entry.pk, "太晚了", by=resident)


def test_a_dispute_is_answered_by_somebody_else_and_corrected_by_two() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    recorder, second, third = staff_of(area), staff_of(area), staff_of(area)
    entry = approve(on_paper(area, resident, recorder).pk, by=third, minutes=60)
    asked = dispute(entry.pk, "我待了两小时", by=resident)
    with pytest.raises(refusals.SecondPersonNeeded):
        answer(asked.pk, "看过了", by=recorder)
    with pytest.raises(PermissionDenied):
        answer(asked.pk, "看过了", by=staff_of(AreaFactory.create()))
    answer(asked.pk, "确实是两小时", by=second, minutes=120)
    answer(asked.pk, "确实是两小时", by=second, minutes=120)
    with pytest.raises(refusals.AlreadyAnswered):
        answer(asked.pk, "别的回答", by=third)
    assert minutes_of(resident) == 60
    fix = ServiceEntry.objects.get(replaces=entry)
    with pytest.raises(refusals.SecondPersonNeeded):
        approve(fix.pk, by=second)
    approve(fix.pk, by=third)
    assert minutes_of(resident) == 120
    assert list(ServiceEntry.objects.visible_to(resident).current()) == [fix]


def test_stars_follow_the_levels_of_the_nearest_issuer() -> None:
    area = AreaFactory.create()
    resident = UserFactory.create(home_area=area)
    for day in range(3):
        entered(area, resident, starts_at=morning(day + 2), minutes=48 * 60)
    summary = summary_of(resident)
    assert (summary.minutes, summary.stars, summary.next_at, summary.progress) == (8640, 1, 18000, 22)
    own = Issuer.objects.create(name="小社区", area=area)
    own.levels.create(stars=1, hours=10)
    own.levels.create(stars=2, hours=20)
    assert issuer_of(area) == own
    assert (summary_of(resident).stars, summary_of(resident).next_at) == (2, None)
    assert sum(one.minutes for one in months_of(resident)) == 8640


def wish(**fields: Any) -> dict[str, Any]:
    span = {"first_on": today() - dt.timedelta(days=30), "last_on": today(), "holder_name": "陈 晓明"}
    return span | fields


def test_a_sheet_shows_credited_hours_and_dies_with_a_reversal() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident)
    entered(area, resident, starts_at=morning(3), stayed=30)
    sheet = make_sheet(resident, by=resident, **wish())
    assert (sheet.minutes, sheet.line_count, sheet.is_certificate) == (120, 1, False)
    assert make_sheet(resident, by=resident, **wish()) == sheet
    reverse(entry.pk, by=staff_of(area), reason="记错人了")
    sheet = ServiceSheet.objects.with_validity().get(pk=sheet.pk)
    assert (sheet.is_live, sheet.revoked_because) == (False, "记错人了")
    with pytest.raises(refusals.NothingToPrint):
        make_sheet(resident, by=resident, **wish())


def test_a_sheet_is_dead_even_if_nobody_marked_it() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident)
    sheet = make_sheet(resident, by=resident, **wish())
    reverse(entry.pk, by=staff_of(area), reason="记错人了")
    ServiceSheet.objects.filter(pk=sheet.pk).update(revoked_at=None)
    assert not ServiceSheet.objects.with_validity().get(pk=sheet.pk).is_live


def test_sheets_are_refused_without_a_name_for_others_and_beyond_ten_a_day() -> None:
    resident = UserFactory.create()
    entered(AreaFactory.create(), resident)
    with pytest.raises(refusals.NameMissing):
        make_sheet(resident, by=resident, **wish(holder_name=" \u200b"))
    with pytest.raises(PermissionDenied):
        make_sheet(resident, by=UserFactory.create(), **wish())
    for number in range(10):
        make_sheet(resident, by=resident, **wish(holder_name=f"陈{number}"))
    with pytest.raises(refusals.TooManySheets):
        make_sheet(resident, by=resident, **wish(holder_name="陈十一"))


def test_only_an_issuing_body_certifies() -> None:
    area = AreaFactory.create()
    Issuer.objects.create(name="区志愿者协会", area=area, is_issuing_body=True)
    resident = UserFactory.create(home_area=area)
    entered(area, resident)
    sheet = make_sheet(resident, by=resident, **wish())
    assert (sheet.is_certificate, sheet.issuer_name) == (True, "区志愿者协会")


def test_who_leaves_is_forgotten_and_the_hours_stay() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident)
    asked = dispute(entry.pk, "我叫陈晓明", by=resident)
    sheet = make_sheet(resident, by=resident, **wish())
    known = own_hours(resident)
    assert [len(rows) for rows in known.values()] == [1, 1, 1, 1]
    forget(resident)
    sheet.refresh_from_db()
    asked.refresh_from_db()
    assert (sheet.holder_name, asked.reason, asked.answered_at is None) == ("", "", False)
    assert not sheet.is_live
    assert minutes_of(resident) == 120
    page = Client().get(f"/v/{sheet.serial}/").content.decode()
    assert "已无法核验" in page
    assert "不要采信" not in page


def test_staff_see_what_waits_in_their_areas() -> None:
    area = AreaFactory.create()
    boss, resident = staff_of(area), UserFactory.create()
    entered(area, stayed=10)
    entered(AreaFactory.create(), stayed=10)
    dispute(entered(area, resident).pk, "少了", by=resident)
    assert [number for number, _, _ in board.work(boss)] == [1, 1]
    assert ServiceRecord.objects.count() == 1
    assert Dispute.objects.managed_by(boss).count() == 1
