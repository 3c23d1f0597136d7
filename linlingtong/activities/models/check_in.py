"""Who came: what was noted at the door, never changed, and what follows from it."""

import datetime as dt
import uuid
from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.activities.models.activity import Session
from linlingtong.activities.models.registration import Registration
from linlingtong.areas.models import inside

OPENS_BEFORE = dt.timedelta(hours=1)
CLOSES_AFTER = dt.timedelta(hours=2)


def opens_at(session: Session) -> dt.datetime:
    """From when on people may be checked in."""
    return session.starts_at - OPENS_BEFORE


def closes_at(session: Session) -> dt.datetime:
    """Until when somebody may still check out."""
    return session.ends_at + CLOSES_AFTER


class ScanQuerySet(models.QuerySet["Scan"]):
    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "session__activity__area_path"))

    def counted(self) -> Self:
        """What attendance follows from: a repeated scan may still be the earliest."""
        return self.filter(verdict__in=[Scan.Verdict.ACCEPTED, Scan.Verdict.DUPLICATE])

    def pending(self) -> Self:
        """Arrivals by a printed code that nobody has looked at."""
        return self.filter(verdict=Scan.Verdict.UNRESOLVED, way=Scan.Way.PRINTED, settled_by=None)


class Scan(models.Model):
    """One thing noted at the door; the database refuses to change or delete it.

    `scanned_at` is when the device noted it, by the device's clock within bounds; `counts_at` is the moment that
    counts for the time somebody was there, which differs when staff fill in the roster afterwards.
    """

    class Kind(models.TextChoices):
        IN = "in", _("check-in")
        OUT = "out", _("check-out")
        ABSENT = "absent", _("absent")
        EXCUSED = "excused", _("excused")
        UNDONE = "undone", _("taken back")

    class Way(models.TextChoices):
        PASS = "pass", _("the resident's code")
        DIGITS = "digits", _("six digits, spoken")
        VENUE = "venue", _("the code on the screen")
        PRINTED = "printed", _("the printed code")
        STAFF = "staff", _("ticked by staff")
        EVERYBODY = "everybody", _("everybody out")

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DUPLICATE = "duplicate", _("noted already")
        UNRESOLVED = "unresolved", _("to be looked at")
        REFUSED = "refused", _("refused")

    MARKS = (Kind.ABSENT, Kind.EXCUSED, Kind.UNDONE)
    SCANNED = (Way.PASS, Way.DIGITS, Way.VENUE)

    client_id = models.UUIDField(_("number of the device"), unique=True, default=uuid.uuid4)
    session = models.ForeignKey(
        Session, models.PROTECT, related_name="scans", db_index=False, verbose_name=_("session")
    )
    registration = models.ForeignKey(
        Registration, models.PROTECT, null=True, related_name="scans", db_index=False, verbose_name=_("registration")
    )
    kind = models.CharField(_("what"), max_length=7, choices=Kind)
    way = models.CharField(_("how"), max_length=9, choices=Way)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict)
    reason = models.CharField(_("reason"), max_length=40, blank=True)
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    typed = models.CharField(_("typed"), max_length=12, blank=True)
    scanned_at = models.DateTimeField(_("noted at"))
    counts_at = models.DateTimeField(_("counts from"))
    received_at = models.DateTimeField(_("received at"), default=timezone.now)
    distance = models.PositiveIntegerField(_("metres from the place"), null=True, blank=True)
    settles = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="settled_by", verbose_name=_("settles")
    )

    objects = ScanQuerySet.as_manager()

    class Meta:
        verbose_name = _("scan")
        verbose_name_plural = _("scans")
        indexes = [
            models.Index(fields=["registration", "scanned_at"], name="scans_of_a_registration"),
            models.Index(F("session"), F("received_at").desc(), name="scans_of_a_session"),
        ]
        triggers = [pgtrigger.Protect(name="scans_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.session_id}/{self.kind}/{self.verdict}"

    @property
    def is_far(self) -> bool:
        """Far from the place: worth a look, never a reason to refuse."""
        return self.distance is not None and self.distance > 1000


class Presence(models.Model):
    """From when to when somebody was there: what the counted scans add up to. Written by the verbs only."""

    registration = models.OneToOneField(Registration, models.PROTECT, primary_key=True, related_name="presence")
    session = models.ForeignKey(Session, models.PROTECT, related_name="presences")
    came_at = models.DateTimeField(_("came at"), null=True)
    came_way = models.CharField(max_length=9, choices=Scan.Way, blank=True)
    left_at = models.DateTimeField(_("left at"), null=True)
    left_way = models.CharField(max_length=9, choices=Scan.Way, blank=True)
    left_automatically = models.BooleanField(_("closed at the end of the session"), default=False)
    recorded_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    settled_at = models.DateTimeField(_("settled at"), null=True)

    class Meta:
        verbose_name = _("presence")
        verbose_name_plural = _("presences")
        constraints = [
            models.CheckConstraint(
                condition=Q(left_at__isnull=True) | Q(came_at__isnull=True) | Q(left_at__gte=F("came_at")),
                name="nobody_leaves_before_coming",
            ),
        ]
        indexes = [
            models.Index(fields=["session"], condition=Q(settled_at__isnull=True), name="presences_to_settle"),
        ]

    def __str__(self) -> str:
        return f"{self.registration_id}"

    @property
    def is_scanned_twice(self) -> bool:
        """Came and left, both by a code."""
        return self.came_way in Scan.SCANNED and self.left_way in Scan.SCANNED

    @property
    def is_scanned(self) -> bool:
        return self.came_way in Scan.SCANNED or self.left_way in Scan.SCANNED


class WalkIn(models.Model):
    """Somebody without an account who came along: a name on the roster and nothing else."""

    client_id = models.UUIDField(unique=True, default=uuid.uuid4)
    session = models.ForeignKey(Session, models.CASCADE, related_name="walk_ins", verbose_name=_("session"))
    name = models.CharField(_("name"), max_length=30)
    came_at = models.DateTimeField(_("came at"))
    left_at = models.DateTimeField(_("left at"), null=True, blank=True)
    is_taken_back = models.BooleanField(_("taken back"), default=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))

    class Meta:
        verbose_name = _("walk-in")
        verbose_name_plural = _("walk-ins")

    def __str__(self) -> str:
        return self.name


class PhoneLook(models.Model):
    """Staff at the desk were shown the number of somebody on the list, to ring them; its owner reads who and when."""

    registration = models.ForeignKey(Registration, models.CASCADE, related_name="phone_looks", db_index=False)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("seen by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("look at a phone number")
        verbose_name_plural = _("looks at phone numbers")
        indexes = [models.Index(F("registration"), F("at").desc(), name="phone_looks_by_registration")]
        triggers = [pgtrigger.Protect(name="phone_looks_stay", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.at:%F %T}"


class NoShowQuerySet(models.QuerySet["NoShow"]):
    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "registration__session__activity__area_path"))

    def in_force(self, moment: dt.datetime) -> Self:
        return self.filter(until__gt=moment, lifted_at=None)


class NoShow(models.Model):
    """A delay before the next registration, because somebody kept a place and did not come. It ends by itself."""

    registration = models.OneToOneField(Registration, models.PROTECT, related_name="no_show")
    resident = models.ForeignKey(
        User, models.PROTECT, related_name="no_shows", db_index=False, verbose_name=_("resident")
    )
    until = models.DateTimeField(_("may not register until"))
    noted_at = models.DateTimeField(_("noted at"), default=timezone.now)
    appeal = models.TextField(_("what the resident says"), max_length=500, blank=True)
    appealed_at = models.DateTimeField(_("appealed at"), null=True, blank=True)
    answer = models.CharField(_("answer"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)

    objects = NoShowQuerySet.as_manager()

    class Meta:
        verbose_name = _("no-show")
        verbose_name_plural = _("no-shows")
        constraints = [
            models.CheckConstraint(
                condition=Q(appealed_at__isnull=True) | ~Q(appeal=""), name="an_appeal_says_something"
            ),
        ]
        indexes = [models.Index(fields=["resident", "until"], name="no_shows_of_a_resident")]

    def __str__(self) -> str:
        return f"{self.registration_id}"
