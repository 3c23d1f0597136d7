import secrets
from collections.abc import Iterable
from typing import Self

import pghistory
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User

SIZES = (320, 800, 1600)
MOST = 9


def new_token() -> str:
    """The name of a picture's files: 22 characters that nobody guesses."""
    return secrets.token_urlsafe(16)


class PhotoQuerySet(models.QuerySet["Photo"]):
    def of(self, subject: str, ids: Iterable[int]) -> Self:
        return self.filter(subject=subject, subject_id__in=list(ids)).order_by("subject_id", "position", "id")

    def waiting(self) -> Self:
        return self.filter(state=Photo.State.WAITING)


@pghistory.track(
    pghistory.UpdateEvent(condition=pghistory.AnyChange("token", "is_public", "is_hidden")),
    pghistory.DeleteEvent(),
    model_name="PhotoEvent",
    fields=["owner", "token", "subject", "subject_id", "area_path", "is_public", "is_hidden", "blurred"],
)
class Photo(models.Model):
    """One picture that a resident sent. Until it is ready nobody sees it; what was sent is deleted afterwards.

    `subject` and `subject_id` name the row of a board that shows it; without them it waits for its form to be sent.
    `is_public`: whoever has its address may see it, as long as moderation has not hidden it (`is_hidden`).
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("being prepared")
        READY = "ready", _("ready")
        REFUSED = "refused", _("refused")

    class Reason(models.TextChoices):
        BROKEN = "broken", _("The picture is damaged. Take it again, or send another one.")
        TOO_LARGE = "too_large", _("The picture is too large to open. Send a smaller one.")

    owner = models.ForeignKey(User, models.CASCADE, related_name="photos", verbose_name=_("sent by"))
    token = models.CharField(max_length=32, unique=True, default=new_token, editable=False)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    refusal = models.CharField(_("why not"), max_length=10, choices=Reason, blank=True)
    raw = models.CharField(max_length=80, blank=True, editable=False)
    width = models.PositiveIntegerField(_("width"), default=0)
    height = models.PositiveIntegerField(_("height"), default=0)
    alt = models.CharField(_("what it shows"), max_length=120, blank=True)
    subject = models.CharField(max_length=20, blank=True, editable=False)
    subject_id = models.BigIntegerField(null=True, blank=True, editable=False)
    position = models.PositiveSmallIntegerField(default=0, editable=False)
    area_path = models.CharField(max_length=100, blank=True, editable=False)
    is_public = models.BooleanField(_("everybody may see it"), default=False)
    is_hidden = models.BooleanField(_("hidden"), default=False)
    blurred = models.JSONField(default=list, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField(default=0, editable=False)
    lease_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)
    ready_at = models.DateTimeField(null=True, blank=True, editable=False)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PhotoQuerySet.as_manager()

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        constraints = [
            models.CheckConstraint(
                condition=Q(state="refused", refusal__gt="") | (~Q(state="refused") & Q(refusal="")),
                name="a_refused_photo_says_why",
            ),
            models.CheckConstraint(
                condition=Q(subject="", subject_id__isnull=True) | Q(subject__gt="", subject_id__isnull=False),
                name="a_photo_belongs_to_one_thing_or_none",
            ),
        ]
        indexes = [
            models.Index(fields=["subject", "subject_id", "position", "id"], name="photos_of_a_subject"),
            models.Index(fields=["id"], condition=Q(state="waiting"), name="photos_to_prepare"),
            models.Index(fields=["created_at"], condition=Q(subject=""), name="photos_without_a_form"),
            models.Index(fields=["area_path"], name="photo_area_prefix", opclasses=["varchar_pattern_ops"]),
        ]

    def __str__(self) -> str:
        return self.alt or str(_("photo %(number)s") % {"number": self.pk})

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.READY

    @property
    def is_refused(self) -> bool:
        return self.state == self.State.REFUSED

    def file(self, size: int) -> str:
        """Where the picture of this size lies in the storage."""
        return f"photos/{self.token[:2]}/{self.token}-{size}.webp"

    def url(self, size: int) -> str:
        return f"/photos/{self.token}-{size}.webp"

    @property
    def small(self) -> str:
        return self.url(320)

    @property
    def medium(self) -> str:
        return self.url(800)

    @property
    def large(self) -> str:
        return self.url(1600)

    @property
    def srcset(self) -> str:
        """The addresses by the width that each picture really has."""
        return ", ".join(f"{self.url(size)} {width}w" for size, width in self._widths())

    def _widths(self) -> list[tuple[int, int]]:
        longest = max(self.width, self.height, 1)
        return [(size, max(1, round(self.width * min(1, size / longest)))) for size in SIZES]

    @property
    def shown_width(self) -> int:
        return self._widths()[1][1]

    @property
    def shown_height(self) -> int:
        longest = max(self.width, self.height, 1)
        return max(1, round(self.height * min(1, 800 / longest)))
