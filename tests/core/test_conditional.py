from typing import Any

import pytest
from django.test import Client

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity
from tests.factories import SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
PATH = "/api/v1/activities/"


@pytest.fixture(autouse=True)
def two_seconds(settings: Any) -> None:
    settings.PUBLIC_ANSWER_SECONDS = 2


@pytest.fixture
def activity() -> Activity:
    found: Activity = SessionFactory.create().activity
    return found


def titles(client: Client, **headers: str) -> list[str]:
    return [row["title"] for row in client.get(PATH, headers=headers).json()["results"]]


def rename(activity: Activity) -> None:
    Activity.objects.filter(pk=activity.pk).update(title="Another")


def test_who_is_unknown_gets_the_answer_of_a_moment_ago(activity: Activity, client: Client) -> None:
    first = client.get(PATH)
    rename(activity)
    again = client.get(PATH)
    assert again.content == first.content
    assert {name: again[name] for name in ("ETag", "Cache-Control", "Vary", "Content-Type")} == {
        name: first[name] for name in ("ETag", "Cache-Control", "Vary", "Content-Type")
    }
    assert client.get(PATH, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_who_is_signed_in_reads_what_was_just_written(activity: Activity, client: Client) -> None:
    resident: User = UserFactory.create()
    titles(client)
    signed_in = Client()
    signed_in.force_login(resident)
    token = {"X-Session-Token": signed_in.cookies["sessionid"].value}
    assert titles(signed_in) == titles(client, **token) == [activity.title]
    rename(activity)
    assert titles(signed_in) == titles(client, **token) == ["Another"]
    assert titles(client) == [activity.title]


def test_another_question_or_language_is_another_answer(activity: Activity, client: Client) -> None:
    path = f"{PATH}{activity.pk}/"
    label = [client.get(path, headers={"Accept-Language": name}).json()["sessions"] for name in ("zh-hans", "en")]
    assert label[0] != label[1]
    rename(activity)
    assert [row["title"] for row in client.get(f"{PATH}?page_size=5").json()["results"]] == ["Another"]


def test_a_bad_question_is_not_kept(activity: Activity, client: Client) -> None:
    assert client.get(f"{PATH}999999999/").status_code == 404
    assert client.get(f"{PATH}?kind=nothing").status_code == 400
    assert client.get(f"{PATH}?kind=nothing").status_code == 400
