import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.core.dates import date_words
from linlingtong.core.time import local, today
from tests.api.conftest import App
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def titles(app: App, query: str) -> list[str]:
    response = app.get(f"activities/?{query}")
    assert response.status_code == 200, response.content
    return [row["title"] for row in response.json()["results"]]


def test_the_list_shows_what_a_phone_needs(anonymous: App, session: Session) -> None:
    page = anonymous.get("activities/").json()
    assert set(page) == {"next", "previous", "results"}
    (row,) = page["results"]
    activity = session.activity
    assert {name: row[name] for name in ("id", "title", "summary", "kind", "place", "status", "host")} == {
        "id": activity.pk,
        "title": activity.title,
        "summary": "",
        "kind": "culture",
        "place": activity.place,
        "status": "published",
        "host": activity.area.name,
    }
    (shown,) = row["sessions"]
    assert shown["starts_at"] == f"{today() + dt.timedelta(days=3)}T10:00:00+08:00"
    assert (shown["capacity"], shown["places_left"], shown["waiting"], shown["state_for_me"]) == (20, 20, 0, None)


def test_each_resident_sees_the_own_state(app: App, resident: User, session: Session) -> None:
    RegistrationFactory.create(session=session, resident=resident)
    RegistrationFactory.create(session=session, resident=UserFactory.create(), state="waitlisted")
    for path in ("activities/", f"activities/{session.activity_id}/"):
        answer = app.get(path).json()
        (shown,) = answer.get("results", [answer])[0]["sessions"]
        assert shown["state_for_me"] == "confirmed"
        assert (shown["places_left"], shown["waiting"]) == (0, 1)


@pytest.mark.parametrize("path", ["activities/", "activities/{id}/"])
def test_list_and_detail_name_the_one_button(
    anonymous: App, app: App, resident: User, session: Session, path: str
) -> None:
    def button(who: App) -> tuple[str, Any]:
        answer = who.get(path.format(id=session.activity_id)).json()
        shown = (answer["results"][0] if "results" in answer else answer)["sessions"][0]
        return shown["phase"], shown["action"] and (shown["action"]["kind"], shown["action"]["is_primary"])

    assert button(anonymous) == ("open", ("register", True))
    assert button(app) == ("open", ("register", True))
    row = RegistrationFactory.create(session=session, resident=resident)
    assert button(app) == ("open", ("view", False))
    Activity.objects.filter(pk=session.activity_id).update(cancel_hours=1000)
    assert button(app) == ("open", ("view", False))
    Registration.objects.filter(pk=row.pk).update(
        state="offered", offered_until=timezone.now() + dt.timedelta(hours=1)
    )
    assert button(app) == ("open", ("accept", True))
    Activity.objects.filter(pk=session.activity_id).update(status="cancelled", cancel_reason="storm")
    assert button(app)[0] == "cancelled"


def test_a_given_up_registration_counts_for_nothing(app: App, resident: User, session: Session) -> None:
    RegistrationFactory.create(session=session, resident=resident, state="cancelled", ended_by="self")
    (row,) = app.get("activities/").json()["results"]
    assert row["sessions"][0]["state_for_me"] is None


def test_drafts_are_nobodys_to_know(anonymous: App) -> None:
    draft = SessionFactory.create(activity=ActivityFactory.create(status=Activity.Status.DRAFT)).activity
    assert titles(anonymous, "") == []
    assert anonymous.get(f"activities/{draft.pk}/").status_code == 404
    assert anonymous.get(f"activities/{draft.pk}.ics").status_code == 404


def test_the_filters_choose(anonymous: App) -> None:
    here = AreaFactory.create()
    grid = AreaFactory.create(parent=here, level="grid")
    one = ActivityFactory.create(title="职工足球赛", kind="sports", area=grid)
    two = ActivityFactory.create(
        title="读书会", area=AreaFactory.create(), opens_at=timezone.now() + dt.timedelta(days=1)
    )
    SessionFactory.create(activity=one)
    SessionFactory.create(activity=two, starts_at=timezone.now() + dt.timedelta(days=9))
    day = today() + dt.timedelta(days=3)
    assert titles(anonymous, "kind=sports") == ["职工足球赛"]
    assert titles(anonymous, f"area={here.pk}") == ["职工足球赛"]
    assert titles(anonymous, f"from={day + dt.timedelta(days=1)}") == ["读书会"]
    assert titles(anonymous, f"to={day}") == ["职工足球赛"]
    assert titles(anonymous, "open=true") == ["职工足球赛"]
    assert titles(anonymous, "q=足球") == ["职工足球赛"]
    assert titles(anonymous, "kind=&area=&q=&utm=unknown") == ["职工足球赛", "读书会"]


