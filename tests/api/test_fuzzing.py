"""Made-up calls of every operation, by everybody: no answer is a 5xx or something that the schema does not say.

`make chaos PART=fuzz` makes up more of them.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connection, transaction
from django.test import override_settings
from drf_spectacular.generators import SchemaGenerator
from hypothesis import strategies as st
from pytest_django import DjangoDbBlocker
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api.behind import World
from tests.api.conftest import App

pytestmark = pytest.mark.django_db
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
CONFIG = SchemathesisConfig.from_dict({"phases": {"coverage": {"enabled": False}, "examples": {"enabled": False}}})
described = SchemaGenerator().get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
schema = schemathesis.openapi.from_dict(described, config=CONFIG)
schema.app = get_wsgi_application()
ROLES = ("anonymous", "resident", "staff", "stranger")
SCENES = 12
METHODS = ("get", "put", "post", "patch", "delete")
OPERATIONS = [(name, path) for path, methods in described["paths"].items() for name in METHODS if name in methods]


@pytest.fixture
def lasting_connection() -> Iterator[None]:
    """The transaction of the tests is not a stale connection, whatever a request thinks at its end."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[World]:
    """Made once, in a transaction that leaves nothing behind; nobody is told to slow down."""
    unhurried = override_settings(API_WRITES_PER_MINUTE=10**9, API_READS_PER_MINUTE=10**9)
    with django_db_blocker.unblock(), unhurried, transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def undone(
    world: World, lasting_connection: None, record_property: Callable[[str, object], None]
) -> Iterator[Callable[..., Any]]:
    """Makes a call and takes back what it did, so that the next finds the same world; counts them for the report."""
    calls = 0

    def call(made: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        with transaction.atomic():
            answer = made(*args, **kwargs)
            transaction.set_rollback(True)
        return answer

    yield call
    record_property("calls", calls)


@pytest.mark.parametrize("role", ROLES)
@schema.parametrize()
@schema.given(scene=st.integers(0, SCENES))
def test_no_call_breaks_the_api(
    case: "schemathesis.Case[Any]", scene: int, role: str, world: World, undone: Callable[..., Any]
) -> None:
    """Scene 0 keeps the made-up parts of the address, every other puts something real there."""
    if scene:
        case.path_parameters.update(world.parts(case.operation.path, scene - 1))
    undone(case.call_and_validate, headers=world.headers(role), checks=CHECKS)


def test_something_real_stands_behind_every_address(world: World, undone: Callable[..., Any]) -> None:
    """Else the calls above would only ever meet a 404."""
    app, empty = App(world.resident), []
    for method, path in OPERATIONS:
        if "{" not in path:
            continue
        addresses = (path.format(**world.parts(path, scene)).removeprefix("/api/v1/") for scene in range(SCENES))
        answers = (undone(app.call, method.upper(), address, {}).status_code for address in addresses)
        if all(answer in {403, 404} for answer in answers):
            empty.append(f"{method} {path}")
    assert empty == []
