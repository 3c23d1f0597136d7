import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from linlingtong.accounts.actions import (
    AppointedAlready,
    AppointmentEnded,
    MembershipEnded,
    OwnAppointment,
    UnfitPost,
    UnlikelyTerm,
    appoint,
    confirm_home,
    confirm_membership,
    dismiss,
)
from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area
from linlingtong.core.time import today
from tests.factories import AppointmentFactory, AreaFactory, MembershipFactory, UserFactory, staff_of

Role = Appointment.Role
DAY = dt.timedelta(days=1)


@pytest.fixture
def community(db: None) -> Area:
    return AreaFactory.create()


@pytest.fixture
def manager(community: Area) -> User:
    return staff_of(community)


@pytest.fixture
def stair(grid: Area) -> Area:
    return AreaFactory.create(level=Area.Level.BUILDING, parent=grid)


@pytest.fixture
def grid(community: Area) -> Area:
    return AreaFactory.create(level=Area.Level.GRID, parent=community)


def test_an_appointment_lets_somebody_in_for_a_year(manager: User, grid: Area) -> None:
    person = UserFactory.create()
    appointment = appoint(person.pk, grid.pk, Role.GRID_WORKER, by=manager)
    person.refresh_from_db()
    assert person.is_staff
    assert scope_for(person) == [grid.path]
    assert (appointment.starts_on, appointment.ends_on) == (today(), today() + 365 * DAY)


def test_nobody_appoints_above_or_beside(manager: User, community: Area) -> None:
    person = UserFactory.create()
    assert community.parent
    for area in (community.parent, AreaFactory.create()):
        with pytest.raises(PermissionDenied):
            appoint(person.pk, area.pk, Role.MANAGER, by=manager)
        with pytest.raises(PermissionDenied):
            dismiss(AppointmentFactory.create(area=area).pk, by=manager)


def test_a_grid_worker_appoints_nobody(grid: Area) -> None:
    worker = AppointmentFactory.create(area=grid, role=Role.GRID_WORKER).user
    with pytest.raises(PermissionDenied):
        appoint(UserFactory.create().pk, grid.pk, Role.BUILDING_HEAD, by=worker)


def test_the_same_role_twice_at_the_same_time_is_refused(manager: User, grid: Area, stair: Area) -> None:
    person = UserFactory.create()
    first = appoint(person.pk, grid.pk, Role.GRID_WORKER, by=manager)
    with pytest.raises(AppointedAlready) as refused:
        appoint(person.pk, grid.pk, Role.GRID_WORKER, by=manager)
    assert first.ends_on.isoformat() in refused.value.detail
    later = first.ends_on + DAY
    appoint(person.pk, grid.pk, Role.GRID_WORKER, by=manager, starts_on=later, ends_on=later + DAY)
    appoint(person.pk, stair.pk, Role.BUILDING_HEAD, by=manager)


@pytest.mark.parametrize(
    "dates",
    [
        {"starts_on": today(), "ends_on": today() - DAY},
        {"starts_on": today() - 9 * DAY, "ends_on": today() - DAY},
        {"starts_on": today(), "ends_on": today() + 3000 * DAY},
    ],
)
def test_unlikely_terms_are_refused(manager: User, grid: Area, dates: dict[str, Any]) -> None:
    with pytest.raises(UnlikelyTerm):
        appoint(UserFactory.create().pk, grid.pk, Role.GRID_WORKER, by=manager, **dates)


def test_who_is_dismissed_has_no_rights_from_then_on(manager: User, grid: Area) -> None:
    appointment = AppointmentFactory.create(area=grid, starts_on=today() - 30 * DAY)
    dismiss(appointment.pk, by=manager)
    appointment.refresh_from_db()
    person = User.objects.get(pk=appointment.user_id)
    assert appointment.ends_on == today() - DAY
    assert not person.is_staff
    with pytest.raises(AppointmentEnded):
        dismiss(appointment.pk, by=manager)


def test_another_appointment_keeps_the_door_open(manager: User, grid: Area, stair: Area) -> None:
    person = UserFactory.create()
    first = appoint(person.pk, grid.pk, Role.GRID_WORKER, by=manager)
    appoint(person.pk, stair.pk, Role.BUILDING_HEAD, by=manager)
    dismiss(first.pk, by=manager)
    person.refresh_from_db()
    assert person.is_staff
    assert not Appointment.objects.filter(pk=first.pk).exists()


def test_a_superuser_stays_staff(manager: User, grid: Area) -> None:
    chief = UserFactory.create(is_staff=True, is_superuser=True)
    dismiss(appoint(chief.pk, grid.pk, Role.GRID_WORKER, by=manager).pk, by=manager)
    chief.refresh_from_db()
    assert chief.is_staff


def test_staff_confirm_memberships_of_their_area(manager: User, community: Area) -> None:
    membership = MembershipFactory.create(organization__area=community, confirmed_at=None)
    confirmed = confirm_membership(membership.pk, by=manager)
    assert (confirmed.confirmed_by, confirmed.confirmed_at is not None) == (manager, True)
    other = staff_of(community)
    assert confirm_membership(membership.pk, by=other).confirmed_by == manager


def test_staff_elsewhere_confirm_nothing_here(community: Area) -> None:
    elsewhere = staff_of(AreaFactory.create())
    with pytest.raises(PermissionDenied):
        confirm_membership(MembershipFactory.create(organization__area=community).pk, by=elsewhere)
    with pytest.raises(PermissionDenied):
        confirm_home(UserFactory.create(home_area=community).pk, by=elsewhere)
    with pytest.raises(PermissionDenied):
        confirm_home(UserFactory.create().pk, by=elsewhere)


def test_what_has_ended_is_not_confirmed(manager: User, community: Area) -> None:
    ended = MembershipFactory.create(
        organization__area=community, starts_on=today() - 9 * DAY, ends_on=today() - DAY, confirmed_at=None
    )
    with pytest.raises(MembershipEnded):
        confirm_membership(ended.pk, by=manager)


def test_a_home_is_confirmed_once(manager: User, community: Area) -> None:
    resident = UserFactory.create(home_area=community)
    first = confirm_home(resident.pk, by=manager).home_confirmed_at
    assert first is not None
    assert confirm_home(resident.pk, by=manager).home_confirmed_at == first


def test_nobody_appoints_themselves(manager: User, community: Area, grid: Area) -> None:
    later = today() + dt.timedelta(days=800)
    for area, role in ((community, Role.MANAGER), (grid, Role.GRID_WORKER)):
        with pytest.raises(OwnAppointment):
            appoint(manager.pk, area.pk, role, by=manager, starts_on=later, ends_on=later + DAY)
    assert manager.appointments.count() == 1


@pytest.mark.parametrize(
    ("role", "level"),
    [
        (Role.BUILDING_HEAD, "community"),
        (Role.BUILDING_HEAD, "grid"),
        (Role.GRID_WORKER, "community"),
        (Role.MANAGER, "building"),
    ],
)
def test_a_role_is_for_areas_of_its_size(manager: User, grid: Area, stair: Area, role: str, level: str) -> None:
    area = {"community": grid.parent, "grid": grid, "building": stair}[level]
    assert area is not None
    with pytest.raises(UnfitPost):
        appoint(UserFactory.create().pk, area.pk, role, by=manager)
