"""The doors of check-in: the resident's pages, the desk, the API; what each refuses, and to whom nothing is there."""

import re
import uuid
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.test import Client
from django.utils import timezone, translation

from linlingtong.accounts.models import User
from linlingtong.activities.models import Registration, Scan, Session, WalkIn, codes
from tests.activities.door import MINUTE, code_of, digits_of, leader_of, under_way
from tests.factories import AreaFactory, CompanionFactory, RegistrationFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
Attendance, State, Verdict = Registration.Attendance, Registration.State, Scan.Verdict


@pytest.fixture
def session() -> Session:
    return under_way()


@pytest.fixture
def row(session: Session) -> Registration:
    return RegistrationFactory.create(session=session, resident__nickname="陈明")


def browser(user: User | None = None) -> Client:
    client = Client(headers={"accept-language": "en"})
    if user:
        client.force_login(user)
        User.objects.filter(pk=user.pk).update(language="en")
    return client


def attendance_of(row: Registration) -> str:
    row.refresh_from_db()
    return row.attendance


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def forged(code: str) -> str:
    return code[:-1] + ("b" if code.endswith("a") else "a")


def venue(session: Session) -> str:
    return codes.venue_code(session.pk, timezone.now()).text


# -- the pass


def test_the_pass_shows_an_address_and_six_large_digits(row: Registration) -> None:
    page = browser(row.resident).get(f"/me/registrations/{row.pk}/pass/")
    content = page.content.decode()
    assert "<svg" in content
    assert all(f'<span aria-hidden="true">{digit}</span>' in content for digit in digits_of(row))
    assert '<noscript><meta http-equiv="refresh"' in content
    assert "no-store" in page["Cache-Control"]


def test_the_pass_renews_itself_in_part(row: Registration) -> None:
    part = browser(row.resident).get(f"/me/registrations/{row.pk}/pass/", headers={"HX-Request": "true"})
    assert part.content.decode().lstrip().startswith('<section class="card pass"')


def test_a_pass_that_cannot_be_shown_says_why(row: Registration) -> None:
    Registration.objects.filter(pk=row.pk).update(state=State.CANCELLED)
    page = browser(row.resident).get(f"/me/registrations/{row.pk}/pass/")
    assert "not registered any more" in text_of(page)


@pytest.mark.parametrize("path", ["pass", "scan"])
def test_a_foreign_pass_is_not_there(row: Registration, path: str) -> None:
    assert browser(UserFactory.create()).get(f"/me/registrations/{row.pk}/{path}/").status_code == 404
    assert browser().get(f"/me/registrations/{row.pk}/{path}/").status_code == 302


def test_on_the_day_the_code_is_one_tap_from_home(row: Registration) -> None:
    RegistrationFactory.create(
        resident=row.resident, state=State.OFFERED, session__starts_at=timezone.now() + 300 * MINUTE
    )
    client, address = browser(row.resident), f"/me/registrations/{row.pk}/pass/"
    assert address in client.get("/").content.decode()
    assert address in client.get(f"/me/registrations/{row.pk}/").content.decode()
    Registration.objects.filter(pk=row.pk).update(attendance=Attendance.CHECKED_OUT)
    assert address not in client.get("/").content.decode()


def test_who_is_checked_in_cannot_give_the_place_up(session: Session) -> None:
    early = under_way(starts_at=timezone.now() + 30 * MINUTE)
    row = RegistrationFactory.create(session=early, attendance=Attendance.CHECKED_IN)
    answer = call(row.resident, "DELETE", f"sessions/{early.pk}/registration/")
    assert (answer.status_code, answer.json()["code"]) == (409, "checked_in_already")
    page = browser(row.resident).post(f"/me/registrations/{row.pk}/give-up/", {"reason": ""})
    assert "Check out" in page.content.decode()


# -- opening a code


def test_the_leaders_phone_scans_a_pass_sees_who_it_is_and_taps_once(row: Registration, session: Session) -> None:
    client, address = browser(leader_of(session)), f"/c/{code_of(row)}"
    assert "陈明" in text_of(client.get(address))
    assert attendance_of(row) == Attendance.UNKNOWN
    assert client.post(address, {"kind": "in"})["Location"] == f"/check-in/{session.pk}/"
    assert attendance_of(row) == Attendance.CHECKED_IN
    assert row.scans.get().way == Scan.Way.PASS


def test_an_expired_pass_is_refused_on_the_leaders_phone(row: Registration, session: Session) -> None:
    page = browser(leader_of(session)).post(f"/c/{code_of(row, timezone.now() - 9 * MINUTE)}", {"kind": "in"})
    assert "expired" in text_of(page)
    assert attendance_of(row) == Attendance.UNKNOWN


