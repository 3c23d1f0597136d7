import datetime as dt
from typing import Self

import pghistory
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User, new_token
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area, inside
from linlingtong.areas.working_time import is_worked
from linlingtong.core.search import bigram_field, matching

LONGEST_DAYS_AHEAD = 60


class VenueQuerySet(models.QuerySet["Venue"]):
    def shown(self) -> Self:
        return self.filter(is_shown=True)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area__path"))

    def matching(self, text: str) -> Self:
        return self.filter(search=matching(text))


@pghistory.track(exclude=["search"])
class Venue(models.Model):
    """A place that residents book by the hour, made of units: the halves of a pitch, the seats of a gym.

    Where residents choose their units, each has a name; elsewhere they say how many they need and get free ones.
    """

    class Kind(models.TextChoices):
        PITCH = "pitch", _("pitch")
        GYM = "gym", _("gym")
        HALL = "hall", _("hall")
        INFANT = "infant", _("infant station")

    area = models.ForeignKey(Area, models.PROTECT, related_name="venues", verbose_name=_("area"))
    name = models.CharField(_("name"), max_length=40, unique=True)
    slug = models.SlugField(_("address on the site"), max_length=40, unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    place = models.CharField(_("place"), max_length=80)
    rules = models.TextField(_("rules of use, one a line"), max_length=1000, blank=True)
    phone = models.CharField(_("phone of who looks after it"), max_length=30, blank=True)
    fee = models.CharField(_("what it costs"), max_length=30, default="免费")
    chooses_units = models.BooleanField(_("residents choose their units"), default=False)
    slot_minutes = models.PositiveSmallIntegerField(_("length of a slot in minutes"), default=60)
    most_slots = models.PositiveSmallIntegerField(_("most slots in one booking"), default=2)
    days_ahead = models.PositiveSmallIntegerField(_("days ahead that can be booked"), default=14)
    notice_minutes = models.PositiveSmallIntegerField(
        _("minutes before the start until which one can book"), default=0
    )
    cancel_hours = models.PositiveSmallIntegerField(_("hours before the start until which one can cancel"), default=2)
    grace_minutes = models.PositiveSmallIntegerField(_("minutes to check in after the start"), default=15)
    needs_check_in = models.BooleanField(_("check-in by the code on the spot"), default=True)
    most_bookings = models.PositiveSmallIntegerField(_("bookings of one person in a week"), default=2)
    most_hours = models.PositiveSmallIntegerField(_("hours of one person in a week"), default=4)
    most_team_bookings = models.PositiveSmallIntegerField(_("bookings of one team in a week"), default=4)
    most_people = models.PositiveSmallIntegerField(_("most people"), default=20)
    code = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    is_shown = models.BooleanField(_("shown"), default=True)
    search = bigram_field("name", "place")

    objects = VenueQuerySet.as_manager()

    class Meta:
        verbose_name = _("venue")
        verbose_name_plural = _("venues")
        constraints = [
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=15, slot_minutes__lte=480), name="a_slot_has_a_length"
            ),
            models.CheckConstraint(condition=Q(most_slots__gte=1), name="a_booking_has_a_slot"),
            models.CheckConstraint(
                condition=Q(days_ahead__gte=1, days_ahead__lte=LONGEST_DAYS_AHEAD), name="days_ahead_are_not_endless"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def slot(self) -> dt.timedelta:
        return dt.timedelta(minutes=self.slot_minutes)

    @property
    def drawing(self) -> str:
        """The picture of its kind among the static files."""
        return f"covers/venue-{self.kind}.svg"

    @property
    def rule_lines(self) -> list[str]:
        return [line.strip() for line in self.rules.splitlines() if line.strip()]


class Unit(models.Model):
    """What is booked as a whole or not at all: half a pitch, a seat, a cot."""

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="units", db_index=False, verbose_name=_("venue"))
    name = models.CharField(_("name"), max_length=20)
    is_usable = models.BooleanField(_("can be used"), default=True)

    class Meta:
        verbose_name = _("unit")
        verbose_name_plural = _("units")
        constraints = [models.UniqueConstraint(fields=["venue", "name"], name="one_unit_of_a_name_in_each_venue")]

    def __str__(self) -> str:
        return self.name


class OpeningRule(models.Model):
    """Hours of a kind of day: open to residents, or kept for somebody (`reserved_for`) week after week."""

    class Days(models.TextChoices):
        EVERY = "every", _("every day")
        WORKED = "worked", _("working days")
        OFF = "off", _("days off")
        MONDAY = "0", _("Mondays")
        TUESDAY = "1", _("Tuesdays")
        WEDNESDAY = "2", _("Wednesdays")
        THURSDAY = "3", _("Thursdays")
        FRIDAY = "4", _("Fridays")
        SATURDAY = "5", _("Saturdays")
        SUNDAY = "6", _("Sundays")

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="opening_rules")
    days = models.CharField(_("days"), max_length=6, choices=Days, default=Days.EVERY)
    opens_at = models.TimeField(_("from"))
    closes_at = models.TimeField(_("until"))
    reserved_for = models.CharField(_("kept for"), max_length=12, blank=True)

    class Meta:
        verbose_name = _("opening rule")
        verbose_name_plural = _("opening rules")
        constraints = [
            models.CheckConstraint(condition=Q(closes_at__gt=F("opens_at")), name="a_rule_closes_after_it_opens")
        ]

    def __str__(self) -> str:
        return f"{self.get_days_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"

    def clean(self) -> None:
        if self.closes_at <= self.opens_at:
            raise ValidationError({"closes_at": _("It has to close after it opens.")})

    def applies(self, day: dt.date) -> bool:
        if self.days in {self.Days.WORKED, self.Days.OFF}:
            return is_worked(day) == (self.days == self.Days.WORKED)
        return self.days == self.Days.EVERY or self.days == str(day.weekday())


class DayException(models.Model):
    """On this one day other hours hold, or none at all."""

    venue = models.ForeignKey(Venue, models.CASCADE, related_name="exceptions", db_index=False)
    day = models.DateField(_("day"))
    opens_at = models.TimeField(_("from"), null=True, blank=True)
    closes_at = models.TimeField(_("until"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=40)

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [
            models.UniqueConstraint(fields=["venue", "day"], name="one_exception_a_day"),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True, closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="an_exception_is_closed_or_has_hours",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.reason}"

    def clean(self) -> None:
        if (self.opens_at is None) != (self.closes_at is None):
            raise ValidationError(_("Give both hours, or none for a closed day."))
        if self.opens_at and self.closes_at and self.closes_at <= self.opens_at:
            raise ValidationError({"closes_at": _("It has to close after it opens.")})
