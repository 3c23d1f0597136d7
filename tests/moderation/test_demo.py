import random
from types import SimpleNamespace
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.home.management.demo.moderation import add_moderation
from linlingtong.moderation.actions import add_clear_cases, add_waiting_case, found_in
from linlingtong.moderation.models import Case
from tests.factories import UserFactory


def test_the_made_up_world_has_words_and_a_queue(author: User) -> None:
    rows = [("note", key, author.pk, "/1/", f"第{key}条", timezone.now()) for key in range(5)]
    add_clear_cases(rows)
    add_clear_cases(rows)
    add_waiting_case("note", 9, author=author, area_path="/1/", text="新来的")
    people: Any = SimpleNamespace(residents=[UserFactory.create()])
    add_moderation(None, people, random.Random(1))  # type: ignore[arg-type]  # noqa: S311 - no place, no secret
    assert Case.objects.queue().count() == 4
    assert Case.objects.filter(state="passed").count() == 2
    assert found_in("快加 微 信") == ["加微信"]
