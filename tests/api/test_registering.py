import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.core.time import today
from tests.api.conftest import App
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    CompanionFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def test_registering_answers_the_registration(app: App, session: Session, resident: User) -> None:
    question = QuestionFactory.create(activity=session.activity)
    body = {
        "party": [{"name": " 小\u200b陈 ", "age": 9}, {"name": "老陈"}],
        "answers": {str(question.pk): "不吃辣"},
        "note": "晚到五分钟",
        "state": "confirmed",
        "resident": 1,
    }
    response = app.put(f"sessions/{session.pk}/registration/", body)
    assert response.status_code == 201, response.content
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    row = Registration.objects.get()
    assert row.resident == resident
    assert [(one["name"], one["age"]) for one in answer["party"]] == [("小陈", 9), ("老陈", None)]
    assert {name: answer[name] for name in ("id", "session", "state", "attendance", "places", "answers", "note")} == {
        "id": row.pk,
        "session": session.pk,
        "state": "confirmed",
        "attendance": "unknown",
        "places": 3,
        "answers": {str(question.pk): "不吃辣"},
        "note": "晚到五分钟",
    }
    assert answer["queue_position"] is None
    assert answer["created_at"].endswith("+08:00")


def test_the_second_time_is_the_same_registration(app: App, session: Session) -> None:
    first = app.put(f"sessions/{session.pk}/registration/")
    second = app.put(f"sessions/{session.pk}/registration/", {})
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()


def test_who_waits_sees_the_place_in_the_queue(app_of: Callable[[User], App]) -> None:
    session = SessionFactory.create(capacity=1)
    RegistrationFactory.create(session=session, resident=UserFactory.create())
    for position in (1, 2):
        answer = app_of(UserFactory.create()).put(f"sessions/{session.pk}/registration/").json()
        assert (answer["state"], answer["queue_position"]) == ("waitlisted", position)


def change(activity: Activity, **fields: Any) -> None:
    Activity.objects.filter(pk=activity.pk).update(**fields)


def not_open(session: Session, _resident: User) -> None:
    change(session.activity, opens_at=timezone.now() + HOUR)


def closed(session: Session, _resident: User) -> None:
    change(session.activity, closes_at=timezone.now() - HOUR)


def elsewhere(session: Session, _resident: User) -> None:
    change(session.activity, eligible_area=AreaFactory.create())


def clashing(session: Session, resident: User) -> None:
    RegistrationFactory.create(session=SessionFactory.create(), resident=resident)


def for_adults(session: Session, _resident: User) -> None:
    change(session.activity, minimum_age=18)


def a_child(session: Session, resident: User) -> None:
    for_adults(session, resident)
    User.objects.filter(pk=resident.pk).update(born_on=today() - dt.timedelta(days=3650))


def no_companions(session: Session, _resident: User) -> None:
    change(session.activity, largest_party=0)


def long_queue(session: Session, _resident: User) -> None:
    change(session.activity, longest_queue=1)
    Session.objects.filter(pk=session.pk).update(capacity=2)
    RegistrationFactory.create(session=session, resident=UserFactory.create(), places=2)
    RegistrationFactory.create(session=session, resident=UserFactory.create(), state="waitlisted")


def cancelled(session: Session, _resident: User) -> None:
    Session.objects.filter(pk=session.pk).update(cancelled_at=timezone.now(), cancel_reason="台风")


def suspended(_session: Session, resident: User) -> None:
    User.objects.filter(pk=resident.pk).update(suspended_until=timezone.now() + HOUR)


def asking(session: Session, _resident: User) -> None:
    QuestionFactory.create(activity=session.activity, is_required=True)


