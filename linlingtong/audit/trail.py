import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, cast

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist, ObjectDoesNotExist
from django.db.models import Field, ForeignKey, Model, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.options import Options
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from pghistory.models import Event

from linlingtong.core.dates import moment_words
from linlingtong.core.time import day_bounds

PAGE = 30
LAST_PAGE = 40
# How history of any room is known to belong to an area: by its own path, or by what it is part of.
PATHS = ("area_path", "path", "area__path", "activity__area_path", "praise__area_path")
Step = tuple[str, str, str]
# What follows from other fields and says nothing to people.
NAMES = ("title", "name")
UNTOLD = frozenset({"updated_at", "area_path", "path", "revision"})


@dataclass(frozen=True)
class Entry:
    """One change of one object: who, by which verb, when, and each field before and after."""

    at: dt.datetime
    number: int
    label: str
    kind: str
    thing: str
    key: int
    name: str
    actor: int | None
    verb: str
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class Wish:
    """What to look for: one kind of object, one object, one day."""

    thing: str = ""
    key: int | None = None
    day: dt.date | None = None


def things() -> dict[str, str]:
    """Every kind of object with a history: `areas.area` and its name."""
    return {_thing(event): str(_meta(_tracked(event)).verbose_name) for event in _events()}


def entries(scope: list[str] | None, wish: Wish, page: int) -> list[Entry]:
    """A page of changes, newest first, and one more when there are older ones; a scope of None sees everything."""
    last = page * PAGE + 1
    found: list[Any] = []
    for event in _events():
        if wish.thing in {"", _thing(event)}:
            found += _seen(event, scope, wish)[:last]
    found.sort(key=lambda row: (row.pgh_created_at, row.pgh_id), reverse=True)
    rows = found[(page - 1) * PAGE : last]
    for event in {type(row) for row in rows}:
        prefetch_related_objects([row for row in rows if type(row) is event], *_joins(event))
    before = _before(rows)
    return [_entry(row, before.get((type(row), row.earlier))) for row in rows]


def _events() -> list[type[Model]]:
    return [model for model in apps.get_models() if issubclass(model, Event)]


def _tracked(event: type[Model]) -> type[Model]:
    tracked: type[Model] = event.pgh_tracked_model  # type: ignore[attr-defined] # given by pghistory
    return tracked


def _meta(model: type[Model] | Model) -> Options[Any]:
    return model._meta  # noqa: SLF001 - public in Django in spite of its name


def _thing(event: type[Model]) -> str:
    return _meta(_tracked(event)).label_lower


def _seen(event: type[Model], scope: list[str] | None, wish: Wish) -> QuerySet[Any]:
    earlier: QuerySet[Any] = QuerySet(event).filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id"))
    rows: QuerySet[Any] = QuerySet(event).select_related("pgh_context").order_by("-pgh_created_at", "-pgh_id")
    if scope is not None:
        rows = rows.filter(_inside(event, scope))
    if wish.key is not None:
        rows = rows.filter(pgh_obj_id=wish.key)
    if wish.day is not None:
        first, last = day_bounds(wish.day)
        rows = rows.filter(pgh_created_at__gte=first, pgh_created_at__lt=last)
    number_before = Subquery(earlier.order_by("-pgh_id").values("pgh_id")[:1])
    return cast("QuerySet[Any]", rows.annotate(earlier=number_before))


def _inside(event: type[Model], scope: list[str]) -> Q:
    """History that belongs to no area is for those who see everything."""
    field_name = next((path for path in PATHS if _has(event, path)), None)
    condition = Q(pk__in=[])
    for prefix in scope if field_name else []:
        condition |= Q(**{f"{field_name}__startswith": prefix})
    return condition


def _has(model: type[Model], path: str) -> bool:
    name, _, rest = path.partition("__")
    try:
        found = _meta(model).get_field(name)
    except FieldDoesNotExist:
        return False
    related: Any = found.related_model
    return not rest or _has(related, rest)


def _before(rows: Iterable[Any]) -> dict[tuple[type, int], Any]:
    """For each row the one before it, in one query for each kind."""
    wanted: dict[type[Model], list[int]] = {}
    for row in rows:
        if row.earlier:
            wanted.setdefault(type(row), []).append(row.earlier)
    found: dict[tuple[type, int], Any] = {}
    for event, keys in wanted.items():
        rows_before: dict[int, Any] = QuerySet(event).in_bulk(keys)
        found |= {(event, key): row for key, row in rows_before.items()}
    return found


def _entry(row: Any, before: Any | None) -> Entry:
    facts = row.pgh_context.metadata if row.pgh_context else {}
    model = _tracked(type(row))
    return Entry(
        at=row.pgh_created_at,
        number=row.pgh_id,
        label=row.pgh_label,
        kind=str(_meta(model).verbose_name),
        thing=_meta(model).label_lower,
        key=row.pgh_obj_id,
        name=_name(row),
        actor=facts.get("actor"),
        verb=str(facts.get("verb", "")),
        steps=_steps(row, before),
    )


def _name(row: Any) -> str:
    """What it is called, or whom and what it joins; its number when it has neither."""
    called = [getattr(row, name) for name in NAMES if getattr(row, name, "")]
    joined = [each for name in _joins(type(row)) if (each := _joined(row, name))]
    return str(called[0]) if called else " · ".join(joined) or str(row.pgh_obj_id)


def _joined(row: Any, name: str) -> str:
    try:
        return str(getattr(row, name) or "")
    except ObjectDoesNotExist:
        return ""


def _joins(event: type[Model]) -> list[str]:
    """The keys of rows without a name of their own."""
    fields = _meta(event).fields
    if {one.name for one in fields} & set(NAMES):
        return []
    return [one.name for one in fields if isinstance(one, ForeignKey) and not one.name.startswith("pgh_")]


def _steps(row: Any, before: Any | None) -> list[Step]:
    if before is None or row.pgh_label == "delete":
        return []
    told = [one for one in _meta(row).fields if not one.name.startswith("pgh_") and one.name not in UNTOLD]
    changed = [one for one in told if one.value_from_object(before) != one.value_from_object(row)]
    return [
        (
            capfirst(str(one.verbose_name)),
            shown(one, one.value_from_object(before)),
            shown(one, one.value_from_object(row)),
        )
        for one in changed
    ]


def shown(field: "Field[Any, Any]", value: Any) -> str:
    """A stored value as people say it."""
    if value is None or value == "":
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, dt.datetime):
        return moment_words(value)
    if isinstance(field, ForeignKey):
        related: type[Model] = field.related_model
        return str(next(iter(QuerySet(related).filter(pk=value)), value))
    return str(dict(field.flatchoices).get(value, value))
