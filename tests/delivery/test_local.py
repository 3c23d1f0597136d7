import datetime as dt
import json
import logging
from pathlib import Path

import pytest
from django.core.checks import run_checks
from django.test import Client
from pytest_django.fixtures import Settings

from linlingtong.delivery.actions import (
    keep_message,
    missing_receipt_is_proof,
    receipt,
    send_email,
    send_sms,
    sms_deduplicates,
)
from linlingtong.delivery.channel import Outcome, Result, Sms
from linlingtong.delivery.models import DevelopmentMessage
from tests.delivery.gateway import Gateway, Manner
from tests.delivery.mail_server import MailServer

PHONE = "+8619900000042"
DAY = dt.date(2026, 11, 22)
BACKENDS = "linlingtong.delivery.sms"


def send_code(key: str = "code:1") -> Outcome:
    return send_sms(PHONE, "code", {"code": "482913"}, "验证码 482913，5 分钟内有效", key=key)


@pytest.mark.parametrize("path", [f"{BACKENDS}.ConsoleBackend", ""])
def test_the_console_shows_the_text_and_the_end_of_the_number(
    settings: Settings, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    settings.SMS_BACKEND = path
    assert send_code().result is Result.SENT
    assert capsys.readouterr().out == "SMS *0042: 验证码 482913，5 分钟内有效\n"
    assert receipt("code:1", PHONE, DAY) is None
    assert missing_receipt_is_proof() is sms_deduplicates() is False


def test_the_file_backend_keeps_one_file_per_key(settings: Settings, tmp_path: Path) -> None:
    settings.SMS_BACKEND, settings.SMS_FILE_DIRECTORY = f"{BACKENDS}.FileBackend", tmp_path / "sms"
    assert receipt("code:1", PHONE, DAY) is None
    outcome = send_code()
    assert send_code() == outcome == receipt("code:1", PHONE, DAY)
    [path] = (tmp_path / "sms").iterdir()
    assert json.loads(path.read_text())["text"].startswith("验证码 482913")
    assert sms_deduplicates() is missing_receipt_is_proof() is True


@pytest.mark.django_db
def test_the_inbox_keeps_one_text_per_key(settings: Settings) -> None:
    settings.SMS_BACKEND = f"{BACKENDS}.DeveloperInbox"
    assert receipt("code:1", PHONE, DAY) is None
    assert send_code() == send_code() == receipt("code:1", PHONE, DAY) == Outcome(Result.SENT, provider_id="code:1")
    message = DevelopmentMessage.objects.get()
    assert (message.channel, message.recipient, message.code) == ("sms", PHONE, "482913")
    assert PHONE not in str(message)


@pytest.mark.django_db
def test_the_inbox_page_shows_the_newest_fifty_with_their_codes(client: Client, settings: Settings) -> None:
    settings.DEVELOPER_INBOX = True
    for number in range(51):
        keep_message(DevelopmentMessage.Channel.SMS, PHONE, f"第{number}条\x00 <b>", key=str(number))
    send_code_text = "验证码 482913"
    keep_message(DevelopmentMessage.Channel.SMS, PHONE, send_code_text, key="code")
    response = client.get("/dev/inbox/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "no-store" in response.headers["Cache-Control"]
    assert "482913</p>" in page
    assert "第50条 &lt;b&gt;" in page
    assert "第2条" in page
    assert "第1条" not in page


@pytest.mark.django_db
def test_the_inbox_page_does_not_exist_in_production(client: Client, settings: Settings) -> None:
    settings.DEVELOPER_INBOX = False
    assert client.get("/dev/inbox/").status_code == 404


@pytest.mark.django_db
def test_the_inbox_page_asks_the_database_once(
    client: Client, settings: Settings, django_assert_num_queries: object
) -> None:
    settings.DEVELOPER_INBOX = True
    client.get("/dev/inbox/")  # the number in the footer is remembered from here on
    for number in range(3):
        keep_message(DevelopmentMessage.Channel.SMS, PHONE, "x", key=str(number))
        with django_assert_num_queries(1):  # type: ignore[operator]
            client.get("/dev/inbox/")


@pytest.mark.parametrize(("text", "code"), [("验证码 482913。", "482913"), ("电话 19900000042", ""), ("1234567", "")])
def test_a_code_is_six_digits_that_stand_alone(text: str, code: str) -> None:
    assert DevelopmentMessage(text=text).code == code


def test_a_message_in_a_traceback_shows_neither_phone_nor_text() -> None:
    assert repr(Sms(PHONE, "code", {"code": "482913"}, "验证码 482913", "k")) == "Sms(template='code', key='k')"


@pytest.mark.parametrize("manner", list(Manner))
@pytest.mark.parametrize("sms_gateway", ["aliyun", "tencent"], indirect=True)
def test_no_phone_address_or_code_reaches_the_log(
    sms_gateway: Gateway,
    mail_server: MailServer,
    caplog: pytest.LogCaptureFixture,
    manner: Manner,
) -> None:
    sms_gateway.script.append(manner)
    mail_server.replies["RCPT"] = "550 no mailbox for canary@example.org"
    with caplog.at_level(logging.DEBUG):
        outcome = send_code()
        receipt("code:1", PHONE, DAY)
        send_email("canary@example.org", "subject", "验证码 482913", key="mail:1")
    lines = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    assert "code:1" in lines
    assert outcome.result.value in lines
    for secret in ("19900000042", "482913", "canary", "test-secret"):
        assert secret not in lines


def problems() -> set[str]:
    found = run_checks(tags=["security"], include_deployment_checks=True)
    return {message.id for message in found if message.id and message.id.startswith("delivery.")}


def test_the_deployment_check_wants_texts_to_reach_phones(sms_gateway: Gateway, settings: Settings) -> None:
    settings.DEVELOPER_INBOX = False
    assert problems() == set()
    settings.SMS_ENDPOINT = "http://sms.example.org"
    assert problems() == {"delivery.E003"}
    settings.SMS_BACKEND, settings.DEVELOPER_INBOX = f"{BACKENDS}.DeveloperInbox", True
    assert problems() == {"delivery.E001", "delivery.E002"}
    settings.SMS_BACKEND = ""
    assert problems() == {"delivery.E001", "delivery.E002"}