@pytest.mark.parametrize(
    ("circumstance", "code"),
    [
        (not_open, "registration_not_open"),
        (closed, "registration_closed"),
        (elsewhere, "outside_area"),
        (clashing, "clashing_session"),
        (a_child, "too_young"),
        (for_adults, "age_unknown"),
        (no_companions, "party_too_large"),
        (long_queue, "queue_full"),
        (cancelled, "session_cancelled"),
        (suspended, "suspended"),
        (asking, "answer_missing"),
    ],
)
def test_a_refusal_says_why(
    app: App, session: Session, resident: User, circumstance: Callable[[Session, User], None], code: str
) -> None:
    circumstance(session, resident)
    response = app.put(f"sessions/{session.pk}/registration/", {"party": [{"name": "小陈", "age": 8}]})
    assert response.status_code == 409, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == code
    assert problem["detail"]
    assert not Registration.objects.filter(session=session, resident=resident).exists()


@pytest.mark.parametrize("method", ["put", "delete"])
def test_nobody_registers_without_signing_in(anonymous: App, session: Session, method: str) -> None:
    response = getattr(anonymous, method)(f"sessions/{session.pk}/registration/")
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response["Cache-Control"] == "no-store"


@pytest.mark.parametrize("token", ["nonsense", "x" * 300, "%00"])
def test_a_bad_token_is_a_401_everywhere(anonymous: App, session: Session, token: str) -> None:
    for path in ("me/", "activities/"):
        response = anonymous.get(path, X_Session_Token=token)
        assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


def test_an_unknown_session_is_a_404(app: App) -> None:
    draft = SessionFactory.create(activity=ActivityFactory.create(status=Activity.Status.DRAFT))
    for number in (4711000, draft.pk, 10**18 - 1, 10**30):
        assert app.put(f"sessions/{number}/registration/").status_code == 404
        assert app.delete(f"sessions/{number}/registration/").status_code in {404, 409}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"party": "陈"}, "party"),
        ({"party": [{"name": ""}]}, "party.0.name"),
        ({"party": [{"name": "\u3164\u200b"}]}, "party.0.name"),
        ({"party": [{"name": 7}]}, "party.0.name"),
        ({"party": [{"name": "陈" * 31}]}, "party.0.name"),
        ({"party": [{"name": "陈\x00"}]}, "party.0.name"),
        ({"party": [{"name": "陈", "age": "9"}]}, "party.0.age"),
        ({"party": [{"name": "陈", "age": True}]}, "party.0.age"),
        ({"party": [{"name": "陈"}, {"name": "陈", "age": 2**40}]}, "party.1.age"),
        ({"party": [{"name": "陈"}] * 51}, "party"),
        ({"answers": []}, "answers"),
        ({"answers": {"1": 5}}, "answers"),
        ({"answers": {"1": {"deep": 1}}}, "answers"),
        ({"answers": {"1": "字" * 501}}, "answers"),
        ({"note": 5}, "note"),
        ({"note": "字" * 201}, "note"),
        ({"may_be_photographed": "yes"}, "may_be_photographed"),
        ([], "non_field_errors"),
        ("text", "non_field_errors"),
    ],
)
def test_a_bad_body_is_named(app: App, session: Session, body: Any, field: str) -> None:
    response = app.put(f"sessions/{session.pk}/registration/", body)
    assert response.status_code == 400, response.content
    assert field in response.json()["errors"]


def test_plane_two_characters_are_names(app: App, session: Session) -> None:
    answer = app.put(f"sessions/{session.pk}/registration/", {"party": [{"name": "𠮷野"}]}).json()
    assert answer["party"][0]["name"] == "𠮷野"


def test_giving_up_answers_the_cancelled_registration(app: App, session: Session, resident: User) -> None:
    registration = RegistrationFactory.create(session=session, resident=resident)
    response = app.delete(f"sessions/{session.pk}/registration/")
    assert response.status_code == 200
    assert (response.json()["id"], response.json()["state"]) == (registration.pk, "cancelled")


def test_giving_up_after_the_deadline_is_refused(app: App, session: Session, resident: User) -> None:
    change(session.activity, cancel_hours=200)
    RegistrationFactory.create(session=session, resident=resident)
    response = app.delete(f"sessions/{session.pk}/registration/")
    assert (response.status_code, response.json()["code"]) == (409, "too_late_to_cancel")


