from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.moderation.spelling import squeezed


class Word(models.Model):
    """A word whose texts wait for a look. It is kept the way texts are compared: no case, no gaps, no repetitions."""

    text = models.CharField(_("word"), max_length=60)
    normal = models.CharField(max_length=60, unique=True, editable=False)
    note = models.CharField(_("why"), max_length=120, blank=True)
    is_active = models.BooleanField(_("in use"), default=True)

    class Meta:
        verbose_name = _("watched word")
        verbose_name_plural = _("watched words")

    def __str__(self) -> str:
        return self.text

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.normal = squeezed(self.text)
        super().save(*args, **kwargs)


class CaseQuerySet(models.QuerySet["Case"]):
    def queue(self) -> Self:
        """What somebody has to look at, the longest waiting first."""
        return self.filter(state__in=Case.WAITING_STATES).order_by("waiting_since", "id")

    def by_author(self, user: User) -> Self:
        return self.filter(author=user)

    def reviewed_of(self, user: User) -> Self:
        """What its author should know of; that something visible was reported is for staff alone."""
        told = self.by_author(user).exclude(state__in=[Case.State.CLEAR, Case.State.GONE])
        return told.exclude(state=Case.State.WAITING, is_visible=True).order_by("-submitted_at", "-id")


class Case(models.Model):
    """What moderation knows of one object that a resident wrote: one row for each object, for its whole life.

    The object's board keeps its own column of whether it is visible; `is_visible` here says what that has to be.
    """

    class State(models.TextChoices):
        CLEAR = "clear", _("published")
        WAITING = "waiting", _("waiting for a look")
        APPEALED = "appealed", _("appealed")
        PASSED = "passed", _("looked at and published")
        RETURNED = "returned", _("returned to its author")
        HIDDEN = "hidden", _("hidden")
        GONE = "gone", _("deleted by its author")

    class Cause(models.TextChoices):
        NONE = "", "—"
        NEWCOMER = "newcomer", _("first posts of a new neighbour")
        WORD = "word", _("a watched word")
        MINORS = "minors", _("a child is shown or named")
        CHECKER = "checker", _("an outside check")
        REPORTS = "reports", _("reported by neighbours")
        CHANGED = "changed", _("changed after a return")
        APPEAL = "appeal", _("an appeal")

    WAITING_STATES = ("waiting", "appealed")
    DECIDED_STATES = ("passed", "returned", "hidden")

    kind = models.CharField(_("kind"), max_length=20)
    object_id = models.BigIntegerField()
    author = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="cases", db_index=False, verbose_name=_("author")
    )
    area_path = models.CharField(max_length=100, blank=True)
    text = models.TextField(_("text"), blank=True)
    has_minors = models.BooleanField(_("shows or names a child"), default=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.CLEAR)
    is_visible = models.BooleanField(_("visible"), default=True)
    cause = models.CharField(_("why here"), max_length=8, choices=Cause, default=Cause.NONE, blank=True)
    words = models.JSONField(_("words found"), default=list, blank=True)
    submitted_at = models.DateTimeField(_("written at"), default=timezone.now)
    waiting_since = models.DateTimeField(_("waiting since"), null=True, blank=True)
    checked_at = models.DateTimeField(null=True, blank=True)
    first_look_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("first look by")
    )
    decided_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("decided by")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=300, blank=True)
    appeal = models.TextField(_("appeal"), blank=True)
    appealed_at = models.DateTimeField(_("appealed at"), null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints = [
            models.UniqueConstraint(fields=["kind", "object_id"], name="one_case_for_each_object"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "appealed"], waiting_since__isnull=False)
                | (~Q(state__in=["waiting", "appealed"]) & Q(waiting_since__isnull=True)),
                name="a_waiting_case_knows_since_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["returned", "hidden", "gone", "appealed"]) | Q(is_visible=False),
                name="what_was_taken_away_is_not_visible",
            ),
        ]
        indexes = [
            models.Index(
                fields=["waiting_since", "id"], condition=Q(state__in=["waiting", "appealed"]), name="moderation_queue"
            ),
            models.Index(fields=["author", "submitted_at"], name="cases_of_an_author"),
            models.Index(fields=["area_path"], name="case_area_prefix", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.text[:40] or f"{self.kind} {self.object_id}"

    @property
    def is_waiting(self) -> bool:
        return self.state in self.WAITING_STATES

    @property
    def may_be_appealed(self) -> bool:
        """Whether its author may ask for another person's decision; that is possible once."""
        return self.state in {self.State.RETURNED, self.State.HIDDEN} and self.appealed_at is None


class CaseEvent(models.Model):
    """One step of a case: who, from which state into which, and why. `by` is empty for a rule of the house."""

    case = models.ForeignKey(Case, models.CASCADE, related_name="events", db_index=False)
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    from_state = models.CharField(max_length=8, blank=True)
    to_state = models.CharField(max_length=8, choices=Case.State)
    cause = models.CharField(max_length=8, choices=Case.Cause, blank=True)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("step of a case")
        verbose_name_plural = _("steps of a case")
        indexes = [models.Index(fields=["case", "id"], name="steps_of_a_case")]

    def __str__(self) -> str:
        return self.get_to_state_display()


class Report(models.Model):
    """A neighbour says that something should be looked at. Only staff see who."""

    class Reason(models.TextChoices):
        ADVERT = "advert", _("advertising or fraud")
        INSULT = "insult", _("insult or hate")
        PRIVACY = "privacy", _("somebody's phone, address or face")
        CHILD = "child", _("a child is shown or named")
        UNTRUE = "untrue", _("not true")
        NAME = "name", _("an offensive nickname")
        OTHER = "other", _("something else")

    case = models.ForeignKey(Case, models.CASCADE, related_name="reports")
    by = models.ForeignKey(User, models.CASCADE, related_name="reports_made", db_index=False)
    reason = models.CharField(_("reason"), max_length=8, choices=Reason)
    note = models.CharField(_("in your words"), max_length=300, blank=True)
    counts = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    was_right = models.BooleanField(null=True, blank=True)

    class Meta:
        verbose_name = _("report of content")
        verbose_name_plural = _("reports of content")
        constraints = [
            models.UniqueConstraint(
                fields=["case", "by"], condition=Q(settled_at__isnull=True), name="one_open_report_of_each_neighbour"
            ),
        ]
        indexes = [models.Index(fields=["by", "created_at"], name="reports_of_a_neighbour")]

    def __str__(self) -> str:
        return self.get_reason_display()
