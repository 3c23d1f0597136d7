import datetime as dt
import secrets
from typing import Self

import pghistory
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area, Organization, inside
from linlingtong.core.search import bigram_field, matching, words_for


def new_slug() -> str:
    """An address of eight characters without look-alikes; staff may give a word instead."""
    return "".join(secrets.choice("23456789abcdefghjkmnpqrstuvwxyz") for _ in range(8))


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, user: object = None) -> Self:  # noqa: ARG002 - every board answers for a reader
        """What the public may read: everything published, also when cancelled or over."""
        return self.exclude(status=Activity.Status.DRAFT)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area_path"))

    def published(self) -> Self:
        return self.filter(status=Activity.Status.PUBLISHED)

    def in_area(self, area: Area) -> Self:
        return self.filter(area_path__startswith=area.path)

    def upcoming(self, moment: dt.datetime | None = None) -> Self:
        return self.filter(ends_at__gte=moment or timezone.now())

    def matching(self, text: str) -> Self:
        return self.filter(search=matching(text))


# What residents call a kind when they look for it, in both languages of the site.
KIND_WORDS = {
    "volunteer": "志愿服务 志愿者 volunteering volunteer",
    "culture": "邻里文化 文体 culture",
    "sports": "运动健身 文体 体育 sports",
    "training": "学习培训 技能培训 training",
    "care": "关爱服务 care",
    "market": "便民市集 红色市集 便民服务 service fair market",
    "council": "百姓议事 议事会 neighbours' council",
    "festival": "我们的节日 节日 our festivals",
    "social": "联谊交友 相亲 联谊会 get-together",
}


