"""What is written down after an activity that people came to without registering here: the roster on paper."""

from typing import Any, Self

import pghistory
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.activities.models.activity import Activity, Session
from linlingtong.areas.models import Area, inside


class ManagedQuerySet(models.QuerySet[Any]):
    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area_path"))


class ImportBatch(models.Model):
    """One sheet of names: read, judged row by row without consequences, then applied, perhaps undone.

    `rows_done` counts the rows that the present step has been through.
    """

    class State(models.TextChoices):
        CHECKING = "checking", _("being checked")
        CHECKED = "checked", _("checked, nothing written yet")
        APPLYING = "applying", _("being written")
        APPLIED = "applied", _("written")
        UNDOING = "undoing", _("being undone")
        UNDONE = "undone", _("undone")

    BUSY = (State.CHECKING, State.APPLYING, State.UNDOING)

    area = models.ForeignKey(Area, models.PROTECT, related_name="+", verbose_name=_("area"))
    area_path = models.CharField(max_length=100, editable=False)
    session = models.ForeignKey(
        Session, models.SET_NULL, null=True, blank=True, related_name="batches", verbose_name=_("session")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Activity.Kind, default=Activity.Kind.VOLUNTEER)
    evidence = models.TextField(_("evidence"), max_length=1000, blank=True)
    file_name = models.CharField(_("file"), max_length=120)
    sheet_name = models.CharField(_("sheet"), max_length=60, blank=True)
    columns = models.JSONField(default=dict)
    digest = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.CHECKING)
    rows_total = models.PositiveIntegerField(_("rows"), default=0)
    rows_done = models.PositiveIntegerField(default=0)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("uploaded by"))
    created_at = models.DateTimeField(_("uploaded at"), default=timezone.now)
    applied_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("written by"))
    applied_at = models.DateTimeField(_("written at"), null=True)
    undone_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("undone by"))
    undone_at = models.DateTimeField(_("undone at"), null=True)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        verbose_name = _("imported sheet")
        verbose_name_plural = _("imported sheets")
        indexes = [
            models.Index(F("created_at").desc(), name="batches_by_age"),
            models.Index(
                fields=["id"], condition=Q(state__in=["checking", "applying", "undoing"]), name="batches_under_way"
            ),
        ]

    def __str__(self) -> str:
        return self.file_name

    @property
    def is_busy(self) -> bool:
        return self.state in self.BUSY


@pghistory.track()
class OfflineRecord(models.Model):
    """A session that staff wrote down afterwards: what proves it, and who wrote it."""

    session = models.OneToOneField(Session, models.CASCADE, related_name="record", verbose_name=_("session"))
    area_path = models.CharField(max_length=100, editable=False)
    evidence = models.TextField(_("evidence"), max_length=1000, blank=True)
    batch = models.ForeignKey(
        ImportBatch, models.SET_NULL, null=True, blank=True, related_name="records", editable=False
    )
    recorded_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", verbose_name=_("written down by"), editable=False
    )
    recorded_at = models.DateTimeField(_("written down at"), default=timezone.now, editable=False)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity recorded afterwards")
        verbose_name_plural = _("activities recorded afterwards")
        indexes = [models.Index(F("recorded_at").desc(), name="records_by_age")]

    def __str__(self) -> str:
        return str(self.session.activity)


