"""Many registrations of years gone by, written in SQL, so that today's work can be measured beside them."""

from typing import Any

import psycopg

from bench.database import url

# A million rows take about a minute. Each resident was at one session an hour, so that no two overlap.
BATCH = 250_000
PAST = """
WITH activity AS (
    INSERT INTO activities_activity ({columns}) SELECT {values} FROM activities_activity t
    WHERE t.title LIKE 'Spread%%' ORDER BY t.id LIMIT 1 RETURNING id
), hours AS (
    SELECT date_trunc('hour', now()) - interval '1 hour' * n AS ends_at FROM generate_series(24, 24 + %s) AS n
)
INSERT INTO activities_session (activity_id, role, starts_at, ends_at, capacity, is_unlimited, minimum_needed,
    cancel_reason, revision, taken, held, waiting, pending, last_number, overbooked_to)
SELECT activity.id, '', ends_at - interval '1 hour', ends_at, NULL, true, 0, '', 0, 0, 0, 0, 0, 0, 0
FROM activity, hours
RETURNING id
"""
KEPT = """
CREATE TEMP TABLE past AS SELECT id, starts_at, ends_at, row_number() OVER (ORDER BY id) - 1 AS at
FROM activities_session WHERE id = ANY(%s)
"""
TOWN = """
INSERT INTO accounts_user (password, phone, nickname, language, elder_mode, text_size, theme, calendar_token,
    is_active, is_staff, is_superuser, date_joined)
SELECT '!', '+8618' || lpad(n::text, 9, '0'), 'town', 'zh-hans', false, '', '', 'town' || n, true, false, false, now()
FROM generate_series(1, %s) AS n
"""
ROWS = """
INSERT INTO activities_registration (session_id, resident_id, area_path, state, attendance, number, places, during,
    answers, note, may_be_photographed, passed_over, skip_reason, clash_flagged, ended_by, reason, was_late,
    created_at, confirmed_at, updated_at)
SELECT s.id, p.id, '/1/', 'confirmed', 'present', n / %(sessions)s + 1, 1, tstzrange(s.starts_at, s.ends_at),
    '{}', '', false, 0, '', false, '', '', false, s.starts_at, s.starts_at, s.starts_at
FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n
JOIN past s ON s.at = n %% %(sessions)s JOIN crowd p ON p.at = n / %(sessions)s
"""


def grow(rows: int) -> int:
    """Write that many past registrations without triggers; answers how many stand in the table now."""
    with psycopg.connect(url(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        people = _crowd(connection)
        sessions = rows // people + 1
        ids = [row[0] for row in connection.execute(_past(connection), [sessions]).fetchall()]
        connection.execute(KEPT, [ids])
        connection.execute("ANALYZE past")
        for first in range(0, rows, BATCH):
            facts = {"first": first, "last": min(first + BATCH, rows) - 1, "sessions": sessions}
            connection.execute(ROWS, facts)
        connection.execute("VACUUM ANALYZE activities_registration")
        return int(_one(connection, "SELECT count(*) FROM activities_registration"))


def _crowd(connection: psycopg.Connection[Any]) -> int:
    connection.execute(
        "CREATE TEMP TABLE crowd AS SELECT id, row_number() OVER (ORDER BY id) - 1 AS at FROM accounts_user"
        " WHERE nickname LIKE 'bench %' OR nickname = 'town'"
    )
    connection.execute("ANALYZE crowd")
    return int(_one(connection, "SELECT count(*) FROM crowd"))


def _past(connection: psycopg.Connection[Any]) -> str:
    """One activity like the spread ones, under another address."""
    rows = connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'activities_activity'"
        " AND is_generated = 'NEVER' AND column_name <> 'id'"
    ).fetchall()
    names = [str(row[0]) for row in rows]
    values = ["'bench-past'" if name == "slug" else f"t.{name}" for name in names]
    return PAST.format(columns=", ".join(names), values=", ".join(values))


def _one(connection: psycopg.Connection[Any], query: Any) -> Any:
    row = connection.execute(query).fetchone()
    return row[0] if row else 0


def more_residents(amount: int) -> None:
    """A town of that size: residents who never signed in, beside those of `bench_world`."""
    with psycopg.connect(url(), autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(TOWN, [amount])
        connection.execute("ANALYZE accounts_user")