@pghistory.track(exclude=["search"])
class Activity(models.Model):
    """Something that happens in one or more sessions. `area_path`, `starts_at`, `ends_at` follow area and sessions."""

    class Kind(models.TextChoices):
        VOLUNTEER = "volunteer", _("volunteering")
        CULTURE = "culture", _("culture")
        SPORTS = "sports", _("sports")
        TRAINING = "training", _("training")
        CARE = "care", _("care")
        MARKET = "market", _("service fair")
        COUNCIL = "council", _("neighbours' council")
        FESTIVAL = "festival", _("our festivals")
        SOCIAL = "social", _("get-together")

    class Channel(models.TextChoices):
        OFFLINE = "offline", _("on site")
        ONLINE = "online", _("online")
        BOTH = "both", _("on site and online")

    class Status(models.TextChoices):
        DRAFT = "draft", _("draft")
        PUBLISHED = "published", _("published")
        CANCELLED = "cancelled", _("cancelled")
        FINISHED = "finished", _("finished")

    class Cover(models.TextChoices):
        BY_KIND = "", _("the drawing of its kind")
        WETLAND = "environment", _("wetland")
        ELDER = "elder", _("tea with elders")

    title = models.CharField(_("title"), max_length=80)
    slug = models.SlugField(_("address on the site"), max_length=60, unique=True, default=new_slug)
    summary = models.CharField(_("summary"), max_length=200, blank=True)
    body = models.TextField(_("what happens"), blank=True)
    bring = models.TextField(_("please bring"), blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    channel = models.CharField(_("channel"), max_length=7, choices=Channel, default=Channel.OFFLINE)
    cover = models.CharField(_("cover"), max_length=12, choices=Cover, default=Cover.BY_KIND, blank=True)
    status = models.CharField(_("status"), max_length=9, choices=Status, default=Status.DRAFT, editable=False)

    area = models.ForeignKey(Area, models.PROTECT, related_name="activities", verbose_name=_("area"))
    area_path = models.CharField(max_length=100, editable=False)
    host = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="activities", verbose_name=_("host")
    )
    leader = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="led_activities", verbose_name=_("leader")
    )
    contact_name = models.CharField(_("contact person"), max_length=30, blank=True)
    contact_phone = models.CharField(_("contact phone"), max_length=30, blank=True)
    place = models.CharField(_("place"), max_length=80, blank=True)
    address = models.CharField(_("address"), max_length=120, blank=True)
    meeting_point = models.CharField(_("meeting point"), max_length=120, blank=True)
    latitude = models.DecimalField(_("latitude"), max_digits=9, decimal_places=6, null=True, blank=True)
    longitude = models.DecimalField(_("longitude"), max_digits=9, decimal_places=6, null=True, blank=True)

    opens_at = models.DateTimeField(_("registration opens at"), null=True, blank=True)
    closes_at = models.DateTimeField(_("registration closes at"), null=True, blank=True)
    cancel_hours = models.PositiveSmallIntegerField(
        _("cancel until, hours before the start"), default=0, help_text=_("0: until the start.")
    )
    eligible_area = models.ForeignKey(
        Area, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only for residents of")
    )
    eligible_organization = models.ForeignKey(
        Organization, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("only for members of")
    )
    minimum_age = models.PositiveSmallIntegerField(_("minimum age"), null=True, blank=True)
    needs_confirmed_membership = models.BooleanField(_("only with a confirmed home or membership"), default=False)
    needs_approval = models.BooleanField(_("staff approve each registration"), default=False)
    largest_party = models.PositiveSmallIntegerField(
        _("companions allowed"), default=3, help_text=_("How many people one resident may bring along.")
    )
    longest_queue = models.PositiveIntegerField(_("longest waiting list"), null=True, blank=True)

    risks = models.TextField(_("risks"), blank=True)
    protection = models.TextField(_("protection"), blank=True)
    insurance = models.CharField(_("insurance"), max_length=120, blank=True)
    credited_minutes = models.PositiveSmallIntegerField(_("credited minutes"), null=True, blank=True)

    starts_at = models.DateTimeField(_("starts at"), null=True, blank=True, editable=False)
    ends_at = models.DateTimeField(_("ends at"), null=True, blank=True, editable=False)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True, editable=False)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("reason for cancelling"), max_length=200, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)
    search = bigram_field(
        "title", "summary", "place", "address", "meeting_point", words_for("kind", KIND_WORDS), "body"
    )

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="activity_ends_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(opens_at__isnull=True) | Q(closes_at__isnull=True) | Q(closes_at__gt=F("opens_at")),
                name="registration_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=~Q(kind="volunteer", status="published")
                | ~Q(risks="") & ~Q(protection="") & ~Q(insurance=""),
                name="a_published_volunteer_activity_names_its_risks",
            ),
            models.CheckConstraint(
                condition=~Q(status="cancelled") | ~Q(cancel_reason=""), name="a_cancelled_activity_says_why"
            ),
        ]
        indexes = [
            models.Index(
                fields=["area_path", "starts_at", "id"],
                condition=~Q(status="draft"),
                name="activity_by_area_and_start",
                opclasses=["varchar_pattern_ops", "timestamptz_ops", "int8_ops"],
            ),
            models.Index(fields=["starts_at", "id"], condition=~Q(status="draft"), name="activity_by_start"),
            models.Index(fields=["ends_at", "id"], condition=~Q(status="draft"), name="activity_by_end"),
            models.Index(fields=["kind", "starts_at", "id"], condition=~Q(status="draft"), name="activity_by_kind"),
            GinIndex(fields=["search"], name="activity_search"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def whereabouts(self) -> list[str]:
        """The place and the meeting point; the meeting point alone when it names the place itself."""
        if self.place and self.place in self.meeting_point:
            return [self.meeting_point]
        return [part for part in (self.place, self.meeting_point) if part]

    @property
    def host_name(self) -> str:
        return self.host.name if self.host else self.area.name


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: object = None) -> Self:  # noqa: ARG002 - every board answers for a reader
        return self.exclude(activity__status=Activity.Status.DRAFT)

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "activity__area_path"))

    def upcoming(self, moment: dt.datetime | None = None) -> Self:
        return self.filter(ends_at__gte=moment or timezone.now())


