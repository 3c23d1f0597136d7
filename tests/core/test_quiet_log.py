"""A refused call is an answer, not a fault: the terminal shows at most one line of it, and nothing personal."""

import logging
from typing import Any

import pytest
from django.test import Client

PHONE = "19900000001"
JSON = {"content_type": "application/json"}
CALLS: dict[str, tuple[str, str, Any]] = {
    "a page that is not there": ("GET", f"/nothing/{PHONE}/", {}),
    "an address of the API that is not there": ("GET", "/api/v1/nothing/", {}),
    "a bad filter": ("GET", f"/api/v1/activities/?kind={PHONE}", {}),
    "a form without its token": ("POST", "/login/", {"data": f"phone={PHONE}", "content_type": "text/plain"}),
    "signing up with null": ("POST", "/_allauth/app/v1/auth/signup", {"data": "null", **JSON}),
    "signing up with half a number": (
        "POST",
        "/_allauth/app/v1/auth/signup",
        {"data": f'{{"phone":"{PHONE}0"}}', **JSON},
    ),
    "signing up with megabytes": ("POST", "/_allauth/app/v1/auth/signup", {"data": PHONE * 200_000, **JSON}),
    "registering for nothing": ("PUT", "/api/v1/sessions/1/registration/", {"data": "{", **JSON}),
    "a method that nobody knows": ("BREW", "/", {}),
    "staff pages": ("GET", f"/admin/accounts/user/?q={PHONE}", {}),
}


@pytest.mark.django_db
@pytest.mark.parametrize("what", CALLS)
def test_a_refused_call_writes_at_most_one_line(what: str, caplog: pytest.LogCaptureFixture) -> None:
    method, path, body = CALLS[what]
    with caplog.at_level(logging.WARNING):
        answer = Client(enforce_csrf_checks=True, headers={"X-Session-Token": "x"}).generic(method, path, **body)
    assert 300 <= answer.status_code < 500
    lines = [record for record in caplog.records if record.name != "django.request"]  # raised to ERROR in the settings
    assert len(lines) <= 1
    assert all(PHONE not in record.getMessage() for record in lines)
