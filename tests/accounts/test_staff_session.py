import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from tests.accounts.test_sign_in import PHONE, last_code

NOON = dt.datetime(2026, 10, 16, 4, tzinfo=dt.UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(settings: Any) -> None:
    settings.STAFF_IDLE_MINUTES = 30


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def staff(client: Client, clock: time_machine.Traveller) -> Client:
    """Somebody of the subdistrict who has signed in by code at noon."""
    User.objects.create_superuser(PHONE, phone_verified_at=timezone.now())
    client.post("/login/", {"phone": PHONE, "consent": "on"})
    client.post("/login/", {"code": last_code()})
    return client


def test_staff_at_work_stay_signed_in(staff: Client, clock: time_machine.Traveller) -> None:
    for _ in range(4):
        assert staff.get("/admin/").status_code == 200
        clock.shift(dt.timedelta(minutes=29))


def test_the_admin_closes_after_half_an_hour_and_opens_on_the_same_page(
    staff: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(dt.timedelta(minutes=31))
    answer = staff.get("/admin/areas/area/?q=1")
    assert answer.headers["Location"] == "/login/?next=/admin/areas/area/%3Fq%3D1"
    assert "_auth_user_id" not in staff.session


def test_walking_about_as_a_resident_does_not_keep_the_admin_open(
    staff: Client, clock: time_machine.Traveller
) -> None:
    clock.shift(dt.timedelta(minutes=20))
    assert staff.get("/me/profile/").status_code == 200
    clock.shift(dt.timedelta(minutes=11))
    assert staff.get("/admin/").status_code == 302


def test_a_session_that_does_not_know_when_it_began_is_idle(client: Client) -> None:
    client.force_login(User.objects.create_superuser(PHONE))
    assert client.get("/admin/").headers["Location"].startswith("/login/")


def test_residents_keep_their_session(client: Client) -> None:
    client.force_login(User.objects.create_user(PHONE))
    assert client.get("/admin/").status_code in {302, 404}
    assert client.get("/me/profile/").status_code == 200
