"""Somebody kept a place and did not come: nothing follows by default, and a delay ends by itself."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import Suspended, register
from linlingtong.activities.actions.attendance import mark
from linlingtong.activities.actions.door_refusals import AppealMissing, NoAppeal
from linlingtong.activities.actions.no_shows import answer_appeal, appeal
from linlingtong.activities.models import NoShow, Registration, Scan
from linlingtong.notifications.models import Notification
from tests.activities.door import leader_of, under_way
from tests.factories import AreaFactory, RegistrationFactory, SessionFactory, staff_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> Registration:
    return RegistrationFactory.create(session=under_way())


@pytest.fixture
def delays(settings: Any) -> None:
    settings.NO_SHOW_DELAY_DAYS = 7


def until(row: Registration) -> dt.datetime | None:
    found: dt.datetime | None = User.objects.get(pk=row.resident_id).suspended_until
    return found


def test_by_default_an_absence_is_recorded_and_nothing_follows(row: Registration) -> None:
    mark(row.pk, "absent", by=leader_of(row.session))
    row.refresh_from_db()
    assert row.attendance == Registration.Attendance.ABSENT
    assert until(row) is None
    assert not NoShow.objects.exists()


@pytest.mark.usefixtures("delays")
def test_an_absence_delays_the_next_registration_for_some_days(row: Registration) -> None:
    mark(row.pk, "absent", by=leader_of(row.session))
    ends = until(row)
    assert ends
    assert dt.timedelta(days=6) < ends - timezone.now() < dt.timedelta(days=8)
    row.resident.refresh_from_db()
    with pytest.raises(Suspended):
        register(SessionFactory.create().pk, row.resident, by=row.resident)
    assert Notification.objects.filter(resident=row.resident).count() == 1


@pytest.mark.usefixtures("delays")
@pytest.mark.parametrize("kind", ["undone", "excused", "in"])
def test_a_corrected_mark_ends_the_delay(row: Registration, kind: str) -> None:
    mark(row.pk, "absent", by=leader_of(row.session))
    mark(row.pk, kind, by=leader_of(row.session))
    assert until(row) is None
    assert NoShow.objects.get().lifted_at


@pytest.mark.usefixtures("delays")
def test_of_two_delays_the_longer_one_stands(row: Registration) -> None:
    other = RegistrationFactory.create(session=under_way(), resident=row.resident, clash_flagged=True)
    mark(row.pk, "absent", by=leader_of(row.session))
    first = until(row)
    mark(other.pk, "absent", by=leader_of(other.session))
    mark(other.pk, "undone", by=leader_of(other.session))
    assert until(row) == first


@pytest.mark.usefixtures("delays")
def test_the_resident_objects_and_staff_answer(row: Registration) -> None:
    mark(row.pk, "absent", by=leader_of(row.session))
    staff = staff_of(row.session.activity.area)
    with pytest.raises(NoAppeal):
        answer_appeal(row.pk, by=staff, is_lifted=True, answer="好的")
    with pytest.raises(AppealMissing):
        appeal(row.pk, " ", by=row.resident)
    with pytest.raises(PermissionDenied):
        appeal(row.pk, "我不是", by=staff)
    appeal(row.pk, "临时加班，没来得及取消", by=row.resident)
    with pytest.raises(PermissionDenied):
        answer_appeal(row.pk, by=staff_of(AreaFactory.create()), is_lifted=True, answer="好的")
    answer_appeal(row.pk, by=staff, is_lifted=True, answer="谢谢说明")
    assert until(row) is None
    with pytest.raises(NoAppeal):
        appeal(row.pk, "再说一次", by=row.resident)


@pytest.mark.usefixtures("delays")
def test_the_page_says_until_when_takes_the_objection_and_shows_the_answer(row: Registration) -> None:
    mark(row.pk, "absent", by=leader_of(row.session))
    client = Client(headers={"accept-language": "en"})
    client.force_login(row.resident)
    assert f"/me/registrations/{row.pk}/appeal/" in client.get(f"/me/registrations/{row.pk}/").content.decode()
    address = f"/me/registrations/{row.pk}/appeal/"
    assert client.post(address, {"text": ""}).status_code == 200
    client.post(address, {"text": "临时加班"})
    assert NoShow.objects.get().appeal == "临时加班"
    answer_appeal(row.pk, by=staff_of(row.session.activity.area), is_lifted=False, answer="下次请提前说")
    page = client.get(address).content.decode()
    assert "下次请提前说" in page
    assert 'name="text"' not in page
    stranger = Client()
    stranger.force_login(staff_of(AreaFactory.create()))
    assert stranger.get(address).status_code == 404


def admin_of(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(user)
    return client


ACTIONS = [("came", "checked_in"), ("left", "checked_out"), ("absent", "absent"), ("excused", "excused"),
           ("unmarked", "unknown")]  # fmt: skip


@pytest.mark.parametrize(("action", "attendance"), ACTIONS)
def test_staff_tick_the_roster_in_the_admin(row: Registration, action: str, attendance: str) -> None:
    body = {"action": action, "_selected_action": [row.pk]}
    admin_of(staff_of(AreaFactory.create())).post("/admin/activities/registration/", body)
    assert not Scan.objects.exists()
    admin_of(staff_of(row.session.activity.area)).post("/admin/activities/registration/", body)
    row.refresh_from_db()
    assert row.attendance == attendance
    assert row.scans.get().way == Scan.Way.STAFF


def test_the_admin_says_why_a_tick_is_refused(row: Registration) -> None:
    staff = staff_of(row.session.activity.area)
    own = RegistrationFactory.create(session=row.session, resident=staff)
    body = {"action": "came", "_selected_action": [own.pk]}
    page = admin_of(staff).post("/admin/activities/registration/", body, follow=True)
    assert any(word in page.content.decode() for word in ("Nobody checks themselves in", "不能给自己签到"))
    own.refresh_from_db()
    assert own.attendance == "unknown"


@pytest.mark.usefixtures("delays")
def test_the_log_and_the_objections_are_read_by_staff_of_the_area_only(row: Registration) -> None:
    mark(row.pk, "absent", by=leader_of(row.session))
    appeal(row.pk, "临时加班", by=row.resident)
    scan, no_show = row.scans.get(), NoShow.objects.get()
    here, there = admin_of(staff_of(row.session.activity.area)), admin_of(staff_of(AreaFactory.create()))
    for path, pk in (("scan", scan.pk), ("noshow", no_show.pk)):
        assert str(row.resident) in here.get(f"/admin/activities/{path}/").content.decode()
        assert str(row.resident) not in there.get(f"/admin/activities/{path}/").content.decode()
        assert here.get(f"/admin/activities/{path}/{pk}/change/").status_code == 200
        assert there.get(f"/admin/activities/{path}/{pk}/change/").status_code == 404
        assert here.post(f"/admin/activities/{path}/{pk}/delete/").status_code == 403
    assert here.post(f"/admin/activities/scan/{scan.pk}/change/", {"kind": "in"}).status_code == 403
    here.post(f"/admin/activities/noshow/{no_show.pk}/change/", {"is_lifted": "on", "answer": "谢谢说明"})
    no_show.refresh_from_db()
    assert (no_show.answer, bool(no_show.lifted_at)) == ("谢谢说明", True)
