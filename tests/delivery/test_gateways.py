import datetime as dt
import socket
import time

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from linlingtong.delivery.actions import missing_receipt_is_proof, receipt, send_sms, sms_deduplicates
from linlingtong.delivery.channel import Outcome, Result
from linlingtong.delivery.sms import aliyun
from linlingtong.delivery.wire import Answer, Endpoint, NotSent, post
from tests.delivery.gateway import BACKENDS, Gateway, Manner, speak

PHONE = "+8619900000001"
DAY = dt.date(2026, 11, 22)


@pytest.fixture(params=sorted(BACKENDS))
def provider(request: pytest.FixtureRequest, settings: Settings, sms_gateway: Gateway) -> str:
    speak(settings, request.param)
    return str(request.param)


def remind(key: str = "registration:7:t24") -> Outcome:
    return send_sms(PHONE, "reminder", {"time": "明天 9:00", "title": "红色市集"}, "明天 9:00 红色市集", key=key)


def test_an_accepted_text_is_sent_with_its_key_and_the_parameters_in_the_templates_order(
    provider: str, sms_gateway: Gateway
) -> None:
    outcome = remind()
    assert sms_gateway.rejected == []
    [message] = sms_gateway.accepted
    assert outcome.result is Result.SENT
    assert outcome.provider_id == message.provider_id
    assert (message.key, message.template) == ("registration:7:t24", "SMS_1002")
    if provider == "aliyun":
        assert message.phone == "19900000001"
        assert message.params == {"title": "红色市集", "time": "明天 9:00"}
    else:
        assert message.phone == PHONE
        assert message.params == ["红色市集", "明天 9:00"]


def test_a_template_without_declared_parameters_takes_them_as_they_come(provider: str, sms_gateway: Gateway) -> None:
    assert send_sms(PHONE, "code", {"code": "123456"}, "验证码 123456", key="k").result is Result.SENT
    assert sms_gateway.accepted[0].params == ({"code": "123456"} if provider == "aliyun" else ["123456"])


def test_a_long_title_is_cut_and_put_on_one_line_instead_of_stopping_the_text(
    provider: str, sms_gateway: Gateway
) -> None:
    send_sms(PHONE, "code", {"code": "一\n二 " + "长" * 60}, "…", key="k")
    params = sms_gateway.accepted[0].params
    [value] = params.values() if isinstance(params, dict) else params
    assert len(value) == 35
    assert value.startswith("一 二 长")
    assert value.endswith("…")


@pytest.mark.parametrize(
    ("manner", "result", "accepted"),
    [
        (Manner.ERROR, Result.UNKNOWN, 0),
        (Manner.BUSY, Result.FAILED, 0),
        (Manner.THROTTLED, Result.FAILED, 0),
        (Manner.HANG, Result.UNKNOWN, 0),
        (Manner.HANG_ACCEPTED, Result.UNKNOWN, 1),
        (Manner.LOST_REPLY, Result.UNKNOWN, 1),
        (Manner.MALFORMED, Result.UNKNOWN, 1),
        (Manner.TRICKLE, Result.UNKNOWN, 1),
        (Manner.FLOOD, Result.UNKNOWN, 1),
    ],
)
def test_only_what_was_certainly_not_accepted_may_be_sent_again(
    provider: str, sms_gateway: Gateway, manner: Manner, result: Result, accepted: int
) -> None:
    sms_gateway.script.append(manner)
    began = time.monotonic()
    outcome = remind()
    assert time.monotonic() - began < 2
    assert outcome.result is result
    assert outcome.may_be_sent_again is (result is Result.FAILED)
    assert len(sms_gateway.accepted) == accepted
    assert sms_gateway.rejected == []