def test_ones_own_pass_leads_to_the_page_and_a_foreign_one_nowhere(row: Registration) -> None:
    address = f"/c/{code_of(row)}"
    assert browser(row.resident).get(address)["Location"] == f"/me/registrations/{row.pk}/pass/"
    assert browser(UserFactory.create()).get(address).status_code == 404
    assert browser(staff_of(AreaFactory.create())).get(address).status_code == 404
    assert "/login/" in browser().get(address)["Location"]


def test_a_code_that_we_did_not_make_is_said_to_be_one(row: Registration, session: Session) -> None:
    for token in ("nonsense", forged(code_of(row)), forged(venue(session)), "v1-1-" + "a" * 16):
        page = browser(row.resident).get(f"/c/{token}")
        assert page.status_code == 404
        assert "not made here" in text_of(page)


def test_a_resident_opens_the_venues_code_and_confirms(row: Registration, session: Session) -> None:
    client, address = browser(row.resident), f"/c/{venue(session)}"
    client.get(address)
    assert attendance_of(row) == Attendance.UNKNOWN
    assert "You are checked in" in text_of(client.post(address, {"kind": "in"}, follow=True))
    client.post(f"/c/{venue(session)}", {"kind": "out"})
    assert attendance_of(row) == Attendance.CHECKED_OUT


def test_signing_in_in_between_may_take_its_time(row: Registration, session: Session) -> None:
    then = timezone.now() - 5 * MINUTE
    client, address = browser(), f"/c/{codes.venue_code(session.pk, timezone.now()).text}"
    assert client.get(address)["Location"].startswith("/login/?next=/c/v")
    kept = client.session
    kept["codes_seen"] = {str(session.pk): then.isoformat()}
    kept.save()
    client.force_login(row.resident)
    old = f"/c/{codes.venue_code(session.pk, then).text}"
    assert "I am here" in client.get(old).content.decode() or "我到了" in client.get(old).content.decode()
    client.post(old, {"kind": "in"})
    assert attendance_of(row) == Attendance.CHECKED_IN
    row.refresh_from_db()
    assert row.presence.came_at == then


def test_a_photo_of_the_venues_code_is_refused_later(row: Registration, session: Session) -> None:
    old = f"/c/{codes.venue_code(session.pk, timezone.now() - 2 * MINUTE).text}"
    client = browser(row.resident)
    page = client.get(old)
    assert "expired" in text_of(page)
    assert "check in</button>" not in page.content.decode()
    assert "expired" in text_of(client.post(old, {"kind": "in"}))
    assert attendance_of(row) == Attendance.UNKNOWN


def test_the_digits_on_the_screen_can_be_typed(row: Registration, session: Session) -> None:
    client, address = browser(row.resident), f"/me/registrations/{row.pk}/scan/"
    assert "not on the screen" in text_of(client.post(address, {"code": "000 001", "kind": "in"}))
    client.post(address, {"code": codes.venue_digits(session.pk, timezone.now()), "kind": "in"})
    assert attendance_of(row) == Attendance.CHECKED_IN


def test_a_printed_code_waits_and_the_desk_settles_it(row: Registration, session: Session) -> None:
    address = f"/c/{codes.printed_code(session.pk).text}"
    resident, desk = browser(row.resident), browser(leader_of(session))
    assert "leader" in text_of(resident.post(address, {"kind": "in"}, follow=True))
    scan = session.scans.pending().get()
    assert "Scanned the printed code" in text_of(desk.get(f"/check-in/{session.pk}/"))
    desk.post(f"/check-in/{session.pk}/settle/", {"scan": scan.pk, "is_here": "on"})
    assert attendance_of(row) == Attendance.CHECKED_IN
    again = desk.post(f"/check-in/{session.pk}/settle/", {"scan": scan.pk}, follow=True)
    assert "already dealt with" in text_of(again)


# -- the desk


def test_the_box_takes_an_address_digits_or_a_name(session: Session) -> None:
    rows = [RegistrationFactory.create(session=session, resident__nickname=name) for name in ("赵军", "钱英", "孙丽")]
    desk = browser(leader_of(session))
    for typed in (f"http://localhost/c/{code_of(rows[0])}", digits_of(rows[1]), "孙丽"):
        page = desk.post(f"/check-in/{session.pk}/entry/", {"entry": typed, "kind": "in"}, follow=True)
        assert "is checked in" in text_of(page)
        assert 'role="status"' in page.content.decode()
    assert {attendance_of(row) for row in rows} == {Attendance.CHECKED_IN}


