"""The desk: whom it may ring, what it counts, what the box understands, walk-ins that were noted without a network."""

import uuid
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.forgetting import own_registrations
from linlingtong.activities.models import PhoneLook, Registration, Scan, Session, WalkIn
from tests.activities.door import MINUTE, leader_of, under_way
from tests.activities.test_check_in_doors import browser, call, item, text_of
from tests.factories import AppointmentFactory, AreaFactory, RegistrationFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
State = Registration.State


@pytest.fixture
def session() -> Session:
    return under_way()


@pytest.fixture
def row(session: Session) -> Registration:
    return RegistrationFactory.create(session=session, resident__nickname="陈明", resident__phone="+8613912345678")


def manager(session: Session) -> User:
    return staff_of(session.activity.area)


def tap(user: User, session: Session, registration: Registration) -> str:
    address = f"/check-in/{session.pk}/call/"
    return browser(user).post(address, {"registration": registration.pk}, follow=True).content.decode()


# -- ringing somebody who is missing


def test_a_number_is_shown_after_a_tap_that_is_noted_and_its_owner_reads_it(
    session: Session, row: Registration
) -> None:
    by = manager(session)
    assert "tel:+8613912345678" not in browser(by).get(f"/check-in/{session.pk}/").content.decode()
    assert 'href="tel:+8613912345678"' in tap(by, session, row)
    look = PhoneLook.objects.get()
    assert (look.registration_id, look.by_id) == (row.pk, by.pk)
    mine = text_of(browser(row.resident).get(f"/me/registrations/{row.pk}/"))
    assert f"{by} looked up your phone number" in mine
    assert own_registrations(row.resident)["phone_looks"][0]["registration"] == row.pk


def test_a_second_tap_within_the_hour_notes_nothing_new_and_the_number_goes_again(
    session: Session, row: Registration
) -> None:
    with time_machine.travel(timezone.now() - 61 * MINUTE):
        by = manager(session)
        tap(by, session, row)
        tap(by, session, row)
        assert PhoneLook.objects.count() == 1
    assert "tel:+86139" not in browser(by).get(f"/check-in/{session.pk}/").content.decode()
    tap(by, session, row)
    assert PhoneLook.objects.count() == 2


def test_what_one_has_looked_up_is_shown_to_nobody_else(session: Session, row: Registration) -> None:
    tap(manager(session), session, row)
    assert "tel:+86139" not in browser(manager(session)).get(f"/check-in/{session.pk}/").content.decode()


@pytest.mark.parametrize("who", ["leader", "grid worker", "elsewhere"])
def test_who_may_not_see_phones_is_offered_no_call_and_gets_none(
    who: str, session: Session, row: Registration
) -> None:
    area = session.activity.area
    user = {
        "leader": lambda: leader_of(session),
        "grid worker": lambda: AppointmentFactory.create(area=area, role="grid_worker", user__is_staff=True).user,
        "elsewhere": lambda: staff_of(AreaFactory.create()),
    }[who]()
    client = browser(user)
    assert client.post(f"/check-in/{session.pk}/call/", {"registration": row.pk}).status_code == 404
    assert not PhoneLook.objects.exists()
    assert f"/check-in/{session.pk}/call/" not in client.get(f"/check-in/{session.pk}/").content.decode()


def test_nobody_of_another_session_is_rung_from_this_desk(session: Session) -> None:
    other = RegistrationFactory.create(session=under_way())
    address = f"/check-in/{session.pk}/call/"
    assert browser(manager(session)).post(address, {"registration": other.pk}).status_code == 404


def test_who_has_left_has_no_number_to_ring(session: Session, row: Registration) -> None:
    User.objects.filter(pk=row.resident_id).update(phone=None, email="chen@example.org")
    assert "has no phone number" in tap(manager(session), session, row)
    assert not PhoneLook.objects.exists()


# -- the list, the counter


def test_staff_take_the_roster_from_the_desk_and_leaders_print_it(session: Session, row: Registration) -> None:
    address = f"/admin/activities/rosterexport/add/?session={session.pk}"
    by = manager(session)
    assert address in browser(by).get(f"/check-in/{session.pk}/").content.decode()
    assert browser(by).get(address).status_code == 200
    assert address not in browser(leader_of(session)).get(f"/check-in/{session.pk}/").content.decode()


def test_the_waiting_are_counted_with_their_companions(session: Session) -> None:
    RegistrationFactory.create(session=session, state=State.WAITLISTED, places=2)
    RegistrationFactory.create(session=session, state=State.OFFERED)
    RegistrationFactory.create(session=session, state=State.PENDING_REVIEW)
    RegistrationFactory.create(session=session, state=State.CANCELLED)
    page = browser(leader_of(session)).get(f"/check-in/{session.pk}/").content.decode()
    assert '<b id="count-waiting">3</b>' in page


# -- the box


