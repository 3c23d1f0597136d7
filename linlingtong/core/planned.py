"""Statements written by hand for the busiest moments: PostgreSQL plans each once a connection, not once a call."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import NotSupportedError, OperationalError, connection
from django.db.backends.utils import CursorWrapper


class _Planned(psycopg.Cursor):
    # pghistory says who acts in a statement before the one it is given, unless the cursor has a name; here it would
    # be one statement too many.
    name = "planned"


@contextmanager
def planned() -> Iterator[CursorWrapper]:
    """A cursor that prepares what it executes: one statement at a time, and none that changes a table with a history.

    Types are told where PostgreSQL cannot infer them: `%(at)s::timestamptz` for what may be NULL. Raises
    OperationalError once after a migration that changed what the statement answers.
    """
    if connection.queries_logged:  # only Django's own cursor can tell what it executed
        with connection.cursor() as cursor:
            yield cursor
        return
    connection.ensure_connection()
    with CursorWrapper(_Planned(connection.connection), connection) as cursor:
        try:
            yield cursor
        except NotSupportedError as error:
            # A column has got another type since this connection planned the statement; the next time it plans anew.
            raise OperationalError(*error.args) from error.__cause__
