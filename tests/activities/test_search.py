"""What residents type when they look for something to do."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from linlingtong.activities.models import Activity
from linlingtong.core.dates import date_words
from linlingtong.core.time import local
from tests.factories import ActivityFactory

pytestmark = pytest.mark.django_db


def something(**facts: Any) -> Activity:
    return ActivityFactory.create(risks="none", protection="none", insurance="none", **facts)


def found(text: str) -> set[str]:
    return set(Activity.objects.matching(text).values_list("title", flat=True))


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("kind", Activity.Kind.values)
def test_a_kind_is_found_by_the_name_that_the_pages_give_it(kind: str, language: str) -> None:
    something(title="one", kind=kind)
    with translation.override(language):
        label = str(Activity.Kind(kind).label)
    assert found(label) == {"one"}


@pytest.mark.parametrize(
    ("text", "kinds"), [("志愿", {"volunteer"}), ("文体", {"culture", "sports"}), ("红色市集", {"market"})]
)
def test_people_find_kinds_by_the_words_they_use(text: str, kinds: set[str]) -> None:
    for kind in Activity.Kind.values:
        something(title=kind, kind=kind)
    assert found(text) == kinds


def test_the_body_and_the_meeting_point_are_searched_too(db: None) -> None:
    something(title="one", body="自带水杯，集体乘车", meeting_point="邻里中心东门")
    assert found("乘车") == found("东门") == {"one"}
    assert found("西门") == set()


def test_words_of_different_fields_may_be_combined(db: None) -> None:
    something(title="净滩", kind="volunteer", place="湿地公园")
    something(title="净滩 2", kind="social", place="湿地公园")
    assert found("志愿 湿地") == {"净滩"}
    assert found("务湿") == set()


def test_another_kind_is_found_by_its_new_name(db: None) -> None:
    one = something(title="one", kind="volunteer")
    one.kind = "training"
    one.save(update_fields=["kind"])
    assert (found("志愿"), found("培训")) == (set(), {"one"})


def test_those_of_one_name_are_told_apart_and_what_comes_stands_first(client: Client) -> None:
    now = timezone.now()
    for ahead in (-40, 9, -3, 2):
        at = now + dt.timedelta(days=ahead)
        something(title="净滩", summary="一起来", status="published", starts_at=at, ends_at=at + dt.timedelta(hours=2))
    rows = client.get("/api/v1/search/", {"q": "净滩"}).json()["results"]
    days = [date_words(local(now + dt.timedelta(days=number)).date()) for number in (2, 9, -3, -40)]
    texts = [row["excerpt"] for row in rows]
    assert [text.split(" · ")[0] for text in texts] == days
    assert [" · 已结束 · " in text for text in texts] == [False, False, True, True]


@pytest.mark.parametrize("asked", ["怎么报名净滩", "请问净滩在哪里？", "净滩什么时候？", "在哪净滩", "如何报名 净滩"])
def test_a_question_finds_what_it_is_about(asked: str) -> None:
    something(title="江边净滩", body="报名后穿防滑鞋")
    assert found(asked) == {"江边净滩"}


def test_words_of_asking_alone_are_looked_for_as_they_are() -> None:
    something(title="怎么分类")
    something(title="净滩")
    assert found("怎么") == {"怎么分类"}
