from typing import Self

import pghistory
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from linlingtong.areas.models import Area


class CategoryQuerySet(models.QuerySet["Category"]):
    def active(self) -> Self:
        return self.filter(is_active=True).order_by("position", "pk")


@pghistory.track()
class Category(models.Model):
    """A kind of report: who looks after it first, and how much working time there is to accept and to finish it."""

    class Level(models.TextChoices):
        GRID = Area.Level.GRID.value, _("grid")
        COMMUNITY = Area.Level.COMMUNITY.value, _("community")
        SUBDISTRICT = Area.Level.SUBDISTRICT.value, _("subdistrict")

    slug = models.SlugField(_("address on the site"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=20, unique=True)
    example = models.CharField(_("for example"), max_length=40, blank=True)
    icon = models.CharField(_("icon"), max_length=30, default="tools")
    level = models.CharField(_("who looks after it first"), max_length=12, choices=Level, default=Level.GRID)
    accept_hours = models.PositiveSmallIntegerField(_("working hours to accept"), default=4)
    finish_days = models.PositiveSmallIntegerField(_("working days to finish"), default=5)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("in use"), default=True)

    objects = CategoryQuerySet.as_manager()

    class Meta:
        verbose_name = _("kind of report")
        verbose_name_plural = _("kinds of reports")
        constraints = [
            models.CheckConstraint(
                condition=Q(accept_hours__gte=1, accept_hours__lte=80), name="accepted_within_ten_working_days"
            ),
            models.CheckConstraint(
                condition=Q(finish_days__gte=1, finish_days__lte=60), name="finished_within_sixty_working_days"
            ),
        ]

    def __str__(self) -> str:
        return self.name