def test_a_name_that_fits_several_is_narrowed_and_one_that_fits_none_is_said(session: Session) -> None:
    for name in ("王一", "王二", "李三"):
        RegistrationFactory.create(session=session, resident__nickname=name)
    desk, address = browser(leader_of(session)), f"/check-in/{session.pk}/entry/"
    page = text_of(desk.post(address, {"entry": "王", "kind": "in"}, follow=True))
    assert "Several are called" in page
    assert "李三" not in page
    assert "Nobody here is called" in text_of(desk.post(address, {"entry": "周", "kind": "in"}, follow=True))
    assert "Scan a code" in text_of(desk.post(address, {"entry": " ", "kind": "in"}, follow=True))
    assert not Scan.objects.exists()


def test_check_out_mode_stays_after_an_entry(row: Registration, session: Session) -> None:
    desk = browser(leader_of(session))
    page = desk.post(f"/check-in/{session.pk}/entry/", {"entry": digits_of(row), "kind": "out"}, follow=True)
    assert re.search(r'value="out" checked', page.content.decode())
    assert attendance_of(row) == Attendance.CHECKED_OUT


def test_the_counters_count_people(session: Session) -> None:
    family = RegistrationFactory.create(session=session, places=3)
    CompanionFactory.create_batch(2, registration=family)
    RegistrationFactory.create(session=session)
    desk = browser(leader_of(session))
    desk.post(f"/check-in/{session.pk}/mark/", {"registration": family.pk, "kind": "in"})
    page = desk.get(f"/check-in/{session.pk}/").content.decode()
    assert re.search(r'id="count-arrived">3</b> <small>/ 4', page)
    assert 'id="count-missing">1<' in page


def test_every_mark_of_the_roster_is_one_tap(row: Registration, session: Session) -> None:
    desk = browser(leader_of(session))
    for kind, attendance in (
        ("in", "checked_in"), ("undone", "unknown"), ("absent", "absent"), ("undone", "unknown"),
        ("excused", "excused"), ("in", "checked_in"), ("out", "checked_out"),
    ):  # fmt: skip
        desk.post(f"/check-in/{session.pk}/mark/", {"registration": row.pk, "kind": kind})
        assert attendance_of(row) == attendance


def test_walk_ins_by_phone_and_by_name(session: Session) -> None:
    known = UserFactory.create(nickname="何平")
    desk, address = browser(leader_of(session)), f"/check-in/{session.pk}/let-in/"
    assert "何平 is let in" in text_of(desk.post(address, {"phone": known.phone}, follow=True))
    row = Registration.objects.get(resident=known)
    assert (row.state, row.attendance) == (State.CONFIRMED, Attendance.CHECKED_IN)
    assert "周奶奶 is on the roster" in text_of(desk.post(address, {"name": "周奶奶"}, follow=True))
    assert "Nobody with this phone" in text_of(desk.post(address, {"phone": "19900009999"}, follow=True))
    assert "Write the name" in text_of(desk.post(address, {"name": "  "}, follow=True))
    guest = WalkIn.objects.get()
    desk.post(f"/check-in/{session.pk}/guest/", {"walk_in": guest.pk, "has_left": "on"})
    guest.refresh_from_db()
    assert guest.left_at
    desk.post(f"/check-in/{session.pk}/guest/", {"walk_in": guest.pk}, follow=True)
    assert "周奶奶" not in text_of(desk.get(f"/check-in/{session.pk}/"))


@pytest.mark.parametrize("state", [State.CANCELLED, State.WAITLISTED, State.PENDING_REVIEW])
def test_who_cancelled_or_waits_is_let_in(session: Session, state: str) -> None:
    row = RegistrationFactory.create(session=session, state=state)
    page = browser(leader_of(session)).post(
        f"/check-in/{session.pk}/let-in/", {"resident": row.resident_id}, follow=True
    )
    assert "is let in" in text_of(page)
    live = session.registrations.live().get(resident=row.resident)
    assert (live.state, live.attendance) == (State.CONFIRMED, Attendance.CHECKED_IN)
    session.refresh_from_db()
    assert (session.taken, session.waiting, session.pending) == (1, 0, 0)


def test_nobody_is_let_in_who_is_not_on_the_roster_by_a_number(session: Session) -> None:
    stranger = UserFactory.create()
    page = browser(leader_of(session)).post(f"/check-in/{session.pk}/let-in/", {"resident": stranger.pk})
    assert page.status_code == 404


