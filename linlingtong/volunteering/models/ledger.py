from typing import Self

import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area, inside

# Rows are added and never touched again, by anybody who goes through the tables: no ORM, no admin, no SQL.
NEVER_EMPTIED = pgtrigger.Trigger(
    name="never_emptied",
    operation=pgtrigger.Truncate,
    when=pgtrigger.Before,
    level=pgtrigger.Statement,
    func="RAISE EXCEPTION 'the ledger is never emptied' USING ERRCODE = 'check_violation';",
)
APPEND_ONLY = [
    pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
    NEVER_EMPTIED,
]


class Standing(models.TextChoices):
    """What a resident reads beside a line."""

    CREDITED = "credited", _("credited")
    WAITING = "waiting", _("waiting for approval")
    DECLINED = "declined", _("not credited")
    REVERSED = "reversed", _("taken back")
    DISPUTED = "disputed", _("you asked for a correction")


class ServiceEntryQuerySet(models.QuerySet["ServiceEntry"]):
    def visible_to(self, user: User) -> Self:
        """A resident's own lines only."""
        return self.filter(resident_id=user.pk)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area__path"))

    def undecided(self) -> Self:
        return self.filter(~Exists(ServiceRecord.objects.filter(entry=OuterRef("pk"))))

    def current(self) -> Self:
        """Without entries that a credited correction has replaced."""
        newer = ServiceRecord.objects.filter(entry__replaces=OuterRef("pk"), kind="credit")
        return self.filter(~Exists(newer))

    def with_standing(self) -> Self:
        """Where each line stands, the minutes it counts for, and the reason that its resident reads."""
        records = ServiceRecord.objects.filter(entry=OuterRef("pk")).order_by("-pk")
        kind = records.values("kind")[:1]
        disputes = self.model._meta.get_field("disputes").related_model._default_manager  # noqa: SLF001 - public in Django
        is_disputed = Exists(disputes.filter(entry=OuterRef("pk"), answered_at=None))
        plain = Case(
            When(last_kind="credit", then=Value(Standing.CREDITED)),
            When(last_kind="reversal", then=Value(Standing.REVERSED)),
            When(last_kind="decline", then=Value(Standing.DECLINED)),
            default=Value(Standing.WAITING),
        )
        return self.annotate(last_kind=Subquery(kind)).annotate(
            is_disputed=is_disputed,
            plain_standing=plain,
            standing=Case(When(is_disputed=True, then=Value(Standing.DISPUTED)), default=plain),
            counted=Coalesce(
                Subquery(records.filter(kind="credit").values("minutes")[:1]),
                F("minutes"),
                output_field=models.IntegerField(),
            ),
            last_reason=Coalesce(Subquery(records.values("reason")[:1]), Value("")),
        )


class ServiceEntry(models.Model):
    """What somebody did, as it was recorded: from when to when, who noted it, what it rests on. Added, never changed.

    `key` names the deed, so that it is entered once. `minutes` is what the entry would count for; what it did count
    for stands in its records. The area is where it took place. `replaces` is the entry that this one corrects.
    `evidence` holds ids, times and references to papers, never names or phones: nothing is ever taken out of here.
    """

    class Source(models.TextChoices):
        SCAN = "scan", _("scan")
        STAFF = "staff", _("noted by staff")
        PAPER = "paper", _("paper")
        IMPORT = "import", _("import")
        HELP = "help", _("mutual aid, confirmed by both sides")

    class Proof(models.TextChoices):
        A = "A", _("A: came and left by scan")
        B = "B", _("B: one scan, or both sides, and staff")
        C = "C", _("C: paper with evidence")

    key = models.CharField(max_length=120, unique=True)
    resident = models.ForeignKey(
        User, models.PROTECT, related_name="service_entries", db_index=False, verbose_name=_("resident")
    )
    title = models.CharField(_("title"), max_length=120)
    place = models.CharField(_("place"), max_length=120, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", db_index=False, verbose_name=_("area"))
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    planned_minutes = models.PositiveIntegerField(_("planned minutes"))
    minutes = models.PositiveIntegerField(_("minutes"))
    source = models.CharField(_("source"), max_length=6, choices=Source)
    proof = models.CharField(_("proof"), max_length=1, choices=Proof)
    recorder = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    leader = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("leader"))
    evidence = models.JSONField(_("evidence"), default=dict, blank=True)
    replaces = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="replaced_by", verbose_name=_("corrects")
    )
    note = models.CharField(_("why it waits"), max_length=20, blank=True)
    recorded_at = models.DateTimeField(_("recorded at"), default=timezone.now)

    objects = ServiceEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("service entry")
        verbose_name_plural = _("service entries")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="service_ends_after_it_starts"),
            models.CheckConstraint(condition=Q(minutes__gte=1, planned_minutes__gte=1), name="service_lasts_a_minute"),
            models.CheckConstraint(
                condition=Q(recorder__isnull=True) | ~Q(recorder=F("resident")), name="nobody_records_own_hours"
            ),
            models.CheckConstraint(
                condition=Q(proof="A") | Q(recorder__isnull=False) | Q(source="scan"),
                name="what_no_scan_shows_somebody_recorded",
            ),
        ]
        indexes = [
            models.Index(F("resident"), F("starts_at").desc(), F("id").desc(), name="service_of_a_resident"),
            models.Index(F("area"), F("starts_at").desc(), name="service_of_an_area"),
        ]
        triggers = APPEND_ONLY

    def __str__(self) -> str:
        return self.title


