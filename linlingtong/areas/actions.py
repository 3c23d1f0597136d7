import datetime as dt
from typing import Any

import chinese_calendar
from django.apps import apps
from django.db import models
from django.db.models import F, Value
from django.db.models.functions import Concat, Substr
from django.utils.translation import gettext_lazy as _
from pghistory.models import Event

from linlingtong.areas.models import Area, CalendarDay
from linlingtong.audit.actions import acting
from linlingtong.core.refusal import Refusal
from linlingtong.core.turns import in_turn, take_turn

COPY = "area_path"
FIRST_YEAR = 2024


class NameTaken(Refusal):
    """Two neighbours in the same area would have one name."""

    code = "name_taken"
    message = _("There is a “%(name)s” in this area already.")


class WrongLevel(Refusal):
    """Grids lie in communities, not the other way round."""

    code = "wrong_level"
    message = _("“%(name)s” cannot lie in “%(parent)s”: only a higher level can hold it.")


class NoParent(Refusal):
    """One subdistrict is the root of all areas."""

    code = "no_parent"
    message = _("Say what “%(name)s” is part of: only the subdistrict itself, the first area of all, is part of none.")


class MovedIntoItself(Refusal):
    """An area cannot be part of what is part of it."""

    code = "moved_into_itself"
    message = _("“%(name)s” cannot become part of itself.")


class AreaInUse(Refusal):
    """Rows of upper floors keep a copy of the path, and this floor must not rewrite them."""

    code = "area_in_use"
    message = _("“%(name)s” cannot be moved: activities have been held there. Add a new area and close this one.")


@in_turn
def add_area(*, parent: Area | None, level: str, name: str, slug: str, by: Any, **facts: Any) -> Area:
    """Put a new area inside another one; `facts` are its phone, office hours, lat and long.

    The subdistrict comes first, inside nothing. Raises NameTaken, NoParent or WrongLevel.
    """
    take_turn("areas", 0)
    parent = Area.objects.get(pk=parent.pk) if parent else None
    area = Area(parent=parent, level=level, name=name, slug=slug, **facts)
    if parent:
        _check_place(area, parent)
    elif level != Area.Level.SUBDISTRICT or Area.objects.exists():
        raise NoParent(name=name)
    with acting(by, "add_area"):
        # The path ends in the area's own number, which the database gives: until then it is one nobody else has.
        area.path = f"/new/{slug}/"
        area.save()
        area.path = f"{parent.path if parent else '/'}{area.pk}/"
        area.save(update_fields=["path"])
    return area


@in_turn
def move_area(area_id: int, parent_id: int, *, by: Any) -> int:
    """Make the area part of another one, with everything inside it; returns how many areas have a new path.

    Raises AreaInUse, MovedIntoItself, NameTaken or WrongLevel.
    """
    take_turn("areas", 0)
    area, parent = Area.objects.get(pk=area_id), Area.objects.get(pk=parent_id)
    if parent.path.startswith(area.path):
        raise MovedIntoItself(name=area.name)
    if area.parent_id == parent.pk:
        return 0
    _check_place(area, parent)
    if is_copied(area):
        raise AreaInUse(name=area.name)
    old, new = area.path, f"{parent.path}{area.pk}/"
    rest = Substr(F("path"), len(old) + 1)
    with acting(by, "move_area"):
        Area.objects.filter(pk=area.pk).update(parent=parent)
        return Area.objects.filter(path__startswith=old).update(path=Concat(Value(new), rest))


def _check_place(area: Area, parent: Area) -> None:
    levels = Area.Level.values
    if levels.index(area.level) <= levels.index(parent.level):
        raise WrongLevel(name=area.name, parent=parent.name)
    if Area.objects.filter(parent=parent, name=area.name).exclude(pk=area.pk).exists():
        raise NameTaken(name=area.name)


def is_copied(area: Area) -> bool:
    """Whether any row of any room keeps a copy of a path in this subtree, in a column named `area_path`."""
    keepers = [model for model in apps.get_models() if hasattr(model, COPY) and not issubclass(model, Event)]
    inside = {f"{COPY}__startswith": area.path}
    return any(models.QuerySet(keeper).filter(**inside).exists() for keeper in keepers)


@in_turn
def change_area(area_id: int, *, by: Any, **facts: Any) -> Area:
    """Other words for the same area: name, phone, hours, where it lies, in use or not.

    Raises NameTaken.
    """
    take_turn("areas", 0)
    area = Area.objects.get(pk=area_id)
    for name, value in facts.items():
        setattr(area, name, value)
    if area.parent:
        _check_place(area, area.parent)
    with acting(by, "change_area"):
        area.save(update_fields=list(facts))
    return area


def load_calendar() -> int:
    """Bring the statutory calendar in step with the installed library; answers how many days were new or different.

    The library follows the yearly notice of the State Council's General Office on holidays (国务院办公厅关于部分节假日
    安排的通知); a year that it does not know yet is left alone.
    """
    last = max(chinese_calendar.constants.holidays).year
    first, end = dt.date(FIRST_YEAR, 1, 1), dt.date(last + 1, 1, 1)
    known = {one.day: one for one in CalendarDay.objects.filter(day__gte=first, day__lt=end)}
    announced = [_announced(first + dt.timedelta(days=n)) for n in range((end - first).days)]
    changed = [one for one in announced if not _is_same(known.get(one.day), one)]
    CalendarDay.objects.bulk_create(
        changed, update_conflicts=True, unique_fields=["day"], update_fields=["is_worked", "holiday"]
    )
    return len(changed)


def _announced(day: dt.date) -> CalendarDay:
    is_off, holiday = chinese_calendar.get_holiday_detail(day)
    name = chinese_calendar.Holiday(holiday).chinese if is_off and holiday else ""
    return CalendarDay(day=day, is_worked=not is_off, holiday=name)


def _is_same(known: CalendarDay | None, announced: CalendarDay) -> bool:
    return known is not None and (known.is_worked, known.holiday) == (announced.is_worked, announced.holiday)