@pghistory.track(
    fields=["activity", "role", "starts_at", "ends_at", "capacity", "is_unlimited", "minimum_needed", "cancelled_at"]
)
class Session(models.Model):
    """One dated slot of an activity, perhaps for a role.

    The counters are written only under the session's turn: `taken` counts people with a confirmed place, companions
    included; `held` places kept for open offers; `waiting` entries in the queue; `pending` entries to be reviewed.
    `overbooked_to` is how far staff allowed the session to stand above its capacity.
    """

    activity = models.ForeignKey(
        Activity, models.CASCADE, related_name="sessions", db_index=False, verbose_name=_("activity")
    )
    role = models.CharField(_("role or group"), max_length=40, blank=True)
    starts_at = models.DateTimeField(_("starts at"))
    ends_at = models.DateTimeField(_("ends at"))
    capacity = models.PositiveIntegerField(_("places"), null=True, blank=True)
    is_unlimited = models.BooleanField(_("without limit"), default=False)
    minimum_needed = models.PositiveIntegerField(_("needed at least"), default=0)
    cancelled_at = models.DateTimeField(_("cancelled at"), null=True, blank=True, editable=False)
    cancel_reason = models.CharField(_("reason for cancelling"), max_length=200, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=0, editable=False)

    taken = models.PositiveIntegerField(_("places taken"), default=0, editable=False)
    held = models.PositiveIntegerField(_("held for offers"), default=0, editable=False)
    waiting = models.PositiveIntegerField(_("on the waiting list"), default=0, editable=False)
    pending = models.PositiveIntegerField(_("awaiting approval"), default=0, editable=False)
    last_number = models.PositiveBigIntegerField(default=0, editable=False)
    overbooked_to = models.PositiveIntegerField(_("overbooked to"), default=0, editable=False)

    objects = SessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_it_starts"),
            models.CheckConstraint(
                condition=Q(is_unlimited=True, capacity__isnull=True) | Q(is_unlimited=False, capacity__isnull=False),
                name="a_session_has_places_or_says_it_is_unlimited",
            ),
            models.CheckConstraint(
                condition=Q(is_unlimited=True) | Q(taken__lte=Greatest(F("capacity"), F("overbooked_to")) - F("held")),
                name="a_session_is_never_oversold",
            ),
        ]
        indexes = [
            models.Index(fields=["activity", "starts_at", "id"], name="session_of_activity"),
            models.Index(fields=["starts_at", "id"], name="session_by_start"),
        ]

    def __str__(self) -> str:
        return self.role or str(self.activity)

    @property
    def places_left(self) -> int | None:
        """Places that a newcomer may take at once; None without limit."""
        if self.capacity is None:
            return None
        return 0 if self.waiting else max(0, self.capacity - self.taken - self.held)


class Question(models.Model):
    """Something the host wants to know from everybody who registers."""

    class Kind(models.TextChoices):
        TEXT = "text", _("short text")
        YES_NO = "yes_no", _("yes or no")
        CHOICE = "choice", _("one of a list")

    activity = models.ForeignKey(Activity, models.CASCADE, related_name="questions", db_index=False)
    text = models.CharField(_("question"), max_length=120)
    kind = models.CharField(_("kind of answer"), max_length=6, choices=Kind, default=Kind.TEXT)
    choices = models.JSONField(_("choices"), default=list, blank=True)
    is_required = models.BooleanField(_("must be answered"), default=False)
    position = models.PositiveSmallIntegerField(_("order"), default=0)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        indexes = [models.Index(fields=["activity", "position"], name="question_order")]

    def __str__(self) -> str:
        return self.text


class Bookmark(models.Model):
    """A resident keeps an activity in sight; before registration opens this also asks for a reminder."""

    resident = models.ForeignKey(User, models.CASCADE, related_name="bookmarks", db_index=False)
    activity = models.ForeignKey(Activity, models.CASCADE, related_name="bookmarks")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("bookmark")
        verbose_name_plural = _("bookmarks")
        constraints = [models.UniqueConstraint(fields=["resident", "activity"], name="one_bookmark_each")]

    def __str__(self) -> str:
        return str(self.activity)
