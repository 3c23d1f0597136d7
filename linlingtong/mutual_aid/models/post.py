from typing import Self

from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import MANAGING, scope_for
from linlingtong.areas.models import Area, inside
from linlingtong.core.search import bigram_field, matching, words_for

# Who may look after posts at all; a building head only those of the own stair.
LOOKING_AFTER = (*MANAGING, Appointment.Role.BUILDING_HEAD)
FARTHEST = 4
MOST_IDS = 2**40

# What neighbours call a kind when they look for it, in both languages of the site.
KIND_WORDS = {
    "elder": "老人 陪诊 陪伴 elders company",
    "child": "孩子 小孩 接送 亲子 children",
    "repair": "修修补补 维修 修理 repairs",
    "errand": "跑腿 代办 取件 搬运 errands",
    "thing": "物品 闲置 借用 things",
    "skill": "手艺 技能 辅导 教 skills",
    "other": "",
}


class HelpPostQuerySet(models.QuerySet["HelpPost"]):
    def visible_to(self, user: User | AnonymousUser | None = None) -> Self:
        """What is public, what one wrote oneself, and what one helps or helped with."""
        public = Q(is_visible=True, state__in=HelpPost.PUBLIC)
        if user is None or not user.is_authenticated:
            return self.filter(public)
        mine = HelpPost.objects.filter(pk=OuterRef("pk"), claims__helper=user.pk)
        return self.filter(public | Q(author=user.pk) | Exists(mine))

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area_path"))

    def looked_after_by(self, user: User) -> Self:
        """Like `managed_by`, and a building head's own stair."""
        return self.filter(inside(scope_for(user, LOOKING_AFTER), "area_path"))

    def takeable(self) -> Self:
        """Somebody can still say “I will”."""
        return self.filter(
            state__in=(HelpPost.State.OPEN, HelpPost.State.OFFERED), is_paused=False, taken__lt=F("helpers_needed")
        )

    def of_type(self, type_: str) -> Self:
        return self.filter(type=type_)

    def matching(self, text: str) -> Self:
        return self.filter(search=matching(text))

    def nearest_first(self, home: Area | None) -> Self:
        """`near_id` sorts by ring (the same building, grid, community, elsewhere), inside a ring by age."""
        ring: models.Expression = Value(FARTHEST)
        if home is not None:
            parts = home.path.strip("/").split("/")
            prefixes = [f"/{'/'.join(parts[:depth])}/" for depth in range(len(parts), 1, -1)]
            near = [When(area_path__startswith=prefix, then=Value(at)) for at, prefix in enumerate(prefixes)]
            ring = Case(*near, default=Value(FARTHEST))
        order = ring * Value(MOST_IDS) + Value(MOST_IDS) - F("id")
        return self.annotate(near_id=models.ExpressionWrapper(order, output_field=models.BigIntegerField())).order_by(
            "near_id"
        )


