import secrets
from collections.abc import Sequence
from typing import ClassVar

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from linlingtong.delivery.actions import keep_message
from linlingtong.delivery.models import DevelopmentMessage


class DeveloperInbox(BaseEmailBackend):
    """An EMAIL_BACKEND that shows letters on the page /dev/inbox/ instead of sending them."""

    deduplicates: ClassVar[bool] = True

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        for letter in email_messages:
            key = letter.extra_headers.get("Message-ID") or f"<{secrets.token_hex(20)}@unnamed>"
            text = f"{letter.subject}\n\n{letter.body}"
            keep_message(DevelopmentMessage.Channel.EMAIL, ", ".join(letter.recipients()), text, key=key)
        return len(email_messages)
