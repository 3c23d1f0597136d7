from typing import Self

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area, Organization, inside
from linlingtong.core.search import bigram_field, matching

# Where the praised person's name stood in a text; what is read there follows the person's consent.
PERSON = "{{person}}"


class PraiseQuerySet(models.QuerySet["Praise"]):
    def visible_to(self, user: User | None = None) -> Self:
        """What moderation lets through, and one's own."""
        standing = self.filter(withdrawn_at=None)
        return standing.filter(Q(is_visible=True) | Q(author=user)) if user else standing.filter(is_visible=True)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area_path"))

    def matching(self, text: str) -> Self:
        return self.filter(search=matching(text))

    def newest_first(self) -> Self:
        return self.order_by("-id")


class Praise(models.Model):
    """A resident praises a neighbour, a team, a place or a company.

    A neighbour who is registered is asked first and shown as “a neighbour” until then; where the name stood in the
    text there is a mark, so that a consent taken back shows everywhere at once.
    """

    class Topic(models.TextChoices):
        NEIGHBOUR = "neighbour", _("good neighbour")
        SCENERY = "scenery", _("good scenery")
        SERVICE = "service", _("good service")
        TEAM = "team", _("good team")
        COMPANY = "company", _("good company")

    class Consent(models.TextChoices):
        NOT_NEEDED = "", _("not needed")
        ASKED = "asked", _("asked")
        PUBLIC = "public", _("with my name")
        ANONYMOUS = "anonymous", _("without my name")
        REFUSED = "refused", _("not at all")

    author = models.ForeignKey(User, models.CASCADE, related_name="praises", db_index=False, verbose_name=_("author"))
    area = models.ForeignKey(Area, models.PROTECT, related_name="praises", verbose_name=_("area"))
    area_path = models.CharField(max_length=100, editable=False)
    topic = models.CharField(_("topic"), max_length=10, choices=Topic)
    text = models.TextField(_("text"), max_length=500)
    resident = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="praised_in", verbose_name=_("praised neighbour")
    )
    organization = models.ForeignKey(
        Organization, models.SET_NULL, null=True, blank=True, related_name="praises", verbose_name=_("praised team")
    )
    about = models.CharField(_("who or what is praised"), max_length=30, blank=True)
    consent = models.CharField(_("consent"), max_length=9, choices=Consent, default=Consent.NOT_NEEDED, blank=True)
    is_visible = models.BooleanField(_("visible"), default=False)
    like_count = models.PositiveIntegerField(_("likes"), default=0)
    likes_told = models.PositiveIntegerField(default=0)
    comment_count = models.PositiveIntegerField(_("comments"), default=0)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    edited_at = models.DateTimeField(_("edited at"), null=True, blank=True)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)
    search = bigram_field("text")

    objects = PraiseQuerySet.as_manager()

    class Meta:
        verbose_name = _("praise")
        verbose_name_plural = _("praises")
        constraints = [
            models.CheckConstraint(condition=Q(like_count__gte=0), name="likes_are_not_below_zero"),
            models.CheckConstraint(condition=Q(comment_count__gte=0), name="comments_are_not_below_zero"),
            models.CheckConstraint(
                condition=Q(resident__isnull=True) | ~Q(consent=""), name="a_praised_neighbour_is_asked"
            ),
        ]
        indexes = [
            models.Index(F("topic"), F("id").desc(), condition=Q(is_visible=True), name="wall_by_topic"),
            models.Index(F("author"), F("id").desc(), name="praises_of_an_author"),
            models.Index(fields=["area_path"], name="praises_by_area", opclasses=["varchar_pattern_ops"]),
            models.Index(fields=["created_at"], name="praises_by_time"),
            models.Index(fields=["id"], condition=Q(like_count__gt=F("likes_told")), name="likes_to_tell"),
        ]

    def __str__(self) -> str:
        return self.shown_text[:30]

    @property
    def shown_name(self) -> str:
        """Whom everybody reads: a registered neighbour by name only after consent, a team or place as it is."""
        if self.consent == self.Consent.PUBLIC and self.resident:
            return str(self.resident)
        if self.consent:
            return gettext("a neighbour")
        return str(self.organization) if self.organization else self.about

    @property
    def shown_text(self) -> str:
        return self.text.replace(PERSON, self.shown_name)

    @property
    def nameless_text(self) -> str:
        """For copies that do not follow the consent: a registered neighbour without the name, whatever holds now."""
        return self.text.replace(PERSON, gettext("a neighbour") if self.consent else self.shown_name)


