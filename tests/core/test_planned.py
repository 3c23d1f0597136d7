from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext

from linlingtong.core.planned import planned

pytestmark = pytest.mark.django_db


def prepared() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return [row[0] for row in cursor.fetchall()]


def one_more(number: Any) -> Any:
    with planned() as cursor:
        cursor.execute("SELECT %(number)s::int + 1", {"number": number})
        return cursor.fetchone()[0]


def test_a_statement_is_prepared_once_and_answers_each_time() -> None:
    assert [one_more(number) for number in (1, 2, 3)] == [2, 3, 4]
    assert len([text for text in prepared() if "+ 1" in text]) == 1


def test_what_is_logged_has_its_text() -> None:
    with CaptureQueriesContext(connection) as captured:
        assert one_more(41) == 42
    assert captured[0]["sql"] == "SELECT 41::int + 1"


def test_wrappers_see_what_is_executed() -> None:
    """So do the replica's middleware and whoever counts statements."""
    seen: list[str] = []

    def note(execute: Any, query: Any, *rest: Any) -> Any:
        seen.append(query)
        return execute(query, *rest)

    with connection.execute_wrapper(note):
        one_more(None)
    assert seen == ["SELECT %(number)s::int + 1"]


def test_what_a_migration_made_stale_is_planned_anew() -> None:
    def ask() -> Any:
        with planned() as cursor:
            cursor.execute("SELECT number FROM measured")
            return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE measured AS SELECT 1::int AS number")
    assert ask() == 1
    with connection.cursor() as cursor:
        # within DO, since psycopg forgets by itself what its own ALTER has made stale
        cursor.execute("DO 'BEGIN ALTER TABLE measured ALTER number TYPE text; END'")
    with pytest.raises(OperationalError), transaction.atomic():
        ask()
    assert ask() == "1"
