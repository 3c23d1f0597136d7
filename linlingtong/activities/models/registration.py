from typing import Self

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.activities.models.activity import Session
from linlingtong.areas.models import inside


class RegistrationQuerySet(models.QuerySet["Registration"]):
    def visible_to(self, user: User) -> Self:
        """A resident's own registrations only."""
        return self.filter(resident_id=user.pk)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "session__activity__area_path"))

    def live(self) -> Self:
        return self.filter(state__in=Registration.LIVE)

    def queue(self) -> Self:
        """The waiting list in its order."""
        return self.filter(state=Registration.State.WAITLISTED).order_by("number")


class Registration(models.Model):
    """One resident in one session. Where the registration stands and who was there are two separate stories.

    `number` is taken from the session's counter under its turn, so it is the order of arrival. `places` counts the
    resident and the companions. `during` repeats the session's time for the rule that nobody is in two places at once.
    """

    class State(models.TextChoices):
        PENDING_REVIEW = "pending_review", _("awaiting approval")
        WAITLISTED = "waitlisted", _("on the waiting list")
        OFFERED = "offered", _("place offered")
        CONFIRMED = "confirmed", _("registered")
        REJECTED = "rejected", _("not accepted")
        CANCELLED = "cancelled", _("cancelled")
        LAPSED = "lapsed", _("offer lapsed")

    class Attendance(models.TextChoices):
        UNKNOWN = "unknown", _("not known yet")
        CHECKED_IN = "checked_in", _("checked in")
        CHECKED_OUT = "checked_out", _("checked out")
        ABSENT = "absent", _("absent")
        EXCUSED = "excused", _("excused")

    class Ended(models.TextChoices):
        NOT = "", _("not ended")
        BY_SELF = "self", _("by the resident")
        BY_STAFF = "staff", _("by staff")
        BY_EVENT = "event", _("the activity was cancelled")

    LIVE = (State.PENDING_REVIEW, State.WAITLISTED, State.OFFERED, State.CONFIRMED)

    session = models.ForeignKey(
        Session, models.PROTECT, related_name="registrations", db_index=False, verbose_name=_("session")
    )
    resident = models.ForeignKey(
        User, models.PROTECT, related_name="registrations", db_index=False, verbose_name=_("resident")
    )
    area_path = models.CharField(max_length=100, editable=False)
    state = models.CharField(_("state"), max_length=14, choices=State)
    attendance = models.CharField(_("attendance"), max_length=11, choices=Attendance, default=Attendance.UNKNOWN)
    number = models.PositiveBigIntegerField(_("number"))
    places = models.PositiveSmallIntegerField(_("head count"), default=1)
    during = DateTimeRangeField()
    answers = models.JSONField(_("answers"), default=dict, blank=True)
    note = models.CharField(_("note for the leader"), max_length=200, blank=True)
    may_be_photographed = models.BooleanField(_("may be photographed"), default=False)
    offered_until = models.DateTimeField(_("offer ends at"), null=True, blank=True)
    passed_over = models.PositiveSmallIntegerField(_("times passed over"), default=0)
    skip_reason = models.CharField(_("why not promoted"), max_length=30, blank=True)
    clash_flagged = models.BooleanField(_("clashes since the session moved"), default=False)
    ended_by = models.CharField(_("ended"), max_length=5, choices=Ended, default=Ended.NOT, blank=True)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    was_late = models.BooleanField(_("given up late"), default=False)
    created_at = models.DateTimeField(_("registered at"), default=timezone.now)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("registration")
        verbose_name_plural = _("registrations")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "resident"],
                condition=Q(state__in=["pending_review", "waitlisted", "offered", "confirmed"]),
                name="one_live_registration_per_resident",
            ),
            models.UniqueConstraint(fields=["session", "number"], name="one_number_for_each_in_a_session"),
            models.CheckConstraint(condition=Q(places__gte=1), name="a_registration_is_for_somebody"),
            models.CheckConstraint(
                condition=~Q(state="offered") | Q(offered_until__isnull=False), name="an_offer_has_an_end"
            ),
            ExclusionConstraint(
                name="nobody_is_in_two_places_at_once",
                expressions=[("resident", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
                condition=Q(state="confirmed", clash_flagged=False),
            ),
        ]
        indexes = [
            models.Index(fields=["session", "number"], condition=Q(state="waitlisted"), name="waiting_list"),
            models.Index(fields=["session", "state"], name="registration_by_session"),
            models.Index(F("resident"), F("created_at").desc(), name="registration_by_resident"),
            models.Index(fields=["offered_until"], condition=Q(state="offered"), name="offers_by_end"),
            models.Index(fields=["resident"], condition=Q(clash_flagged=True), name="clashes_of_a_resident"),
        ]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.number}"


class Companion(models.Model):
    """Somebody who comes along on a resident's registration and takes a place."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="companions")
    name = models.CharField(_("name"), max_length=30)
    age = models.PositiveSmallIntegerField(_("age"), null=True, blank=True)

    class Meta:
        verbose_name = _("companion")
        verbose_name_plural = _("companions")

    def __str__(self) -> str:
        return self.name


class RegistrationEvent(models.Model):
    """One move of a registration, never changed afterwards. `by` is empty when a rule or the clock did it."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="events", db_index=False)
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by"))
    from_state = models.CharField(_("from"), max_length=14, choices=Registration.State, blank=True)
    to_state = models.CharField(_("to"), max_length=14, choices=Registration.State)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("registration event")
        verbose_name_plural = _("registration events")
        indexes = [models.Index(fields=["registration", "id"], name="story_of_a_registration")]

    def __str__(self) -> str:
        return f"{self.from_state or '-'} -> {self.to_state}"


class ChangeNotice(models.Model):
    """Edits of a session within a few minutes become one notice: `before` compared with what stands at `due_at`."""

    session = models.ForeignKey(Session, models.CASCADE, related_name="change_notices")
    before = models.JSONField()
    due_at = models.DateTimeField()
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("change notice")
        verbose_name_plural = _("change notices")
        constraints = [
            models.UniqueConstraint(
                fields=["session"], condition=Q(told_at__isnull=True), name="one_open_change_notice_per_session"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(told_at__isnull=True), name="notices_due")]

    def __str__(self) -> str:
        return f"{self.session_id}"
