from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.models import Area, Organization
from tests.factories import (
    ActivityFactory,
    AppointmentFactory,
    AreaFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
    staff_of,
)

Role = Appointment.Role


class World:
    """A community with a grid and a building, another community, and one of everything in both."""

    def __init__(self) -> None:
        self.here, self.there = AreaFactory.create(name="高新社区"), AreaFactory.create(name="临江佳苑社区")
        self.grid = AreaFactory.create(name="第 7 网格", level=Area.Level.GRID, parent=self.here)
        self.building = AreaFactory.create(name="5 幢", level=Area.Level.BUILDING, parent=self.grid)
        self.people = {
            "manager": staff_of(self.here, nickname="王社工"),
            "grid worker": AppointmentFactory.create(area=self.grid, role=Role.GRID_WORKER).user,
            "building head": AppointmentFactory.create(area=self.building, role=Role.BUILDING_HEAD).user,
            "elsewhere": staff_of(self.there),
            "expired": AppointmentFactory.create(area=self.here, starts_on="2020-01-01", ends_on="2020-12-31").user,
            "superuser": UserFactory.create(is_staff=True, is_superuser=True),
        }
        self.resident = UserFactory.create(nickname="陈师傅", home_area=self.building)
        self.rows: dict[str, Any] = {
            "areas_area": self.grid,
            "areas_organization": OrganizationFactory.create(area=self.grid, name="临江精工"),
            "accounts_user": self.resident,
            "accounts_appointment": AppointmentFactory.create(area=self.building, role=Role.BUILDING_HEAD),
            "accounts_membership": MembershipFactory.create(organization__area=self.grid, confirmed_at=None),
        }


