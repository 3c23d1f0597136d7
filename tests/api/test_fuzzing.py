"""Made-up calls of every operation: nothing they send is answered with a 5xx or with what the schema does not say."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from linlingtong.activities.models import Registration
from tests.api.conftest import token_of
from tests.factories import QuestionFactory, RegistrationFactory, SessionFactory, UserFactory

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}, "examples": {"enabled": False}}})
schema = schemathesis.openapi.from_dict(
    SchemaGenerator().get_schema(request=None, public=True),  # type: ignore[no-untyped-call]
    config=CONFIG,
)
schema.app = get_wsgi_application()


@pytest.fixture
def lasting_connection() -> Iterator[None]:
    """The test's transaction is not a stale connection, whatever a request thinks at its end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def world(db: None, lasting_connection: None) -> Registration:
    """Something behind the first ids that are tried."""
    session = SessionFactory.create(capacity=2)
    QuestionFactory.create(activity=session.activity)
    return RegistrationFactory.create(session=session, resident=UserFactory.create(), state="offered")


@pytest.mark.parametrize("is_signed_in", [False, True])
@schema.parametrize()
@settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_no_call_breaks_the_api(case: "schemathesis.Case[Any]", world: Registration, is_signed_in: bool) -> None:
    paths = {"activity_id": world.session.activity_id, "session_id": world.session_id, "registration_id": world.pk}
    case.path_parameters.update({name: paths[name] for name in case.path_parameters if hash(case.id) % 2})
    headers = {"X-Session-Token": token_of(world.resident)} if is_signed_in else {}
    case.call_and_validate(headers=headers, checks=CHECKS)
