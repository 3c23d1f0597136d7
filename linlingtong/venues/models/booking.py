import datetime as dt
from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Organization, inside
from linlingtong.venues.models.venue import Unit, Venue


class BookingQuerySet(models.QuerySet["Booking"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(resident_id=user.pk)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "venue__area__path"))

    def live(self) -> Self:
        """Those that keep their units: booked, offered from the waiting list, or being used."""
        return self.filter(state__in=Booking.LIVE)

    def strikes(self, resident_id: int, since: dt.datetime) -> Self:
        return self.filter(resident_id=resident_id, state=Booking.State.NO_SHOW, starts_at__gte=since)


class Booking(models.Model):
    """One resident has units of a venue for a while. What ended stays as it was: who did not come is never deleted."""

    class State(models.TextChoices):
        HELD = "held", _("kept for you")
        BOOKED = "booked", _("booked")
        CHECKED_IN = "checked_in", _("checked in")
        OVER = "over", _("over")
        CANCELLED = "cancelled", _("cancelled")
        CALLED_OFF = "called_off", _("called off by the venue")
        LAPSED = "lapsed", _("not taken in time")
        NO_SHOW = "no_show", _("nobody came")
        EXCUSED = "excused", _("excused")

    class Appeal(models.TextChoices):
        NONE = "", _("none")
        OPEN = "open", _("to answer")
        GRANTED = "granted", _("granted")
        DECLINED = "declined", _("declined")

    LIVE = (State.HELD, State.BOOKED, State.CHECKED_IN)
    COUNTED = (State.HELD, State.BOOKED, State.CHECKED_IN, State.OVER, State.NO_SHOW)

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="bookings", db_index=False, verbose_name=_("venue"))
    resident = models.ForeignKey(
        User, models.PROTECT, related_name="bookings", db_index=False, verbose_name=_("resident")
    )
    team = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="bookings", verbose_name=_("team")
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("booked by"))
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.BOOKED)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    purpose = models.CharField(_("what for"), max_length=60, blank=True)
    headcount = models.PositiveSmallIntegerField(_("people"), default=1)
    held_until = models.DateTimeField(_("kept until"), null=True, blank=True)
    checked_in_at = models.DateTimeField(_("checked in at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=100, blank=True)
    appeal = models.CharField(_("appeal"), max_length=8, choices=Appeal, default=Appeal.NONE, blank=True)
    appeal_text = models.CharField(_("what the resident says"), max_length=200, blank=True)
    appeal_answer = models.CharField(_("answer"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("booked at"), default=timezone.now)

    objects = BookingQuerySet.as_manager()

    class Meta:
        verbose_name = _("booking")
        verbose_name_plural = _("bookings")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_booking_ends_after_it_starts"),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(held_until__isnull=False), name="a_held_booking_has_an_end"
            ),
        ]
        indexes = [
            models.Index(F("resident"), F("starts_at").desc(), name="bookings_of_a_resident"),
            models.Index(fields=["venue", "starts_at"], name="bookings_of_a_venue"),
            models.Index(fields=["team", "starts_at"], condition=Q(team__isnull=False), name="bookings_of_a_team"),
            models.Index(fields=["held_until"], condition=Q(state="held"), name="held_bookings_by_end"),
            models.Index(
                fields=["starts_at"], condition=Q(state__in=["booked", "checked_in"]), name="bookings_by_start"
            ),
            models.Index(fields=["venue"], condition=Q(appeal="open"), name="appeals_to_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.venue_id}/{self.pk}"


class Block(models.Model):
    """Staff need units for something else, or a storm closes them: whoever had them gets no mark for it."""

    class Kind(models.TextChoices):
        MAINTENANCE = "maintenance", _("maintenance")
        TRAINING = "training", _("training")
        EVENT = "event", _("event")
        WEATHER = "weather", _("weather")

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="blocks", verbose_name=_("venue"))
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(_("reason"), max_length=60)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)

    class Meta:
        verbose_name = _("block")
        verbose_name_plural = _("blocks")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_block_ends_after_it_starts")
        ]

    def __str__(self) -> str:
        return self.reason


class Occupancy(models.Model):
    """One unit is taken for a time, by a booking or by a block. The database lets no two of them overlap."""

    unit = models.ForeignKey(Unit, models.PROTECT, related_name="occupancies")
    during = DateTimeRangeField()
    booking = models.ForeignKey(Booking, models.CASCADE, null=True, related_name="occupancies")
    block = models.ForeignKey(Block, models.CASCADE, null=True, related_name="occupancies")

    class Meta:
        verbose_name = _("occupancy")
        verbose_name_plural = _("occupancies")
        constraints = [
            ExclusionConstraint(
                name="a_unit_is_taken_once_at_a_time",
                expressions=[("unit", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                condition=Q(booking__isnull=True, block__isnull=False) | Q(booking__isnull=False, block__isnull=True),
                name="taken_by_a_booking_or_a_block",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit_id}"


class WaitEntry(models.Model):
    """A resident would take a time that is full. Written in the units' turn, so the key is the order of arrival."""

    venue = models.ForeignKey(Venue, models.PROTECT, related_name="waiting", db_index=False, verbose_name=_("venue"))
    resident = models.ForeignKey(User, models.CASCADE, related_name="waiting_for_venues", verbose_name=_("resident"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    how_many = models.PositiveSmallIntegerField(_("units"), default=1)
    created_at = models.DateTimeField(_("since"), default=timezone.now)

    class Meta:
        verbose_name = _("waiting")
        verbose_name_plural = _("waiting list")
        constraints = [
            models.UniqueConstraint(fields=["venue", "resident", "starts_at"], name="one_wait_entry_for_each_time"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="waiting_for_a_time_with_an_end"),
        ]
        indexes = [models.Index(fields=["venue", "starts_at", "id"], name="waiting_in_order")]

    def __str__(self) -> str:
        return f"{self.venue_id}/{self.pk}"
