import io

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from linlingtong.activities.actions import refusals


def test_the_schema_is_valid_and_without_warnings() -> None:
    call_command("spectacular", validate=True, fail_on_warn=True, stdout=io.StringIO())


def test_the_schema_names_every_refusal_of_registering() -> None:
    schema = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    answers = schema["paths"]["/api/v1/sessions/{session_id}/registration/"]["put"]["responses"]
    named = answers["409"]["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"]
    assert {"queue_full", "clashing_session", "too_young", refusals.Suspended.code} <= set(named)
    assert {"200", "201", "400", "401", "404", "409", "413", "415", "429", "503"} <= set(answers)


@pytest.mark.django_db
def test_the_schema_and_its_pages_are_served() -> None:
    client = Client()
    schema = client.get("/api/schema/", headers={"Accept": "application/json"})
    assert schema.status_code == 200
    page = client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "https://" not in text
    assert "<script>" not in text
    script = client.get("/api/docs/?script=")
    assert script["Content-Type"].startswith("application/javascript")
    assert "'unsafe-inline'" not in client.get("/api/v1/stats/")["Content-Security-Policy"]
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self' 'unsafe-inline'" in policy