def test_giving_up_what_one_does_not_have_is_refused(app: App, session: Session) -> None:
    response = app.delete(f"sessions/{session.pk}/registration/")
    assert (response.status_code, response.json()["code"]) == (409, "not_registered")


def offered(resident: User, **fields: Any) -> Registration:
    return RegistrationFactory.create(session=SessionFactory.create(), resident=resident, state="offered", **fields)


@pytest.mark.parametrize(("verb", "state"), [("accept", "confirmed"), ("decline", "cancelled")])
def test_an_offer_is_answered(app: App, resident: User, verb: str, state: str) -> None:
    registration = offered(resident)
    response = app.post(f"registrations/{registration.pk}/{verb}/")
    assert response.status_code == 200, response.content
    assert response.json()["state"] == state


def test_an_expired_offer_is_refused(app: App, resident: User) -> None:
    registration = offered(resident, offered_until=timezone.now() - HOUR)
    response = app.post(f"registrations/{registration.pk}/accept/")
    assert (response.status_code, response.json()["code"]) == (409, "offer_expired")


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_nothing_offered_is_refused(app: App, resident: User, verb: str) -> None:
    registration = RegistrationFactory.create(resident=resident, state="waitlisted")
    response = app.post(f"registrations/{registration.pk}/{verb}/")
    assert (response.status_code, response.json()["code"]) == (409, "nothing_offered")


@pytest.mark.parametrize("verb", ["accept", "decline"])
def test_anothers_offer_is_not_there(app: App, anonymous: App, verb: str) -> None:
    registration = offered(UserFactory.create())
    assert app.post(f"registrations/{registration.pk}/{verb}/").status_code == 404
    assert anonymous.post(f"registrations/{registration.pk}/{verb}/").status_code == 401


def test_the_same_key_answers_the_same(app: App, resident: User) -> None:
    registration = offered(resident)
    path = f"registrations/{registration.pk}/accept/"
    first = app.post(path, Idempotency_Key="a-1")
    again = app.post(path, Idempotency_Key="a-1")
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    other = app.post(f"registrations/{registration.pk}/decline/", Idempotency_Key="a-1")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    body = app.post(path, {"other": "body"}, Idempotency_Key="a-1")
    assert body.status_code == 422
    assert app.post(path, Idempotency_Key="k" * 101).status_code == 400


def test_a_refused_call_leaves_its_key_free(app: App, resident: User) -> None:
    registration = RegistrationFactory.create(resident=resident, state="waitlisted")
    path = f"registrations/{registration.pk}/accept/"
    assert app.post(path, Idempotency_Key="b-1").status_code == 409
    Registration.objects.filter(pk=registration.pk).update(state="offered", offered_until=timezone.now() + HOUR)
    Session.objects.filter(pk=registration.session_id).update(waiting=0, held=1)
    assert app.post(path, Idempotency_Key="b-1").status_code == 200


def test_my_registrations(app: App, resident: User) -> None:
    past = SessionFactory.create(starts_at=timezone.now() - dt.timedelta(days=9))
    old = RegistrationFactory.create(
        session=past, resident=resident, attendance="checked_out", created_at=timezone.now() - dt.timedelta(days=12)
    )
    new = RegistrationFactory.create(resident=resident, state="waitlisted", places=2)
    CompanionFactory.create(registration=new, name="小陈")
    RegistrationFactory.create(resident=UserFactory.create())
    rows = app.get("me/registrations/").json()["results"]
    assert [row["id"] for row in rows] == [new.pk, old.pk]
    assert rows[0]["queue_position"] == 1
    assert rows[0]["party"][0]["name"] == "小陈"
    assert rows[0]["activity"]["title"] == new.session.activity.title
    assert rows[1]["queue_position"] is None

    def ids(query: str) -> list[int]:
        return [row["id"] for row in app.get(f"me/registrations/?{query}").json()["results"]]

    assert ids("upcoming=true") == [new.pk]
    assert ids("upcoming=false") == [old.pk]
    assert ids("state=confirmed") == [old.pk]
    assert app.get("me/registrations/?state=abc").status_code == 400


