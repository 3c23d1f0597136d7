import datetime as dt
import functools
from typing import Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.time import at, local


class Kind(models.TextChoices):
    """What a notification is about. Each kind can be switched off by channel; the inbox always keeps it."""

    REGISTRATION = "registration", _("my registrations")
    OFFER = "offer", _("a place became free")
    CHANGE = "change", _("time or place changed")
    CANCELLATION = "cancellation", _("activity cancelled")
    REMINDER_DAY = "reminder_day", _("reminder a day before")
    REMINDER_SOON = "reminder_soon", _("reminder two hours before")
    OPENING = "opening", _("registration opens")
    MESSAGE = "message", _("messages from staff")
    HOURS = "hours", _("my service hours")
    FEEDBACK = "feedback", _("after an activity")
    PRAISE = "praise", _("praise and comments")
    HELP = "help", _("mutual aid")
    REVIEW = "review", _("what I wrote was reviewed")
    BOOKING = "booking", _("my bookings")
    TICKET = "ticket", _("my reports")


class Channel(models.TextChoices):
    SMS = "sms", _("SMS")
    EMAIL = "email", _("e-mail")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def visible_to(self, user: User) -> Self:
        return self.filter(resident_id=user.pk)

    def unread(self) -> Self:
        return self.filter(read_at=None)

    def to_answer(self, now: dt.datetime) -> Self:
        """What still waits for an answer of the resident, most urgent first."""
        return self.filter(needs_answer_until__gt=now).order_by("needs_answer_until", "id")

    def newest_first(self) -> Self:
        return self.order_by("-created_at", "-id")


