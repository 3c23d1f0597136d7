"""What allauth's API would open or give away if it were served as it comes."""

import re
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linlingtong.accounts.actions import TooManyCodes, send_code
from linlingtong.accounts.models import SignInCode, User
from linlingtong.delivery.models import DevelopmentMessage
from tests.accounts.test_sign_in import PHONE, app, last_code

STRANGER = "+8619900009777"
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def known() -> User:
    return User.objects.create_user(PHONE, "a password that somebody chose", phone_verified_at=timezone.now())


def later() -> None:
    SignInCode.objects.update(sent_at=F("sent_at") - 2 * SignInCode.VALID_FOR)


def signed_in() -> str:
    token = app(Client(), "POST", "auth/code/request", {"phone": PHONE}).json()["meta"]["session_token"]
    done = app(Client(), "POST", "auth/code/confirm", {"code": last_code()}, token).json()
    return str(done["meta"].get("session_token", token))


@pytest.mark.parametrize(
    "path",
    [
        "auth/login",
        "auth/reauthenticate",
        "auth/password/request",
        "account/password/change",
        "account/email",
        "account/phone",
        "account/authenticators/totp",
        "auth/provider/token",
    ],
)
def test_doors_that_nobody_needs_are_not_there(path: str) -> None:
    body = {"phone": PHONE, "password": "a password that somebody chose", "email": "a@example.org"}
    assert app(Client(), "POST", path, body, signed_in()).status_code == 404


def test_a_browser_signs_in_on_the_page_only() -> None:
    assert Client().get("/_allauth/browser/v1/config").status_code == 404


@pytest.mark.parametrize(
    "body",
    [b"{", b"[" * 200_000, b'{"a":' * 5_000, b"[]", b"null", b'{"phone":"\\ud800"}', b"\xff", b'{"phone":{"a":[]}}'],
)
@pytest.mark.parametrize("path", ["auth/signup", "auth/code/request", "auth/phone/verify", "auth/code/confirm"])
def test_unreadable_bodies_are_refused(path: str, body: bytes) -> None:
    answer = Client().generic("POST", f"/_allauth/app/v1/{path}", body, content_type="application/json")
    assert answer.status_code in {400, 409}


@pytest.mark.parametrize("token", ["\x00", "\u00e9" * 32, "x" * 10_000, "' or 1=1"])
def test_no_token_is_asked_of_the_database_that_cannot_be_one(token: str) -> None:
    assert app(Client(), "GET", "auth/session", token=token).status_code == 410


def test_the_session_is_shown_and_ended() -> None:
    token = signed_in()
    assert app(Client(), "GET", "auth/session", token=token).json()["meta"]["is_authenticated"]
    app(Client(), "DELETE", "auth/session", token=token)
    assert Client().get("/api/v1/me/", headers={"X-Session-Token": token}).status_code == 401


def test_an_app_learns_nothing_about_a_phone_by_asking_for_a_code() -> None:
    seen: list[Any] = []
    for phone in (PHONE, STRANGER):
        with CaptureQueriesContext(connection) as queries:
            asked = app(Client(), "POST", "auth/code/request", {"phone": phone})
            token = asked.json()["meta"]["session_token"]
            wrong = [app(Client(), "POST", "auth/code/confirm", {"code": wrong_or_any()}, token) for _ in range(6)]
        told = re.sub(r"\"session_token\": \"\w+\"", "", asked.content.decode())
        seen.append((asked.status_code, told, [(one.status_code, one.content) for one in wrong], len(queries)))
    assert seen[0] == seen[1]


def wrong_or_any() -> str:
    """A code that is wrong for whoever got one; strangers got a text without a code."""
    sent = re.search(r"\d{6}", DevelopmentMessage.objects.latest("pk").text)
    return f"{(int(sent[0]) + 1) % 1_000_000:06d}" if sent else "000000"


@pytest.mark.parametrize("first", ["auth/code/request", "auth/signup"])
def test_an_app_learns_nothing_about_a_phone_by_joining_too_often(first: str) -> None:
    seen = []
    for phone in (PHONE, STRANGER):
        app(Client(), "POST", first, {"phone": phone})
        again = app(Client(), "POST", "auth/signup", {"phone": phone})
        seen.append((again.status_code, again.content, again.headers["Retry-After"]))
    assert seen[0] == seen[1]
    assert seen[0][0] == 429


def test_who_is_refused_while_joining_is_not_stored() -> None:
    send_code(STRANGER, language="zh-hans")
    assert app(Client(), "POST", "auth/signup", {"phone": STRANGER}).status_code == 429
    assert not User.objects.filter(phone=STRANGER).exists()


def test_a_phone_gets_fifteen_codes_a_day(settings: Any) -> None:
    settings.SIGN_IN_CODES_PER_PHONE_AN_HOUR = 100
    for _ in range(15):
        send_code(PHONE, language="zh-hans")
        later()
    with pytest.raises(TooManyCodes) as refusal:
        send_code(PHONE, language="zh-hans")
    assert refusal.value.facts["minutes"] > 20 * 60
