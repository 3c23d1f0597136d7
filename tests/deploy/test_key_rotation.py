"""A new SECRET_KEY with the old one in SECRET_KEY_FALLBACKS signs nobody out and spoils no printed code."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.accounts.models import User
from linlingtong.activities.models import codes
from linlingtong.core.sealed import sealed, unsealed
from tests.factories import UserFactory

NEW = "another-key-9sLqPzX3vB7nM1kJ5hG2fD8aW4eR6tY0uI-of-tests"
ME = "/api/v1/me/"


@pytest.fixture
def rotate(settings: Settings) -> Callable[..., None]:
    old = settings.SECRET_KEY

    def rotated(*, keep: bool = True) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old] if keep else []

    return rotated


@pytest.fixture
def resident() -> User:
    return UserFactory.create()


def token_of(resident: User) -> str:
    """As allauth gives one to an app: the key of a session."""
    client = Client()
    client.force_login(resident)
    return str(client.session.session_key)


@pytest.mark.django_db
def test_a_browser_stays_signed_in(resident: User, rotate: Callable[..., None]) -> None:
    client = Client()
    client.force_login(resident)
    rotate()
    for _time in range(2):
        assert client.get(ME).json()["id"] == resident.pk
    rotate()  # and the key that it has now is signed by the new one
    assert client.get(ME).status_code == 200


@pytest.mark.django_db
def test_an_app_keeps_its_token(resident: User, rotate: Callable[..., None]) -> None:
    token = token_of(resident)
    rotate()
    for _time in range(3):
        assert Client().get(ME, headers={"X-Session-Token": token}).status_code == 200
    assert Client().get("/_allauth/app/v1/auth/session", headers={"X-Session-Token": token}).status_code == 200
    assert Client().get(ME, headers={"X-Session-Token": token}).status_code == 200


@pytest.mark.django_db
def test_after_the_fallback_is_gone_a_used_token_goes_on(resident: User, rotate: Callable[..., None]) -> None:
    used, unused = token_of(resident), token_of(resident)
    rotate()
    assert Client().get(ME, headers={"X-Session-Token": used}).status_code == 200
    rotate(keep=False)
    assert Client().get(ME, headers={"X-Session-Token": used}).status_code == 200
    assert Client().get(ME, headers={"X-Session-Token": unused}).status_code == 401


@pytest.mark.django_db
def test_without_the_old_key_everybody_is_out(resident: User, rotate: Callable[..., None]) -> None:
    """The control, and what to do when a key has leaked."""
    token = token_of(resident)
    rotate(keep=False)
    assert Client().get(ME, headers={"X-Session-Token": token}).status_code == 401


def test_printed_codes_and_passes_stay_genuine(rotate: Callable[..., None]) -> None:
    now = timezone.now()
    shown = [codes.printed_code(7), codes.pass_code(3, 7, now), codes.venue_code(7, now)]
    rotate()
    assert all(code.is_genuine(7) for code in shown)
    assert not any(code.is_genuine(8) for code in shown)
    assert codes.printed_code(7) not in shown
    rotate(keep=False)
    assert not any(code.is_genuine(7) for code in shown)


def test_sealed_addresses_still_open(rotate: Callable[..., None]) -> None:
    address = sealed("help", 5, reader=1)
    rotate()
    assert unsealed("help", address, reader=1) == 5


@pytest.mark.django_db
def test_a_rotation_leaves_no_second_session_behind(resident: User, rotate: Callable[..., None]) -> None:
    token = token_of(resident)
    rotate()
    Client().get(ME, headers={"X-Session-Token": token})
    assert list(Session.objects.values_list("session_key", flat=True)) == [token]
