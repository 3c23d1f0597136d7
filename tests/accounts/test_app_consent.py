"""Who joins through an app agrees to a version of the texts, and it is written down how we know."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from linlingtong.accounts.models import Consent, User
from tests.accounts.test_app_doors import later
from tests.accounts.test_sign_in import PHONE, app, last_code

pytestmark = pytest.mark.django_db
VERSION = settings.TERMS_VERSION


def joined(**body: str) -> Any:
    token = app(Client(), "POST", "auth/signup", {"phone": PHONE, **body}).json()["meta"]["session_token"]
    return app(Client(), "POST", "auth/phone/verify", {"code": last_code()}, token)


def sources() -> set[tuple[str, str, str]]:
    return set(Consent.objects.values_list("kind", "version", "source"))


def test_an_app_states_what_the_person_agreed_to() -> None:
    assert joined(terms=VERSION).status_code == 200
    assert sources() == {("terms", VERSION, "app"), ("privacy", VERSION, "app")}


def test_a_header_does_as_well() -> None:
    client = Client(headers={"X-Terms-Version": VERSION})
    token = app(client, "POST", "auth/signup", {"phone": PHONE}).json()["meta"]["session_token"]
    assert not Consent.objects.exists()
    app(Client(), "POST", "auth/phone/verify", {"code": last_code()}, token)
    assert {source for *_what, source in sources()} == {"app"}


def test_a_client_of_the_library_still_joins_and_the_row_says_how() -> None:
    assert joined().status_code == 200
    assert {source for *_what, source in sources()} == {"api"}


def test_where_it_must_be_stated_nobody_joins_without(settings: Any) -> None:
    settings.SIGN_UP_STATES_TERMS = True
    User.objects.create_user("+8619900009777")
    answers = [app(Client(), "POST", "auth/signup", {"phone": phone}) for phone in (PHONE, "+8619900009777")]
    assert [one.status_code for one in answers] == [400, 400]
    assert answers[0].json() == answers[1].json()
    assert answers[0].json()["errors"][0]["code"] == "terms_required"
    assert not User.objects.filter(phone=PHONE).exists()
    assert joined(terms=VERSION).status_code == 200


@pytest.mark.parametrize("path", ["auth/signup", "auth/phone/verify"])
def test_an_old_version_is_refused(path: str) -> None:
    token = app(Client(), "POST", "auth/signup", {"phone": PHONE}).json()["meta"]["session_token"]
    body = {"phone": "+8619900009777"} if path == "auth/signup" else {"code": last_code()}
    answer = app(Client(), "POST", path, {**body, "terms": "1999-01"}, token)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "terms_changed")


def test_who_signs_in_may_agree_to_a_new_version() -> None:
    user = User.objects.create_user(PHONE)
    Consent.objects.create(user=user, kind="terms", version="1999-01")
    for terms, rows in (({}, 1), ({"terms": VERSION}, 3)):
        token = app(Client(), "POST", "auth/code/request", {"phone": PHONE}).json()["meta"]["session_token"]
        assert app(Client(), "POST", "auth/code/confirm", {"code": last_code(), **terms}, token).status_code == 200
        assert Consent.objects.filter(user=user).count() == rows
        later()


def test_the_texts_to_show_are_named() -> None:
    terms = app(Client(), "GET", "config").json()["data"]["terms"]
    assert terms["version"] == VERSION
    assert Client().get(terms["privacy_url"].removeprefix(settings.SITE_URL)).status_code == 200
    assert Client().get(terms["terms_url"].removeprefix(settings.SITE_URL)).status_code == 200


def test_a_wrong_code_is_told_in_good_chinese() -> None:
    token = app(Client(), "POST", "auth/signup", {"phone": PHONE}).json()["meta"]["session_token"]
    wrong = f"{(int(last_code()) + 1) % 1_000_000:06d}"
    error = app(Client(), "POST", "auth/phone/verify", {"code": wrong}, token).json()["errors"][0]
    assert (error["code"], error["message"]) == (
        "incorrect_code",
        "验证码不对，或者已经过期。请核对短信里的 6 位数字，或重新获取。",
    )
