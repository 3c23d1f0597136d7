import re

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

SIGN_IN_CODE = re.compile(r"(?<!\d)\d{6}(?!\d)")


class DevelopmentMessage(models.Model):
    """A text that would have gone out if this were not a development installation."""

    class Channel(models.TextChoices):
        SMS = "sms", _("SMS")
        EMAIL = "email", _("E-mail")

    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    recipient = models.CharField(_("recipient"), max_length=320)
    text = models.TextField(_("text"))
    key = models.CharField(_("key"), max_length=255, unique=True)
    sent_at = models.DateTimeField(_("sent at"), default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("development message")
        verbose_name_plural = _("development messages")

    def __str__(self) -> str:
        return f"{self.channel} {self.key}"

    @property
    def code(self) -> str:
        """The six digits to type, if the text holds such a code."""
        found = SIGN_IN_CODE.search(self.text)
        return found.group() if found else ""