@pytest.fixture
def world(db: None) -> World:
    return World()


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def changelist(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


def change(model: str, row: Any) -> str:
    return reverse(f"admin:{model}_change", args=[row.pk])


WHO_SEES = {
    "areas_area": {"manager", "grid worker", "superuser"},
    "areas_organization": {"manager", "grid worker", "superuser"},
    "accounts_user": {"manager", "grid worker", "building head", "superuser"},
    "accounts_appointment": {"manager", "grid worker", "superuser"},
    "accounts_membership": {"manager", "grid worker", "superuser"},
}
# a building head sees the own stair among the areas, and of people only who lives there
LISTS_FOR_HEADS = {"areas_area", "accounts_user"}
STAFF = ["manager", "grid worker", "building head", "elsewhere", "expired", "superuser"]


@pytest.mark.parametrize("model", WHO_SEES)
@pytest.mark.parametrize("name", STAFF)
def test_a_row_exists_for_those_who_work_for_its_area(world: World, model: str, name: str) -> None:
    client, row = signed_in(world, name), world.rows[model]
    one, many = client.get(change(model, row)), client.get(changelist(model))
    if name in WHO_SEES[model]:
        assert (one.status_code, many.status_code) == (200, 200)
        assert change(model, row) in many.content.decode()
    elif name == "expired" or (name == "building head" and model not in LISTS_FOR_HEADS):
        assert one.status_code in {403, 404}
        assert many.status_code == 403
    else:
        assert one.status_code == 404
        assert change(model, row) not in many.content.decode()


@pytest.mark.parametrize("model", WHO_SEES)
@pytest.mark.parametrize("name", ["manager", "superuser"])
def test_nobody_deletes(world: World, model: str, name: str) -> None:
    url = reverse(f"admin:{model}_delete", args=[world.rows[model].pk])
    assert signed_in(world, name).post(url, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", WHO_SEES)
@pytest.mark.parametrize("name", ["manager", "building head"])
def test_a_list_costs_the_same_with_one_row_and_with_three_more(world: World, model: str, name: str) -> None:
    client = signed_in(world, name)
    client.get(changelist(model))
    with CaptureQueriesContext(connection) as before:
        client.get(changelist(model))
    for _ in range(3):
        AreaFactory.create(level=Area.Level.GRID, parent=world.building)
        MembershipFactory.create(organization__area=world.building, user__home_area=world.building)
        AppointmentFactory.create(area=world.building)
    with CaptureQueriesContext(connection) as after:
        client.get(changelist(model))
    assert len(after) == len(before)
    assert len(after) <= 20


# ---- people ----


def test_a_manager_sees_masked_phones_and_a_building_head_none(world: World) -> None:
    phone, masked = str(world.resident.phone), world.resident.masked_phone
    pages = {
        name: signed_in(world, name).get(url).content.decode()
        for name in ("manager", "building head")
        for url in [change("accounts_user", world.resident)]
    }
    assert masked in pages["manager"]
    assert masked not in pages["building head"]
    assert world.resident.nickname in pages["building head"]
    assert all(phone.removeprefix("+86") not in page for page in pages.values())
    lists = {name: signed_in(world, name).get(changelist("accounts_user")).content.decode() for name in pages}
    assert masked in lists["manager"]
    assert masked not in lists["building head"]


def test_somebody_who_is_both_sees_phones_of_the_own_grid_only(world: World) -> None:
    stair = AreaFactory.create(level=Area.Level.BUILDING, parent=world.there)
    neighbour = UserFactory.create(home_area=stair)
    AppointmentFactory.create(user=world.people["grid worker"], area=stair, role=Role.BUILDING_HEAD)
    page = signed_in(world, "grid worker").get(changelist("accounts_user")).content.decode()
    assert world.resident.masked_phone in page
    assert change("accounts_user", neighbour) in page
    assert neighbour.masked_phone not in page


def found_by(world: World, name: str, words: str) -> bool:
    page = signed_in(world, name).get(changelist("accounts_user"), {"q": words}).content.decode()
    return change("accounts_user", world.resident) in page


@pytest.mark.parametrize("name", ["manager", "building head", "superuser"])
def test_a_nickname_finds_somebody_and_a_phone_never_does(world: World, name: str) -> None:
    """A search stands in the address, and an address in logs and histories: phones have no place there."""
    digits = str(world.resident.phone).removeprefix("+86")
    assert found_by(world, name, "陈师")
    assert not found_by(world, name, digits)
    assert not found_by(world, name, digits[-4:])


def test_a_nickname_finds_nobody_of_another_community(world: World) -> None:
    assert not found_by(world, "elsewhere", "陈师")


def test_people_are_neither_added_nor_changed(world: World) -> None:
    client = signed_in(world, "manager")
    assert client.get(reverse("admin:accounts_user_add")).status_code == 403
    client.post(change("accounts_user", world.resident), {"nickname": "x", "is_superuser": "on"})
    world.resident.refresh_from_db()
    assert (world.resident.nickname, world.resident.is_superuser) == ("陈师傅", False)


def act(client: Client, model: str, action: str, *rows: Any) -> Any:
    return client.post(
        changelist(model), {"action": action, "_selected_action": [row.pk for row in rows]}, follow=True
    )


def test_staff_confirm_a_home_and_a_building_head_cannot(world: World) -> None:
    act(signed_in(world, "building head"), "accounts_user", "confirm_homes", world.resident)
    world.resident.refresh_from_db()
    assert world.resident.home_confirmed_at is None
    act(signed_in(world, "grid worker"), "accounts_user", "confirm_homes", world.resident)
    assert User.objects.get(pk=world.resident.pk).home_confirmed_at is not None


# ---- appointments ----


def term(world: World, **changes: Any) -> dict[str, Any]:
    return {
        "phone": str(world.resident.phone).removeprefix("+86"),
        "area": world.grid.pk,
        "role": Role.GRID_WORKER,
        "starts_on": "2030-01-01",
        "ends_on": "2030-12-31",
        **changes,
    }


ADD = "/admin/accounts/appointment/add/"


def test_a_manager_appoints_by_phone(world: World) -> None:
    answer = signed_in(world, "manager").post(ADD, term(world))
    assert answer.status_code == 302
    assert Appointment.objects.get(user=world.resident).area == world.grid
    world.resident.refresh_from_db()
    assert world.resident.is_staff


@pytest.mark.parametrize("name", ["grid worker", "building head", "expired"])
def test_others_do_not_appoint(world: World, name: str) -> None:
    assert signed_in(world, name).post(ADD, term(world)).status_code == 403


def test_nobody_appoints_outside_or_above(world: World) -> None:
    client = signed_in(world, "manager")
    for area in (world.there, world.here.parent):
        assert area
        answer = client.post(ADD, term(world, area=area.pk))
        assert answer.status_code == 200
    assert not Appointment.objects.filter(user=world.resident).exists()


@pytest.mark.parametrize("changes", [{"ends_on": "2029-01-01"}, {"phone": "19900009999"}, {"phone": "12"}])
def test_what_is_refused_stands_at_the_form_with_everything_typed(world: World, changes: dict[str, str]) -> None:
    page = signed_in(world, "manager").post(ADD, term(world, **changes)).content.decode()
    assert "errornote" in page
    assert 'value="2030-01-01"' in page
    assert not Appointment.objects.filter(user=world.resident).exists()


def test_the_same_appointment_twice_is_refused_at_the_form(world: World) -> None:
    client = signed_in(world, "manager")
    client.post(ADD, term(world))
    assert "errornote" in client.post(ADD, term(world, starts_on="2030-02-01")).content.decode()
    assert Appointment.objects.filter(user=world.resident).count() == 1


def test_a_manager_dismisses_and_a_grid_worker_cannot(world: World) -> None:
    row = world.rows["accounts_appointment"]
    act(signed_in(world, "grid worker"), "accounts_appointment", "end", row)
    assert Appointment.objects.filter(pk=row.pk).exists()
    act(signed_in(world, "manager"), "accounts_appointment", "end", row)
    assert not Appointment.objects.filter(pk=row.pk).exists()


def test_a_second_dismissal_says_that_it_has_ended(world: World) -> None:
    old = AppointmentFactory.create(area=world.grid, starts_on="2020-01-01", ends_on="2020-02-01")
    answer = act(signed_in(world, "manager"), "accounts_appointment", "end", old)
    assert answer.status_code == 200
    assert b'class="warning"' in answer.content


def test_an_appointment_is_read_only(world: World) -> None:
    row = world.rows["accounts_appointment"]
    assert signed_in(world, "manager").post(change("accounts_appointment", row), term(world)).status_code == 403


def test_staff_confirm_memberships_of_their_area(world: World) -> None:
    row = world.rows["accounts_membership"]
    act(signed_in(world, "elsewhere"), "accounts_membership", "confirm", row)
    row.refresh_from_db()
    assert row.confirmed_at is None
    act(signed_in(world, "manager"), "accounts_membership", "confirm", row)
    row.refresh_from_db()
    assert row.confirmed_by == world.people["manager"]


# ---- areas and organizations ----


def facts(**changes: Any) -> dict[str, Any]:
    return {"name": "第 9 网格", "slug": "gaoxin-9", "level": "grid", "phone": "", "office_hours": "", **changes}


def test_a_manager_adds_an_area_inside_the_own(world: World) -> None:
    client = signed_in(world, "manager")
    assert client.post("/admin/areas/area/add/", facts(parent=world.here.pk, is_active="on")).status_code == 302
    assert Area.objects.get(slug="gaoxin-9").path.startswith(world.here.path)


def test_an_area_is_not_added_elsewhere_or_at_the_wrong_level(world: World) -> None:
    client = signed_in(world, "manager")
    for wrong in ({"parent": world.there.pk}, {"parent": world.grid.pk}, {"parent": ""}, {"slug": world.grid.slug}):
        page = client.post("/admin/areas/area/add/", facts(**{"parent": world.here.pk, **wrong}))
        assert "errornote" in page.content.decode()
    assert not Area.objects.filter(slug="gaoxin-9").exists()


def test_an_area_moves_with_what_lies_in_it(world: World) -> None:
    second = AreaFactory.create(level=Area.Level.GRID, parent=world.here)
    client = signed_in(world, "manager")
    url = change("areas_area", world.building)
    assert client.post(url, {"name": "6 幢", "parent": second.pk, "is_active": "on"}).status_code == 302
    world.building.refresh_from_db()
    assert (world.building.name, world.building.path) == ("6 幢", f"{second.path}{world.building.pk}/")


def test_a_refused_move_changes_nothing_at_all(world: World) -> None:
    second = AreaFactory.create(level=Area.Level.GRID, parent=world.here)
    AreaFactory.create(level=Area.Level.BUILDING, parent=second, name="6 幢")
    url = change("areas_area", world.building)
    page = signed_in(world, "manager").post(url, {"name": "6 幢", "parent": second.pk}).content.decode()
    assert "errornote" in page
    before = world.building.path
    world.building.refresh_from_db()
    assert (world.building.name, world.building.path) == ("5 幢", before)


def test_an_area_with_activities_says_why_it_stays(world: World) -> None:
    ActivityFactory.create(area=world.building)
    second = AreaFactory.create(level=Area.Level.GRID, parent=world.here)
    url = change("areas_area", world.building)
    page = signed_in(world, "manager").post(url, {"name": "5 幢", "parent": second.pk}).content.decode()
    assert "errornote" in page
    assert "5 幢" in page


def test_the_own_community_stays_where_it_is(world: World) -> None:
    client = signed_in(world, "manager")
    url = change("areas_area", world.here)
    assert client.post(url, {"name": "高新", "phone": "0571-0000 0001", "parent": world.there.pk}).status_code == 302
    community = Area.objects.get(pk=world.here.pk)
    assert (community.phone, community.path) == ("0571-0000 0001", world.here.path)


def test_a_grid_worker_reads_areas_only(world: World) -> None:
    client = signed_in(world, "grid worker")
    assert client.post(change("areas_area", world.grid), {"name": "x"}).status_code == 403
    assert client.get("/admin/areas/area/add/").status_code == 403


def test_an_organization_is_added_inside_the_own_area_only(world: World) -> None:
    client = signed_in(world, "manager")
    given = {"name": "新宿舍", "kind": "dormitory", "company": "", "is_active": "on"}
    url = "/admin/areas/organization/add/"
    assert "errornote" in client.post(url, {**given, "area": world.there.pk}).content.decode()
    assert client.post(url, {**given, "area": world.grid.pk}).status_code == 302
    assert Organization.objects.get(name="新宿舍").area == world.grid


@pytest.mark.parametrize(("name", "is_found"), [("manager", True), ("elsewhere", False)])
def test_autocompletion_knows_the_own_areas_only(world: World, name: str, is_found: bool) -> None:
    query = {"app_label": "areas", "model_name": "organization", "field_name": "area", "term": "网格"}
    answer = signed_in(world, name).get("/admin/autocomplete/", query)
    assert [one["id"] for one in answer.json()["results"]] == ([str(world.grid.pk)] if is_found else [])