def test_everybody_out(session: Session) -> None:
    rows = RegistrationFactory.create_batch(2, session=session)
    desk = browser(leader_of(session))
    for row in rows:
        desk.post(f"/check-in/{session.pk}/mark/", {"registration": row.pk, "kind": "in"})
    page = desk.post(f"/check-in/{session.pk}/everybody-out/", follow=True)
    assert "2 people are checked out" in text_of(page)
    assert {attendance_of(row) for row in rows} == {Attendance.CHECKED_OUT}


DESK = ["", "venue/", "poster/", "roster/"]
TAPS = ["entry/", "mark/", "let-in/", "settle/", "guest/", "everybody-out/"]


@pytest.mark.parametrize("path", DESK)
def test_the_desks_pages_open_for_staff_and_leader_only(session: Session, row: Registration, path: str) -> None:
    address = f"/check-in/{session.pk}/{path}"
    for user in (leader_of(session), staff_of(session.activity.area)):
        assert browser(user).get(address).status_code == 200
    for user in (row.resident, staff_of(AreaFactory.create())):
        assert browser(user).get(address).status_code == 404
    assert browser().get(address).status_code == 302


@pytest.mark.parametrize("path", TAPS)
def test_the_desks_taps_are_for_staff_and_leader_only(session: Session, row: Registration, path: str) -> None:
    address = f"/check-in/{session.pk}/{path}"
    body = {"registration": row.pk, "kind": "in", "entry": digits_of(row), "name": "谁"}
    for user in (row.resident, staff_of(AreaFactory.create())):
        assert browser(user).post(address, body).status_code == 404
    assert browser(leader_of(session)).get(address)["Location"] == f"/check-in/{session.pk}/"
    assert attendance_of(row) == Attendance.UNKNOWN
    assert not WalkIn.objects.exists()


def test_rows_of_another_session_are_not_reached_from_this_desk(session: Session) -> None:
    other = RegistrationFactory.create(session=under_way())
    guest = WalkIn.objects.create(session=other.session, name="谁", by=leader_of(session), came_at=timezone.now())
    desk = browser(leader_of(session))
    assert desk.post(f"/check-in/{session.pk}/mark/", {"registration": other.pk, "kind": "in"}).status_code == 404
    assert desk.post(f"/check-in/{session.pk}/guest/", {"walk_in": guest.pk}).status_code == 404
    assert desk.post(f"/check-in/{session.pk}/mark/", {"registration": "x", "kind": "in"}).status_code == 404


@pytest.mark.parametrize("people", [1, 3])
def test_the_desk_asks_a_fixed_number_of_questions(
    session: Session, people: int, django_assert_num_queries: Callable[[int], Any]
) -> None:
    desk = browser(leader_of(session))
    for row in RegistrationFactory.create_batch(people, session=session):
        desk.post(f"/check-in/{session.pk}/mark/", {"registration": row.pk, "kind": "in"})
        WalkIn.objects.create(session=session, name="谁", by=leader_of(session), came_at=timezone.now())
    desk.get(f"/check-in/{session.pk}/")
    with django_assert_num_queries(7):
        desk.get(f"/check-in/{session.pk}/")


# -- the API


def call(user: User | None, method: str, path: str, body: Any = None) -> Any:
    client = browser(user)
    return client.generic(method, f"/api/v1/{path}", orjson.dumps(body) if body is not None else b"",
                          content_type="application/json")  # fmt: skip


def item(session: Session, **fields: Any) -> dict[str, Any]:
    return {
        "client_id": str(uuid.uuid4()), "session": session.pk, "kind": "in",
        "scanned_at": timezone.now().isoformat(),
    } | fields  # fmt: skip


def test_the_app_gets_the_code_with_its_picture(row: Registration) -> None:
    answer = call(row.resident, "GET", f"registrations/{row.pk}/code/")
    assert answer.status_code == 200
    body = answer.json()
    assert codes.read(body["code"]).code
    assert body["url"].endswith(body["code"])
    assert body["digits"] == digits_of(row)
    assert body["svg"].startswith("<svg")
    assert "no-store" in answer["Cache-Control"]
    assert call(UserFactory.create(), "GET", f"registrations/{row.pk}/code/").status_code == 404
    assert call(None, "GET", f"registrations/{row.pk}/code/").status_code == 401


def test_the_app_is_told_why_there_is_no_code(session: Session) -> None:
    row = RegistrationFactory.create(session=session, state=State.WAITLISTED)
    answer = call(row.resident, "GET", f"registrations/{row.pk}/code/")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_place_yet")