class Notification(models.Model):
    """One line in a resident's inbox: the truth of what somebody was told."""

    resident = models.ForeignKey(User, models.CASCADE, related_name="notifications", db_index=False)
    kind = models.CharField(max_length=20, choices=Kind)
    key = models.CharField(max_length=120, unique=True)
    title = models.CharField(max_length=120)
    body = models.TextField(blank=True)
    url = models.CharField(max_length=200, blank=True)
    needs_answer_until = models.DateTimeField(null=True, blank=True)
    subject = models.CharField(max_length=20, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    read_at = models.DateTimeField(null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        indexes = [
            models.Index(F("resident"), F("created_at").desc(), F("id").desc(), name="inbox_newest_first"),
            models.Index(
                F("resident"),
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(read_at__isnull=True),
                name="inbox_unread_newest_first",
            ),
            models.Index(
                F("resident"),
                F("needs_answer_until"),
                condition=Q(needs_answer_until__isnull=False),
                name="inbox_to_answer",
            ),
            models.Index(
                fields=["subject", "subject_id"],
                condition=Q(needs_answer_until__isnull=False),
                name="inbox_to_answer_by_subject",
            ),
        ]

    def __str__(self) -> str:
        return self.title


class MessageQuerySet(models.QuerySet["Message"]):
    def live(self) -> Self:
        """What has not left the house: waiting, or in the hands of a worker."""
        return self.filter(settled_at=None)

    def in_trouble(self, state: str) -> Self:
        """What did not arrive, or nobody knows whether it did: failed, unknown or missed."""
        return self.filter(trouble=state)


class Message(models.Model):
    """One row of the outbox: a text that one channel carries to one resident, once for its key.

    `subject` and `subject_id` name the row of a board that the message speaks of. A message without a text gets its
    words at the moment of sending from that board, which may also answer that it is no longer true.

    Indexes look at `settled_at` and `trouble` and not at `state`, so that claiming a row and noting that it is being
    sent touches no index.

    `attempt` grows with every claim and fences off workers that were too slow; the lease of a claim runs by the
    database's clock, and `lease_until` of an unknown message is when to ask for its receipt. `sent_as` is the key that
    the channel knows: several messages that went out as one text share it.
    """

    class State(models.TextChoices):
        PENDING = "pending", _("waiting")
        CLAIMED = "claimed", _("being sent")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")
        UNKNOWN = "unknown", _("not known whether it arrived")
        DROPPED = "dropped", _("no longer true")
        MISSED = "missed", _("too late")

    # "outbox_of_resident" begins with the resident.
    resident = models.ForeignKey(
        User, models.CASCADE, related_name="messages", db_index=False, verbose_name=_("resident")
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    kind = models.CharField(_("kind"), max_length=20, choices=Kind)
    key = models.CharField(max_length=160)
    subject = models.CharField(max_length=20, blank=True)
    subject_id = models.BigIntegerField(null=True, blank=True)
    for_start = models.DateTimeField(_("session starts at"), null=True, blank=True)
    text = models.TextField(blank=True)
    url = models.CharField(max_length=200, blank=True)
    due_at = models.DateTimeField(_("due at"))
    not_after = models.DateTimeField(_("not after"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.PENDING)
    attempt = models.PositiveIntegerField(_("attempts"), default=0)
    failures = models.PositiveSmallIntegerField(_("failures"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    sent_as = models.CharField(max_length=160, blank=True)
    outcome = models.CharField(_("outcome"), max_length=60, blank=True)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    settled_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    sent_again_at = models.DateTimeField(_("sent again at"), null=True, blank=True)
    sent_again_by = models.ForeignKey(
        User,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        verbose_name=_("sent again by"),
    )
    trouble = models.GeneratedField(
        expression=Case(When(state__in=("failed", "unknown", "missed"), then=F("state")), default=Value("")),
        output_field=models.CharField(max_length=8),
        db_persist=True,
    )

    objects = MessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        constraints = [
            # Not `unique` on the field, which adds a second index for LIKE.
            models.UniqueConstraint(fields=["key"], name="one_message_for_each_key"),
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, state__in=("pending", "claimed"))
                | Q(settled_at__isnull=False) & ~Q(state__in=("pending", "claimed")),
                name="what_is_settled_has_its_moment",
            ),
        ]
        indexes = [
            models.Index(fields=["due_at", "id"], condition=Q(settled_at__isnull=True), name="outbox_due"),
            models.Index(
                fields=["subject", "subject_id"], condition=Q(settled_at__isnull=True), name="outbox_live_by_subject"
            ),
            models.Index(fields=["resident", "settled_at"], name="outbox_of_resident"),
            models.Index(fields=["sent_again_by"], condition=Q(sent_again_by__isnull=False), name="outbox_sent_again"),
            models.Index(fields=["trouble", "settled_at"], condition=Q(trouble__gt=""), name="outbox_troubles"),
        ]

    def __str__(self) -> str:
        return f"{self.get_channel_display()} {self.pk}"


class Preferences(models.Model):
    """How a resident wants to be told. No row means the defaults: everything by SMS, quiet from 22:00 to 7:30."""

    QUIET_FROM, QUIET_UNTIL = dt.time(22, 0), dt.time(7, 30)

    resident = models.OneToOneField(User, models.CASCADE, primary_key=True, related_name="preferences")
    muted = models.JSONField(default=list, blank=True)
    quiet_from = models.TimeField(_("quiet from"), default=QUIET_FROM)
    quiet_until = models.TimeField(_("quiet until"), default=QUIET_UNTIL)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return f"{self.quiet_from:%H:%M}-{self.quiet_until:%H:%M}"

    def wants(self, kind: str, channel: str) -> bool:
        return f"{kind}:{channel}" not in self.muted


@functools.lru_cache(maxsize=256)
def quiet_until(moment: dt.datetime, quiet_from: dt.time, end: dt.time) -> dt.datetime | None:
    """When the quiet hours around `moment` end, on the subdistrict's clock; None outside them.

    Half open, perhaps over midnight; equal times mean no quiet hours.
    """
    shown = local(moment)
    clock, day = shown.time(), shown.date()
    if quiet_from < end:
        return at(day, end) if quiet_from <= clock < end else None
    if quiet_from == end or end <= clock < quiet_from:
        return None
    return at(day if clock < end else day + dt.timedelta(days=1), end)


# Everything a resident may switch off.
MUTABLE = frozenset(f"{kind}:{channel}" for kind in Kind.values for channel in Channel.values)


class Tick(models.Model):
    """When a periodic job last ran to its end; readiness and the metrics look here."""

    name = models.CharField(max_length=40, primary_key=True)
    ran_at = models.DateTimeField()

    class Meta:
        verbose_name = _("periodic job")
        verbose_name_plural = _("periodic jobs")

    def __str__(self) -> str:
        return self.name
