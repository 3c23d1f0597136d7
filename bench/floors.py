"""The floor of each job: one bare view, no middleware, no account, the least SQL that the job can be done with."""

import json

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

TABLES = """
DROP TABLE IF EXISTS floor_registration, floor_outbox, floor_session;
CREATE TABLE floor_session (id bigint PRIMARY KEY, capacity int NOT NULL, taken int NOT NULL DEFAULT 0,
    last_number bigint NOT NULL DEFAULT 0);
CREATE TABLE floor_registration (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, session_id bigint NOT NULL,
    resident_id bigint NOT NULL, state text NOT NULL, number bigint NOT NULL, created_at timestamptz DEFAULT now(),
    UNIQUE (session_id, resident_id));
CREATE TABLE floor_outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text UNIQUE, resident_id bigint,
    due_at timestamptz DEFAULT now());
DROP TABLE IF EXISTS floor_like, floor_praise;
CREATE TABLE floor_praise (id bigint PRIMARY KEY, likes int NOT NULL DEFAULT 0);
CREATE TABLE floor_like (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, praise_id bigint NOT NULL,
    resident_id bigint NOT NULL, created_at timestamptz DEFAULT now(), UNIQUE (praise_id, resident_id));
INSERT INTO floor_praise (id) SELECT id FROM likes_praise;
INSERT INTO floor_session (id, capacity) SELECT id, coalesce(capacity, 1000000) FROM activities_session;
"""

LIST = """
SELECT json_build_object('results', coalesce(json_agg(row_to_json(page)), '[]'::json))::text FROM (
    SELECT a.id, a.title, a.summary, a.kind, a.place, a.status, a.starts_at, a.ends_at,
        (SELECT json_agg(json_build_object('id', s.id, 'starts_at', s.starts_at, 'ends_at', s.ends_at,
            'capacity', s.capacity, 'taken', s.taken, 'waiting', s.waiting))
         FROM activities_session s WHERE s.activity_id = a.id) AS sessions
    FROM activities_activity a WHERE a.status <> 'draft' AND a.ends_at >= now() ORDER BY a.starts_at, a.id LIMIT 20
) AS page
"""
DETAIL = """
SELECT row_to_json(one)::text FROM (
    SELECT a.id, a.title, a.summary, a.body, a.kind, a.place, a.address, a.status, a.starts_at, a.ends_at, a.risks,
        (SELECT json_agg(json_build_object('id', s.id, 'starts_at', s.starts_at, 'ends_at', s.ends_at,
            'capacity', s.capacity, 'taken', s.taken, 'waiting', s.waiting))
         FROM activities_session s WHERE s.activity_id = a.id) AS sessions
    FROM activities_activity a WHERE a.id = %s AND a.status <> 'draft'
) AS one
"""


def _answer(text: str) -> HttpResponse:
    return HttpResponse(text, content_type="application/json")


def activities(_request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(LIST)
        return _answer(cursor.fetchone()[0])


def activity(_request: HttpRequest, key: int) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(DETAIL, [key])
        return _answer(cursor.fetchone()[0])


def register(request: HttpRequest, key: int) -> HttpResponse:
    """Lock, counter, registration and outbox row in one transaction: exact, but nothing is checked."""
    resident = int(request.headers["X-Resident"])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [key])
        cursor.execute(
            "UPDATE floor_session SET last_number = last_number + 1, taken = taken + (taken < capacity)::int"
            " WHERE id = %s RETURNING last_number, last_number <= capacity",
            [key],
        )
        number, fits = cursor.fetchone()
        state = "confirmed" if fits else "waitlisted"
        cursor.execute(
            "INSERT INTO floor_registration (session_id, resident_id, state, number) VALUES (%s, %s, %s, %s)",
            [key, resident, state, number],
        )
        cursor.execute("INSERT INTO floor_outbox (key, resident_id) VALUES (%s, %s)", [f"{key}/{resident}", resident])
    return HttpResponse(json.dumps({"state": state, "number": number}), status=201, content_type="application/json")


def like(request: HttpRequest, key: int) -> HttpResponse:
    """The like and the counter in one transaction."""
    with transaction.atomic(), connection.cursor() as cursor:
        resident = int(request.headers["X-Resident"])
        cursor.execute("INSERT INTO floor_like (praise_id, resident_id) VALUES (%s, %s)", [key, resident])
        cursor.execute("UPDATE floor_praise SET likes = likes + 1 WHERE id = %s RETURNING likes", [key])
        likes = cursor.fetchone()[0]
    return HttpResponse(json.dumps({"like_count": likes}), content_type="application/json")


urlpatterns = [
    path("praises/<int:key>/like/", like),
    path("activities/", activities),
    path("activities/<int:key>/", activity),
    path("sessions/<int:key>/registration/", register),
]
