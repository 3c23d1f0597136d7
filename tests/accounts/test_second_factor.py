"""Staff pages ask for a second factor where the installation wants it; nobody else meets it."""

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.actions import forget_second_factor, is_second_factor, set_second_factor_up
from linlingtong.accounts.models import User
from tests.accounts.test_sign_in import PHONE, app, last_code
from tests.factories import AreaFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
PAGE = "/login/second/"
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture(autouse=True)
def rules(settings: Any) -> None:
    settings.STAFF_TOTP = True
    cache.clear()


@pytest.fixture
def boss() -> User:
    user: User = User.objects.create_superuser(PHONE, phone_verified_at=timezone.now())
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, BACKEND)
    return client


def shown_now(secret: str, later: int = 0) -> str:
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + later)))


def set_up(client: Client) -> tuple[str, list[str]]:
    page = client.get(PAGE).content.decode()
    found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
    assert found
    assert 'class="pass-qr"' in page
    secret = found[1].replace(" ", "")
    codes = re.findall(r"<code>(\d+)</code>", client.post(PAGE, {"code": shown_now(secret)}).content.decode())
    return secret, codes


def test_staff_set_it_up_once_and_come_in(boss: User) -> None:
    client = signed_in(boss)
    answer = client.get("/admin/areas/area/?q=1")
    assert answer.headers["Location"] == f"{PAGE}?next=/admin/areas/area/%3Fq%3D1"
    _secret, codes = set_up(client)
    assert len(set(codes)) == 10
    assert client.get("/admin/").status_code == 200
    assert "pass-qr" not in signed_in(boss).get(PAGE).content.decode()


def test_the_next_session_shows_the_code_and_each_works_once(boss: User) -> None:
    secret, _codes = set_up(signed_in(boss))
    client = signed_in(boss)
    assert client.get("/admin/").status_code == 302
    code = shown_now(secret, later=1)
    assert client.post(PAGE, {"code": code, "next": "/admin/areas/area/"}).headers["Location"] == "/admin/areas/area/"
    assert client.get("/admin/").status_code == 200
    assert signed_in(boss).post(PAGE, {"code": code}).status_code == 200


def test_a_code_on_paper_opens_once(boss: User) -> None:
    _secret, codes = set_up(signed_in(boss))
    assert is_second_factor(boss, f"{codes[3][:4]} {codes[3][4:]}")
    assert not is_second_factor(boss, codes[3])
    assert is_second_factor(boss, codes[4])


def test_five_wrong_codes_end_the_session(boss: User) -> None:
    set_up(signed_in(boss))
    client = signed_in(boss)
    for _try in range(4):
        assert client.post(PAGE, {"code": "000000"}).status_code == 200
    assert client.post(PAGE, {"code": "000000"}).headers["Location"] == "/login/"
    assert "_auth_user_id" not in client.session


def test_a_wrong_code_sets_nothing_up(boss: User) -> None:
    client = signed_in(boss)
    client.get(PAGE)
    assert client.post(PAGE, {"code": "000000"}).status_code == 200
    assert client.post(PAGE, {"code": ""}).status_code == 200
    assert not Authenticator.objects.exists()
    assert client.get("/admin/").status_code == 302


def test_residents_and_strangers_find_nothing_there() -> None:
    assert Client().get(PAGE).status_code == 302
    assert signed_in(UserFactory.create()).get(PAGE).status_code == 404


def test_the_demo_does_not_ask(boss: User, settings: Any) -> None:
    settings.STAFF_TOTP = False
    client = signed_in(boss)
    assert client.get("/admin/").status_code == 200
    assert client.get(PAGE).status_code == 404


def test_nobody_is_led_to_another_site(boss: User) -> None:
    secret, _codes = set_up(signed_in(boss))
    answer = signed_in(boss).post(PAGE, {"code": shown_now(secret, later=1), "next": "//evil.example"})
    assert answer.headers["Location"] == "/admin/"


def test_only_the_subdistrict_forgets_a_lost_phone(boss: User) -> None:
    worker = staff_of(AreaFactory.create())
    codes = set_up(signed_in(worker))[1]
    assert codes
    with pytest.raises(PermissionDenied):
        forget_second_factor(boss, by=worker)
    with pytest.raises(PermissionDenied):
        forget_second_factor(worker, by=worker)
    with pytest.raises(PermissionDenied):
        set_second_factor_up(worker, "", "", by=boss)
    client = signed_in(boss)
    set_up(client)
    done = client.post(
        "/admin/accounts/user/", {"action": "forget_second_factors", "_selected_action": [worker.pk]}, follow=True
    )
    assert done.status_code == 200
    assert not Authenticator.objects.filter(user=worker).exists()


def test_apps_sign_in_as_before(boss: User) -> None:
    set_up(signed_in(boss))
    token = app(Client(), "POST", "auth/code/request", {"phone": PHONE}).json()["meta"]["session_token"]
    assert app(Client(), "POST", "auth/code/confirm", {"code": last_code()}, token).status_code == 200
