"""Staff pages ask for a second factor where the installation wants it; nobody else meets it."""

import datetime as dt
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
from linlingtong.accounts.permissions import scope_for
from linlingtong.activities.models import Session
from linlingtong.areas.models import Area
from tests.accounts.test_sign_in import PHONE, app, last_code
from tests.factories import AreaFactory, SessionFactory, UserFactory, staff_of

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


@pytest.fixture
def worker() -> User:
    user = staff_of(AreaFactory.create())
    User.objects.filter(pk=user.pk).update(phone=PHONE, phone_verified_at=timezone.now())
    user.refresh_from_db()
    return user


@pytest.fixture
def door(worker: User) -> Session:
    """A session of the worker's community that begins soon."""
    now = timezone.now()
    area = Area.objects.get(appointments__user=worker)
    session: Session = SessionFactory.create(
        activity__area=area, starts_at=now + dt.timedelta(minutes=5), ends_at=now + dt.timedelta(hours=1)
    )
    return session


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


def app_token() -> str:
    token = app(Client(), "POST", "auth/code/request", {"phone": PHONE}).json()["meta"]["session_token"]
    done = app(Client(), "POST", "auth/code/confirm", {"code": last_code()}, token).json()
    return str(done["meta"].get("session_token", token))


def test_without_it_staff_are_residents_at_every_door(worker: User, door: Session) -> None:
    """What an SMS alone opens: nothing of the desk, of the roster, of a phone number, in pages and in the API."""
    secret, _codes = set_up(signed_in(worker))
    client, desk = signed_in(worker), f"/check-in/{door.pk}/"
    scans = "/api/v1/check-ins/"
    for path in (desk, f"{desk}roster/"):
        assert client.get(path).headers["Location"].startswith(PAGE)
    assert client.post(f"{desk}call/", {"registration": 1}).headers["Location"].startswith(PAGE)
    assert client.post(scans, [], "application/json").status_code == 403
    assert scope_for(worker)  # the control: the person works here, only this session does not show it
    client.post(PAGE, {"code": shown_now(secret, later=1)})
    assert client.get(desk).status_code == 200
    assert client.post(scans, [], "application/json").status_code == 400


def test_apps_show_it_too(worker: User) -> None:
    headers, scans = {"X-Session-Token": app_token()}, "/api/v1/check-ins/"

    def shown(code: str) -> Any:
        return Client().post("/api/v1/me/second-factor/", {"code": code}, "application/json", headers=headers)

    assert shown("123456").json()["code"] == "no_second_factor"
    secret, _codes = set_up(signed_in(worker))
    assert Client().get("/api/v1/me/", headers=headers).json()["needs_second_factor"] is True
    assert Client().post(scans, [], "application/json", headers=headers).status_code == 403
    assert shown("000000").json()["code"] == "wrong_code"
    assert shown(shown_now(secret, later=1)).status_code == 204
    assert Client().get("/api/v1/me/", headers=headers).json()["needs_second_factor"] is False
    assert Client().post(scans, [], "application/json", headers=headers).status_code == 400


def test_five_wrong_codes_end_the_token(worker: User) -> None:
    set_up(signed_in(worker))
    headers = {"X-Session-Token": app_token()}
    url, code = "/api/v1/me/second-factor/", {"code": "000000"}
    answers = [Client().post(url, code, "application/json", headers=headers).status_code for _try in range(6)]
    assert answers == [409] * 5 + [401]


def test_residents_have_none_to_show(settings: Any) -> None:
    client = signed_in(UserFactory.create())
    assert client.post("/api/v1/me/second-factor/", {"code": "1"}, "application/json").status_code == 404


def test_new_codes_on_paper_replace_the_old_ones(boss: User) -> None:
    client = signed_in(boss)
    secret, old = set_up(client)
    assert "10" in client.get(PAGE).content.decode()
    assert is_second_factor(boss, old[0])
    assert "9" in client.get(PAGE).content.decode()
    page = client.post(PAGE, {"code": shown_now(secret, later=1), "do": "codes"}).content.decode()
    new = re.findall(r"<code>(\d+)</code>", page)
    assert len(set(new) - set(old)) == 10
    assert not is_second_factor(boss, old[1])
    assert is_second_factor(boss, new[1])
    assert client.get("/admin/").status_code == 200


def test_another_phone_is_set_up_with_the_old_one(boss: User) -> None:
    client, old = signed_in(boss), signed_in(boss)
    secret, _codes = set_up(client)
    assert old.get("/me/").status_code == 200
    assert client.post(PAGE, {"code": "000000", "do": "phone"}).status_code == 200
    assert Authenticator.objects.exists()
    assert client.post(PAGE, {"code": shown_now(secret, later=1), "do": "phone"}).headers["Location"] == PAGE
    assert client.get("/admin/").headers["Location"].startswith(PAGE)
    assert old.get("/me/").status_code == 302
    assert set_up(client)[0] != secret
    assert client.get("/admin/").status_code == 200


def test_a_lost_phone_is_signed_out_everywhere(worker: User) -> None:
    found, headers = signed_in(worker), {"X-Session-Token": app_token()}
    set_up(found)
    assert found.get("/admin/").status_code == 200
    boss = UserFactory.create(is_staff=True, is_superuser=True)
    forget_second_factor(worker, by=boss)
    assert found.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert Client().get("/api/v1/me/", headers=headers).status_code == 401
