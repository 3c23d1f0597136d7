import datetime as dt
import secrets
from typing import Any, ClassVar, Self

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.areas.models import Area, Organization
from linlingtong.core.phone import normal_phone
from linlingtong.core.text import visible_text
from linlingtong.core.time import today


def new_token() -> str:
    """A secret of 32 url-safe characters (192 bits)."""
    return secrets.token_urlsafe(24)


class UserQuerySet(models.QuerySet["User"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def residents(self) -> Self:
        """People who proved their phone: what "registered residents" counts."""
        return self.active().filter(phone_verified_at__isnull=False)


class UserManager(BaseUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Django's `createsuperuser` and allauth make users through these two."""

    def create_user(self, phone: str | None = None, password: str | None = None, **fields: Any) -> "User":
        user = self.model(phone=phone, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user  # type: ignore[no-any-return]

    def create_superuser(self, phone: str, password: str | None = None, **fields: Any) -> "User":
        known = {"is_staff": True, "is_superuser": True, "phone_verified_at": timezone.now()}
        return self.create_user(normal_phone(phone), password, **(known | fields))


class User(AbstractBaseUser, PermissionsMixin):
    """A resident or a member of staff. Residents sign in with their phone and have no password."""

    class TextSize(models.TextChoices):
        NORMAL = "", _("normal")
        LARGE = "l", _("large")
        LARGER = "xl", _("larger")
        LARGEST = "xxl", _("largest")

    class Theme(models.TextChoices):
        SYSTEM = "", _("as on this phone")
        LIGHT = "light", _("light")
        DARK = "dark", _("dark")

    class Language(models.TextChoices):
        CHINESE = "zh-hans", _("中文")
        ENGLISH = "en", _("English")

    phone = models.CharField(_("phone"), max_length=16, unique=True, null=True, blank=True)
    phone_verified_at = models.DateTimeField(_("phone verified at"), null=True, blank=True, editable=False)
    email = models.EmailField(_("e-mail"), unique=True, null=True, blank=True)
    nickname = models.CharField(_("nickname"), max_length=30, blank=True, validators=[visible_text])
    born_on = models.DateField(_("born on"), null=True, blank=True)
    home_area = models.ForeignKey(
        Area,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="residents",
        db_index=False,
        verbose_name=_("home area"),
    )
    home_confirmed_at = models.DateTimeField(_("home confirmed at"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=10, choices=Language, default=Language.CHINESE)
    elder_mode = models.BooleanField(_("elder mode"), default=False)
    text_size = models.CharField(_("text size"), max_length=3, choices=TextSize, default=TextSize.NORMAL, blank=True)
    theme = models.CharField(_("colours"), max_length=5, choices=Theme, default=Theme.SYSTEM, blank=True)
    calendar_token = models.CharField(max_length=40, unique=True, default=new_token, editable=False)
    suspended_until = models.DateTimeField(_("may not register until"), null=True, blank=True)
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may enter the admin"), default=False)
    date_joined = models.DateTimeField(_("joined at"), default=timezone.now, editable=False)
    erased_at = models.DateTimeField(_("erased at"), null=True, blank=True, editable=False)

    USERNAME_FIELD = "phone"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.CheckConstraint(
                condition=Q(phone__isnull=False) | Q(email__isnull=False) | Q(erased_at__isnull=False),
                name="a_person_can_be_reached",
            ),
        ]
        indexes = [models.Index(fields=["home_area"], name="person_by_home")]

    def __str__(self) -> str:
        return self.nickname or str(_("neighbour"))

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def masked_phone(self) -> str:
        """`138****6027`: enough for its owner to recognise, too little for anybody to call."""
        digits = (self.phone or "").removeprefix("+86")
        return f"{digits[:3]}****{digits[-4:]}" if len(digits) >= 8 else ""

    def age_on(self, day: dt.date) -> int | None:
        """Full years on `day`, or None when the date of birth is not known."""
        if self.born_on is None:
            return None
        had_birthday = (day.month, day.day) >= (self.born_on.month, self.born_on.day)
        return day.year - self.born_on.year - (not had_birthday)


class Consent(models.Model):
    """A resident agreed to one version of one text; withdrawing keeps the row."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("terms of use")
        PRIVACY = "privacy", _("privacy notice")

    class Source(models.TextChoices):
        PAGE = "page", _("ticked on the sign-in page")
        APP = "app", _("stated by an app")
        API = "api", _("an app signed up without stating it")

    user = models.ForeignKey(User, models.CASCADE, related_name="consents", db_index=False)
    kind = models.CharField(_("text"), max_length=10, choices=Kind)
    version = models.CharField(_("version"), max_length=20)
    source = models.CharField(_("how"), max_length=4, choices=Source, default=Source.PAGE)
    given_at = models.DateTimeField(_("given at"), default=timezone.now)
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        constraints = [
            models.UniqueConstraint(fields=["user", "kind", "version"], name="one_consent_to_each_version"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.version}"


class DatedQuerySet(models.QuerySet[Any]):
    def current(self, day: dt.date | None = None) -> Self:
        """Rows in force on `day`, by default today; both end dates belong to the span."""
        day = day or today()
        return self.filter(starts_on__lte=day).filter(Q(ends_on__isnull=True) | Q(ends_on__gte=day))


class Membership(models.Model):
    """A resident lives in a dormitory, works for a company or belongs to a team, from one day to another."""

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships", verbose_name=_("resident"))
    organization = models.ForeignKey(
        Organization, models.PROTECT, related_name="memberships", verbose_name=_("organization")
    )
    starts_on = models.DateField(_("from"), default=today)
    ends_on = models.DateField(_("until"), null=True, blank=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)
    confirmed_by = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="membership_ends_after_it_starts",
            ),
            models.UniqueConstraint(
                fields=["user", "organization"],
                condition=Q(ends_on__isnull=True),
                name="one_open_membership_in_each_organization",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organization)


def in_a_year() -> dt.date:
    return today() + dt.timedelta(days=365)


@pghistory.track()
class Appointment(models.Model):
    """Somebody works for an area, in a role, between two days: where all staff rights come from."""

    class Role(models.TextChoices):
        MANAGER = "manager", _("staff")
        GRID_WORKER = "grid_worker", _("grid worker")
        BUILDING_HEAD = "building_head", _("building head")

    user = models.ForeignKey(
        User, models.CASCADE, related_name="appointments", db_index=False, verbose_name=_("person")
    )
    area = models.ForeignKey(Area, models.PROTECT, related_name="appointments", verbose_name=_("area"))
    role = models.CharField(_("role"), max_length=15, choices=Role)
    starts_on = models.DateField(_("from"), default=today)
    ends_on = models.DateField(_("until"), default=in_a_year)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = _("appointment")
        verbose_name_plural = _("appointments")
        constraints = [
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="appointment_ends_after_it_starts"),
            models.UniqueConstraint(fields=["user", "area", "role", "starts_on"], name="one_appointment_a_day"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.area} · {self.get_role_display()}"


class IdempotencyKey(models.Model):
    """A call that a client marked with a key of its own, and what it was answered: written with the call's effect."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+", db_index=False)
    key = models.CharField(max_length=100)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(default=0)
    answer = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("idempotency key")
        verbose_name_plural = _("idempotency keys")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="one_call_for_each_key")]
        indexes = [models.Index(fields=["created_at"], name="keys_by_age")]

    def __str__(self) -> str:
        return self.key


class SignInCode(models.Model):
    """One code that was sent to a phone. Neither the phone nor the code can be read here, only recognised."""

    TRIES = 5
    VALID_FOR = dt.timedelta(minutes=5)

    ref = models.CharField(max_length=40, unique=True)
    phone_key = models.CharField(max_length=64)
    address_key = models.CharField(max_length=64, blank=True)
    code_key = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("sign-in code")
        verbose_name_plural = _("sign-in codes")
        constraints = [
            models.CheckConstraint(condition=Q(tries__lte=5), name="a_code_is_tried_at_most_five_times"),
        ]
        indexes = [
            models.Index(fields=["phone_key", "sent_at"], name="codes_of_a_phone"),
            models.Index(fields=["address_key", "sent_at"], name="codes_for_an_address"),
        ]

    def __str__(self) -> str:
        return f"{self.sent_at:%F %T}"
