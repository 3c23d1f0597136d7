from typing import Any

from linlingtong.core.memory import remembered


def test_what_is_remembered_is_made_once() -> None:
    made = iter(range(9))
    assert [remembered("number", 60, lambda: next(made)) for _ in range(3)] == [0, 0, 0]


def test_without_valkey_everything_is_made_afresh(settings: Any) -> None:
    settings.CACHES = settings.CACHES | {
        "default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:1/0"},
    }
    made = iter(range(9))
    assert [remembered("number", 60, lambda: next(made)) for _ in range(3)] == [0, 1, 2]
