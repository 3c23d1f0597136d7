"""What remains of an activity when it is over: a word of thanks, a story with pictures, what people thought."""

import datetime as dt
from typing import Self

import pghistory
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.activities.models.activity import Activity
from linlingtong.areas.models import inside

EDITABLE = dt.timedelta(days=7)


@pghistory.track()
class Review(models.Model):
    """The story of an activity, written by its leader or staff, and the thanks to those who came."""

    activity = models.OneToOneField(Activity, models.CASCADE, related_name="review", verbose_name=_("activity"))
    story = models.TextField(_("how it was"), max_length=3000, blank=True)
    thanks = models.CharField(_("thanks"), max_length=300, blank=True)
    thanked_at = models.DateTimeField(_("thanked at"), null=True, blank=True)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("written by"))
    written_at = models.DateTimeField(_("written at"), null=True, blank=True)
    is_visible = models.BooleanField(_("everybody reads the story"), default=True)

    class Meta:
        verbose_name = _("look back")
        verbose_name_plural = _("looks back")

    def __str__(self) -> str:
        return str(self.activity)


class RatingQuerySet(models.QuerySet["Rating"]):
    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "activity__area_path"))


class Rating(models.Model):
    """What one of those who were there thought: one to five, and a line for the organisers only."""

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="ratings", db_index=False, verbose_name=_("activity")
    )
    resident = models.ForeignKey(User, models.CASCADE, related_name="ratings", verbose_name=_("resident"))
    stars = models.PositiveSmallIntegerField(_("stars"))
    text = models.CharField(_("what they said"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RatingQuerySet.as_manager()

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.UniqueConstraint(fields=["activity", "resident"], name="one_rating_each"),
            models.CheckConstraint(condition=Q(stars__gte=1, stars__lte=5), name="a_rating_is_one_to_five"),
        ]

    def __str__(self) -> str:
        return f"{self.stars}"

    @property
    def editable_until(self) -> dt.datetime:
        return self.created_at + EDITABLE
