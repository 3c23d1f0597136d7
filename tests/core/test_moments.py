import datetime as dt

import pytest
from django.db import connection
from django.db.backends.postgresql.psycopg_any import register_tzloader
from psycopg.pq import Format

from linlingtong.core.apps import MomentLoader

ASKED = """SELECT moment::timestamptz FROM unnest(ARRAY['2026-11-23 08:00:00.5+08', '2026-11-23 00:00:00.000001+00',
    '2026-02-28 23:59:59+14', '0001-01-02 00:00:00+00', '9999-12-31 23:59:59.999999+00', NULL]) AS moment"""


def asked() -> list[dt.datetime | None]:
    with connection.cursor() as cursor:
        cursor.execute(ASKED)
        return [row[0] for row in cursor.fetchall()]


@pytest.mark.django_db
def test_moments_are_read_as_django_reads_them() -> None:
    connection.ensure_connection()
    adapters = connection.connection.adapters
    oid = adapters.types["timestamptz"].oid
    assert adapters.get_loader(oid, Format.TEXT) is MomentLoader, "every connection reads them so"
    ours = asked()
    try:
        register_tzloader(dt.UTC, connection.connection)
        assert adapters.get_loader(oid, Format.TEXT) is not MomentLoader
        assert asked() == ours
    finally:
        adapters.register_loader("timestamptz", MomentLoader)
    assert {moment.utcoffset() for moment in ours if moment} == {dt.timedelta()}
    assert ours[0] == dt.datetime(2026, 11, 23, 0, 0, 0, 500000, dt.UTC)
