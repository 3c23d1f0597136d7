import datetime as dt
import re
import secrets
from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area, inside
from linlingtong.core.search import bigram_field, matching
from linlingtong.core.time import today
from linlingtong.tickets.models.category import Category

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
NUMBER = re.compile(rf"\d{{6}}-[{ALPHABET}]{{5}}", re.ASCII)


def new_number() -> str:
    """The day and five characters that say nothing about how many reports there are."""
    return f"{today():%y%m%d}-{''.join(secrets.choice(ALPHABET) for _ in range(5))}"


class TicketQuerySet(models.QuerySet["Ticket"]):
    def public(self) -> Self:
        """What its reporter made public, as long as it concerns somebody."""
        return self.filter(is_public=True, is_visible=True).exclude(state__in=Ticket.ASIDE)

    def visible_to(self, user: User | AnonymousUser | None = None) -> Self:
        """What is public, and one's own."""
        public = Q(is_public=True, is_visible=True) & ~Q(state__in=Ticket.ASIDE)
        if user is None or not user.is_authenticated:
            return self.filter(public)
        return self.filter(public | Q(reporter=user.pk))

    def managed_by(self, user: User) -> Self:
        """What staff see: everything of their area. Who handles it is the desk's matter."""
        return self.filter(inside(scope_for(user), "area_path"))

    def running(self) -> Self:
        return self.filter(state__in=Ticket.RUNNING)

    def overdue(self, now: dt.datetime | None = None) -> Self:
        now = now or timezone.now()
        return self.filter(
            Q(state=Ticket.State.RECEIVED, accept_due_at__lt=now) | Q(state__in=Ticket.TIMED, finish_due_at__lt=now)
        )

    def matching(self, text: str) -> Self:
        """With every word of the text, or with the number that it is."""
        number = text.strip().upper()
        return self.filter(number=number) if NUMBER.fullmatch(number) else self.filter(search=matching(text))


