import socket
import time
from email import message_from_bytes, policy

import pytest
from django.core import mail
from pytest_django.fixtures import Settings

from linlingtong.delivery.actions import email_deduplicates, send_email
from linlingtong.delivery.channel import Outcome, Result
from linlingtong.delivery.models import DevelopmentMessage
from tests.delivery.mail_server import MailServer

ADDRESS = "canary@example.org"


def write(key: str = "k", **changes: str) -> Outcome:
    return send_email(**{"address": ADDRESS, "subject": "明天见", "text": "明天 9:00 红色市集", **changes}, key=key)


def test_a_letter_arrives_as_plain_text_with_a_message_id_derived_from_its_key(mail_server: MailServer) -> None:
    outcome = write()
    assert outcome.result is Result.SENT
    letter = message_from_bytes(mail_server.letters[0], policy=policy.default)
    assert letter["Message-ID"] == outcome.provider_id
    assert letter["Message-ID"].endswith("@example.org>")
    assert letter["Subject"] == "明天见"
    assert letter.get_content().strip() == "明天 9:00 红色市集"
    assert write().provider_id == outcome.provider_id != write("another").provider_id


def test_a_letter_may_have_an_html_twin_and_its_subject_is_one_line(mail_server: MailServer) -> None:
    write(html="<p>明天</p>", subject="明天\r\nBcc: everybody@example.org")
    letter = message_from_bytes(mail_server.letters[0], policy=policy.default)
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]
    assert letter["Bcc"] is None
    assert len(mail_server.recipients) == 1


@pytest.mark.parametrize(
    ("step", "reply", "outcome", "letters"),
    [
        ("GREETING", "421 too busy", Outcome(Result.FAILED, "smtp-421"), 0),
        ("GREETING", "hang", Outcome(Result.FAILED, "SMTPServerDisconnected"), 0),
        ("MAIL", "451 later", Outcome(Result.FAILED, "smtp-451"), 0),
        ("MAIL", "cut", Outcome(Result.FAILED, "SMTPServerDisconnected"), 0),
        ("RCPT", "550 no such user canary@example.org", Outcome(Result.REFUSED, "smtp-550"), 0),
        ("RCPT", "450 mailbox busy", Outcome(Result.FAILED, "smtp-450"), 0),
        ("RCPT", "hang", Outcome(Result.FAILED, "SMTPServerDisconnected"), 0),
        ("DATA", "451 later", Outcome(Result.FAILED, "smtp-451"), 0),
        ("LETTER", "554 looks like spam", Outcome(Result.REFUSED, "smtp-554"), 0),
        ("LETTER", "452 disk full", Outcome(Result.FAILED, "smtp-452"), 0),
        ("LETTER", "hang", Outcome(Result.UNKNOWN, "SMTPServerDisconnected"), 1),
        ("LETTER", "cut", Outcome(Result.UNKNOWN, "SMTPServerDisconnected"), 1),
        ("LETTER", "gibberish", Outcome(Result.UNKNOWN, "smtp--1"), 1),
        ("QUIT", "cut", Outcome(Result.SENT), 1),
        ("QUIT", "hang", Outcome(Result.SENT), 1),
    ],
)
def test_what_became_of_a_letter_depends_on_whether_it_was_handed_over(
    mail_server: MailServer, step: str, reply: str, outcome: Outcome, letters: int
) -> None:
    mail_server.replies[step] = reply
    began = time.monotonic()
    got = write()
    assert time.monotonic() - began < 2
    assert got.result is outcome.result
    assert not outcome.code or got.code == outcome.code
    assert len(mail_server.letters) == letters


def test_a_mail_server_that_is_not_there_is_a_failure(mail_server: MailServer, settings: Settings) -> None:
    with socket.socket() as placeholder:
        placeholder.bind(("127.0.0.1", 0))
        settings.EMAIL_PORT = placeholder.getsockname()[1]
        assert write() == Outcome(Result.FAILED, "ConnectionRefusedError")


def test_a_mail_server_without_the_asked_for_tls_gets_no_letter(mail_server: MailServer, settings: Settings) -> None:
    settings.EMAIL_USE_SSL = True
    assert write().result is Result.FAILED
    settings.EMAIL_USE_SSL, settings.EMAIL_USE_TLS = False, True
    assert write().result is Result.FAILED
    assert mail_server.letters == []


@pytest.mark.parametrize(
    "address", ["", "nobody", "a@example.org, b@example.org", "a@example.org\nBcc: b@example.org"]
)
def test_an_address_that_is_none_is_refused_before_any_talk(mail_server: MailServer, address: str) -> None:
    assert write(address=address) == Outcome(Result.REFUSED, "bad-address")
    assert mail_server.recipients == []


def test_an_address_beyond_the_servers_alphabet_is_refused(mail_server: MailServer) -> None:
    assert write(address="居民@example.org") == Outcome(Result.REFUSED, "bad-address")
    assert mail_server.letters == []


def test_other_mail_backends_work_too(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    assert write().result is Result.SENT
    assert mail.outbox[0].to == [ADDRESS]
    assert email_deduplicates() is False


@pytest.mark.django_db
def test_in_development_letters_go_to_the_inbox_page_once_per_key(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "linlingtong.delivery.email.DeveloperInbox"
    write(), write(), write("another")
    mail.send_mail("no key", "text", None, [ADDRESS])
    assert DevelopmentMessage.objects.count() == 3
    assert DevelopmentMessage.objects.filter(recipient=ADDRESS, channel="email").count() == 3
    assert email_deduplicates() is True
