from typing import Self

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class NaturalOrder(models.Func):
    """Where an area stands among all, by the path it is given: a key for each area from the root down.

    Numbers in a name (up to nine digits) are counted, not spelled; names without one come first, as they were added.
    By hand, because not every PostgreSQL comes with the collation of ICU that could count.
    """

    template = r"""(
        SELECT array_agg(
                   CASE WHEN up.name ~ '[0-9]' THEN regexp_replace(
                       regexp_replace(up.name, '([0-9]+)', '00000000\1', 'g'), '[0-9]*([0-9]{9})(?![0-9])', '\1', 'g')
                   ELSE '' END || ' ' || to_char(up.id, 'FM0000000000000000000')
                   ORDER BY length(up.path))
          FROM areas_area up
         WHERE up.id = ANY (string_to_array(trim(BOTH '/' FROM %(expressions)s), '/')::bigint[]))"""
    output_field = ArrayField(models.TextField())


class AreaQuerySet(models.QuerySet["Area"]):
    def in_order(self) -> Self:
        """As people count: grid 2 before grid 10, and below each area what lies inside it."""
        return self.order_by(NaturalOrder("path"))

    def active(self) -> Self:
        return self.filter(is_active=True)

    def communities(self) -> Self:
        return self.filter(level=Area.Level.COMMUNITY)

    def within(self, paths: list[str]) -> Self:
        """Areas inside any of the subtrees; no path, no area."""
        return self.filter(inside(paths))


def inside(paths: list[str], field: str = "path") -> Q:
    """The condition that `field` lies in one of the subtrees named by their paths; never true without a path."""
    condition = Q(pk__in=[])
    for path in paths:
        condition |= Q(**{f"{field}__startswith": path})
    return condition


@pghistory.track()
class Area(models.Model):
    """One piece of the subdistrict. `path` lists the ids from the root, so a subtree is a prefix: `/1/4/17/`."""

    class Level(models.TextChoices):
        SUBDISTRICT = "subdistrict", _("subdistrict")
        COMMUNITY = "community", _("community")
        GRID = "grid", _("grid")
        MICRO_GRID = "micro_grid", _("micro-grid")
        BUILDING = "building", _("building")

    name = models.CharField(_("name"), max_length=60)
    slug = models.SlugField(_("address on the site"), max_length=60, unique=True)
    level = models.CharField(_("level"), max_length=12, choices=Level)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        db_index=False,
        verbose_name=_("part of"),
    )
    path = models.CharField(_("path"), max_length=100, unique=True, editable=False)
    phone = models.CharField(_("public phone"), max_length=30, blank=True)
    office_hours = models.CharField(_("office hours"), max_length=60, blank=True)
    lat = models.FloatField(
        _("latitude"), null=True, blank=True, help_text=_("Of the middle, as GPS says it (WGS 84): 30.2846")
    )
    long = models.FloatField(_("longitude"), null=True, blank=True, help_text=_("For example: 120.6127"))
    is_active = models.BooleanField(_("in use"), default=True)

    objects = AreaQuerySet.as_manager()

    class Meta:
        verbose_name = _("area")
        verbose_name_plural = _("areas")
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True, level="subdistrict") | Q(parent__isnull=False, level__gt=""),
                name="only_a_subdistrict_has_no_parent",
            ),
            models.UniqueConstraint(fields=["parent", "name"], name="one_area_of_a_name_in_each_parent"),
            models.CheckConstraint(
                condition=Q(lat__isnull=True, long__isnull=True)
                | Q(lat__isnull=False, long__isnull=False, lat__range=(-90, 90), long__range=(-180, 180)),
                name="an_area_has_a_whole_place_or_none",
                violation_error_message=_("Write latitude and longitude, or neither: 30.2846 and 120.6127."),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def ancestor_ids(self) -> list[int]:
        """Ids from the root down to this area itself."""
        return [int(part) for part in self.path.strip("/").split("/")]


class OrganizationQuerySet(models.QuerySet["Organization"]):
    def active(self) -> Self:
        return self.filter(is_active=True)

    def within(self, paths: list[str]) -> Self:
        return self.filter(inside(paths, "area__path"))


@pghistory.track()
class Organization(models.Model):
    """A company, a dormitory or a volunteer team: residents belong to it, activities are hosted by it."""

    class Kind(models.TextChoices):
        COMPANY = "company", _("company")
        DORMITORY = "dormitory", _("dormitory")
        TEAM = "team", _("volunteer team")

    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind)
    area = models.ForeignKey(
        Area, models.PROTECT, related_name="organizations", db_index=False, verbose_name=_("area")
    )
    company = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="dormitories", verbose_name=_("run by")
    )
    is_active = models.BooleanField(_("in use"), default=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints = [
            models.UniqueConstraint(fields=["area", "name"], name="one_organization_of_a_name_in_each_area"),
        ]

    def __str__(self) -> str:
        return self.name


class CalendarDay(models.Model):
    """One day of the statutory calendar, as the State Council announces it: worked or not, and which holiday.

    Saturdays and Sundays are sometimes worked to make up for a long holiday, so weekdays alone are not enough.
    """

    day = models.DateField(_("day"), primary_key=True)
    is_worked = models.BooleanField(_("working day"))
    holiday = models.CharField(_("holiday"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")

    def __str__(self) -> str:
        return f"{self.day}"
