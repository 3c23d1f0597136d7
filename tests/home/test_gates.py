"""What pages may cost when the tables are big: buffers of each statement, no OFFSET, no counting of a whole table."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from linlingtong.accounts.models import User
from linlingtong.activities.actions.registration import STANDING
from tests.factories import (
    ActivityFactory,
    NotificationFactory,
    PraiseFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
)
from tests.mutual_aid.factories import HelpPostFactory

pytestmark = pytest.mark.django_db

ROWS, OWN = 10_000, 300
# Pages of 8 kB. A statement that finds a page of a list reads so many; one that fetches what belongs to each of the
# twenty rows, or to each session of the fortnight above the list, goes down an index for every one of them.
ONE_PAGE, FOR_EACH_ROW = 40, 250
LISTS = [
    "/api/v1/activities/", "/api/v1/me/registrations/", "/api/v1/notifications/", "/api/v1/praises/",
    "/api/v1/me/praises/", "/api/v1/help-posts/", "/api/v1/help-posts/?state=completed",
    "/api/v1/me/help-posts/", "/activities/", "/me/registrations/", "/me/messages/", "/praise/", "/help/",
    "/help/?show=done", "/me/help/",
]  # fmt: skip


@dataclass
class Statement:
    sql: str
    buffers: int

    @property
    def limit(self) -> int:
        return FOR_EACH_ROW if " IN (" in self.sql or " JOIN " in self.sql else ONE_PAGE


@contextmanager
def weighed() -> Iterator[list[Statement]]:
    """Every SELECT until the block ends, with the buffers that PostgreSQL touched for it."""
    found: list[Statement] = []

    def weigh(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.lstrip().startswith(("SELECT", "WITH")):
            execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", params, many, context)
            plan = context["cursor"].fetchone()[0]
            top = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]
            found.append(Statement(sql, top["Shared Hit Blocks"] + top["Shared Read Blocks"]))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(weigh):
        yield found


def multiply(row: Model, times: int, /, **others: str) -> None:
    """Copy the row so many times; `others` are SQL expressions of the copy's number `n` for columns that differ."""
    fields = [f for f in row._meta.concrete_fields if not f.primary_key and not f.generated]
    columns = ", ".join(str(field.column) for field in fields)
    chosen = ", ".join(others.get(str(field.column), f"t.{field.column}") for field in fields)
    table = row._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}) SELECT {chosen} FROM {table} t, generate_series(1, {times}) AS n"  # noqa: S608
            f" WHERE t.id = {row.pk}"
        )


def execute(sql: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)


@pytest.fixture(autouse=True)
def swept(db: None) -> None:
    """What earlier tests have rolled back lies about until somebody sweeps, and would be weighed too."""
    with psycopg.connect(make_conninfo(**psycopg_facts()), autocommit=True) as broom:
        broom.execute("VACUUM")


def psycopg_facts() -> dict[str, Any]:
    """Where the database of the tests is, for a connection beside the test's transaction."""
    known = connection.get_connection_params()
    return {name: known[name] for name in ("host", "port", "user", "password", "dbname") if known.get(name)}


@pytest.fixture
def resident() -> User:
    """Somebody who has 300 of what the town has 10,000 of: half of it over, half to come."""
    resident, neighbour = UserFactory.create(), UserFactory.create()
    days = "interval '6 hours' * (n - 5000)"
    execute("SET session_replication_role = replica")  # no history of copies
    activity = ActivityFactory.create()
    session = SessionFactory.create(activity=activity)
    multiply(activity, ROWS, slug="'copy-' || n", starts_at=f"t.starts_at + {days}", ends_at=f"t.ends_at + {days}")
    multiply(session, ROWS, activity_id="t.activity_id + n", starts_at=f"t.starts_at + {days}",
             ends_at=f"t.ends_at + {days}")  # fmt: skip
    ids = "(SELECT min(id) FROM activities_session)"
    for who, times, before in ((neighbour, ROWS, 10), (resident, OWN, 10 + ROWS)):
        row = RegistrationFactory.create(session=session, resident=who)
        multiply(
            row, times, session_id=f"{ids} + n", number=f"{before} + n", state="'cancelled'",
            created_at="t.created_at - interval '1 hour' * n",
        )  # fmt: skip
        note = NotificationFactory.create(resident=who)
        multiply(note, times, key=f"'copy/{who.pk}/' || n", created_at="t.created_at - interval '1 hour' * n")
        praise = PraiseFactory.create(author=who)
        multiply(praise, times, created_at="t.created_at - interval '1 hour' * n")
        post, then = HelpPostFactory.create(author=who), "t.opened_at - interval '1 hour' * n"
        multiply(
            post, times, opened_at=then, ended_at=then,
            state="CASE WHEN n % 50 = 0 THEN 'open' ELSE 'completed' END",
        )  # fmt: skip
    execute("SET session_replication_role = DEFAULT")
    execute("ANALYZE")
    return resident


@pytest.fixture
def client(client: Client, resident: User) -> Client:
    store = SessionStore()
    store[SESSION_KEY], store[HASH_SESSION_KEY] = str(resident.pk), resident.get_session_auth_hash()
    store[BACKEND_SESSION_KEY] = "linlingtong.accounts.knowing.KnownPerson"
    store.create()
    client.cookies["sessionid"] = str(store.session_key)
    return client


def test_a_page_of_a_list_costs_the_same_in_a_big_town(client: Client) -> None:
    too_much = []
    for path in LISTS:
        client.get(path)
        with weighed() as statements:
            response = client.get(path)
        assert response.status_code == 200, path
        heavy = [s for s in statements if s.buffers > s.limit or " OFFSET " in s.sql]
        too_much += [f"{path} {s.buffers} buffers: {s.sql}" for s in heavy]
    assert not too_much, "\n".join(too_much)


def test_registering_costs_the_same_after_years() -> None:
    """Whether one of fifty who were there a hundred times each has another place at that time."""
    soon = timezone.now() + dt.timedelta(days=300)
    resident, session = UserFactory.create(), SessionFactory.create(starts_at=soon)
    row = RegistrationFactory.create(session=SessionFactory.create(), resident=resident)
    execute("SET session_replication_role = replica")
    ago = "interval '1 day' * (n + 90)"
    multiply(
        row, 5000, session_id="t.session_id + n", number="10 + n", resident_id=f"{resident.pk} + n % 50",
        during=f"tstzrange(lower(t.during) - {ago}, upper(t.during) - {ago})",
    )  # fmt: skip
    execute("SET session_replication_role = DEFAULT")
    execute("ANALYZE activities_registration")
    with weighed() as found, connection.cursor() as cursor:
        cursor.execute(STANDING, {"resident": resident.pk, "session": session.pk})
    assert [one for one in found if one.buffers > ONE_PAGE] == []
    assert found


def test_the_scales_show_a_page_that_is_counted_off() -> None:
    multiply(PraiseFactory.create(), ROWS)
    execute("ANALYZE likes_praise")
    with weighed() as statements, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM likes_praise ORDER BY created_at LIMIT 20 OFFSET 8000")
        cursor.execute("SELECT count(*) FROM likes_praise")
    assert min(statement.buffers for statement in statements) > FOR_EACH_ROW
