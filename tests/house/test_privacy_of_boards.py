"""Every page and every answer of praise and mutual aid, read by whoever may come by: no number, no name, no door.

The addresses are taken from the router, so a page that somebody adds is read here too.
"""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from linlingtong.accounts.models import User
from linlingtong.home.boards import BOARDS
from linlingtong.likes import actions as praise_actions
from linlingtong.likes.actions import Words
from linlingtong.likes.models import Praise
from linlingtong.moderation.models import Case
from linlingtong.mutual_aid import actions as aid
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.notifications.models import Message, Notification
from tests.api.conftest import App
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.house.conftest import routes
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory, settled_neighbour

pytestmark = pytest.mark.django_db
NUMBERS = "1990777"
FULL_NAME, ASKED_NAME, DOOR = "欧阳美丽", "沈从容", "三单元五零一室"
OURS = re.compile(
    r"(help|praise|me/help|moderation|search|community|me/messages)/|$"
    r"|admin/(likes|mutual_aid|moderation)/|admin/$"
    r"|api/v1/(help-posts|praises|praise-comments|honours|search|stats|reports|me/(help|claims|contact|praises|reviews)|notifications)"
)
QUERIES = {
    "help/": ["?type=request", "?type=offer", "?type=request&show=done", "?q=小事"],
    "me/help/": ["?tab=asked", "?tab=past"],
    "praise/": ["?mine=1", "?topic=neighbour"],
    "search/": ["?q=小事", "?q=陪我", f"?q={ASKED_NAME}", "?q=美丽"],
    "api/v1/search/": ["?q=小事", "?q=陪我", f"?q={ASKED_NAME}"],
    "api/v1/help-posts/": ["?type=request", "?q=小事"],
    "api/v1/me/help-posts/": ["?side=helping"],
    "admin/mutual_aid/helppost/": ["?q=小事"],
    "admin/likes/praise/": ["?q=陪我"],
}


@dataclass
class World:
    people: dict[str, User | None]
    posts: list[HelpPost]
    praises: list[Praise]

    def addresses(self) -> Iterator[str]:
        for route in sorted({one.lstrip("^").rstrip("$") for one in routes()}):
            if OURS.match(route):
                for path in self._filled(route):
                    yield from (f"/{path}{query}" for query in ["", *QUERIES.get(route, [])])

    def _filled(self, route: str) -> list[str]:
        """The address with each of our rows in its place; other rooms' parts of an address get a number."""
        if "%" in route or "(" in route:
            return []
        rows: list[Any] = self.praises if "praise" in route or "honour" in route else self.posts
        if "case" in route or route.startswith("moderation/"):
            rows = list(Case.objects.all())
        known = {"name": ["claim"], "kind": ["help_post"]}
        parts = re.findall(r"<(?:\w+:)?(\w+)>", route)
        values = [known.get(part, [str(row.pk) for row in rows]) for part in parts]
        if not parts:
            return [route]
        found = []
        most = max(map(len, values), default=1)
        for chosen in zip(*(value * most if len(value) == 1 else value for value in values), strict=True):
            path = route
            for value in chosen:
                path = re.sub(r"<[^>]+>", value, path, count=1)
            found.append(path)
        return found


@pytest.fixture
def world() -> World:
    community = AreaFactory.create()
    grid = AreaFactory.create(level="grid", parent=community)
    stair = AreaFactory.create(level="building", parent=grid)
    phones = (f"+86{NUMBERS}{number:04}" for number in itertools.count(1))

    def person(**facts: Any) -> User:
        return UserFactory.create(phone=next(phones), **facts)

    author = settled_neighbour(phone=next(phones), home_area=stair)
    helper, asked = person(), person(nickname=ASKED_NAME)
    posts = [
        HelpPostFactory.create(author=author, area=stair, door=DOOR, state=state, expires_at=None)
        for state in ("draft", "in_progress", "awaiting_confirm", "completed", "disputed")
    ]
    posts += [HelpPostFactory.create(author=author, area=stair, door=DOOR, helpers_needed=2, kind="thing")]
    for post in posts:
        ClaimFactory.create(post=post, helper=helper)
    aid.reveal_contact(posts[-1].pk, by=helper)
    HelpPost.objects.filter(state="completed").update(thanks="一口水都没喝")
    told = [
        Words("neighbour", f"{FULL_NAME}陪我等到十点", FULL_NAME),
        Words("neighbour", f"{ASKED_NAME}陪我等到十点", ASKED_NAME, asked.phone or ""),
        Words("neighbour", f"{ASKED_NAME}陪我走回家", ASKED_NAME, resident=asked),
    ]
    praises = [praise_actions.write(words, by=author) for words in told]
    praise_actions.answer_consent(praises[2].pk, "anonymous", by=asked)
    praise_actions.comment(praises[0].pk, "真好", by=helper)
    people = {
        "nobody": None, "stranger": person(home_area=stair), "author": author, "helper": helper,
        "staff": staff_of(community), "staff of elsewhere": staff_of(AreaFactory.create()),
    }  # fmt: skip
    return World(people, posts, praises)


