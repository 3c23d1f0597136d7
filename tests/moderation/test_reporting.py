import datetime as dt
import threading
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.subject import Facts, Subject, know
from linlingtong.moderation.actions import Decision, decide, refusals, report, reporting
from linlingtong.moderation.models import Case, Report
from linlingtong.photos.models import Photo
from tests.factories import UserFactory, staff_of, subdistrict
from tests.moderation.conftest import Wall
from tests.moderation.test_submitting import told

Reason = Report.Reason


def test_three_different_neighbours_hide_it_and_two_do_not(wall: Wall, author: User) -> None:
    case = wall.write(1, author)
    first, second, third = UserFactory.create_batch(3)
    for who in (first, second, first, second, first):
        report("note", 1, reason=Reason.ADVERT, by=who)
    case.refresh_from_db()
    assert (case.is_visible, wall.visible[1], case.state) == (True, True, Case.State.WAITING)
    report("note", 1, reason=Reason.INSULT, by=third)
    case.refresh_from_db()
    assert (case.is_visible, wall.visible[1], case.cause) == (False, False, Case.Cause.REPORTS)
    assert len(told(author)) == 1
    assert Report.objects.count() == 3


def test_neighbours_without_a_verified_phone_may_report_but_do_not_count(wall: Wall, author: User) -> None:
    wall.write(1, author)
    for who in UserFactory.create_batch(4, phone_verified_at=None):
        report("note", 1, reason=Reason.ADVERT, by=who)
    assert wall.visible[1]
    assert Case.objects.queue().count() == 1


def test_a_report_about_a_child_asks_for_two_people(wall: Wall, author: User) -> None:
    case = wall.write(1, author)
    report("note", 1, reason=Reason.CHILD, by=UserFactory.create())
    case.refresh_from_db()
    assert case.has_minors


def test_what_one_does_not_see_cannot_be_reported(wall: Wall, author: User) -> None:
    wall.write(1, author)
    wall.hide(1)
    for kind, key in (("note", 1), ("note", 99), ("nothing", 1)):
        with pytest.raises(Case.DoesNotExist):
            report(kind, key, reason=Reason.ADVERT, by=UserFactory.create())


def test_ones_own_is_not_reported(wall: Wall, author: User) -> None:
    wall.write(1, author)
    with pytest.raises(refusals.OwnContent):
        report("note", 1, reason=Reason.ADVERT, by=author)


def test_a_day_has_its_limit(wall: Wall, author: User, settings: Any) -> None:
    settings.MODERATION_REPORTS_A_DAY = 2
    who = UserFactory.create()
    for key in range(3):
        wall.write(key, author)
    report("note", 0, reason=Reason.OTHER, by=who)
    report("note", 1, reason=Reason.OTHER, by=who)
    with pytest.raises(refusals.ReportsOfToday, match="enough_reports_today"):
        report("note", 2, reason=Reason.OTHER, by=who)
    report("note", 1, reason=Reason.OTHER, by=who)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        report("note", 2, reason=Reason.OTHER, by=who)


def test_who_is_wrong_five_times_pauses_for_a_month(wall: Wall, author: User, staff: User, community: Area) -> None:
    who = UserFactory.create()
    for key in range(7):
        case = wall.write(key, author, area_path=community.path)
        if key < 5:
            report("note", key, reason=Reason.OTHER, by=who)
            decide(case.pk, Decision.PASS, by=staff)
    with pytest.raises(refusals.ReportsPaused, match="reports_paused"):
        report("note", 5, reason=Reason.OTHER, by=who)
    report("note", 5, reason=Reason.OTHER, by=UserFactory.create())
    with time_machine.travel(timezone.now() + dt.timedelta(days=31)):
        report("note", 5, reason=Reason.OTHER, by=who)


