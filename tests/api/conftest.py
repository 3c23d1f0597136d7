from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from linlingtong.accounts.models import User
from linlingtong.activities.models import Session
from tests.factories import SessionFactory, UserFactory


def token_of(user: User) -> str:
    """The token that the app of a signed-in resident sends."""
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "linlingtong.accounts.knowing.KnownPerson"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.create()
    return str(store.session_key)


class App:
    """A mobile client: JSON in and out, a token when somebody is signed in."""

    def __init__(self, user: User | None = None) -> None:
        self.client = Client()
        self.headers = {"X-Session-Token": token_of(user)} if user else {}

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        content = body if isinstance(body, bytes) else b"" if body is None else orjson.dumps(body)
        sent = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, f"/api/v1/{path}", content, content_type="application/json", headers=sent)

    def get(self, path: str, **headers: str) -> Any:
        return self.call("GET", path, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PUT", path, body, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.call("PATCH", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.call("DELETE", path, **headers)


@pytest.fixture
def resident(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def session(db: None) -> Session:
    """Twenty places in three days, open to everybody."""
    return SessionFactory.create()


@pytest.fixture
def app(resident: User) -> App:
    return App(resident)


@pytest.fixture
def anonymous() -> App:
    return App()


@pytest.fixture
def app_of() -> Callable[[User], App]:
    return App
