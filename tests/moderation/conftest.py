from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core import subject as subjects
from linlingtong.core.subject import Subject, know
from linlingtong.moderation.actions import submit
from linlingtong.moderation.models import Case
from tests.browser.conftest import open_page
from tests.factories import AreaFactory, UserFactory, staff_of

__all__ = ["open_page"]


@dataclass
class Wall:
    """A board of notes that knows nothing but which of them everybody sees."""

    visible: dict[int, bool] = field(default_factory=dict)

    def show(self, key: int) -> None:
        self.visible[key] = True

    def hide(self, key: int) -> None:
        self.visible[key] = False

    def may_see(self, key: int, _user: Any) -> bool:
        return self.visible.get(key, False)

    def write(self, key: int, author: User, text: str = "谢谢楼下的王师傅", **facts: Any) -> Case:
        given: dict[str, Any] = {"area_path": "", "by": author, "holds_newcomers": False} | facts
        case = submit("note", key, author=author, text=text, **given)
        self.visible[key] = case.is_visible
        return case


@pytest.fixture
def wall(db: None) -> Iterator[Wall]:
    board = Wall()
    know([Subject("note", "note", lambda pk: f"/notes/{pk}/", board.show, board.hide, board.may_see)])
    yield board
    subjects._known.pop("note")


@pytest.fixture
def community(db: None) -> Area:
    return AreaFactory.create()


@pytest.fixture
def staff(community: Area) -> User:
    return staff_of(community)


@pytest.fixture
def author(db: None) -> User:
    return UserFactory.create()


def trusted(author: User, count: int = 3) -> None:
    """Staff have let so many things of this author pass."""
    for number in range(count):
        key = author.pk * 100 + number
        Case.objects.create(kind="old", object_id=key, author=author, state="passed", decided_at=timezone.now())