def test_what_is_over_is_found_by_its_date_only(anonymous: App) -> None:
    past = timezone.now() - dt.timedelta(days=10)
    over = SessionFactory.create(starts_at=past).activity
    assert titles(anonymous, "") == []
    assert titles(anonymous, f"from={today() - dt.timedelta(days=11)}") == [over.title]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("kind=nonsense", "kind"),
        ("area=abc", "area"),
        ("area=0", "area"),
        ("area=99999999999999999999999", "area"),
        ("area=4711000", "area"),
        ("from=abc", "from"),
        ("from=2026-13-45", "from"),
        ("from=0001-01-01", "from"),
        ("to=9999-12-31", "to"),
        ("open=perhaps", "open"),
        ("q=" + "字" * 65, "q"),
        ("q=%00", "q"),
        ("page_size=0", "page_size"),
        ("page_size=abc", "page_size"),
        ("page_size=-1", "page_size"),
        ("cursor=abc", "cursor"),
        ("cursor=WzBd", "cursor"),
        ("cursor=%00", "cursor"),
        ("cursor=%E4%B8%AD", "cursor"),
    ],
)
def test_a_bad_parameter_is_named(anonymous: App, query: str, field: str) -> None:
    response = anonymous.get(f"activities/?{query}")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["code"] == "invalid"
    assert problem["errors"][field][0]["message"]


def follow(app: App, path: str, link: str = "next") -> list[list[int]]:
    """The ids of each page, following a link until there is none."""
    pages = []
    while path:
        page = app.get(path).json()
        pages.append([row["id"] for row in page["results"]])
        path = (page[link] or "").partition("/api/v1/")[2]
    return pages