def test_after_a_pass_the_same_neighbours_start_afresh_only_when_it_was_changed(
    wall: Wall, author: User, staff: User, community: Area
) -> None:
    case = wall.write(1, author, area_path=community.path)
    three = UserFactory.create_batch(3)
    for who in three:
        report("note", 1, reason=Reason.OTHER, by=who)
    decide(case.pk, Decision.PASS, by=staff)
    assert wall.visible[1]
    for who in three:
        report("note", 1, reason=Reason.OTHER, by=who)
    assert wall.visible[1], "they said it already, and staff have looked"
    wall.write(1, author, "换了内容", area_path=community.path)
    for who in three:
        report("note", 1, reason=Reason.OTHER, by=who)
    assert not wall.visible[1]


def test_photos_go_with_what_they_belong_to(wall: Wall, author: User) -> None:
    Photo.objects.create(owner=author, subject="note", subject_id=1, is_public=True)
    wall.write(1, author)
    for who in UserFactory.create_batch(3):
        report("note", 1, reason=Reason.OTHER, by=who)
    assert Photo.objects.get().is_hidden


def test_something_older_than_all_cases_can_be_reported(wall: Wall, author: User) -> None:
    facts = {5: Facts(author, "旧的", "/1/")}
    know([Subject("note", "note", str, wall.show, wall.hide, lambda _pk, _who: True, facts.get)])
    report("note", 5, reason=Reason.OTHER, by=UserFactory.create())
    assert Case.objects.get().text == "旧的"
    with pytest.raises(Case.DoesNotExist):
        report("note", 6, reason=Reason.OTHER, by=UserFactory.create())
    assert wall.may_see(1, AnonymousUser()) is False


def rush(people: list[User]) -> None:
    """All of them report note 1 at the same moment."""
    barrier = threading.Barrier(len(people))

    def one(who: User) -> None:
        barrier.wait()
        try:
            report("note", 1, reason=Reason.OTHER, by=who)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(who,)) for who in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def rounds(wall: Wall, count: int) -> int:
    """How often three simultaneous reports left it visible."""
    missed = 0
    people, author = UserFactory.create_batch(3), UserFactory.create()
    for _round in range(count):
        Report.objects.all().delete()
        Case.objects.all().delete()
        wall.write(1, author)
        rush(people)
        missed += wall.visible[1] or Report.objects.count() != 3
    return missed


@pytest.mark.django_db(transaction=True)
def test_three_reports_at_the_same_moment_always_hide(wall: Wall, settings: Any) -> None:
    settings.MODERATION_REPORTS_A_DAY = 1000
    assert rounds(wall, 15) == 0


@pytest.mark.django_db(transaction=True)
def test_without_the_turn_reports_are_miscounted(wall: Wall, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: the same race without the lock does go wrong."""
    settings.MODERATION_REPORTS_A_DAY = 1000

    def unlocked(kind: str, key: int) -> Case | None:
        return Case.objects.select_related("author").filter(kind=kind, object_id=key).first()

    monkeypatch.setattr(reporting, "case_in_turn", unlocked)
    weigh = reporting._weigh

    def slowly(case: Case, row: Report) -> None:
        threading.Event().wait(0.02)
        weigh(case, row)

    monkeypatch.setattr(reporting, "_weigh", slowly)
    assert rounds(wall, 15) > 0


def test_who_reports_again_is_told_so(wall: Wall, author: User, client: Client) -> None:
    case, who = wall.write(1, author), UserFactory.create(language="en")
    assert report("note", 1, reason=Reason.ADVERT, by=who).is_new
    assert not report("note", 1, reason=Reason.INSULT, by=who).is_new
    client.force_login(who)
    address, form = "/moderation/report/note/1/", {"reason": "advert"}
    page = client.post(address, form).content.decode()
    assert "You have reported this already" in page
    assert "has looked at it since" not in page
    decide(case.pk, Decision.PASS, by=staff_of(subdistrict()))
    assert "has looked at it since" in client.post(address, form).content.decode()
    client.force_login(UserFactory.create(language="en"))
    assert "You have reported this already" not in client.post(address, form).content.decode()
    assert Report.objects.filter(by=who).count() == 1
