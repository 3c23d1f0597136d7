import datetime as dt
from collections.abc import Iterable
from typing import ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area, inside
from linlingtong.areas.working_time import is_worked
from linlingtong.core.phone import dialled
from linlingtong.core.search import bigram_field, matching
from linlingtong.core.time import local


class Audience(models.TextChoices):
    """For whom something is made; an empty choice is for everybody."""

    NEWCOMER = "newcomer", _("new Linjiang people")
    WORKER = "worker", _("industrial workers")
    ELDER = "elder", _("elders")
    PARENT = "parent", _("parents")
    COMPANY = "company", _("companies")


class ShelfQuerySet(models.QuerySet["Tool"]):
    def shown(self) -> Self:
        return self.filter(is_enabled=True)

    def in_order(self) -> "list[Tool]":
        """As staff arranged them, without what leads nowhere any more."""
        return [one for one in self.order_by("position", "pk") if one.url]


def leads_somewhere(tool_kind: str, target: str) -> str:
    """The address behind a tool; raises ValidationError when there is none."""
    if tool_kind == Tool.Kind.PAGE:
        try:
            return reverse(target)
        except NoReverseMatch as missing:
            raise ValidationError(
                {"target": _("There is no page of this name, for example venues:list.")}
            ) from missing
    if tool_kind == Tool.Kind.LINK and not target.startswith("https://"):
        raise ValidationError({"target": _("An outside address begins with https://")})
    if tool_kind == Tool.Kind.MINI_PROGRAM and not target.startswith("#小程序://"):
        raise ValidationError({"target": _("Copy the link of the mini-program: it begins with #小程序://")})
    return target


class Tool(models.Model):
    """One thing on the shelf: a page of ours, an outside address, or a WeChat mini-program opened by its link."""

    class Kind(models.TextChoices):
        PAGE = "page", _("page of this site")
        LINK = "link", _("outside address")
        MINI_PROGRAM = "mini_program", _("WeChat mini-program")

    class Group(models.TextChoices):
        ERRANDS = "errands", _("Errands")
        SPORT = "sport", _("Sport and leisure")
        HEALTH = "health", _("Health")
        CHILDREN = "children", _("Children")
        WORK = "work", _("Work")

    title = models.CharField(_("title"), max_length=20, unique=True)
    summary = models.CharField(_("what it is for"), max_length=40, blank=True)
    icon = models.CharField(_("icon"), max_length=30, default="tools")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    target = models.CharField(_("where it leads"), max_length=300)
    group = models.CharField(_("shelf"), max_length=10, choices=Group)
    audience = models.CharField(_("for whom"), max_length=10, choices=Audience, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    on_home = models.BooleanField(_("on the home screen"), default=False)
    is_enabled = models.BooleanField(_("shown"), default=True)

    objects = ShelfQuerySet.as_manager()

    class Meta:
        verbose_name = _("tool")
        verbose_name_plural = _("tools")
        indexes = [models.Index(fields=["position", "id"], condition=Q(is_enabled=True), name="shelf_in_order")]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        leads_somewhere(self.kind, self.target)

    @property
    def is_about(self) -> str:
        """What a search looks into."""
        return f"{self.title} {self.summary}".casefold()

    @property
    def url(self) -> str:
        """Empty for a page that is not there any more."""
        try:
            return leads_somewhere(self.kind, self.target)
        except ValidationError:
            return ""


class ContactQuerySet(models.QuerySet["Contact"]):
    def listed(self) -> Self:
        return self.filter(is_listed=True)

    def matching(self, text: str) -> Self:
        return self.filter(search=matching(text))

    def managed_by(self, user: User) -> Self:
        return self.filter(inside(scope_for(user), "area__path"))

    def outdated(self) -> Self:
        """Nobody has called to check for half a year."""
        limit = timezone.now() - Contact.GOOD_FOR
        return self.filter(Q(assured_at=None) | Q(assured_at__lt=limit))


class Contact(models.Model):
    """A number to call: which organization offers which service, for whom, what to bring, what it costs.

    The words are those of the Human Services Data Specification (openreferral.org, HSDS 3).
    """

    GOOD_FOR = dt.timedelta(days=180)

    class Category(models.TextChoices):
        EMERGENCY = "emergency", _("Emergency")
        GOVERNMENT = "government", _("Government and community")
        HEALTH = "health", _("Health")
        FAMILY = "family", _("Elders and children")
        WORK = "work", _("Work and rights")
        HOME = "home", _("Home and repairs")
        TRAFFIC = "traffic", _("Traffic")

    area = models.ForeignKey(Area, models.PROTECT, related_name="contacts", verbose_name=_("area"))
    category = models.CharField(_("category"), max_length=12, choices=Category)
    organization = models.CharField(_("organization"), max_length=60)
    service = models.CharField(_("service"), max_length=100, blank=True)
    phone = models.CharField(_("phone"), max_length=30)
    address = models.CharField(_("address"), max_length=100, blank=True)
    eligibility = models.CharField(_("for whom"), max_length=200, blank=True)
    required_documents = models.CharField(_("what to bring"), max_length=200, blank=True)
    fees = models.CharField(_("fees"), max_length=100, blank=True)
    position = models.PositiveSmallIntegerField(_("order"), default=100)
    is_listed = models.BooleanField(_("shown"), default=True)
    assured_at = models.DateTimeField(_("last checked"), null=True, blank=True, editable=False)
    assured_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, editable=False, related_name="+", verbose_name=_("checked by")
    )
    search = bigram_field("organization", "service", "phone", "address")

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("directory")
        indexes = [
            models.Index(
                fields=["category", "position", "id"], condition=Q(is_listed=True), name="directory_in_order"
            ),
            GinIndex(fields=["search"], name="directory_by_words"),
        ]

    def __str__(self) -> str:
        return self.organization

    @property
    def dial(self) -> str:
        """The number as a phone dials it."""
        return dialled(self.phone)

    @property
    def is_outdated(self) -> bool:
        return self.assured_at is None or self.assured_at < timezone.now() - self.GOOD_FOR

    def answers_at(self, moment: dt.datetime) -> bool | None:
        """Whether somebody answers at that moment; None when no hours are known. Looks at `schedules` as fetched."""
        return somebody_answers(self.schedules.all(), moment)