@pytest.mark.parametrize(
    ("name", "code", "result"),
    [
        ("aliyun", "isv.MOBILE_NUMBER_ILLEGAL", Result.REFUSED),
        ("aliyun", "isv.TEMPLATE_MISSING_PARAMETERS", Result.REFUSED),
        ("aliyun", "isv.BUSINESS_LIMIT_CONTROL", Result.FAILED),
        ("aliyun", "isv.AMOUNT_NOT_ENOUGH", Result.FAILED),
        ("aliyun", "isp.SYSTEM_ERROR", Result.UNKNOWN),
        ("tencent", "InvalidParameterValue.IncorrectPhoneNumber", Result.REFUSED),
        ("tencent", "FailedOperation.PhoneNumberInBlacklist", Result.REFUSED),
        ("tencent", "LimitExceeded.PhoneNumberThirtySecondLimit", Result.FAILED),
        ("tencent", "FailedOperation.InsufficientBalanceInSmsPackage", Result.FAILED),
        ("tencent", "InternalError.Timeout", Result.UNKNOWN),
    ],
)
def test_the_providers_codes_are_understood(
    settings: Settings, sms_gateway: Gateway, name: str, code: str, result: Result
) -> None:
    speak(settings, name)
    sms_gateway.codes.append(code)
    assert remind() == Outcome(result, code)


def test_a_wrong_secret_sends_nothing_and_may_be_tried_again_when_mended(
    provider: str, sms_gateway: Gateway, settings: Settings
) -> None:
    settings.SMS_ACCESS_SECRET = "wrong"
    assert remind().result is Result.FAILED
    assert len(sms_gateway.rejected) == 1
    assert sms_gateway.accepted == []


