from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory
from pytest_django import Settings

from linlingtong.core import throttling
from linlingtong.core.throttling import PerMinute


def request(method: str, address: str = "10.0.0.1") -> Any:
    made: Any = RequestFactory().generic(method, "/", REMOTE_ADDR=address)
    made.user = AnonymousUser()
    return made


def test_reads_are_counted_by_sample_and_by_address(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_READS_PER_MINUTE = throttling.SAMPLE * 2
    monkeypatch.setattr("random.randrange", lambda _: 1)
    assert all(PerMinute().allow_request(request("GET"), None) for _ in range(100))
    monkeypatch.setattr("random.randrange", lambda _: 0)
    assert [PerMinute().allow_request(request("GET"), None) for _ in range(3)] == [True, True, False]
    assert PerMinute().allow_request(request("GET", "10.0.0.2"), None)


def test_writes_of_the_unknown_are_counted_by_address(settings: Settings) -> None:
    settings.API_READS_PER_MINUTE = 1
    assert [PerMinute().allow_request(request("POST"), None) for _ in range(2)] == [True, False]
