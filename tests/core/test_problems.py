import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError as ModelValidationError
from rest_framework.exceptions import ErrorDetail

from linlingtong.core.problems import answer, fields_of
from linlingtong.core.rendering import to_json


def test_nested_messages_become_one_flat_map() -> None:
    detail: Any = {"party": [{}, {"name": [ErrorDetail("too long", "max_length")]}], "note": "no"}
    assert fields_of(detail) == {
        "party.1.name": [{"code": "max_length", "message": "too long"}],
        "note": [{"code": "invalid", "message": "no"}],
    }


@pytest.mark.parametrize(
    ("error", "fields"),
    [
        (ModelValidationError({"title": ["too short"]}), {"title"}),
        (ModelValidationError("no"), {"non_field_errors"}),
    ],
)
def test_what_a_model_refuses_is_invalid_input(error: Exception, fields: set[str]) -> None:
    response = answer(error, {})
    assert response is not None
    assert response.status_code == 400
    assert set(response.data["errors"]) == fields


def test_moments_are_written_on_the_subdistricts_clock() -> None:
    moment = dt.datetime(2026, 10, 16, 1, 30, 5, 123456, tzinfo=dt.UTC)
    assert to_json({"at": moment}) == b'{"at":"2026-10-16T09:30:05+08:00"}'


def test_only_plain_things_become_json() -> None:
    with pytest.raises(TypeError):
        to_json({"what": object()})