@pytest.mark.parametrize("typed", ["13912345678", "139 1234 5678", "+86 139-1234-5678", "１３９１２３４５６７８"])
def test_a_phone_in_the_box_is_told_what_the_box_is_for(typed: str, session: Session, row: Registration) -> None:
    desk = browser(leader_of(session))
    said = text_of(desk.post(f"/check-in/{session.pk}/entry/", {"entry": typed, "kind": "in"}, follow=True))
    assert "That is a phone number. Type the six digits" in said
    assert "use “Somebody unexpected?”" in said
    answer = call(leader_of(session), "POST", "check-ins/", [item(session, code=typed)]).json()[0]
    assert (answer["verdict"], answer["code"]) == ("refused", "phone_typed")
    assert not Scan.objects.filter(typed__contains="139").exists()


@pytest.mark.parametrize("typed", ["12345", "1234567", "99"])
def test_too_few_or_too_many_digits_are_counted(typed: str, session: Session) -> None:
    desk = browser(leader_of(session))
    said = text_of(desk.post(f"/check-in/{session.pk}/entry/", {"entry": typed, "kind": "in"}, follow=True))
    assert f"has six digits, this has {len(typed)}" in said


# -- walk-ins, synced


def sync(session: Session, *items: dict[str, Any]) -> list[dict[str, Any]]:
    answer = call(leader_of(session), "POST", "check-ins/", list(items))
    assert answer.status_code == 200, answer.json()
    return answer.json()  # type: ignore[no-any-return]


def test_walk_ins_noted_without_a_network_are_one_row_each_in_any_order(session: Session) -> None:
    known = UserFactory.create(nickname="李姐", phone="+8613800000001")
    noted = (timezone.now() - 10 * MINUTE).isoformat()
    items = [
        item(session, name="周奶奶", scanned_at=noted), item(session, name="周奶奶", scanned_at=noted),
        item(session, phone="138 0000 0001", scanned_at=noted),
    ]  # fmt: skip
    first = sync(session, *items)
    assert [one["verdict"] for one in first] == ["accepted"] * 3
    assert [one["verdict"] for one in sync(session, *items[::-1])] == ["duplicate"] * 3
    assert [one["verdict"] for one in sync(session, items[1], items[0], items[2], items[1])] == ["duplicate"] * 4
    assert WalkIn.objects.count() == 2
    assert {guest.came_at.isoformat()[:16] for guest in WalkIn.objects.all()} == {first_minute(noted)}
    registration = session.registrations.get(resident=known)
    came_at = registration.presence.came_at
    assert came_at is not None
    assert came_at.isoformat()[:16] == first_minute(noted)
    assert first[2]["registration"] == registration.pk
    assert [one["walk_in"] for one in first] == [*WalkIn.objects.order_by("pk").values_list("pk", flat=True), None]
    assert "周奶奶" in first[0]["detail"]
    assert "李姐" in first[2]["detail"]


def first_minute(noted: str) -> str:
    return noted[:16]


def test_a_walk_in_who_was_taken_back_does_not_come_again_with_the_queue(session: Session) -> None:
    noted = item(session, name="写错了")
    sync(session, noted)
    guest = WalkIn.objects.get()
    browser(leader_of(session)).post(f"/check-in/{session.pk}/guest/", {"walk_in": guest.pk})
    assert sync(session, noted)[0]["verdict"] == "duplicate"
    assert WalkIn.objects.get().is_taken_back


def test_walk_ins_that_cannot_be_say_why_and_the_others_go_through(session: Session) -> None:
    elsewhere = under_way()
    mine = sync(
        session,
        item(session, phone="13800000009"),
        item(session, name="\u200b"),
        item(elsewhere, name="外人"),
        item(session, name="太早", scanned_at=(session.starts_at - 90 * MINUTE).isoformat()),
        item(session, name="周奶奶"),
    )
    assert [one["code"] for one in mine] == [
        "nobody_by_that_phone", "name_missing", "not_found", "check_in_not_open", "",
    ]  # fmt: skip
    assert list(WalkIn.objects.values_list("name", flat=True)) == ["周奶奶"]


def test_the_number_of_another_desks_walk_in_is_not_answered(session: Session) -> None:
    elsewhere = under_way()
    theirs = item(elsewhere, name="外人")
    sync(elsewhere, theirs)
    answer = sync(session, {**theirs, "session": session.pk})[0]
    assert (answer["verdict"], answer["code"], answer["walk_in"]) == ("refused", "not_found", None)


@pytest.mark.parametrize(
    "change",
    [{"name": "甲", "code": "123456"}, {"name": "甲", "phone": "13800000001"}, {"name": "甲", "kind": "out"}, {}],
)
def test_an_item_names_one_thing(change: dict[str, Any], session: Session) -> None:
    answer = call(leader_of(session), "POST", "check-ins/", [item(session) | change])
    assert answer.status_code == 400
    assert uuid.UUID(item(session)["client_id"]).version
