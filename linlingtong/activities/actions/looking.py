"""The first look at a session: a hand-written query, because compiling its ORM twin took a third of a registration."""

import functools
from dataclasses import dataclass
from typing import Any

from django.db import connection, models

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Session
from linlingtong.core.planned import planned

TABLES: tuple[tuple[str, type[models.Model]], ...] = (
    ("s", Session),
    ("a", Activity),
)
LOOK = """
SELECT {columns},
       (SELECT live.id FROM activities_registration live
         WHERE live.session_id = s.id AND live.resident_id = %(resident)s
           AND live.state IN ('pending_review', 'waitlisted', 'offered', 'confirmed')),
       EXISTS (SELECT 1 FROM activities_question q WHERE q.activity_id = a.id)
  FROM activities_session s
  JOIN activities_activity a ON a.id = s.activity_id
 WHERE s.id = %(session)s AND a.status <> 'draft'
"""


@dataclass(frozen=True)
class Seen:
    """A session with its activity, the resident's live registration in it, and whether the host has questions."""

    session: Session
    live_id: int | None
    is_asking: bool


def look(session_id: int, resident: User) -> Seen:
    """What the public may see of a session; raises Session.DoesNotExist for a draft as for nothing."""
    with planned() as cursor:
        cursor.execute(_query(), {"session": session_id, "resident": resident.pk})
        row = cursor.fetchone()
    if row is None:
        raise Session.DoesNotExist
    session, session.activity = _objects(row)
    return Seen(session, *row[-2:])


@functools.cache
def _names(model: type[models.Model]) -> list[str]:
    fields = model._meta.concrete_fields  # noqa: SLF001 - the documented way to a model's columns
    return [field.attname for field in fields if not field.generated]


@functools.cache
def _query() -> str:
    columns = [f"{alias}.{name}" for alias, model in TABLES for name in _names(model)]
    return LOOK.format(columns=", ".join(columns))


def _objects(row: tuple[Any, ...]) -> list[Any]:
    found: list[Any] = []
    start = 0
    for _, model in TABLES:
        names = _names(model)
        found.append(model.from_db(connection.alias, names, row[start : start + len(names)]))
        start += len(names)
    return found
