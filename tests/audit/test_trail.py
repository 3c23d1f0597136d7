from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linlingtong.accounts.actions import appoint
from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.actions import publish
from linlingtong.activities.models import Activity
from linlingtong.areas.actions import change_area, move_area
from linlingtong.areas.models import Area
from linlingtong.audit.trail import PAGE, Wish, entries, things
from linlingtong.core.time import today
from tests.factories import (
    ActivityFactory,
    AppointmentFactory,
    AreaFactory,
    SessionFactory,
    UserFactory,
    staff_of,
    subdistrict,
)

URL = "/admin/audit/change/"


@pytest.fixture
def community(db: None) -> Area:
    return AreaFactory.create(name="高新社区")


@pytest.fixture
def manager(community: Area) -> User:
    return staff_of(community, nickname="王社工")


def page_for(person: User, **query: Any) -> str:
    client = Client()
    client.force_login(person)
    return client.get(URL, query).content.decode()


def test_a_change_tells_who_by_which_verb_and_both_values(community: Area, manager: User) -> None:
    change_area(community.pk, phone="0571-0000 0009", by=manager)
    newest = entries([community.path], Wish(thing="areas.area"), 1)[0]
    assert (newest.actor, newest.verb, newest.label, newest.name) == (manager.pk, "change_area", "update", "高新社区")
    assert [(before, after) for _, before, after in newest.steps] == [("—", "0571-0000 0009")]


def test_the_page_names_the_person(community: Area, manager: User) -> None:
    change_area(community.pk, phone="0571-0000 0009", by=manager)
    page = page_for(manager)
    assert "王社工" in page
    assert "0571-0000 0009" in page


def test_staff_see_changes_in_their_own_areas_only(community: Area, manager: User) -> None:
    there = AreaFactory.create(name="临江佳苑社区")
    ActivityFactory.create(title="那边的活动", area=there)
    SessionFactory.create(activity=ActivityFactory.create(title="这边的活动", area=community))
    page = page_for(manager)
    assert "这边的活动" in page
    assert "那边的活动" not in page
    assert "临江佳苑社区" not in page
    everything = page_for(staff_of(subdistrict()))
    assert "这边的活动" in everything
    assert "那边的活动" in everything


def test_only_the_subdistrict_sees_what_belongs_to_nothing_any_more(community: Area) -> None:
    session = SessionFactory.create(activity__area=community)
    wish = Wish(thing="activities.session", key=session.pk)
    assert len(entries([community.path], wish, 1)) == 1
    Activity.objects.get(pk=session.activity_id).delete()
    assert entries([community.path], wish, 1) == []
    assert entries(None, wish, 1)


@pytest.mark.parametrize("role", [Appointment.Role.BUILDING_HEAD, None])
def test_nobody_else_reads_the_trail(community: Area, client: Client, role: str | None) -> None:
    person = UserFactory.create(is_staff=True)
    if role:
        AppointmentFactory.create(user=person, area=community, role=role)
    client.force_login(person)
    assert client.get(URL).status_code == 403


def test_the_trail_is_read_only(manager: User, client: Client) -> None:
    client.force_login(manager)
    assert client.get(f"{URL}add/").status_code == 403
    assert client.post(f"{URL}1/delete/").status_code in {403, 404}
    assert client.get(f"{URL}3f2b8c1e-0000-4000-8000-000000000000/change/").status_code in {302, 403, 404}


def test_one_object_and_one_day_can_be_looked_at(community: Area, manager: User) -> None:
    other = AreaFactory.create(name="旁边", parent=community, level=Area.Level.GRID)
    assert "旁边" not in page_for(manager, thing="areas.area", key=community.pk)
    assert "旁边" in page_for(manager, thing="areas.area", key=other.pk)
    assert "旁边" in page_for(manager, day=today().isoformat())
    assert "旁边" not in page_for(manager, day="2020-01-01")


@pytest.mark.parametrize(
    "query",
    [{"thing": "auth.user"}, {"day": "31.2."}, {"key": "x"}, {"page": "0"}, {"page": "99999"}, {"key": "9" * 30}],
)
def test_wrong_questions_are_left_out(manager: User, query: dict[str, str]) -> None:
    assert "高新社区" in page_for(manager, **query)


def test_pages_follow_one_another(community: Area, manager: User) -> None:
    for number in range(PAGE + 5):
        change_area(community.pk, phone=str(number), by=manager)
    first, second = (entries(None, Wish(thing="areas.area", key=community.pk), page) for page in (1, 2))
    assert len(first) == PAGE + 1
    assert first[PAGE].number == second[0].number
    assert "page=2" in page_for(manager)
    assert "page=1" in page_for(manager, page=2)


def test_every_history_is_known_by_name(db: None) -> None:
    assert set(things()) == {
        "accounts.appointment", "activities.activity", "activities.offlinerecord", "activities.review",
        "activities.rosterexport", "activities.session", "areas.area", "areas.organization", "likes.like",
        "photos.photo", "tickets.category", "venues.venue", "volunteering.issuer", "volunteering.starlevel",
    }  # fmt: skip


def test_verbs_leave_their_name(community: Area, manager: User) -> None:
    grid = AreaFactory.create(parent=community, level=Area.Level.GRID)
    appoint(UserFactory.create().pk, grid.pk, Appointment.Role.GRID_WORKER, by=manager)
    move_area(grid.pk, AreaFactory.create().pk, by=manager)
    draft = ActivityFactory.create(
        area=community, status=Activity.Status.DRAFT, risks="x", protection="x", insurance="x"
    )
    SessionFactory.create(activity=draft)
    publish(draft.pk, by=manager)
    assert {"appoint", "move_area", "publish"} <= {one.verb for one in entries(None, Wish(), 1)}


def test_the_page_costs_the_same_with_one_row_and_with_three_more(community: Area, manager: User) -> None:
    client = Client()
    client.force_login(manager)
    counts = []
    for rows in (1, 3):
        for number in range(rows):
            change_area(community.pk, phone=f"{rows} {number}", by=manager)
            session = SessionFactory.create(activity__area=community)
            session.role = "x"
            session.save()
            Activity.objects.filter(pk=session.activity_id).update(place="x")
        client.get(URL)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 2 * len(things())
