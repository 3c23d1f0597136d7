import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.accounts.actions import JustSent, TooManyCodes, Verdict, send_code, try_code
from linlingtong.accounts.actions.sign_in import key_of
from linlingtong.accounts.models import Consent, SignInCode, User
from linlingtong.core.phone import normal_phone
from linlingtong.delivery.models import DevelopmentMessage

PHONE = "+8619900009001"
pytestmark = pytest.mark.django_db


def last_code() -> str:
    message = DevelopmentMessage.objects.order_by("-pk").first()
    assert message is not None
    found = re.search(r"\d{6}", message.text)
    assert found
    return found[0]


def wrong_code() -> str:
    return f"{(int(last_code()) + 1) % 1_000_000:06d}"


def app(client: Client, method: str, path: str, body: dict[str, Any] | None = None, token: str = "") -> Any:
    headers = {"X-Session-Token": token} if token else {}
    return client.generic(
        method, f"/_allauth/app/v1/{path}", json.dumps(body or {}), content_type="application/json", headers=headers
    )


@pytest.mark.parametrize(
    "typed",
    [
        "19900009001",
        "+86 199 0000 9001",
        "0086 19900009001",
        "１９９００００９００１",
        " 199-0000-9001 ",
        "+8619900009001",
    ],
)
def test_a_phone_has_one_form_however_it_is_typed(typed: str) -> None:
    assert normal_phone(typed) == PHONE


@pytest.mark.parametrize("typed", ["", "abc", "1990000900", "199000090011", "+86", "29900009001", "\x00", "9" * 500])
def test_what_is_no_phone_is_refused_with_words(typed: str) -> None:
    with pytest.raises(ValidationError):
        normal_phone(typed)


def test_somebody_new_signs_in_with_one_form_and_goes_where_they_were_going(client: Client) -> None:
    client.post("/login/", {"phone": "199 0000 9001", "consent": "on", "next": "/search/?q=a"})
    answer = client.post("/login/", {"code": last_code(), "next": "/search/?q=a"})
    assert answer.headers["Location"] == "/search/?q=a"
    user = User.objects.get(phone=PHONE)
    assert user.phone_verified_at
    assert Consent.objects.filter(user=user).count() == 2
    assert client.session["_auth_user_id"] == str(user.pk)


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil"])
def test_signing_in_never_leads_to_another_site(client: Client, target: str) -> None:
    client.post("/login/", {"phone": PHONE, "consent": "on"})
    answer = client.post("/login/", {"code": last_code(), "next": target})
    assert answer.headers["Location"] == "/"


def test_without_consent_no_code_is_sent_and_the_number_stays(client: Client) -> None:
    answer = client.post("/login/", {"phone": "19900009001"})
    assert not SignInCode.objects.exists()
    assert 'value="19900009001"' in answer.content.decode()


def test_five_wrong_codes_spend_the_right_one(client: Client) -> None:
    ref = send_code(PHONE, language="zh-hans")
    assert [try_code(ref, wrong_code()).tries_left for _ in range(5)] == [4, 3, 2, 1, 0]
    assert try_code(ref, last_code()).verdict is Verdict.SPENT


def test_a_code_works_once_and_not_after_five_minutes() -> None:
    ref = send_code(PHONE, language="zh-hans")
    assert try_code(ref, last_code()).verdict is Verdict.RIGHT
    assert try_code(ref, last_code()).verdict is Verdict.SPENT
    SignInCode.objects.update(sent_at=timezone.now() - 2 * SignInCode.VALID_FOR)
    ref = send_code(PHONE, language="zh-hans")
    SignInCode.objects.filter(ref=ref).update(expires_at=timezone.now())
    assert try_code(ref, last_code()).verdict is Verdict.SPENT


def test_a_new_code_ends_the_old_one() -> None:
    first = send_code(PHONE, language="zh-hans")
    code = last_code()
    SignInCode.objects.update(sent_at=timezone.now() - 2 * SignInCode.VALID_FOR)
    send_code(PHONE, language="zh-hans")
    assert try_code(first, code).verdict is Verdict.SPENT


def test_a_phone_gets_five_codes_an_hour_and_not_two_within_seconds() -> None:
    for _ in range(5):
        send_code(PHONE, language="zh-hans")
        with pytest.raises((JustSent, TooManyCodes)):
            send_code(PHONE, language="zh-hans")
        SignInCode.objects.update(sent_at=F("sent_at") - 2 * SignInCode.VALID_FOR)
    with pytest.raises(TooManyCodes) as refusal:
        send_code(PHONE, language="zh-hans")
    assert 0 < refusal.value.facts["minutes"] <= 60


def test_known_and_unknown_phones_get_the_same_answer() -> None:
    User.objects.create_user(PHONE, phone_verified_at=timezone.now())
    answers = []
    for phone in (PHONE, "+8619900009002"):
        visitor = Client()
        sent = visitor.post("/login/", {"phone": phone, "consent": "on"})
        page = visitor.get("/login/")
        wrong = visitor.post("/login/", {"code": wrong_code()})
        shown = re.sub(
            r"csrfmiddlewaretoken\" value=\"\w+|9001|9002", "", page.content.decode() + wrong.content.decode()
        )
        answers.append((sent.status_code, sent.headers["Location"], wrong.status_code, shown))
    assert answers[0] == answers[1]


