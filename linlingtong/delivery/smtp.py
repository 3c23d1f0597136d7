import contextlib
import hashlib
import smtplib
import socket
from email.utils import parseaddr
from typing import Any, cast

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend

from linlingtong.delivery.channel import Outcome, failed, refused, sent, unknown
from linlingtong.delivery.wire import cut_after

LONGEST_TALK = 30.0


class _Watched(smtplib.SMTP):
    """Remembers whether the letter itself was begun: before, a broken line is a failure, after, nobody knows."""

    letter_begun = False

    def data(self, msg: Any) -> tuple[int, bytes]:
        self.letter_begun = True
        return super().data(msg)


class _WatchedSSL(_Watched, smtplib.SMTP_SSL):
    pass


class _WatchedBackend(EmailBackend):
    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _WatchedSSL if self.use_ssl else _Watched


def carry(address: str, subject: str, text: str, html: str, *, key: str) -> Outcome:
    """Hand one letter to the mail server of the EMAIL_* settings, plain text with an optional HTML twin."""
    try:
        letter = _letter(address, subject, text, html, key)
        letter.message()
    except ValueError:
        return refused("bad-address")
    connection = get_connection(fail_silently=False)
    if isinstance(connection, EmailBackend):
        return _carry_by_smtp(letter)
    connection.send_messages([letter])
    return sent(letter.extra_headers["Message-ID"])


def _letter(address: str, subject: str, text: str, html: str, key: str) -> EmailMultiAlternatives:
    mailbox, at, _ = address.rpartition("@")
    # Django writes a mailbox in other letters as an encoded word, which no server takes for an address.
    if not at or not mailbox.isascii() or parseaddr(address)[1] != address:
        raise ValueError("not one plain address")
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].partition("@")[2] or "localhost"
    name = hashlib.sha256(key.encode()).hexdigest()[:40]
    headers = {"Message-ID": f"<{name}@{domain}>", "Auto-Submitted": "auto-generated"}
    letter = EmailMultiAlternatives(" ".join(subject.split()), text, to=[address], headers=headers)
    if html:
        letter.attach_alternative(html, "text/html")
    return letter


def _carry_by_smtp(letter: EmailMultiAlternatives) -> Outcome:
    backend = _WatchedBackend(fail_silently=False, timeout=settings.EMAIL_TIMEOUT or 10)
    try:
        backend.open()
    except (OSError, smtplib.SMTPException) as error:
        _hang_up(backend)
        return failed(_word(error))
    line = cast("_Watched", backend.connection)
    try:
        with cut_after(cast("socket.socket", line.sock), LONGEST_TALK):
            backend.send_messages([letter])
    except (OSError, smtplib.SMTPException) as error:
        return _judge(error, line.letter_begun)
    finally:
        _hang_up(backend)
    return sent(letter.extra_headers["Message-ID"])


def _judge(error: Exception, letter_begun: bool) -> Outcome:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code = next((code for code, _ in error.recipients.values()), 0)
        return refused(f"smtp-{code}") if code >= 500 else failed(f"smtp-{code}")
    if isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 400:
        return refused(_word(error)) if error.smtp_code >= 500 else failed(_word(error))
    return unknown(_word(error)) if letter_begun else failed(_word(error))


def _word(error: Exception) -> str:
    """The reply's number or the error's kind: the reply's words may hold the address."""
    code = getattr(error, "smtp_code", None)
    return f"smtp-{code}" if code else type(error).__name__


def _hang_up(backend: BaseEmailBackend) -> None:
    """The letter's fate is known by now; a rude goodbye does not change it."""
    with contextlib.suppress(OSError, smtplib.SMTPException):
        backend.close()