def test_pages_lead_forth_and_back(anonymous: App) -> None:
    start = timezone.now() + dt.timedelta(days=1)
    # equal moments too: the key decides between them
    ids = [SessionFactory.create(starts_at=start + dt.timedelta(days=n // 3)).activity_id for n in range(7)]
    assert follow(anonymous, "activities/?page_size=3") == [ids[:3], ids[3:6], ids[6:]]
    last = anonymous.get("activities/?page_size=3").json()["next"]
    for _step in range(1):
        last = anonymous.get(last.partition("/api/v1/")[2]).json()["next"]
    back = anonymous.get(last.partition("/api/v1/")[2]).json()["previous"].partition("/api/v1/")[2]
    assert follow(anonymous, back, "previous") == [ids[3:6], ids[:3]]
    assert len(anonymous.get("activities/?page_size=5000").json()["results"]) == 7


def test_the_whole_activity(anonymous: App, session: Session) -> None:
    question = QuestionFactory.create(activity=session.activity, kind="choice", choices=["大", "小"])
    answer = anonymous.get(f"activities/{session.activity_id}/").json()
    assert answer["questions"] == [
        {"id": question.pk, "text": question.text, "kind": "choice", "choices": ["大", "小"], "is_required": False}
    ]
    (shown,) = answer["sessions"]
    assert shown["phase"] == "open"
    assert shown["action"]["kind"] == "register"
    assert "cancel_reason" in answer
    assert answer["latitude"] is None


def test_the_action_follows_the_registration(app: App, resident: User, session: Session) -> None:
    registration = RegistrationFactory.create(session=session, resident=resident, state="offered")
    (shown,) = app.get(f"activities/{session.activity_id}/").json()["sessions"]
    assert shown["action"]["kind"] == "accept"
    assert shown["registration"] == registration.pk


@pytest.mark.parametrize("how_many", [1, 3])
def test_the_list_costs_the_same_with_one_row_and_with_three(
    how_many: int, app: App, anonymous: App, resident: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    area = AreaFactory.create()
    for _n in range(how_many):
        activity = ActivityFactory.create(area=area)
        SessionFactory.create_batch(how_many, activity=activity)
        RegistrationFactory.create(
            session=SessionFactory.create(activity=activity), resident=resident, state="waitlisted"
        )
    anonymous.get(f"activities/?area={area.pk}")
    with django_assert_num_queries(2):
        assert len(anonymous.get(f"activities/?area={area.pk}").json()["results"]) == how_many
    with django_assert_num_queries(4):
        app.get("activities/")


@pytest.mark.parametrize("how_many", [1, 3])
def test_a_detail_costs_the_same_with_one_session_and_with_three(
    how_many: int, app: App, anonymous: App, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    activity = ActivityFactory.create()
    SessionFactory.create_batch(how_many, activity=activity)
    QuestionFactory.create_batch(how_many, activity=activity)
    with django_assert_num_queries(2):
        anonymous.get(f"activities/{activity.pk}/")
    with django_assert_num_queries(4):
        app.get(f"activities/{activity.pk}/")


@pytest.mark.parametrize("path", ["activities/", "activities/{id}/", "activities/{id}.ics", "areas/", "stats/"])
def test_public_things_are_asked_for_again_by_their_etag(
    anonymous: App, app: App, session: Session, path: str
) -> None:
    path = path.format(id=session.activity_id)
    first = anonymous.get(path)
    assert first.status_code == 200
    assert first["Cache-Control"].startswith("public, max-age=")
    assert {"Accept-Language", "X-Session-Token", "Cookie"} <= set(first["Vary"].split(", "))
    again = anonymous.get(path, If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    assert app.get(path)["Cache-Control"] == "no-store"


def test_another_state_is_another_etag(anonymous: App, session: Session) -> None:
    first = anonymous.get("activities/")["ETag"]
    Session.objects.filter(pk=session.pk).update(taken=1)
    assert anonymous.get("activities/", If_None_Match=first).status_code == 200


def test_the_calendar_file(anonymous: App, session: Session) -> None:
    Session.objects.filter(pk=session.pk).update(revision=4)
    response = anonymous.get(f"activities/{session.activity_id}.ics")
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    text = response.content.decode()
    assert f"UID:session-{session.pk}@" in text
    assert "SEQUENCE:4" in text
    assert "STATUS:CONFIRMED" in text
    assert f"DTSTART;TZID=Asia/Shanghai:{today() + dt.timedelta(days=3):%Y%m%d}T100000" in text
    assert "BEGIN:VTIMEZONE" in text
    Session.objects.filter(pk=session.pk).update(cancelled_at=timezone.now(), cancel_reason="台风")
    assert "STATUS:CANCELLED" in anonymous.get(f"activities/{session.activity_id}.ics").content.decode()
    unknown: Any = anonymous.get("activities/4711.ics", Accept="text/calendar")
    assert (unknown.status_code, unknown["Content-Type"]) == (404, "application/problem+json")


def test_areas_inside_nothing_are_a_400(anonymous: App) -> None:
    answer = anonymous.get("areas/?parent=4711")
    assert (answer.status_code, answer.json()["errors"]["parent"][0]["code"]) == (400, "does_not_exist")


def test_areas_are_found_from_their_parent(anonymous: App) -> None:
    community = AreaFactory.create()
    grid = AreaFactory.create(parent=community, level="grid")
    AreaFactory.create(is_active=False, parent=community)
    facts = {"id": grid.pk, "level": "grid", "name": grid.name, "path": grid.path, "parent": community.pk}
    nowhere = {"lat": None, "long": None}
    assert anonymous.get(f"areas/?parent={community.pk}").json()["results"] == [facts | nowhere]


def test_the_figures(anonymous: App) -> None:
    area = AreaFactory.create()
    activity = ActivityFactory.create(
        kind="volunteer", area=area, risks="路滑", protection="雨衣", insurance="意外险", status="published"
    )
    session = SessionFactory.create(activity=activity)
    person = UserFactory.create(home_area=area)
    RegistrationFactory.create(session=session, resident=person, attendance="checked_out")
    RegistrationFactory.create(session=session, resident=UserFactory.create())
    other = SessionFactory.create(activity=activity, starts_at=timezone.now() + dt.timedelta(days=20))
    RegistrationFactory.create(session=other, resident=person, attendance="checked_in")
    assert Registration.objects.count() == 3
    figures = anonymous.get("stats/").json()
    assert figures == figures | {
        "residents": 2,
        "activities": 1,
        "participations": 2,
        "participants": 1,
        "service_minutes": 0,
    }
    assert anonymous.get(f"stats/?area={area.pk}").json()["residents"] == 1
    assert anonymous.get("stats/?area=4711000").status_code == 400


def test_search_answers_what_every_board_has(anonymous: App) -> None:
    session = SessionFactory.create(activity__title="中秋游园会")
    activity = session.activity
    (found,) = anonymous.get("search/?q=中秋").json()["results"]
    assert found == {
        "type": "activity",
        "id": activity.pk,
        "title": "中秋游园会",
        "excerpt": date_words(local(session.starts_at).date()),
        "url": f"/activities/{activity.slug}/",
    }
    assert anonymous.get("search/").status_code == 400
    assert anonymous.get("search/?q=" + "字" * 65).status_code == 400
