"""Indexes cost every write: none is kept that another one can do the work of."""

import pytest
from django.apps import apps
from django.db import connection

# Both without conditions, over the same first columns, compared in the same way.
DONE_BY_ANOTHER = """
SELECT less.indrelid::regclass::text, less.indexrelid::regclass::text, more.indexrelid::regclass::text
  FROM pg_index less JOIN pg_index more ON more.indrelid = less.indrelid AND more.indexrelid <> less.indexrelid
  JOIN pg_class its ON its.oid = less.indexrelid JOIN pg_class other ON other.oid = more.indexrelid
  JOIN pg_am kind ON kind.oid = its.relam AND kind.oid = other.relam AND kind.amname = 'btree'
 WHERE less.indpred IS NULL AND more.indpred IS NULL AND less.indexprs IS NULL AND NOT less.indisunique
   AND less.indnkeyatts <= more.indnkeyatts
   AND (less.indkey::int2[])[0:less.indnkeyatts - 1] = (more.indkey::int2[])[0:less.indnkeyatts - 1]
   AND (less.indclass::oid[])[0:less.indnkeyatts - 1] = (more.indclass::oid[])[0:less.indnkeyatts - 1]
"""


def superfluous() -> set[tuple[str, str]]:
    ours = {m._meta.db_table for m in apps.get_models() if m.__module__.startswith("linlingtong.")}
    with connection.cursor() as cursor:
        cursor.execute(DONE_BY_ANOTHER)
        return {(index, by) for table, index, by in cursor.fetchall() if table in ours}


@pytest.mark.django_db
def test_no_index_is_the_beginning_of_another() -> None:
    assert superfluous() == set()


@pytest.mark.django_db
def test_one_would_be_found() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE INDEX twice ON likes_like (praise_id)")
    assert superfluous() == {("twice", "one_like_each")}
