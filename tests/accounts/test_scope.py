import datetime as dt
import json
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.test import RequestFactory

from linlingtong.accounts.knowing import SessionStore
from linlingtong.accounts.middleware import ScopeMiddleware
from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import in_scope, is_whole, may_appoint, scope_for
from linlingtong.areas.models import Area
from linlingtong.core.time import today
from tests.factories import AppointmentFactory, AreaFactory, UserFactory, subdistrict

Role = Appointment.Role
DAY = dt.timedelta(days=1)


@pytest.fixture
def tree(db: None) -> dict[str, Area]:
    """A community with a grid and a building, and another community."""
    community = AreaFactory.create(slug="a")
    grid = AreaFactory.create(slug="a-1", level=Area.Level.GRID, parent=community)
    building = AreaFactory.create(slug="a-1-1", level=Area.Level.BUILDING, parent=grid)
    other = AreaFactory.create(slug="b")
    return {"root": subdistrict(), "a": community, "grid": grid, "building": building, "b": other}


def appointed(area: Area, role: str = Role.MANAGER, **fields: Any) -> User:
    return AppointmentFactory.create(area=area, role=role, **fields).user


SCOPES = [
    # role, appointed to, sees
    (Role.MANAGER, "root", {"root", "a", "grid", "building", "b"}),
    (Role.MANAGER, "a", {"a", "grid", "building"}),
    (Role.MANAGER, "b", {"b"}),
    (Role.GRID_WORKER, "grid", {"grid", "building"}),
    (Role.BUILDING_HEAD, "building", set()),
]


@pytest.mark.parametrize(("role", "place", "seen"), SCOPES)
def test_an_appointment_opens_its_area_and_what_lies_in_it(
    tree: dict[str, Area], role: str, place: str, seen: set[str]
) -> None:
    scope = scope_for(appointed(tree[place], role))
    assert {name for name, area in tree.items() if in_scope(area.path, scope)} == seen


def test_a_building_head_sees_the_own_stair_when_asked_for(tree: dict[str, Area]) -> None:
    head = appointed(tree["building"], Role.BUILDING_HEAD)
    assert scope_for(head, (Role.BUILDING_HEAD,)) == [tree["building"].path]


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "is_open"),
    [
        (today(), today(), True),
        (today() - DAY, today() - DAY, False),
        (today() + DAY, today() + DAY, False),
        (today() - DAY, today() + DAY, True),
    ],
)
def test_an_appointment_counts_from_its_first_day_to_its_last(
    tree: dict[str, Area], starts_on: dt.date, ends_on: dt.date, is_open: bool
) -> None:
    assert bool(scope_for(appointed(tree["a"], starts_on=starts_on, ends_on=ends_on))) is is_open


def test_nobody_else_sees_anything(tree: dict[str, Area]) -> None:
    blocked = appointed(tree["a"])
    blocked.is_active = False
    outside = appointed(tree["a"])
    outside.is_staff = False
    assert scope_for(UserFactory.create()) == []
    assert scope_for(AnonymousUser()) == []
    assert scope_for(blocked) == []
    assert scope_for(outside) == []


def test_a_superuser_has_the_root(tree: dict[str, Area]) -> None:
    chief = UserFactory.create(is_superuser=True, is_staff=True)
    assert scope_for(chief) == [tree["root"].path]
    assert is_whole(scope_for(chief))
    assert not is_whole([tree["a"].path])


def test_two_appointments_add_up(tree: dict[str, Area]) -> None:
    person = appointed(tree["grid"], Role.GRID_WORKER)
    AppointmentFactory.create(user=person, area=tree["b"])
    assert set(scope_for(person)) == {tree["grid"].path, tree["b"].path}


APPOINTING = [
    (Role.MANAGER, "a", {"a", "grid", "building"}),
    (Role.MANAGER, "root", {"root", "a", "grid", "building", "b"}),
    (Role.GRID_WORKER, "grid", set()),
    (Role.BUILDING_HEAD, "building", set()),
]


@pytest.mark.parametrize(("role", "place", "allowed"), APPOINTING)
def test_managers_appoint_inside_what_they_manage(
    tree: dict[str, Area], role: str, place: str, allowed: set[str]
) -> None:
    person = appointed(tree[place], role)
    assert {name for name, area in tree.items() if may_appoint(person, area.path)} == allowed


def test_a_reading_request_asks_once_and_a_writing_one_each_time(
    tree: dict[str, Area], rf: RequestFactory, django_assert_num_queries: Any
) -> None:
    person = appointed(tree["a"])

    def answer(_request: HttpRequest) -> HttpResponse:
        first = scope_for(person)
        Appointment.objects.filter(user=person).update(ends_on=today() - DAY, starts_on=today() - DAY)
        return JsonResponse([first, scope_for(person)], safe=False)

    def asked(method: str) -> Any:
        request = rf.generic(method, "/")
        request.session = SessionStore()
        return json.loads(ScopeMiddleware(answer)(request).content)

    with django_assert_num_queries(2):
        assert asked("GET") == [[tree["a"].path]] * 2
    assert scope_for(person) == []
    Appointment.objects.filter(user=person).update(ends_on=today())
    assert asked("POST") == [[tree["a"].path], []]