def answer(client: Client, user: User | None, address: str) -> tuple[int, str]:
    is_call = address.startswith("/api/v1/")
    found: Any = App(user).get(address.removeprefix("/api/v1/")) if is_call else client.get(address)
    text = b"".join(found.streaming_content).decode() if getattr(found, "streaming", False) else ""
    return found.status_code, text or found.content.decode(errors="replace")


@pytest.mark.parametrize("who", ["nobody", "stranger", "author", "helper", "staff", "staff of elsewhere"])
def test_no_answer_carries_a_number_a_name_or_a_door(world: World, who: str) -> None:
    user, client = world.people[who], Client()
    if user is not None:
        client.force_login(user)
    may_know_door = who in {"author", "staff", "helper"}
    seen, found = 0, []
    for address in world.addresses():
        status, text = answer(client, user, address)
        seen += status == 200
        words = [NUMBERS, FULL_NAME, *([] if f"q={ASKED_NAME}" in address else [ASKED_NAME])]
        found += [f"{address}: {word}" for word in words if word in text]
        found += [f"{address}: {DOOR}" for word in [DOOR] if word in text and not _shows_door(address, may_know_door)]
    assert found == []
    assert seen > 40, "most addresses answer"


def _shows_door(address: str, may_know_door: bool) -> bool:
    """The door stands on the page of one post, its form and the desk's page of it, for those who may know it."""
    own = re.fullmatch(r"/help/\d+/(edit/)?|/admin/mutual_aid/helppost/\d+/change/", address)
    return may_know_door and own is not None


def test_the_helper_who_looked_reads_the_door_and_nobody_else_does(world: World) -> None:
    address = f"/help/{world.posts[-1].pk}/"
    readers = {}
    for who, user in world.people.items():
        client = Client()
        if user is not None:
            client.force_login(user)
        readers[who] = DOOR in client.get(address).content.decode()
    assert {who for who, reads in readers.items() if reads} == {"author", "helper", "staff"}


def test_nothing_that_is_sent_or_kept_for_staff_carries_them(world: World) -> None:
    kept = [
        *Notification.objects.values_list("title", "body", "url"),
        *Message.objects.values_list("text", "url"),
        *Case.objects.values_list("text", "reason"),
    ]
    for word in (NUMBERS, FULL_NAME, ASKED_NAME, DOOR):
        assert word not in str(kept), word


@pytest.mark.parametrize("name", ["likes", "mutual_aid"])
def test_ones_own_copy_carries_nobody_elses(world: World, name: str) -> None:
    (board,) = (one for one in BOARDS if one.name == name)
    for who in ("author", "helper", "stranger"):
        copy = str(board.export(world.people[who]))
        assert NUMBERS not in copy, who
        assert ASKED_NAME not in copy, who
        assert FULL_NAME not in copy, who
        assert (DOOR in copy) == (who == "author" and name == "mutual_aid"), who


def test_control_a_page_that_says_too_much_is_found(world: World) -> None:
    HelpPost.objects.filter(pk=world.posts[-1].pk).update(text=f"打 {NUMBERS}0001 找{FULL_NAME}")
    addresses = [one for one in world.addresses() if one.startswith(("/help/", "/api/v1/help-posts/"))]
    texts = [answer(Client(), None, address)[1] for address in addresses]
    assert sum(NUMBERS in text and FULL_NAME in text for text in texts) >= 2