@pytest.mark.parametrize("how_many", [1, 3])
def test_my_registrations_cost_the_same_with_one_row_and_with_three(app: App, resident: User, how_many: int) -> None:
    for _n in range(how_many):
        CompanionFactory.create(
            registration=RegistrationFactory.create(resident=resident, state="waitlisted", places=2)
        )
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert len(app.get("me/registrations/").json()["results"]) == how_many
    assert len(queries) == 4


def sql_of_registering(session: Session) -> int:
    app = App(UserFactory.create())
    app.client.get("/api/v1/areas/")
    with CaptureQueriesContext(connection) as queries:
        assert app.put(f"sessions/{session.pk}/registration/").status_code == 201
    return len([query for query in queries if "SAVEPOINT" not in query["sql"]])


def test_registering_costs_the_same_with_few_and_with_many(session: Session) -> None:
    first = sql_of_registering(session)
    RegistrationFactory.create_batch(17, session=session)
    assert sql_of_registering(session) == first
    RegistrationFactory.create(session=session)
    assert first <= 8  # two of them to know the token
    RegistrationFactory.create_batch(30, session=session, state="waitlisted")
    assert sql_of_registering(session) <= first + 1  # where in the queue


def test_unknown_fields_are_ignored_and_numbers_beyond_64_bits_too(app: App, session: Session) -> None:
    body = b'{"unknown": ' + b"9" * 400 + b', "note": "\xf0\xa0\xae\xb7"}'
    response = app.put(f"sessions/{session.pk}/registration/", body)
    assert response.status_code in {201, 400}
    assert orjson.loads(response.content)


def test_a_question_that_nobody_asked_is_a_400(app: App, session: Session) -> None:
    asked = QuestionFactory.create(activity=session.activity, kind="text")
    foreign = QuestionFactory.create()
    for key in (str(foreign.pk), "colour", "-1", "9" * 30):
        answer = app.put(f"sessions/{session.pk}/registration/", {"answers": {key: "red", str(asked.pk): "ok"}})
        assert answer.status_code == 400
        assert list(answer.json()["errors"]) == [f"answers.{key}"]
    assert not Registration.objects.exists()
    done = app.put(f"sessions/{session.pk}/registration/", {"answers": {str(asked.pk): "ok"}})
    assert (done.status_code, done.json()["answers"]) == (201, {str(asked.pk): "ok"})


@pytest.mark.parametrize(
    "body", [b"null", b'{"answers": []}', b'{"note": "a\\u0000"}', b"{", b'{"answers": {"x": 1}}']
)
def test_problems_are_told_in_chinese_whoever_found_them(app: App, session: Session, body: bytes) -> None:
    answer = app.put(f"sessions/{session.pk}/registration/", body).json()
    messages = [one["message"] for found in answer.get("errors", {}).values() for one in found] or [answer["detail"]]
    assert all(re.search("[\u4e00-\u9fff]", text) for text in messages)


def test_a_companion_is_taken_off_and_frees_one_place(app: App, app_of: Any, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(capacity=3)
    mine = app.put(f"sessions/{session.pk}/registration/", {"party": [{"name": "a"}, {"name": "b"}]}).json()
    other = app_of(UserFactory.create())
    assert other.put(f"sessions/{session.pk}/registration/").json()["state"] == "waitlisted"
    path = f"registrations/{mine['id']}/companions/{mine['party'][0]['id']}/"
    assert other.delete(path).status_code == 404
    for _twice in range(2):
        answer = app.delete(path)
        assert (answer.status_code, answer.json()["places"]) == (200, 2)
        assert [one["name"] for one in answer.json()["party"]] == ["b"]
    assert other.get("me/registrations/").json()["results"][0]["state"] == "confirmed"
    again = app.put(f"sessions/{session.pk}/registration/", {"party": []})
    assert (again.status_code, again.json()["places"]) == (200, 2)