def test_the_app_checks_in_by_the_venues_code(row: Registration, session: Session) -> None:
    path = f"sessions/{session.pk}/check-in/"
    for verdict in ("accepted", "duplicate"):
        answer = call(row.resident, "POST", path, {"code": venue(session), "latitude": 30.2, "longitude": 120.6})
        assert (answer.status_code, answer.json()["verdict"]) == (200, verdict)
        assert answer.json()["attendance"] == "checked_in"
    answer = call(row.resident, "POST", path, {"code": codes.printed_code(session.pk).text, "kind": "out"})
    assert answer.json()["verdict"] == "unresolved"
    assert call(row.resident, "POST", "sessions/999999/check-in/", {"code": "123456"}).status_code == 404
    assert call(row.resident, "POST", path, {"code": ""}).status_code == 400


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda session, _row: codes.venue_code(session.pk, timezone.now() - 2 * MINUTE).text, "code_expired"),
        (lambda _session, _row: "v1-1-aaaaaaaaaaaaaaaa", "code_forged"),
        (lambda _session, _row: venue(under_way()), "other_session"),
        (lambda _session, _row: "000001", "unknown_code"),
        (lambda _session, row: code_of(row), "own_pass"),
    ],
)
def test_every_refusal_of_the_venues_code_reaches_app_and_browser(
    row: Registration, session: Session, make: Any, code: str
) -> None:
    typed = make(session, row)
    answer = call(row.resident, "POST", f"sessions/{session.pk}/check-in/", {"code": typed})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    page = browser(row.resident).post(f"/me/registrations/{row.pk}/scan/", {"code": typed, "kind": "in"})
    with translation.override("en"):
        assert answer.json()["detail"] in page.content.decode().replace("&#x27;", "'")


def test_a_console_sends_its_queue_twice_in_any_order(session: Session) -> None:
    rows = RegistrationFactory.create_batch(3, session=session)
    items = [item(session, code=code_of(row)) for row in rows] + [item(session, registration=rows[0].pk, kind="out")]
    first = call(leader_of(session), "POST", "check-ins/", items)
    assert [one["verdict"] for one in first.json()] == ["accepted"] * 4
    again = call(leader_of(session), "POST", "check-ins/", items[::-1])
    assert [one["verdict"] for one in again.json()] == ["duplicate"] * 4
    assert [one["client_id"] for one in again.json()] == [one["client_id"] for one in items[::-1]]
    assert Scan.objects.count() == 4
    assert [attendance_of(row) for row in rows] == ["checked_out", "checked_in", "checked_in"]


def test_each_item_of_a_queue_is_judged_by_itself(row: Registration, session: Session) -> None:
    elsewhere = under_way()
    items = [
        item(session, code="p1-1-aaaaaaaaaaaaaaaa"), item(session, code="000009"), item(elsewhere, code="000009"),
        item(session, code=digits_of(row)),
    ]  # fmt: skip
    answers = call(leader_of(session), "POST", "check-ins/", items).json()
    assert [(one["verdict"], one["code"]) for one in answers] == [
        ("refused", "code_forged"), ("unresolved", "unknown_code"), ("refused", "not_found"), ("accepted", ""),
    ]  # fmt: skip
    assert answers[3]["registration"] == row.pk
    assert all(one["detail"] for one in answers)


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "x"}, {"session": "1"}, {"kind": "toggle"}, {"scanned_at": "yesterday"}, {"registration": 1},
        {"code": None},
    ],
)  # fmt: skip
def test_an_item_that_is_no_item_is_named(session: Session, change: dict[str, Any]) -> None:
    answer = call(leader_of(session), "POST", "check-ins/", [item(session, code="123456") | change])
    assert answer.status_code == 400
    assert answer.json()["errors"]
    assert call(leader_of(session), "POST", "check-ins/", {}).status_code == 400
    assert call(leader_of(session), "POST", "check-ins/", []).status_code == 400


def test_residents_have_no_queue_to_send(row: Registration, session: Session) -> None:
    items = [item(session, code=digits_of(row))]
    assert call(row.resident, "POST", "check-ins/", items).status_code == 403
    assert call(None, "POST", "check-ins/", items).status_code == 401
    other = call(staff_of(AreaFactory.create()), "POST", "check-ins/", items).json()
    assert [(one["verdict"], one["code"], one["registration"]) for one in other] == [("refused", "not_found", None)]


def test_the_consoles_own_call_needs_the_page_token(row: Registration, session: Session) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(leader_of(session))
    body = orjson.dumps([item(session, code=digits_of(row))])
    assert client.post("/api/v1/check-ins/", body, content_type="application/json").status_code == 403
    page = client.get(f"/check-in/{session.pk}/").content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
    assert token
    answer = client.post(
        "/api/v1/check-ins/", body, content_type="application/json", headers={"X-CSRFToken": token[1]}
    )
    assert answer.json()[0]["verdict"] == "accepted"
