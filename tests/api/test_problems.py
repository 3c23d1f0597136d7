from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django import Settings

from linlingtong.accounts.models import User
from linlingtong.activities.models import Session
from linlingtong.core.refusal import Busy
from linlingtong.home import api as home
from tests.api.conftest import App
from tests.factories import RegistrationFactory

pytestmark = pytest.mark.django_db


def expect(response: Any, status: int, code: str = "") -> None:
    """An answer of RFC 9457 with this status."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]
    assert problem["type"].startswith("urn:")
    if code:
        assert problem["code"] == code


def test_nothing_there_is_a_problem_too(anonymous: App) -> None:
    expect(anonymous.get("nothing/"), 404, "not_found")
    expect(anonymous.post("nothing/", {}), 404)
    expect(Client().get("/api/"), 404)
    expect(anonymous.get("activities/4711000/"), 404)


def test_methods_and_media_types(anonymous: App, app: App) -> None:
    expect(anonymous.call("PATCH", "activities/", {}), 405, "method_not_allowed")
    expect(anonymous.get("activities/", Accept="text/html"), 406, "not_acceptable")
    response = app.client.patch(
        "/api/v1/me/", "a=b", content_type="application/x-www-form-urlencoded", headers=app.headers
    )
    expect(response, 415, "unsupported_media_type")
    assert anonymous.get("activities/?format=xml").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"[" * 2000 + b"]" * 2000,
        b'{"note":' * 2000 + b"1" + b"}" * 2000,
        b'{"note": "\xed\xa0\x80"}',
        b'{"note": "\\ud800"}',
        b'{"note": "\\u0000"}',
        b'{"note": NaN}',
        b"\xff\xfe",
        b"\x00",
        b'{"note": 1e999}',
    ],
)
def test_what_is_not_json_is_a_400(app: App, session: Session, body: bytes) -> None:
    response = app.put(f"sessions/{session.pk}/registration/", body)
    if body:
        expect(response, 400)
    else:
        assert response.status_code == 201


def test_too_much_is_a_413(app: App, session: Session) -> None:
    expect(app.put(f"sessions/{session.pk}/registration/", b'"' + b"x" * 1_100_000 + b'"'), 413, "too_large")


def test_a_browser_needs_its_csrf_token(resident: User, session: Session) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(resident, "allauth.account.auth_backends.AuthenticationBackend")
    path = f"/api/v1/sessions/{session.pk}/registration/"
    expect(browser.put(path, "{}", content_type="application/json"), 403, "permission_denied")
    assert browser.get("/api/v1/me/").status_code == 200


def test_a_forged_host_or_path_is_no_500(anonymous: App) -> None:
    for path in (
        "activities/%00/",
        "activities/%ff%fe/",
        "sessions/1%2F2/registration/",
        "activities/" + "9" * 5000 + "/",
    ):
        assert anonymous.get(path).status_code in {400, 404}


@pytest.mark.parametrize(("error", "code"), [(Busy, "busy"), (OperationalError, "unavailable")])
def test_busy_and_restarting_say_when_to_come_back(
    anonymous: App, monkeypatch: pytest.MonkeyPatch, error: type[Exception], code: str
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(home, "figures", fail)
    response = anonymous.get("stats/")
    expect(response, 503, code)
    assert response["Retry-After"] == "2"


def test_our_own_mistakes_stay_visible(anonymous: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(home, "figures", fail)
    anonymous.client.raise_request_exception = False
    expect(anonymous.get("stats/"), 500, "error")


def test_problems_speak_the_callers_language(anonymous: App, app: App) -> None:
    english = anonymous.get("me/", Accept_Language="en").json()["title"]
    assert english == "Sign in first"


def test_one_person_cannot_write_without_end(app: App, resident: User, settings: Settings) -> None:
    settings.API_WRITES_PER_MINUTE = 2
    line = RegistrationFactory.create(resident=resident)
    for _n in range(2):
        assert app.post("notifications/read/", {"ids": [line.pk]}).status_code == 200
    response = app.post("notifications/read/", {"ids": [line.pk]})
    expect(response, 429, "throttled")
    assert 1 <= int(response["Retry-After"]) <= 60
    assert app.get("me/").status_code == 200


def test_without_valkey_everybody_may_go_on(app: App, settings: Settings) -> None:
    settings.API_WRITES_PER_MINUTE = 0
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    assert app.post("notifications/read/").status_code == 200
