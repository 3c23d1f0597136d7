"""Whole phone numbers leave the house only soon after a sign-in; what was typed survives it."""

import datetime as dt
import re
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import RosterExport, Session
from tests.accounts.test_sign_in import PHONE, last_code
from tests.activities.door import under_way
from tests.factories import RegistrationFactory

pytestmark = pytest.mark.django_db
WISH = {"with_phones": "on", "reason": "暴雨临时通知", "format": "csv"}


@pytest.fixture
def session() -> Session:
    session = under_way()
    RegistrationFactory.create(session=session, resident__phone="+8613912345678")
    return session


def sign_in(client: Client, then: str = "/") -> str:
    """Where somebody is led who signs in on the page that wants to go on to `then`."""
    client.post("/login/", {"phone": PHONE, "consent": "on", "next": then})
    return client.post("/login/", {"code": last_code(), "next": then}).headers["Location"]


@pytest.fixture
def staff(client: Client) -> Client:
    User.objects.create_superuser(PHONE, phone_verified_at=timezone.now())
    sign_in(client)
    return client


def page(session: Session) -> str:
    return f"/admin/activities/rosterexport/add/?session={session.pk}"


def taken(answer: object) -> str:
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_who_has_just_signed_in_takes_the_numbers(staff: Client, session: Session) -> None:
    assert "13912345678" in taken(staff.post(page(session), WISH))


def test_an_open_screen_has_to_sign_in_again_and_finds_what_was_typed(staff: Client, session: Session) -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        staff.get("/admin/")
        answer = staff.post(page(session), WISH)
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/login/?next=")
        assert not RosterExport.objects.exists()
        assert "_auth_user_id" not in staff.session
        back = sign_in(staff, parse_qs(urlsplit(answer.headers["Location"]).query)["next"][0])
        form = staff.get(back).content.decode()
        assert "暴雨临时通知" in form
        assert re.search(r'name="with_phones"[^>]*checked', form)
        assert "13912345678" in taken(staff.post(back, WISH))


def test_masked_numbers_need_no_second_sign_in(staff: Client, session: Session) -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        staff.get("/admin/")
        text = taken(staff.post(page(session), {"format": "csv"}))
        assert "139****5678" in text


def test_without_a_reason_nobody_is_signed_out_for_nothing(staff: Client, session: Session) -> None:
    with time_machine.travel(timezone.now() + dt.timedelta(minutes=16)):
        staff.get("/admin/")
        answer = staff.post(page(session), WISH | {"reason": ""})
        assert answer.status_code == 200
        assert "_auth_user_id" in staff.session