class Participant(models.Model):
    """Somebody who was there, by a roster. Without an account until the owner of the phone signs in.

    The number itself is not kept: `phone_key` recognises it, `phone_mask` is what staff see. `minutes` are of service;
    None or 0 means that somebody took part without hours. `during` is when they served.
    """

    session = models.ForeignKey(Session, models.PROTECT, related_name="participants", verbose_name=_("session"))
    area_path = models.CharField(max_length=100, editable=False)
    name = models.CharField(_("name"), max_length=30)
    phone_key = models.CharField(max_length=64, blank=True, editable=False)
    phone_mask = models.CharField(_("phone"), max_length=16, blank=True)
    resident = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="participations",
        db_index=False,
        verbose_name=_("resident"),
    )
    minutes = models.PositiveSmallIntegerField(_("minutes"), null=True, blank=True)
    during = DateTimeRangeField()
    batch = models.ForeignKey(
        ImportBatch, models.SET_NULL, null=True, blank=True, related_name="participants", verbose_name=_("sheet")
    )
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("written down by"))
    recorded_at = models.DateTimeField(_("written down at"), default=timezone.now)
    linked_at = models.DateTimeField(_("account known since"), null=True, blank=True)
    is_credited = models.BooleanField(_("hours credited"), default=False)
    remark = models.CharField(_("remark"), max_length=60, blank=True)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        verbose_name = _("participant")
        verbose_name_plural = _("participants")
        constraints = [
            models.UniqueConstraint(
                fields=["session", "phone_key"], condition=~Q(phone_key=""), name="one_participant_for_each_phone"
            ),
            models.UniqueConstraint(
                fields=["session", "resident"],
                condition=Q(resident__isnull=False),
                name="one_participant_for_each_resident",
            ),
            models.UniqueConstraint(
                fields=["session", "name"], condition=Q(phone_key=""), name="one_participant_of_a_name_without_phone"
            ),
        ]
        indexes = [
            models.Index(
                fields=["phone_key"], condition=~Q(phone_key="") & Q(resident__isnull=True), name="claimable_by_phone"
            ),
            models.Index(F("resident"), F("recorded_at").desc(), name="participations_of_resident"),
            models.Index(fields=["area_path"], name="participant_by_area", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRow(models.Model):
    """One line of a sheet as it was understood, and what would become of it, or has."""

    class Outcome(models.TextChoices):
        NEW = "new", _("new")
        UNLINKED = "unlinked", _("new, no account yet")
        KNOWN = "known", _("recorded already")
        REFUSED = "refused", _("not possible")
        LEFT_OUT = "left_out", _("left out")
        UNDONE = "undone", _("undone")

    WRITTEN = (Outcome.NEW, Outcome.UNLINKED)

    batch = models.ForeignKey(ImportBatch, models.CASCADE, related_name="rows", db_index=False)
    number = models.PositiveIntegerField(_("line"))
    name = models.CharField(_("name"), max_length=60, blank=True)
    phone_key = models.CharField(max_length=64, blank=True)
    phone_mask = models.CharField(_("phone"), max_length=16, blank=True)
    resident = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    title = models.CharField(_("activity"), max_length=80, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    leader = models.CharField(_("leader"), max_length=30, blank=True)
    starts_at = models.DateTimeField(_("starts at"), null=True)
    ends_at = models.DateTimeField(_("ends at"), null=True)
    is_timed = models.BooleanField(default=False)
    minutes = models.PositiveIntegerField(_("minutes"), null=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome, blank=True)
    reason = models.CharField(max_length=30, blank=True)
    is_final = models.BooleanField(default=False)
    facts = models.JSONField(default=dict)
    participant = models.ForeignKey(Participant, models.SET_NULL, null=True, related_name="rows")

    class Meta:
        verbose_name = _("line of a sheet")
        verbose_name_plural = _("lines of a sheet")
        constraints = [models.UniqueConstraint(fields=["batch", "number"], name="one_row_for_each_line")]
        indexes = [models.Index(fields=["batch", "outcome", "number"], name="rows_by_outcome")]

    def __str__(self) -> str:
        return f"{self.batch_id}/{self.number}"


@pghistory.track()
class RosterExport(models.Model):
    """A list of people left the house: who took it, how many rows, with whole numbers or not, and why."""

    class What(models.TextChoices):
        ROSTER = "roster", _("roster of a session")
        RECORDS = "records", _("participations of an area")

    what = models.CharField(_("what"), max_length=8, choices=What)
    session = models.ForeignKey(
        Session, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("session")
    )
    area_path = models.CharField(max_length=100, editable=False)
    rows = models.PositiveIntegerField(_("rows"))
    has_phones = models.BooleanField(_("with whole phone numbers"), default=False)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    objects = ManagedQuerySet.as_manager()

    class Meta:
        verbose_name = _("export")
        verbose_name_plural = _("exports")
        indexes = [models.Index(F("at").desc(), name="exports_by_age")]

    def __str__(self) -> str:
        return f"{self.get_what_display()} · {self.rows}"
