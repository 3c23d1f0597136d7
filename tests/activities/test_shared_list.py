"""The list is kept a moment for everybody who has nothing of their own in it, and for nobody else."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from linlingtong.accounts.models import User
from linlingtong.activities.actions import give_up, register
from linlingtong.activities.models import Session
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/activities/"


@pytest.fixture(autouse=True)
def two_seconds(settings: Any) -> None:
    settings.PUBLIC_ANSWER_SECONDS = 2


@pytest.fixture
def session() -> Session:
    return SessionFactory.create(activity__title="江边净滩", capacity=20)


def seen_by(user: User | None, path: str = PAGE, **headers: str) -> str:
    client = Client(headers=headers)
    if user is not None:
        client.force_login(user)
    return client.get(path).content.decode()


def test_who_comes_next_is_answered_without_reading_the_list(session: Session) -> None:
    first, second = UserFactory.create_batch(2)
    assert "江边净滩" in seen_by(first)
    with CaptureQueriesContext(connection) as captured:
        assert "江边净滩" in seen_by(second)
    assert not [query for query in captured if "activities_activity" in query["sql"]]


def test_ones_own_place_shows_at_once_and_to_nobody_else(session: Session) -> None:
    mine, neighbour = UserFactory.create_batch(2)
    assert "已报名" not in seen_by(mine)
    register(session.pk, mine, by=mine)
    assert "已报名" in seen_by(mine)
    assert "已报名" not in seen_by(neighbour)
    assert "已报名" in seen_by(mine), "nor does the neighbour's page take mine away"
    give_up(session.pk, mine, by=mine)
    assert "已报名" not in seen_by(mine)


def test_languages_kinds_and_guests_have_pages_of_their_own(session: Session) -> None:
    guest, neighbour = seen_by(None), seen_by(UserFactory.create())
    assert "/login/?next=" in guest.split("<main")[1]
    assert "/login/?next=" not in neighbour
    assert "places taken" in seen_by(UserFactory.create(language="en"))
    assert "江边净滩" not in seen_by(None, f"{PAGE}?kind=care")
    assert "江边净滩" in seen_by(None)


def test_what_is_rarely_asked_for_is_not_kept(session: Session) -> None:
    assert "江边净滩" in seen_by(None, f"{PAGE}?q=净滩")
    with CaptureQueriesContext(connection) as captured:
        seen_by(None, f"{PAGE}?q=净滩")
    assert [query for query in captured if "activities_activity" in query["sql"]]