def test_the_test_gateway_itself_refuses_what_was_changed_on_the_way(
    provider: str, sms_gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a gateway that checks nothing would pass every other test."""

    def changed(endpoint: Endpoint, headers: dict[str, str], body: bytes) -> Answer:
        return post(endpoint, headers, body.replace(b"19900000001", b"19900000002"))

    monkeypatch.setattr(f"linlingtong.delivery.sms.{provider}.post", changed)
    assert remind().result is Result.FAILED
    assert sms_gateway.rejected == [
        "SignatureDoesNotMatch" if provider == "aliyun" else "AuthFailure.SignatureFailure"
    ]


def test_a_gateway_that_is_not_there_is_a_failure(provider: str, settings: Settings) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        settings.SMS_ENDPOINT = f"http://127.0.0.1:{placeholder.getsockname()[1]}"
        assert remind() == Outcome(Result.FAILED, "ConnectionRefusedError")


def test_an_unregistered_template_is_a_failure_that_touches_no_network(provider: str, sms_gateway: Gateway) -> None:
    outcome = send_sms(PHONE, "unheard-of", {}, "…", key="k")
    assert outcome == Outcome(Result.FAILED, "template-not-configured")
    assert not sms_gateway.seen


def test_a_receipt_tells_what_became_of_a_lost_reply(provider: str, sms_gateway: Gateway) -> None:
    sms_gateway.script.append(Manner.LOST_REPLY)
    assert remind().result is Result.UNKNOWN
    found = receipt("registration:7:t24", PHONE, DAY)
    assert found is not None
    assert found.result is Result.SENT
    assert receipt("another", PHONE, DAY) is None


def test_a_text_that_the_carrier_could_not_deliver_is_refused(provider: str, sms_gateway: Gateway) -> None:
    remind()
    sms_gateway.undelivered.add("registration:7:t24")
    assert receipt("registration:7:t24", PHONE, DAY) == Outcome(
        Result.REFUSED, "PHONE_OFF" if provider == "aliyun" else "MK:0001"
    )


def test_only_aliyun_lists_texts_that_the_carrier_has_not_answered_for(provider: str, sms_gateway: Gateway) -> None:
    remind()
    sms_gateway.unreceipted.add("registration:7:t24")
    found = receipt("registration:7:t24", PHONE, DAY)
    assert (found is None) is (provider == "tencent")
    assert missing_receipt_is_proof() is (provider == "aliyun")
    assert sms_deduplicates() is False


def test_a_receipt_is_found_behind_many_others(provider: str, sms_gateway: Gateway) -> None:
    phone = "19900000001" if provider == "aliyun" else PHONE
    for number in range(70):
        sms_gateway.accept(provider, phone, "SMS_1002", {}, f"key-{number}")
    found = receipt("key-69", PHONE, DAY)
    assert found is not None
    assert found.result is Result.SENT


def test_a_list_too_long_to_read_proves_no_absence(sms_gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aliyun, "MOST_PAGES", 1)
    for number in range(70):
        sms_gateway.accept("aliyun", "19900000001", "SMS_1002", {}, f"key-{number}")
    assert receipt("key-69", PHONE, DAY) == Outcome(Result.UNKNOWN, "receipt-unavailable")
    assert receipt("key-1", PHONE, DAY) == Outcome(Result.SENT)


def test_a_request_that_did_not_go_out_whole_was_not_sent(settings: Settings) -> None:
    settings.SMS_READ_TIMEOUT = 0.2
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        endpoint = Endpoint.parse(f"http://127.0.0.1:{deaf.getsockname()[1]}")
        with pytest.raises(NotSent):
            post(endpoint, {}, b"x" * 50_000_000)


def test_a_receipt_that_cannot_be_asked_for_settles_nothing(provider: str, settings: Settings) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        settings.SMS_ENDPOINT = f"http://127.0.0.1:{placeholder.getsockname()[1]}"
        assert receipt("k", PHONE, DAY) == Outcome(Result.UNKNOWN, "receipt-unavailable")


def test_a_receipt_is_not_invented_from_a_refused_question(
    provider: str, sms_gateway: Gateway, settings: Settings
) -> None:
    settings.SMS_ACCESS_SECRET = "wrong"
    assert receipt("k", PHONE, DAY) == Outcome(Result.UNKNOWN, "receipt-unavailable")


def test_a_bad_day_at_the_gateway_loses_nothing_and_doubles_nothing(sms_gateway: Gateway) -> None:
    """20 % errors, 10 % hangs, 10 % lost replies; the unknown are settled by receipt before anything goes again."""
    sms_gateway.misbehave(7, error=0.1, busy=0.1, hang_accepted=0.05, hang=0.05, lost_reply=0.1)
    waiting = {f"key-{number}" for number in range(60)}
    for _ in range(12):
        for key in sorted(waiting):
            outcome = remind(key)
            if outcome.result is Result.UNKNOWN:
                outcome = receipt(key, PHONE, DAY) or Outcome(Result.FAILED)
            if outcome.result is Result.SENT:
                waiting.remove(key)
    assert not waiting
    assert set(sms_gateway.texts_per_key().values()) == {1}
    assert sum(sms_gateway.seen.values()) > 60


def test_blind_repetition_doubles_unless_the_gateway_deduplicates(sms_gateway: Gateway) -> None:
    sms_gateway.script.extend([Manner.LOST_REPLY, Manner.FINE])
    remind("blind"), remind("blind")
    assert sms_gateway.texts_per_key()["blind"] == 2
    sms_gateway.deduplicates = True
    sms_gateway.script.extend([Manner.LOST_REPLY, Manner.FINE])
    remind("safe"), remind("safe")
    assert sms_gateway.texts_per_key()["safe"] == 1


@pytest.mark.parametrize("url", ["http://dysmsapi.aliyuncs.com", "ftp://127.0.0.1", "https://"])
def test_phones_go_out_by_https_only(sms_gateway: Gateway, settings: Settings, url: str) -> None:
    settings.SMS_ENDPOINT = url
    with pytest.raises(ImproperlyConfigured, match="https"):
        remind()


@pytest.mark.parametrize(
    "name", ["SMS_ACCESS_KEY", "SMS_ACCESS_SECRET", "SMS_SIGN_NAME", "SMS_TEMPLATES", "SMS_APP_ID"]
)
def test_a_half_configured_gateway_says_what_is_missing(sms_gateway: Gateway, settings: Settings, name: str) -> None:
    speak(settings, "tencent")
    setattr(settings, name, "")
    with pytest.raises(ImproperlyConfigured, match=name):
        remind()