class ServiceRecord(models.Model):
    """One line of the ledger: an entry was credited, declined, or its credit was taken back. Added, never changed.

    The rule of two persons stands here as constraints: whoever approves is neither the one who recorded nor the one
    who served; without a scan on the way in and out nothing counts that a second person did not approve.
    """

    class Kind(models.TextChoices):
        CREDIT = "credit", _("credited")
        REVERSAL = "reversal", _("taken back")
        DECLINE = "decline", _("not credited")

    entry = models.ForeignKey(ServiceEntry, models.PROTECT, related_name="records", verbose_name=_("service entry"))
    resident = models.ForeignKey(
        User, models.PROTECT, related_name="service_records", db_index=False, verbose_name=_("resident")
    )
    area = models.ForeignKey(Area, models.PROTECT, related_name="+", db_index=False, verbose_name=_("area"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind)
    minutes = models.IntegerField(_("minutes"), help_text=_("Below zero when a credit is taken back."))
    proof = models.CharField(_("proof"), max_length=1, choices=ServiceEntry.Proof)
    during = DateTimeRangeField()
    recorder = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("recorded by")
    )
    approver = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("ledger line")
        verbose_name_plural = _("ledger lines")
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(kind__in=["credit", "decline"]), name="an_entry_is_decided_once"
            ),
            models.UniqueConstraint(
                fields=["entry"], condition=Q(kind="reversal"), name="a_credit_is_taken_back_once"
            ),
            models.CheckConstraint(
                condition=Q(kind="credit", minutes__gt=0)
                | Q(kind="reversal", minutes__lt=0)
                | Q(kind="decline", minutes=0),
                name="credits_add_and_reversals_take",
            ),
            models.CheckConstraint(
                condition=Q(kind="credit") | ~Q(reason=""), name="taking_back_and_declining_say_why"
            ),
            models.CheckConstraint(
                condition=Q(approver__isnull=True) | ~Q(approver=F("resident")), name="nobody_approves_own_hours"
            ),
            models.CheckConstraint(
                condition=~Q(kind="credit")
                | Q(approver__isnull=True)
                | Q(recorder__isnull=True)
                | ~Q(approver=F("recorder")),
                name="two_persons_for_every_approval",
            ),
            models.CheckConstraint(
                condition=~Q(kind="credit") | Q(proof="A") | Q(approver__isnull=False),
                name="without_two_scans_somebody_approves",
            ),
        ]
        indexes = [
            models.Index(fields=["resident", "at"], name="ledger_of_a_resident"),
            models.Index(fields=["area", "at"], name="ledger_of_an_area"),
        ]
        triggers = [
            *APPEND_ONLY,
            # What is written must be true of its entry, and the live spans follow the ledger in the same statement.
            pgtrigger.Trigger(
                name="true_to_its_entry",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("said", "record")],
                func="""
                    SELECT e.resident_id, e.area_id, e.recorder_id, e.proof INTO said
                      FROM volunteering_serviceentry e WHERE e.id = NEW.entry_id;
                    IF NEW.recorder_id IS DISTINCT FROM said.recorder_id OR (NEW.resident_id, NEW.area_id, NEW.proof)
                       IS DISTINCT FROM (said.resident_id, said.area_id, said.proof) THEN
                        RAISE EXCEPTION 'a ledger line must repeat its entry' USING ERRCODE = 'check_violation';
                    END IF;
                    IF NEW.kind = 'reversal' AND NOT EXISTS (
                        SELECT 1 FROM volunteering_servicerecord r
                         WHERE r.entry_id = NEW.entry_id AND r.kind = 'credit' AND r.minutes = -NEW.minutes) THEN
                        RAISE EXCEPTION 'only a whole credit can be taken back' USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="spans_follow",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                func="""
                    IF NEW.kind = 'credit' THEN
                        INSERT INTO volunteering_livespan (entry_id, resident_id, during)
                        VALUES (NEW.entry_id, NEW.resident_id, NEW.during);
                    ELSIF NEW.kind = 'reversal' THEN
                        DELETE FROM volunteering_livespan WHERE entry_id = NEW.entry_id;
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.entry_id} {self.kind} {self.minutes}"


class LiveSpan(models.Model):
    """The time that a credited entry takes; nobody is credited twice for the same minute.

    Written and deleted by the ledger's own trigger only: a credit puts a span in, its reversal takes it out.
    """

    entry = models.OneToOneField(ServiceEntry, models.PROTECT, primary_key=True, related_name="span")
    resident = models.ForeignKey(User, models.PROTECT, related_name="+")
    during = DateTimeRangeField()

    class Meta:
        verbose_name = _("credited time")
        verbose_name_plural = _("credited times")
        constraints = [
            ExclusionConstraint(
                name="no_minute_is_credited_twice",
                expressions=[("resident", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="only_the_ledger_writes",
                operation=pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                func="""
                    IF pg_trigger_depth() < 2 OR TG_OP = 'UPDATE' THEN
                        RAISE EXCEPTION 'credited times follow the ledger' USING ERRCODE = 'check_violation';
                    END IF;
                    IF TG_OP = 'DELETE' THEN
                        RETURN OLD;
                    END IF;
                    RETURN NEW;
                """,
            ),
            NEVER_EMPTIED,
        ]

    def __str__(self) -> str:
        return f"{self.entry_id}"
