from typing import Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.mutual_aid.models.post import HelpPost


class ClaimQuerySet(models.QuerySet["Claim"]):
    def live(self) -> Self:
        return self.filter(state__in=Claim.LIVE)

    def held(self) -> Self:
        """Accepted helpers: they have a seat."""
        return self.filter(state__in=Claim.HELD)

    def seated(self) -> Self:
        """The same, and those who have helped: their seat is used."""
        return self.filter(state__in=Claim.SEATED)

    def said(self) -> Self:
        """One side has said that it is done; the other one has not."""
        return self.filter(Q(state=Claim.State.DONE) | Q(state=Claim.State.ACCEPTED, asker_done_at__isnull=False))


class Claim(models.Model):
    """One neighbour says “I will”. With a seat the neighbour is accepted; no seat is given twice.

    An accepted helper who gets in touch with nobody until `contact_until` loses the seat. Each claim is confirmed on
    its own: by its helper (`done_at`) and by the asker (`asker_done_at`).
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("waiting to be chosen")
        ACCEPTED = "accepted", _("has the place")
        DONE = "done", _("says it is done")
        COMPLETED = "completed", _("done and confirmed")
        RELEASED = "released", _("given back")
        LAPSED = "lapsed", _("timed out")
        DECLINED = "declined", _("somebody else was chosen")
        ENDED = "ended", _("the post ended")

    HELD = (State.ACCEPTED, State.DONE)
    LIVE = (State.APPLIED, *HELD)
    SEATED = (*HELD, State.COMPLETED)

    post = models.ForeignKey(HelpPost, models.CASCADE, related_name="claims", verbose_name=_("help post"))
    helper = models.ForeignKey(User, models.PROTECT, related_name="claims", db_index=False, verbose_name=_("helper"))
    state = models.CharField(_("state"), max_length=9, choices=State)
    seat = models.PositiveSmallIntegerField(null=True, blank=True)
    note = models.CharField(_("note for the asker"), max_length=200, blank=True)
    minutes = models.PositiveSmallIntegerField(_("minutes given"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    contact_until = models.DateTimeField(_("in touch until"), null=True, blank=True)
    contacted_at = models.DateTimeField(_("in touch since"), null=True, blank=True)
    done_at = models.DateTimeField(_("said to be done at"), null=True, blank=True)
    asker_done_at = models.DateTimeField(_("confirmed by the asker at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    created_at = models.DateTimeField(_("claimed at"), default=timezone.now)

    objects = ClaimQuerySet.as_manager()

    class Meta:
        verbose_name = _("help claim")
        verbose_name_plural = _("help claims")
        constraints = [
            models.UniqueConstraint(
                fields=["post", "helper"],
                condition=Q(state__in=["applied", "accepted", "done"]),
                name="one_live_claim_per_helper",
            ),
            models.UniqueConstraint(
                fields=["post", "seat"], condition=Q(state__in=["accepted", "done"]), name="one_helper_in_each_seat"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "done"]) | Q(seat__isnull=False, accepted_at__isnull=False),
                name="an_accepted_helper_has_a_seat",
            ),
        ]
        indexes = [
            models.Index(fields=["helper", "-id"], name="claims_by_helper"),
            models.Index(
                fields=["contact_until"],
                condition=Q(state="accepted", contacted_at__isnull=True),
                name="claims_without_contact",
            ),
            models.Index(fields=["done_at"], condition=Q(state="done"), name="claims_for_the_asker"),
            models.Index(
                fields=["asker_done_at"],
                condition=Q(state="accepted", asker_done_at__isnull=False),
                name="claims_for_the_helper",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.post_id}/{self.helper_id}"

    @property
    def is_said(self) -> bool:
        """One side at least has said that it is done."""
        return self.state == self.State.DONE or self.asker_done_at is not None

    @property
    def is_agreed(self) -> bool:
        return self.state == self.State.DONE and self.asker_done_at is not None


class HelpEvent(models.Model):
    """One thing that happened to a post, never changed afterwards. `by` is empty when the clock did it."""

    class What(models.TextChoices):
        WRITTEN = "written", _("written")
        SENT = "sent", _("sent")
        VERIFIED = "verified", _("verified by the community desk")
        RETURNED = "returned", _("returned with a question")
        REJECTED = "rejected", _("not accepted")
        APPLIED = "applied", _("somebody wants to help")
        CLAIMED = "claimed", _("claimed")
        DECLINED = "declined", _("somebody else was chosen")
        CONTACT = "contact", _("in touch")
        RELEASED = "released", _("given back")
        LAPSED = "lapsed", _("timed out")
        RECEIVED = "received", _("brought to the desk")
        DELIVERED = "delivered", _("handed over")
        DONE = "done", _("said to be done")
        CONFIRMED = "confirmed", _("confirmed by both sides")
        ENOUGH = "enough", _("nobody else is needed")
        COMPLETED = "completed", _("completed")
        THANKED = "thanked", _("thanked")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        RENEWED = "renewed", _("renewed")
        PAUSED = "paused", _("paused")
        RESUMED = "resumed", _("resumed")
        DISPUTED = "disputed", _("disputed")
        SETTLED = "settled", _("settled by staff")

    post = models.ForeignKey(HelpPost, models.CASCADE, related_name="events", db_index=False)
    claim = models.ForeignKey(Claim, models.CASCADE, null=True, blank=True, related_name="events")
    by = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by"))
    what = models.CharField(_("what"), max_length=9, choices=What)
    from_state = models.CharField(_("from"), max_length=16, choices=HelpPost.State, blank=True)
    to_state = models.CharField(_("to"), max_length=16, choices=HelpPost.State)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("help event")
        verbose_name_plural = _("help events")
        indexes = [models.Index(fields=["post", "id"], name="story_of_a_help_post")]

    def __str__(self) -> str:
        return f"{self.from_state or '-'} -> {self.to_state}"


class ContactReveal(models.Model):
    """Somebody was shown somebody's phone or door; its owner reads this list."""

    claim = models.ForeignKey(Claim, models.CASCADE, related_name="reveals")
    viewer = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("seen by"))
    owner = models.ForeignKey(
        User, models.PROTECT, related_name="contact_reveals", db_index=False, verbose_name=_("whose")
    )
    has_door = models.BooleanField(_("with the door"), default=False)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("look at a phone number")
        verbose_name_plural = _("looks at phone numbers")
        indexes = [models.Index(F("owner"), F("at").desc(), name="reveals_by_owner")]

    def __str__(self) -> str:
        return f"{self.at:%F %T}"


class HelperPause(models.Model):
    """After two claims that timed out a helper pauses for a week."""

    resident = models.ForeignKey(User, models.CASCADE, related_name="helper_pauses", db_index=False)
    until = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("pause of a helper")
        verbose_name_plural = _("pauses of helpers")
        indexes = [models.Index(fields=["resident", "-until"], name="pauses_by_helper")]

    def __str__(self) -> str:
        return f"{self.until:%F}"
