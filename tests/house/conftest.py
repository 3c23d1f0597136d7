"""A town to knock at, made once for a module, and everybody who knocks."""

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.db import transaction
from django.http import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import DjangoDbBlocker

from linlingtong.accounts.models import User
from tests.house.town import Town


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern)


def address(route: str, town: Town) -> str:
    """A path for the route that names things of a resident there; KeyError when nothing is behind a parameter."""
    known = town.parts(route)
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda found: known[found[1]], route)
    path = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", lambda found: known[found[1]], path)
    return "/" + re.sub(r"[\^$\\]", "", path)


@pytest.fixture(scope="module")
def town(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Town]:
    """Made once, in a transaction that leaves nothing behind."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield Town()
        transaction.set_rollback(True)


@pytest.fixture
def knock(town: Town) -> Callable[..., HttpResponseBase]:
    """Calls an address as somebody and takes back what it did."""
    clients: dict[str, tuple[Client, SimpleCookie]] = {}

    def client_of(role: str) -> Client:
        if role not in clients:
            client, user = Client(raise_request_exception=False), town.people[role]
            if user is not None:
                client.force_login(User.objects.get(pk=user.pk))
            clients[role] = client, SimpleCookie(client.cookies.output(header="", sep=";"))
        client, cookies = clients[role]
        client.cookies = SimpleCookie(cookies)
        return client

    def call(role: str, method: str, path: str, given: Any = None) -> HttpResponseBase:
        client = client_of(role)
        with transaction.atomic():
            answer: HttpResponseBase = getattr(client, method)(path, given)
            answer.said = text_of(answer)  # type: ignore[attr-defined]
            transaction.set_rollback(True)
        return answer

    return call


def text_of(answer: Any) -> str:
    """All the text of an answer, of the members of an archive too, and where it leads."""
    body: bytes = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as archive:
            body = b"".join(archive.read(name) for name in archive.namelist())
    return body.decode("utf-8", "replace") + str(answer.headers.get("Location", ""))