def test_nothing_stored_or_logged_holds_the_phone_or_the_code(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    ref = send_code(PHONE, language="zh-hans", address="127.0.0.1")
    stored = " ".join(str(value) for value in SignInCode.objects.values().get(ref=ref).values())
    for secret in ("19900009001", last_code()):
        assert secret not in stored
        assert secret not in caplog.text


def test_an_app_signs_up_and_in_and_its_token_opens_the_api(client: Client) -> None:
    started = app(client, "POST", "auth/signup", {"phone": PHONE})
    assert started.status_code == 401
    token = started.json()["meta"]["session_token"]
    assert app(client, "POST", "auth/phone/verify", {"code": wrong_code()}, token).status_code == 400
    verified = app(client, "POST", "auth/phone/verify", {"code": last_code()}, token)
    assert verified.status_code == 200, verified.content
    token = verified.json()["meta"].get("session_token", token)
    assert Client().get("/api/v1/me/", headers={"X-Session-Token": token}).status_code == 200
    SignInCode.objects.update(sent_at=timezone.now() - 2 * SignInCode.VALID_FOR)
    asked = app(Client(), "POST", "auth/code/request", {"phone": "199 0000 9001"})
    assert asked.status_code == 401
    token = asked.json()["meta"]["session_token"]
    done = app(Client(), "POST", "auth/code/confirm", {"code": last_code()}, token)
    assert done.status_code == 200, done.content


def test_an_app_asking_too_often_gets_429_and_when_to_come_back(client: Client) -> None:
    User.objects.create_user(PHONE, phone_verified_at=timezone.now())
    app(Client(), "POST", "auth/code/request", {"phone": PHONE})
    answer = app(Client(), "POST", "auth/code/request", {"phone": PHONE})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


def test_a_bad_token_is_refused_with_401() -> None:
    for token in ("nonsense", "x" * 32, "' OR 1=1", "\u00e9"):
        answer = Client().get("/api/v1/me/", headers={"X-Session-Token": token})
        assert answer.status_code == 401


def in_threads(amount: int, work: Any) -> list[Any]:
    """Everybody starts at the same moment; each thread has a connection of its own."""
    barrier = threading.Barrier(amount)

    def one(number: int) -> Any:
        try:
            barrier.wait()
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(amount) as pool:
        return list(pool.map(one, range(amount)))


@pytest.mark.django_db(transaction=True)
def test_four_hundred_guesses_by_forty_threads_are_five_tries() -> None:
    ref, wrong = send_code(PHONE, language="zh-hans"), ""
    wrong = wrong_code()
    answers = in_threads(40, lambda _: [try_code(ref, wrong).verdict for _ in range(10)])
    assert sum(verdict is Verdict.WRONG for one in answers for verdict in one) == 5


@pytest.mark.django_db(transaction=True)
def test_the_right_code_by_forty_threads_is_accepted_once_and_the_naive_way_is_not() -> None:
    ref = send_code(PHONE, language="zh-hans")
    code = last_code()

    everybody_has_read = threading.Barrier(40)

    def naive(_: int) -> bool:
        row = SignInCode.objects.get(ref="control")
        right = row.used_at is None and row.code_key == key_of("code control", code)
        everybody_has_read.wait()
        if right:
            row.used_at = timezone.now()
            row.save()
        return right

    accepted = in_threads(40, lambda _: try_code(ref, code).verdict)
    assert accepted.count(Verdict.RIGHT) == 1
    SignInCode.objects.filter(ref=ref).update(ref="control", used_at=None, code_key=key_of("code control", code))
    assert sum(in_threads(40, naive)) > 1


def test_when_the_gateway_takes_nothing_the_page_says_so_and_the_try_does_not_count(
    client: Client, settings: Settings
) -> None:
    settings.SMS_BACKEND = "linlingtong.delivery.sms.AliyunBackend"
    settings.SMS_ENDPOINT = "http://127.0.0.1:9"
    settings.SMS_ACCESS_KEY = settings.SMS_ACCESS_SECRET = "x"
    settings.SMS_TEMPLATES = {"code": "SMS_1"}
    answer = client.post("/login/", {"phone": PHONE, "consent": "on"})
    assert answer.status_code == 200
    assert answer.context["form"].errors["phone"]
    assert not SignInCode.objects.exists()


def test_the_large_text_edition_chosen_before_joining_stays_afterwards(client: Client) -> None:
    client.post("/display/", {"elder_mode": "on", "size": "xl"})
    client.post("/login/", {"phone": PHONE, "consent": "on"})
    client.post("/login/", {"code": last_code()})
    user = User.objects.get(phone=PHONE)
    assert (user.elder_mode, user.text_size) == (True, "xl")
