import datetime as dt
import io
import json
import zipfile
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Companion, Registration, Session
from linlingtong.core.refusal import Refusal
from linlingtong.home.actions import ask_for_export, ask_to_leave, erase_due, make_exports, stay
from linlingtong.home.actions.export import drop_old_exports
from linlingtong.home.models import DataExport, Erasure
from linlingtong.notifications.models import Notification
from tests.api.conftest import App
from tests.factories import (
    CompanionFactory,
    NotificationFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
CANARY = "13800138000"


@pytest.fixture
def resident() -> User:
    return UserFactory.create(phone=f"+86{CANARY}", nickname="爱喝茶的老周")


def archive_of(resident: User) -> zipfile.ZipFile:
    ask_for_export(resident, by=resident)
    assert make_exports() == 1
    content = DataExport.objects.get(resident=resident).archive
    assert content is not None
    return zipfile.ZipFile(io.BytesIO(bytes(content)))


def test_the_copy_holds_everything_of_ones_own_and_nothing_of_others(resident: User) -> None:
    own = RegistrationFactory.create(resident=resident, note="我坐轮椅")
    CompanionFactory.create(registration=own, name="周小满")
    stranger = RegistrationFactory.create(session=own.session, note="别人的事", resident__nickname="隔壁老王")
    NotificationFactory.create(resident=resident, title="=HYPERLINK(1)")
    archive = archive_of(resident)
    told = json.loads(archive.read("data.json"))
    assert told["accounts"]["profile"]["phone"] == f"+86{CANARY}"
    assert [row["note"] for row in told["activities"]["registrations"]] == ["我坐轮椅"]
    assert told["activities"]["companions"][0]["name"] == "周小满"
    everything = b"".join(archive.read(name) for name in archive.namelist()).decode()
    assert stranger.note not in everything
    assert "隔壁老王" not in everything
    assert "\n'=HYPERLINK(1)" in everything or ",'=HYPERLINK(1)" in everything


def test_asking_twice_makes_one_copy_and_it_goes_after_a_week(resident: User) -> None:
    first, second = (ask_for_export(resident, by=resident) for _ in range(2))
    assert first.pk == second.pk
    make_exports()
    assert make_exports() == 0
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        drop_old_exports()
    assert not DataExport.objects.exists()


def test_the_copy_travels_by_a_link_of_an_hour(resident: User, client: Client) -> None:
    client.force_login(resident)
    client.post("/me/data/export/")
    assert "file_url" in client.get("/me/data/").context
    make_exports()
    url = client.get("/me/data/").context["file_url"]
    anybody = Client()
    answer = anybody.get(url)
    assert answer.status_code == 200
    assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist()
    assert "no-store" in answer["Cache-Control"]
    with time_machine.travel(timezone.now() + dt.timedelta(hours=2)):
        assert anybody.get(url).status_code == 404
    assert anybody.get(url[:-3] + "xx/").status_code == 404


def test_the_same_over_the_api(resident: User) -> None:
    app = App(resident)
    assert app.get("me/export/").status_code == 404
    asked = app.post("me/export/", Idempotency_Key="one")
    assert (asked.status_code, asked.json()["url"]) == (202, "")
    make_exports()
    told = app.get("me/export/").json()
    assert Client().get(told["url"]).status_code == 200
    assert App().get("me/export/").status_code == 401


def test_leaving_has_seven_days_to_think(resident: User) -> None:
    asked = ask_to_leave(resident, by=resident)
    assert ask_to_leave(resident, by=resident).due_at == asked.due_at
    assert erase_due() == 0
    assert stay(resident, by=resident)
    assert not stay(resident, by=resident)
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        assert erase_due() == 0
    resident.refresh_from_db()
    assert resident.phone == f"+86{CANARY}"


def test_staff_hand_over_before_they_leave_through_every_door(client: Client) -> None:
    staff = staff_of(SessionFactory.create().activity.area)
    with pytest.raises(Refusal) as refused:
        ask_to_leave(staff, by=staff)
    assert refused.value.code == "still_appointed"
    client.force_login(staff)
    page = client.post("/me/data/leave/", follow=True)
    assert refused.value.detail in page.content.decode()
    answer = App(staff).post("me/erasure/")
    assert (answer.status_code, answer.json()["code"]) == (409, "still_appointed")
    assert not Erasure.objects.exists()


def test_leaving_and_staying_in_the_browser_and_over_the_api(resident: User, client: Client) -> None:
    client.force_login(resident)
    client.post("/me/data/leave/")
    assert client.get("/me/data/").context["erasure"].resident == resident
    client.post("/me/data/stay/")
    assert not Erasure.objects.exists()
    app = App(resident)
    assert app.get("me/erasure/").status_code == 404
    assert app.post("me/erasure/").status_code == 202
    assert app.get("me/erasure/").json()["due_at"]
    assert app.delete("me/erasure/").status_code == 204
    assert not Erasure.objects.exists()


def test_the_place_of_who_leaves_goes_to_the_next_and_hours_stay_counted(resident: User) -> None:
    session: Session = SessionFactory.create(capacity=1)
    place = RegistrationFactory.create(session=session, resident=resident, state="confirmed", note="敲三下门")
    CompanionFactory.create(registration=place, name="周小满")
    waiting = RegistrationFactory.create(session=session, state="waitlisted")
    earlier = SessionFactory.create(starts_at=timezone.now() - dt.timedelta(days=3))
    past = RegistrationFactory.create(session=earlier, resident=resident, state="confirmed", attendance="checked_out")
    leave_now(resident)
    waiting.refresh_from_db()
    assert waiting.state == Registration.State.CONFIRMED
    assert not Companion.objects.exists()
    past.refresh_from_db()
    assert (past.attendance, past.resident_id) == ("checked_out", resident.pk)


def test_afterwards_phone_and_name_are_in_no_table(resident: User, client: Client) -> None:
    RegistrationFactory.create(resident=resident, answers={"1": "爱喝茶的老周"}, note="爱喝茶的老周")
    NotificationFactory.create(resident=resident, title="爱喝茶的老周，你好")
    client.force_login(resident)
    ask_for_export(resident, by=resident)
    make_exports()
    leave_now(resident)
    assert tables_with("爱喝茶的老周") == []
    assert tables_with(CANARY) == []
    assert client.get("/me/").status_code == 302
    assert str(User.objects.get(pk=resident.pk)) != "爱喝茶的老周"
    newcomer = UserFactory.create(phone=f"+86{CANARY}")
    assert newcomer.pk != resident.pk


def test_a_round_that_broke_off_is_finished_by_the_next(resident: User, monkeypatch: pytest.MonkeyPatch) -> None:

    NotificationFactory.create(resident=resident)

    def fail(*_args: Any, **_options: Any) -> None:
        raise RuntimeError

    ask_to_leave(resident, by=resident)
    Erasure.objects.update(due_at=timezone.now())
    with monkeypatch.context() as broken:
        broken.setattr(User, "set_unusable_password", fail)
        with pytest.raises(RuntimeError):
            erase_due()
    assert Erasure.objects.exists()
    assert erase_due() == 1
    assert not Notification.objects.exists()


def leave_now(resident: User) -> None:
    ask_to_leave(resident, by=resident)
    Erasure.objects.update(due_at=timezone.now())
    assert erase_due() == 1


def tables_with(text: str) -> list[str]:
    """Every table of the database in which a row, written out, contains the text."""
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        found = []
        for name in names:
            cursor.execute(f'SELECT count(*) FROM "{name}" t WHERE t::text LIKE %s', [f"%{text}%"])  # noqa: S608
            if cursor.fetchone()[0]:
                found.append(name)
    return found


@pytest.mark.parametrize("words", ["注销", "怎么注销", "删除账号"])
def test_the_way_out_is_found_by_searching(client: Client, words: str) -> None:
    assert 'href="/me/data/"' in client.get("/search/", {"q": words}).content.decode()