class LikeQuerySet(models.QuerySet["Like"]):
    def standing(self) -> Self:
        """Those that count: neither taken back by who gave them nor voided by staff."""
        return self.filter(voided_at=None, taken_back_at=None)


@pghistory.track(pghistory.UpdateEvent(condition=pghistory.AnyChange("voided_at")), model_name="LikeEvent")
class Like(models.Model):
    """One resident likes one praise. Voided ones stay, so that they are not given again.

    What was taken back stays for a day, so that giving and taking in turn does not get round the limits.
    """

    praise = models.ForeignKey(Praise, models.CASCADE, related_name="likes", db_index=False)
    resident = models.ForeignKey(User, models.CASCADE, related_name="likes", db_index=False)
    created_at = models.DateTimeField(_("liked at"), default=timezone.now)
    voided_at = models.DateTimeField(_("voided at"), null=True, blank=True)
    taken_back_at = models.DateTimeField(_("taken back at"), null=True, blank=True)

    objects = LikeQuerySet.as_manager()

    class Meta:
        verbose_name = _("like")
        verbose_name_plural = _("likes")
        constraints = [models.UniqueConstraint(fields=["praise", "resident"], name="one_like_each")]
        indexes = [
            models.Index(fields=["resident", "created_at"], name="likes_of_a_resident"),
            models.Index(fields=["taken_back_at"], condition=Q(taken_back_at__isnull=False), name="likes_taken_back"),
        ]

    def __str__(self) -> str:
        return f"{self.praise_id}/{self.resident_id}"


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, user: User | None = None) -> Self:
        standing = self.filter(deleted_at=None)
        return standing.filter(Q(is_visible=True) | Q(author=user)) if user else standing.filter(is_visible=True)


class Comment(models.Model):
    """A word under a praise, or a reply to such a word; replies have no replies."""

    praise = models.ForeignKey(Praise, models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(
        User, models.CASCADE, related_name="praise_comments", db_index=False, verbose_name=_("author")
    )
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="replies")
    text = models.CharField(_("text"), max_length=200)
    is_visible = models.BooleanField(_("visible"), default=False)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    deleted_at = models.DateTimeField(_("deleted at"), null=True, blank=True)

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        indexes = [
            models.Index(fields=["praise", "id"], name="comments_of_a_praise"),
            models.Index(fields=["author", "created_at"], name="comments_of_an_author"),
        ]

    def __str__(self) -> str:
        return self.text[:30]


class Honour(models.Model):
    """One line of a month's roll of honour as a community published it; the database never changes it.

    Names are not copied: who is praised is read through the praise, by the consent that holds now.
    """

    area = models.ForeignKey(Area, models.PROTECT, related_name="honours", db_index=False, verbose_name=_("community"))
    month = models.DateField(_("month"))
    praise = models.ForeignKey(Praise, models.PROTECT, related_name="honours", verbose_name=_("praise"))
    reason = models.CharField(_("why"), max_length=100)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("confirmed by"))
    published_at = models.DateTimeField(_("published at"), default=timezone.now)

    class Meta:
        verbose_name = _("honour")
        verbose_name_plural = _("roll of honour")
        constraints = [
            models.UniqueConstraint(fields=["area", "month", "praise"], name="one_honour_for_a_praise_in_a_month"),
            models.CheckConstraint(condition=Q(month__day=1), name="a_month_is_its_first_day"),
        ]
        indexes = [models.Index(F("month").desc(), F("area"), name="honours_by_month")]
        triggers = [pgtrigger.Protect(name="honours_stay", operation=pgtrigger.Update | pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"
