import pghistory
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from linlingtong.areas.models import Area


@pghistory.track()
class Issuer(models.Model):
    """Who keeps the hours of an area and by which rules. The nearest one above a resident's home counts for them."""

    name = models.CharField(_("name on the sheet"), max_length=80)
    area = models.OneToOneField(
        Area, models.PROTECT, null=True, blank=True, related_name="hours_issuer", verbose_name=_("area"),
        help_text=_("Empty: for everybody whose area has no issuer of its own."),
    )  # fmt: skip
    is_issuing_body = models.BooleanField(
        _("may certify"), default=False,
        help_text=_("Only a body that stamps certificates by law: its sheets are then called a certificate."),
    )  # fmt: skip
    least_presence = models.PositiveSmallIntegerField(
        _("least presence, per cent"), default=60, validators=[MaxValueValidator(100)],
        help_text=_("Whoever stayed for less gets nothing unless staff approve it."),
    )  # fmt: skip
    dispute_within_days = models.PositiveSmallIntegerField(_("days to ask for a correction"), default=30)
    answer_within_days = models.PositiveSmallIntegerField(_("working days to answer"), default=5)

    class Meta:
        verbose_name = _("issuer of hours")
        verbose_name_plural = _("issuers of hours")
        constraints = [
            models.CheckConstraint(condition=Q(least_presence__lte=100), name="presence_is_a_share_of_the_whole"),
            models.UniqueConstraint(
                models.Value(1), condition=Q(area__isnull=True), name="one_issuer_for_everybody_else"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@pghistory.track()
class StarLevel(models.Model):
    """From how many hours on an issuer gives a star."""

    issuer = models.ForeignKey(
        Issuer, models.CASCADE, related_name="levels", db_index=False, verbose_name=_("issuer of hours")
    )
    stars = models.PositiveSmallIntegerField(_("stars"))
    hours = models.PositiveIntegerField(_("from hours"))

    class Meta:
        verbose_name = _("star level")
        verbose_name_plural = _("star levels")
        constraints = [
            models.UniqueConstraint(fields=["issuer", "stars"], name="one_threshold_for_each_star"),
            models.UniqueConstraint(fields=["issuer", "hours"], name="one_star_for_each_threshold"),
            models.CheckConstraint(condition=Q(stars__gte=1, hours__gte=1), name="a_star_is_earned"),
        ]

    def __str__(self) -> str:
        return f"{self.stars} · {self.hours} h"
