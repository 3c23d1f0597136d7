import secrets
from collections.abc import Sequence
from typing import Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import inside
from linlingtong.volunteering.models.ledger import ServiceEntry, ServiceRecord
from linlingtong.volunteering.models.rules import Issuer

# Without 0/O, 1/I/L and U/V: a serial number is read from paper and typed.
SERIAL_LETTERS = "23456789ABCDEFGHJKMNPQRSTWXYZ"
SERIAL_LENGTH = 14


def new_serial() -> str:
    """Fourteen characters that nobody guesses (68 bits)."""
    return "".join(secrets.choice(SERIAL_LETTERS) for _ in range(SERIAL_LENGTH))


class DisputeQuerySet(models.QuerySet["Dispute"]):
    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "entry__area__path"))

    def unanswered(self) -> Self:
        return self.filter(answered_at=None)


class Dispute(models.Model):
    """A resident says that a line is wrong; somebody other than who recorded it answers by the due date."""

    class Outcome(models.TextChoices):
        OPEN = "", _("not answered yet")
        KEPT = "kept", _("stays as it is")
        CORRECTED = "corrected", _("is corrected")

    entry = models.ForeignKey(ServiceEntry, models.PROTECT, related_name="disputes", verbose_name=_("service entry"))
    resident = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("resident"))
    reason = models.CharField(_("what is wrong"), max_length=300, blank=True)
    opened_at = models.DateTimeField(_("opened at"), default=timezone.now)
    due_at = models.DateTimeField(_("answer until"))
    outcome = models.CharField(_("outcome"), max_length=9, choices=Outcome, default=Outcome.OPEN, blank=True)
    answer = models.CharField(_("answer"), max_length=300, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    objects = DisputeQuerySet.as_manager()

    class Meta:
        verbose_name = _("dispute")
        verbose_name_plural = _("disputes")
        constraints = [
            models.UniqueConstraint(
                fields=["entry"], condition=Q(answered_at__isnull=True), name="one_open_dispute_for_each_line"
            ),
            models.CheckConstraint(
                condition=Q(answered_at__isnull=True, outcome="") | Q(answered_at__isnull=False) & ~Q(outcome=""),
                name="an_answer_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(answered_by__isnull=True) | ~Q(answered_by=F("resident")),
                name="nobody_answers_own_dispute",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(answered_at__isnull=True), name="disputes_by_due_date"),
        ]

    def __str__(self) -> str:
        return str(self.entry)


class ServiceSheetQuerySet(models.QuerySet["ServiceSheet"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(resident_id=user.pk)

    def with_validity(self) -> Self:
        """A sheet is worth what its lines are: one of them taken back, and it is dead whatever it says itself."""
        lines = SheetLine.objects.filter(sheet=OuterRef("pk"))
        taken_back = Exists(lines.filter(entry__records__kind=ServiceRecord.Kind.REVERSAL))
        return self.annotate(is_taken_back=taken_back)


class ServiceSheet(models.Model):
    """A print-out of somebody's credited hours that anybody can check by its serial number."""

    serial = models.CharField(_("serial number"), max_length=20, unique=True, default=new_serial)
    resident = models.ForeignKey(
        User, models.PROTECT, related_name="service_sheets", db_index=False, verbose_name=_("resident")
    )
    holder_name = models.CharField(_("name on the sheet"), max_length=30, blank=True)
    issuer_name = models.CharField(_("issued by"), max_length=80)
    issuer = models.ForeignKey(Issuer, models.SET_NULL, null=True, related_name="+")
    is_certificate = models.BooleanField(_("is a certificate"), default=False)
    first_on = models.DateField(_("from"))
    last_on = models.DateField(_("until"))
    minutes = models.PositiveIntegerField(_("minutes"))
    line_count = models.PositiveIntegerField(_("lines"))
    stars = models.PositiveSmallIntegerField(_("stars"), default=0)
    issued_at = models.DateTimeField(_("issued at"), default=timezone.now)
    revoked_at = models.DateTimeField(_("revoked at"), null=True, blank=True)
    revoked_because = models.CharField(_("why"), max_length=200, blank=True)

    objects = ServiceSheetQuerySet.as_manager()

    class Meta:
        verbose_name = _("sheet of hours")
        verbose_name_plural = _("sheets of hours")
        constraints = [
            models.CheckConstraint(condition=Q(minutes__gte=1, line_count__gte=1), name="a_sheet_shows_hours"),
            models.CheckConstraint(condition=Q(last_on__gte=F("first_on")), name="a_sheet_ends_after_it_starts"),
        ]
        indexes = [
            models.Index(F("resident"), F("issued_at").desc(), name="sheets_of_a_resident"),
        ]

    def __str__(self) -> str:
        return self.serial

    @property
    def is_live(self) -> bool:
        """Neither revoked nor, where the row was read `with_validity`, resting on a line that was taken back."""
        return self.revoked_at is None and not getattr(self, "is_taken_back", False)

    @property
    def is_holder_gone(self) -> bool:
        """Nothing was taken back, but the name went when its holder left, so that nobody can compare it."""
        return not self.holder_name and not getattr(self, "is_taken_back", False)

    @property
    def masked_name(self) -> str:
        """`陈*明`, `吴*`: enough to recognise who stands before one."""
        name = self.holder_name
        if len(name) < 3:
            return name[:1] + "*"
        return name[0] + "*" * (len(name) - 2) + name[-1]


def open_disputes(entries: Sequence[ServiceEntry]) -> dict[int, Dispute]:
    """The open dispute of each entry that has one; one query."""
    return {one.entry_id: one for one in Dispute.objects.unanswered().filter(entry__in=entries)}


class SheetLine(models.Model):
    """One credited entry on a sheet."""

    sheet = models.ForeignKey(ServiceSheet, models.CASCADE, related_name="lines", db_index=False)
    entry = models.ForeignKey(ServiceEntry, models.PROTECT, related_name="sheet_lines")
    minutes = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("line of a sheet")
        verbose_name_plural = _("lines of a sheet")
        constraints = [
            models.UniqueConstraint(fields=["sheet", "entry"], name="each_line_once_on_a_sheet"),
        ]

    def __str__(self) -> str:
        return f"{self.sheet_id}/{self.entry_id}"