class Schedule(models.Model):
    """Hours of one contact on one kind of day; an end before the start lies on the next morning."""

    class Days(models.TextChoices):
        EVERY = "every", _("every day")
        WORKED = "worked", _("working days")
        OFF = "off", _("days off")

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="schedules")
    days = models.CharField(_("days"), max_length=6, choices=Days, default=Days.WORKED)
    opens_at = models.TimeField(_("from"))
    closes_at = models.TimeField(_("until"))

    class Meta:
        verbose_name = _("opening hours")
        verbose_name_plural = _("opening hours")

    def __str__(self) -> str:
        if self.is_around_the_clock:
            return str(_("around the clock"))
        return f"{self.get_days_display()} {self.opens_at:%H:%M}–{self.closes_at:%H:%M}"

    @property
    def is_around_the_clock(self) -> bool:
        return self.days == self.Days.EVERY and self.opens_at == self.closes_at

    def covers(self, moment: dt.datetime) -> bool:
        """Equal times mean the whole day."""
        shown = local(moment)
        clock, day = shown.time(), shown.date()
        if self.opens_at < self.closes_at:
            return self.opens_at <= clock < self.closes_at and self._applies(day)
        if clock >= self.opens_at and self._applies(day):
            return True
        return clock < self.closes_at and self._applies(day - dt.timedelta(days=1))

    def _applies(self, day: dt.date) -> bool:
        return self.days == self.Days.EVERY or is_worked(day) == (self.days == self.Days.WORKED)


def somebody_answers(schedules: Iterable[Schedule], moment: dt.datetime) -> bool | None:
    known = list(schedules)
    return any(one.covers(moment) for one in known) if known else None


class GuideQuerySet(models.QuerySet["Guide"]):
    def published(self) -> Self:
        return self.filter(is_published=True)

    def matching(self, text: str) -> Self:
        return self.filter(search=matching(text))


class Guide(models.Model):
    """How to get something done: for whom, what to bring, where to go, in at most a few steps."""

    MOST_STEPS = 7

    area = models.ForeignKey(Area, models.PROTECT, related_name="guides", verbose_name=_("area"))
    slug = models.SlugField(_("address on the site"), max_length=60, unique=True)
    title = models.CharField(_("title"), max_length=60)
    summary = models.CharField(_("in one sentence"), max_length=120)
    audience = ArrayField(
        models.CharField(max_length=10, choices=Audience), verbose_name=_("for whom"), default=list, blank=True
    )
    eligibility = models.TextField(_("who can apply"), max_length=500, blank=True)
    required_documents = models.TextField(_("what to bring, one a line"), max_length=1000, blank=True)
    steps = models.TextField(_("steps, one a line"), max_length=2000)
    duration = models.CharField(_("how long it takes"), max_length=60, blank=True)
    fees = models.CharField(_("fees"), max_length=60, blank=True)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="guides", verbose_name=_("where to ask")
    )
    source = models.CharField(_("source"), max_length=120)
    source_url = models.URLField(_("address of the source"), blank=True)
    version = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    checked_on = models.DateField(_("checked on"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True)
    is_sample = models.BooleanField(_("a sample, not official"), default=False)
    is_published = models.BooleanField(_("published"), default=False)
    search = bigram_field("title", "summary", "eligibility", "required_documents", "steps")

    objects = GuideQuerySet.as_manager()

    TEXTS: ClassVar[tuple[str, ...]] = (
        *("title", "summary", "eligibility", "required_documents", "steps", "duration", "fees", "source"),
        *("source_url", "valid_until"),
    )

    class Meta:
        verbose_name = _("guide")
        verbose_name_plural = _("guides")
        indexes = [GinIndex(fields=["search"], name="guides_by_words")]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gte=models.F("checked_on")),
                name="a_guide_was_valid_when_checked",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def clean(self) -> None:
        if len(self.step_lines) > self.MOST_STEPS:
            raise ValidationError({"steps": _("At most seven steps: people read this standing up.")})
        if self.valid_until and self.valid_until < self.checked_on:
            raise ValidationError({"valid_until": _("It would have ended before it was checked.")})

    @property
    def step_lines(self) -> list[str]:
        return [line.strip() for line in self.steps.splitlines() if line.strip()]

    @property
    def document_lines(self) -> list[str]:
        return [line.strip() for line in self.required_documents.splitlines() if line.strip()]

    def has_ended(self, day: dt.date) -> bool:
        return self.valid_until is not None and self.valid_until < day

    @property
    def audience_labels(self) -> list[str]:
        return [str(Audience(value).label) for value in self.audience]