class Ticket(models.Model):
    """Something that a resident wants put right. Where it stands is `state`; what came of it is `outcome`.

    `desk` is the area whose staff handle it. The clock starts at `clock_from`; `paused` is the working time in which
    the reporter was asked; both deadlines are stored, and computed again from the same start when the kind changes.
    """

    class State(models.TextChoices):
        RECEIVED = "received", _("to be accepted")
        ACCEPTED = "accepted", _("taken up")
        ASSIGNED = "assigned", _("assigned")
        IN_PROGRESS = "in_progress", _("being handled")
        WAITING = "waiting_reporter", _("we need to know more")
        TRANSFERRED = "transferred", _("passed on")
        CLOSED = "closed", _("settled")
        RATED = "rated", _("rated")
        AUTO_CLOSED = "auto_closed", _("settled without an answer")
        REFUSED = "refused", _("not taken up")
        DUPLICATE = "duplicate", _("reported already")
        WITHDRAWN = "withdrawn", _("taken back")

    class Outcome(models.TextChoices):
        FIXED = "fixed", _("put right")
        EXPLAINED = "explained", _("explained")
        PLANNED = "planned", _("to be done later")
        NOT_FIXED = "not_fixed", _("not put right")

    RUNNING = (
        State.RECEIVED, State.ACCEPTED, State.ASSIGNED, State.IN_PROGRESS, State.WAITING, State.TRANSFERRED,
    )  # fmt: skip
    TIMED = (State.RECEIVED, State.ACCEPTED, State.ASSIGNED, State.IN_PROGRESS, State.TRANSFERRED)
    SETTLED = (State.CLOSED, State.RATED, State.AUTO_CLOSED)
    ASIDE = (State.REFUSED, State.DUPLICATE, State.WITHDRAWN)

    number = models.CharField(_("number"), max_length=12, unique=True, default=new_number, editable=False)
    reporter = models.ForeignKey(
        User, models.PROTECT, related_name="tickets", db_index=False, verbose_name=_("reported by")
    )
    category = models.ForeignKey(
        Category, models.PROTECT, related_name="tickets", db_index=False, verbose_name=_("kind")
    )
    area = models.ForeignKey(Area, models.PROTECT, related_name="tickets", verbose_name=_("area"))
    area_path = models.CharField(max_length=100, editable=False)
    desk = models.ForeignKey(Area, models.PROTECT, related_name="desk_tickets", verbose_name=_("desk"))
    place = models.CharField(_("where"), max_length=80, blank=True)
    text = models.TextField(_("what it is about"), max_length=600, blank=True)
    is_public = models.BooleanField(_("everybody may read it"), default=False)
    is_visible = models.BooleanField(_("visible"), default=False)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.RECEIVED)
    resumes = models.CharField(max_length=16, blank=True, editable=False)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, blank=True)
    handler = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="handled_tickets", verbose_name=_("handled by")
    )
    unit = models.CharField(_("passed on to"), max_length=40, blank=True)
    merged_into = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="merged", verbose_name=_("merged into")
    )
    answer = models.CharField(_("answer"), max_length=400, blank=True)
    question = models.CharField(_("question to the reporter"), max_length=200, blank=True)
    rating = models.PositiveSmallIntegerField(_("stars"), null=True, blank=True)
    rating_text = models.CharField(_("what the reporter says"), max_length=200, blank=True)

    clock_from = models.DateTimeField(_("clock runs since"), default=timezone.now)
    accept_due_at = models.DateTimeField(_("to be accepted by"))
    finish_due_at = models.DateTimeField(_("to be finished by"))
    extended_days = models.PositiveSmallIntegerField(_("working days more"), default=0)
    paused = models.DurationField(_("waited for the reporter"), default=dt.timedelta)
    paused_at = models.DateTimeField(null=True, blank=True, editable=False)
    escalation = models.PositiveSmallIntegerField(_("warnings"), default=0)
    escalates_at = models.DateTimeField(null=True, blank=True, editable=False)
    reopened = models.PositiveSmallIntegerField(_("times opened again"), default=0)
    created_at = models.DateTimeField(_("reported at"), default=timezone.now)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("settled at"), null=True, blank=True)
    moved_at = models.DateTimeField(_("in this state since"), default=timezone.now)
    was_in_time = models.BooleanField(_("settled in time"), null=True, blank=True)
    search = bigram_field("place", "text")

    objects = TicketQuerySet.as_manager()

    class Meta:
        verbose_name = _("report")
        verbose_name_plural = _("reports")
        constraints = [
            models.CheckConstraint(
                condition=Q(rating__isnull=True) | Q(rating__range=(1, 5)), name="one_to_five_stars"
            ),
            models.CheckConstraint(condition=Q(reopened__lte=2), name="a_report_opens_again_twice_at_most"),
            models.CheckConstraint(condition=Q(escalation__lte=3), name="three_warnings_at_most"),
            models.CheckConstraint(
                condition=~Q(state="duplicate") | Q(merged_into__isnull=False), name="a_duplicate_says_of_what"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting_reporter", paused_at__isnull=False)
                | (~Q(state="waiting_reporter") & Q(paused_at__isnull=True)),
                name="the_clock_stands_only_while_waiting",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["closed", "rated", "auto_closed"])
                | (Q(outcome__gt="") & Q(closed_at__isnull=False)),
                name="a_settled_report_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=F("id")) | Q(merged_into__isnull=True), name="no_report_is_its_own_duplicate"
            ),
        ]
        indexes = [
            models.Index(
                fields=["area_path", "state"], name="tickets_by_area", opclasses=["varchar_pattern_ops", "varchar_ops"]
            ),
            models.Index(fields=["reporter", "-id"], name="tickets_of_a_resident"),
            models.Index(fields=["category", "area", "-created_at"], name="tickets_nearby"),
            models.Index(fields=["escalates_at"], condition=Q(escalates_at__isnull=False), name="tickets_to_warn_of"),
            models.Index(fields=["closed_at"], condition=Q(state="closed"), name="tickets_to_let_rest"),
            models.Index(fields=["-id"], condition=Q(is_public=True, is_visible=True), name="tickets_in_public"),
            GinIndex(fields=["search"], name="ticket_search"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def due_at(self) -> dt.datetime:
        """What is due next."""
        return self.accept_due_at if self.state == self.State.RECEIVED else self.finish_due_at

    @property
    def is_overdue(self) -> bool:
        return self.state in self.TIMED and self.due_at < timezone.now()


class TicketEvent(models.Model):
    """One step of a report, or something said about it. Internal ones are for staff alone."""

    class What(models.TextChoices):
        REPORTED = "reported", _("reported")
        ACCEPTED = "accepted", _("taken up")
        ASSIGNED = "assigned", _("assigned")
        STARTED = "started", _("work has begun")
        ASKED = "asked", _("a question to the reporter")
        REPLIED = "replied", _("the reporter answered")
        TRANSFERRED = "transferred", _("passed on")
        RETURNED = "returned", _("came back")
        EXTENDED = "extended", _("takes longer")
        REFUSED = "refused", _("not taken up")
        MERGED = "merged", _("reported already")
        WITHDRAWN = "withdrawn", _("taken back")
        LEFT = "left", _("settled by itself, says the reporter")
        CLOSED = "closed", _("settled")
        REOPENED = "reopened", _("opened again")
        RATED = "rated", _("rated")
        AUTO_CLOSED = "auto_closed", _("settled without an answer")
        CATEGORY = "category", _("another kind")
        WARNED = "warned", _("warning")
        NOTE = "note", _("internal note")

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="events", db_index=False, verbose_name=_("report"))
    by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("by"))
    what = models.CharField(_("what"), max_length=12, choices=What)
    from_state = models.CharField(max_length=16, choices=Ticket.State, blank=True)
    to_state = models.CharField(max_length=16, choices=Ticket.State)
    text = models.CharField(_("text"), max_length=400, blank=True)
    is_internal = models.BooleanField(_("for staff alone"), default=False)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("step of a report")
        verbose_name_plural = _("steps of a report")
        indexes = [models.Index(fields=["ticket", "id"], name="steps_of_a_report")]

    def __str__(self) -> str:
        return self.get_what_display()


class Follow(models.Model):
    """A neighbour has the same trouble: by “me too”, or because the own report was merged (`via`)."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="follows", db_index=False)
    resident = models.ForeignKey(User, models.CASCADE, related_name="followed_tickets")
    via = models.ForeignKey(Ticket, models.CASCADE, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("follower")
        verbose_name_plural = _("followers")
        constraints = [models.UniqueConstraint(fields=["ticket", "resident"], name="one_follows_a_report_once")]

    def __str__(self) -> str:
        return f"{self.ticket_id}/{self.resident_id}"