class HelpPost(models.Model):
    """A request, an offer or a micro-wish of one neighbour. `taken` counts seats: of accepted helpers and who helped.

    Moderation is no state: `is_visible` says whether others see the post, wherever it stands.
    `door` is for accepted helpers only, and never for wishes: those go through the community desk.
    """

    class Type(models.TextChoices):
        REQUEST = "request", _("asking for help")
        OFFER = "offer", _("offering help")
        WISH = "wish", _("micro-wish")

    class Kind(models.TextChoices):
        ELDER = "elder", _("elders")
        CHILD = "child", _("children")
        REPAIR = "repair", _("repairs")
        ERRAND = "errand", _("errands and lifts")
        THING = "thing", _("things")
        SKILL = "skill", _("skills")
        OTHER = "other", _("other help")

    class State(models.TextChoices):
        DRAFT = "draft", _("not sent yet")
        PENDING_REVIEW = "pending_review", _("with the community desk")
        OPEN = "open", _("open to neighbours")
        OFFERED = "offered", _("choose a helper")
        CLAIMED = "claimed", _("claimed")
        IN_PROGRESS = "in_progress", _("under way")
        AWAITING_CONFIRM = "awaiting_confirm", _("to be confirmed")
        COMPLETED = "completed", _("well done")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        REJECTED = "rejected", _("not accepted")
        DISPUTED = "disputed", _("staff are looking into it")

    class Urgency(models.TextChoices):
        NORMAL = "normal", _("can wait a little")
        URGENT = "urgent", _("urgent")

    class Person(models.TextChoices):
        """How a beneficiary is called behind the surname."""

        NEIGHBOUR = "neighbour", _("neighbour")
        GRANDMA = "grandma", _("grandma")
        GRANDPA = "grandpa", _("grandpa")
        AUNT = "aunt", _("aunt")
        MASTER = "master", _("skilled worker")
        CHILD = "child", _("child")
        FAMILY = "family", _("family")

    TAKING = (State.OPEN, State.OFFERED)
    PUBLIC = (
        State.OPEN, State.OFFERED, State.CLAIMED, State.IN_PROGRESS, State.AWAITING_CONFIRM, State.COMPLETED,
    )  # fmt: skip
    LIVE = (*TAKING, State.CLAIMED, State.IN_PROGRESS, State.AWAITING_CONFIRM, State.DISPUTED)
    ENDED = (State.COMPLETED, State.WITHDRAWN, State.REJECTED)

    author = models.ForeignKey(
        User, models.PROTECT, related_name="help_posts", db_index=False, verbose_name=_("posted by")
    )
    type = models.CharField(_("type"), max_length=7, choices=Type)
    kind = models.CharField(_("kind"), max_length=6, choices=Kind)
    title = models.CharField(_("title"), max_length=60)
    text = models.TextField(_("what it is about"), max_length=600, blank=True)
    item_size = models.CharField(_("size or model"), max_length=40, blank=True)
    area = models.ForeignKey(Area, models.PROTECT, related_name="help_posts", verbose_name=_("area"))
    area_path = models.CharField(max_length=100, editable=False)
    door = models.CharField(_("door"), max_length=40, blank=True)
    urgency = models.CharField(_("urgency"), max_length=6, choices=Urgency, default=Urgency.NORMAL)
    helpers_needed = models.PositiveSmallIntegerField(_("helpers needed"), default=1)
    needed_at = models.DateTimeField(_("needed at"), null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(_("about how many minutes"), null=True, blank=True)
    budget_cap = models.PositiveSmallIntegerField(_("at most, yuan"), null=True, blank=True)
    surname = models.CharField(_("surname of whom it is for"), max_length=2, blank=True)
    person = models.CharField(_("how to call them"), max_length=9, choices=Person, default=Person.NEIGHBOUR)
    is_on_behalf = models.BooleanField(_("posted for somebody without a phone"), default=False)
    lets_choose = models.BooleanField(_("I want to choose who helps"), default=False)
    is_through_desk = models.BooleanField(_("through the community desk"), default=False, editable=False)

    state = models.CharField(_("state"), max_length=16, choices=State, default=State.DRAFT)
    is_visible = models.BooleanField(_("visible"), default=False)
    is_paused = models.BooleanField(_("paused"), default=False)
    taken = models.PositiveSmallIntegerField(_("helpers found"), default=0)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    thanks = models.CharField(_("thanks"), max_length=300, blank=True)
    expires_at = models.DateTimeField(_("open until"), null=True, blank=True)
    renewals = models.PositiveSmallIntegerField(_("times renewed"), default=0)
    reminded_at = models.DateTimeField(null=True, blank=True)
    received_at = models.DateTimeField(_("brought to the desk at"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("handed over at"), null=True, blank=True)
    opened_at = models.DateTimeField(_("open since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    moved_at = models.DateTimeField(_("in this state since"), default=timezone.now)
    created_at = models.DateTimeField(_("written at"), default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    search = bigram_field("title", "text", words_for("kind", KIND_WORDS))

    objects = HelpPostQuerySet.as_manager()

    class Meta:
        verbose_name = _("help post")
        verbose_name_plural = _("help posts")
        constraints = [
            models.CheckConstraint(condition=Q(taken__lte=F("helpers_needed")), name="never_more_helpers_than_needed"),
            models.CheckConstraint(
                condition=Q(helpers_needed__gte=1, helpers_needed__lte=20), name="a_post_needs_one_to_twenty_helpers"
            ),
            models.CheckConstraint(condition=Q(renewals__lte=3), name="a_post_is_renewed_three_times_at_most"),
            models.CheckConstraint(
                condition=~Q(type="wish") | Q(is_through_desk=True), name="wishes_go_through_the_desk"
            ),
            models.CheckConstraint(condition=Q(is_through_desk=False) | Q(door=""), name="the_desk_needs_no_door"),
            models.CheckConstraint(
                condition=~Q(state__in=["open", "offered"]) | Q(expires_at__isnull=False),
                name="an_open_post_has_an_end",
            ),
            models.CheckConstraint(
                condition=~Q(is_on_behalf=True) | ~Q(surname=""), name="on_behalf_of_somebody_with_a_surname"
            ),
        ]
        indexes = [
            models.Index(
                fields=["area_path", "state"], name="help_by_area", opclasses=["varchar_pattern_ops", "varchar_ops"]
            ),
            models.Index(fields=["type", "state", "-id"], name="help_by_type"),
            models.Index(fields=["author", "-id"], name="help_by_author"),
            models.Index(fields=["expires_at"], condition=Q(state__in=["open", "offered"]), name="help_by_expiry"),
            models.Index(fields=["-ended_at", "-id"], condition=Q(state="completed"), name="help_completed"),
            models.Index(fields=["-ended_at"], condition=Q(state="completed") & ~Q(thanks=""), name="help_thanked"),
            GinIndex(fields=["search"], name="help_search"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def is_public(self) -> bool:
        """Whether it stands where neighbours see it, as far as moderation lets them."""
        return self.state in self.PUBLIC

    @property
    def is_free_thing(self) -> bool:
        """Something that whoever takes it gets for nothing."""
        return self.type == self.Type.OFFER and self.kind == self.Kind.THING

    @property
    def places_left(self) -> int:
        return self.helpers_needed - self.taken
