import datetime as dt

from django.core import signing
from django.db import models
from django.urls import reverse
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


class DataExportQuerySet(models.QuerySet["DataExport"]):
    def behind(self, token: str) -> "DataExport | None":
        """The finished copy that a link of the last hour leads to."""
        try:
            pk, asked = signing.loads(token, salt=DataExport.SALT, max_age=DataExport.LINK_SECONDS)
        except signing.BadSignature:
            return None
        found = self.filter(pk=pk, ready_at__gt=timezone.now() - DataExport.KEPT_FOR).first()
        return found if found and found.asked_stamp == asked else None


class DataExport(models.Model):
    """A copy of everything that is kept about one resident; made by the worker, gone after a week."""

    KEPT_FOR = dt.timedelta(days=7)
    LINK_SECONDS = 3600
    SALT = "home.export"

    resident = models.OneToOneField(User, models.CASCADE, related_name="data_export")
    asked_at = models.DateTimeField(default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True)
    archive = models.BinaryField(null=True)

    objects = DataExportQuerySet.as_manager()

    class Meta:
        verbose_name = _("own data export")
        verbose_name_plural = _("own data exports")
        indexes = [
            models.Index(fields=["asked_at"], condition=models.Q(ready_at__isnull=True), name="exports_to_make")
        ]

    def __str__(self) -> str:
        return f"{self.resident_id}"

    @property
    def kept_until(self) -> dt.datetime | None:
        return self.ready_at and self.ready_at + self.KEPT_FOR

    @property
    def asked_stamp(self) -> int:
        return int(self.asked_at.timestamp())

    def link(self) -> str:
        """The address of the finished copy, good for an hour, that names nobody."""
        token = signing.dumps([self.pk, self.asked_stamp], salt=self.SALT)
        return reverse("home:export_file", args=[token])


class Erasure(models.Model):
    """A resident wants to leave; until `due_at` it can be taken back."""

    TIME_TO_THINK = dt.timedelta(days=7)

    resident = models.OneToOneField(User, models.CASCADE, related_name="erasure")
    asked_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        indexes = [models.Index(fields=["due_at"], name="erasures_due")]

    def __str__(self) -> str:
        return f"{self.resident_id}"
