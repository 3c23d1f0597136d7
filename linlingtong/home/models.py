from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User


class Feedback(models.Model):
    """What somebody thinks of the platform itself."""

    text = models.TextField(_("text"), max_length=1000)
    page = models.CharField(_("page"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        verbose_name = _("feedback")
        verbose_name_plural = _("feedback")

    def __str__(self) -> str:
        return self.text[:40]
