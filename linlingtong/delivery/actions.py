import datetime as dt
from collections.abc import Mapping

import structlog
from django.conf import settings
from django.core.mail import get_connection
from django.utils.module_loading import import_string

from linlingtong.delivery import smtp
from linlingtong.delivery.channel import Outcome, Sms, SmsBackend
from linlingtong.delivery.models import DevelopmentMessage

log = structlog.get_logger(__name__)
DEFAULT_SMS_BACKEND = "linlingtong.delivery.sms.ConsoleBackend"


def send_sms(phone: str, template: str, params: Mapping[str, str], text: str, *, key: str) -> Outcome:
    """Hand one text to the SMS channel; `phone` is E.164, `key` names the message and holds nothing personal.

    Talks to the network for up to ten seconds: never inside a transaction or a request.
    """
    outcome = _sms_backend().send(Sms(phone, template, params, text, key))
    return _logged("sms", key, outcome)


def send_email(address: str, subject: str, text: str, html: str = "", *, key: str) -> Outcome:
    """Hand one letter to the mail server; its Message-ID is derived from `key`, so that doubles can be recognised."""
    return _logged("email", key, smtp.carry(address, subject, text, html, key=key))


def receipt(key: str, phone: str, sent_on: dt.date) -> Outcome | None:
    """What became of the SMS with this key, sent on that day in Shanghai; `None` if the channel has no trace of it.

    `unknown` means that the channel could not be asked or has not decided: ask again later.
    """
    return _sms_backend().look_up(key, phone, sent_on)


def sms_deduplicates() -> bool:
    """Whether an unknown SMS may be sent again under the same key."""
    return _sms_backend().deduplicates


def missing_receipt_is_proof() -> bool:
    """Whether `receipt(...) is None`, some minutes after the attempt, proves that the SMS was never accepted."""
    return _sms_backend().absence_is_proof


def email_deduplicates() -> bool:
    """Whether an unknown e-mail may be sent again under the same key."""
    return bool(getattr(get_connection(fail_silently=False), "deduplicates", False))


def keep_message(channel: DevelopmentMessage.Channel, recipient: str, text: str, *, key: str) -> None:
    """Show a text in the developers' inbox instead of sending it; the same key twice is one message."""
    message = DevelopmentMessage(channel=channel, recipient=recipient, text=text.replace("\x00", ""), key=key)
    DevelopmentMessage.objects.bulk_create([message], ignore_conflicts=True)


def _sms_backend() -> SmsBackend:
    backend: SmsBackend = import_string(getattr(settings, "SMS_BACKEND", "") or DEFAULT_SMS_BACKEND)()
    return backend


def _logged(channel: str, key: str, outcome: Outcome) -> Outcome:
    facts = {"channel": channel, "key": key, "outcome": outcome.result.value, "code": outcome.code}
    if outcome.result == "sent":
        log.info("message_handed_over", **facts)
    else:
        log.warning("message_not_handed_over", **facts)
    return outcome
