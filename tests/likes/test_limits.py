"""Giving and taking in turn, the night's count, who is behind a number, thanks that become praise, the figures."""

import datetime as dt
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core import signing
from django.db.models import F
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.sealed import sealed, unsealed
from linlingtong.core.time import at, today
from linlingtong.home.boards import BOARDS
from linlingtong.home.figures import _count
from linlingtong.home.tasks import every_minute
from linlingtong.likes import actions
from linlingtong.likes.actions import Words
from linlingtong.likes.actions.refusals import NameMissing, TooManyForOne, TooManyLikes
from linlingtong.likes.models import Honour, Like, Praise
from linlingtong.moderation.models import Case
from linlingtong.mutual_aid import actions as aid
from linlingtong.notifications.models import Notification
from tests.api.conftest import App
from tests.factories import AreaFactory, PraiseFactory, UserFactory, staff_of, subdistrict
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory, settled_neighbour

pytestmark = pytest.mark.django_db
NICKNAME = "夜班小周"


@pytest.fixture
def fan() -> User:
    return UserFactory.create(date_joined=timezone.now() - dt.timedelta(days=100))


@pytest.fixture
def author() -> User:
    subdistrict()
    return settled_neighbour()


def test_giving_and_taking_in_turn_does_not_pass_the_limit_of_a_day(fan: User) -> None:
    one_author = UserFactory.create()
    for praise in PraiseFactory.create_batch(10, author=one_author):
        actions.like(praise.pk, by=fan)
        assert actions.unlike(praise.pk, by=fan) == 0
    with pytest.raises(TooManyForOne):
        actions.like(PraiseFactory.create(author=one_author).pk, by=fan)
    others = PraiseFactory.create_batch(51)
    for praise in others[:50]:
        actions.like(praise.pk, by=fan)
        actions.unlike(praise.pk, by=fan)
    with pytest.raises(TooManyLikes):
        actions.like(others[50].pk, by=fan)
    assert actions.like(others[0].pk, by=fan) == 1
    assert actions.reconcile() == 0


def test_a_like_that_came_back_counts_once(fan: User) -> None:
    praise = PraiseFactory.create()
    for _ in range(3):
        assert actions.like(praise.pk, by=fan) == 1
        assert actions.like(praise.pk, by=fan) == 1
        assert actions.unlike(praise.pk, by=fan) == 0
        assert actions.unlike(praise.pk, by=fan) == 0
    assert (Like.objects.count(), Like.objects.standing().count()) == (1, 0)
    assert App(fan).get(f"praises/{praise.pk}/").json()["liked"] is False
    assert actions.void_likes(praise.pk, [fan.pk], by=staff_of(praise.area)) == 0


def night(day: int, hour: int, minute: int = 0) -> dt.datetime:
    return at(dt.date(2026, 11, day), dt.time(hour, minute))


def test_the_nights_count_runs_once_by_whichever_tick_comes_first(fan: User) -> None:
    praise = PraiseFactory.create()
    actions.like(praise.pk, by=fan)

    def tick(day: int, hour: int, minute: int) -> int:
        Praise.objects.update(like_count=F("like_count") + 1)
        with time_machine.travel(night(day, hour, minute), tick=False):
            every_minute()
        praise.refresh_from_db()
        return praise.like_count

    assert tick(25, 3, 0) == 1
    assert tick(25, 3, 1) == 2
    assert tick(26, 2, 59) == 3
    assert tick(26, 11, 17) == 1, "the ticks of the morning were missed"
    assert tick(26, 23, 59) == 2
    assert tick(28, 0, 5) == 1, "a whole night was missed"
    assert tick(28, 2, 0) == 2
    assert tick(28, 3, 0) == 1


def test_what_was_taken_back_is_kept_for_a_day(fan: User) -> None:
    praise = PraiseFactory.create()
    actions.like(praise.pk, by=fan)
    actions.unlike(praise.pk, by=fan)
    actions.reconcile_at_night()
    assert Like.objects.count() == 1
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        actions.reconcile_at_night()
    assert not Like.objects.exists()


def answers(author: User, client: Client, phone: str, text: str, about: str) -> list[Any]:
    """Everything that the author and a stranger read of such a praise, before and after it is changed."""
    facts = {"topic": "neighbour", "text": text, "about": about, "phone": phone}
    written = App(author).post("praises/", facts).json()
    key = written.pop("id")
    found: list[Any] = []
    for words in ("", text):
        if words:
            App(author).patch(f"praises/{key}/", {"text": words})
        found.extend(reader.get(f"praises/{key}/").json() for reader in (App(author), App()))
        found.append({"text": client.get(f"/praise/{key}/edit/").content.decode().count(about)})
    for row in [written, *found]:
        for name in ("id", "created_at"):
            row.pop(name, None)
    Praise.objects.filter(pk=key).delete()
    return [written, *found]


def test_nobody_learns_to_whom_a_number_belongs(author: User, client: Client) -> None:
    praised = UserFactory.create(nickname=NICKNAME)
    client.force_login(author)
    assert praised.phone
    for about, text in ((NICKNAME, f"{NICKNAME}陪我等到十点"), ("王阿姨", f"{NICKNAME}和王阿姨都好")):
        right = answers(author, client, praised.phone, text, about)
        wrong = answers(author, client, "+8613712345678", text, about)
        assert right == wrong
        assert about not in str(right[0])


def test_a_number_comes_with_the_name_that_is_left_out(author: User, client: Client) -> None:
    with pytest.raises(NameMissing):
        actions.write(Words("neighbour", "谢谢", phone="19900001234"), by=author)
    answer = App(author).post("praises/", {"topic": "team", "text": "好", "phone": "19900001234"})
    assert answer.json()["code"] == "name_missing"
    client.force_login(author)
    page = client.post("/praise/new/", {"topic": "neighbour", "text": "谢谢", "phone": "19900001234"})
    assert page.status_code == 200
    assert page.context["form"].errors["about"]


def test_an_edit_keeps_the_name_open_to_consent(author: User) -> None:
    praised = UserFactory.create(nickname=NICKNAME)
    praise = actions.write(Words("neighbour", f"{NICKNAME}真好", NICKNAME, praised.phone or ""), by=author)
    shown = Praise.objects.get(pk=praise.pk).shown_text
    actions.edit(praise.pk, f"{shown}！", by=author)
    actions.answer_consent(praise.pk, "public", by=praised)
    assert Praise.objects.select_related("resident").get(pk=praise.pk).shown_text == f"{NICKNAME}真好！"


def thanked_post() -> Any:
    claim = ClaimFactory.create(post=HelpPostFactory.create(author=settled_neighbour(), helpers_needed=2))
    other = ClaimFactory.create(post=claim.post, helper__nickname="小郭")
    for one in (claim, other):
        aid.done(claim.post_id, by=one.helper)
    aid.confirm(claim.post_id, by=claim.post.author)
    aid.thank(claim.post_id, by=claim.post.author, text="小郭真好，谢谢")
    return other


def links(client: Client, post_id: int) -> list[str]:
    return [row["url"] for row in client.get(f"/help/{post_id}/").context["praises"]]


def test_thanks_become_a_praise_of_the_helper_who_is_asked(client: Client) -> None:
    subdistrict()
    claim = thanked_post()
    author = claim.post.author
    client.force_login(author)
    assert len(links(client, claim.post_id)) == 2
    url = links(client, claim.post_id)[1]
    page = client.get(url)
    assert page.context["thanked"] == claim.helper
    assert page.context["form"]["text"].value() == "小郭真好，谢谢"
    token = parse_qs(urlsplit(url).query)["to"][0]
    sent = client.post("/praise/new/", {"topic": "neighbour", "text": "小郭真好，谢谢", "to": token})
    praise = Praise.objects.get()
    assert sent["Location"] == f"/praise/{praise.pk}/"
    assert (praise.resident, praise.consent) == (claim.helper, "asked")
    assert Notification.objects.filter(resident=claim.helper, url=f"/praise/{praise.pk}/consent/").exists()
    assert "小郭" not in Client().get(f"/praise/{praise.pk}/").content.decode()
    actions.answer_consent(praise.pk, "public", by=claim.helper)
    assert "小郭真好" in Client().get(f"/praise/{praise.pk}/").content.decode()


def test_the_way_to_praise_is_for_whoever_was_helped_alone(client: Client) -> None:
    claim = thanked_post()
    stranger = UserFactory.create()
    client.force_login(stranger)
    assert links(client, claim.post_id) == []
    token = sealed("praised", claim.helper_id, reader=claim.post.author_id)
    assert unsealed("praised", token, reader=claim.post.author_id) == claim.helper_id
    assert unsealed("praised", token, reader=stranger.pk) is None
    assert unsealed("else", token, reader=claim.post.author_id) is None
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        assert unsealed("praised", token, reader=claim.post.author_id) is None
    for wrong in (token, "x", "\x00", signing.dumps([1, 2])):
        assert client.get("/praise/new/", {"to": wrong}).context["thanked"] is None


def test_a_taker_thanks_the_neighbour_who_offered(client: Client) -> None:
    claim = ClaimFactory.create(post=HelpPostFactory.create(type="offer", kind="skill"))
    aid.done(claim.post_id, by=claim.helper)
    aid.confirm(claim.post_id, by=claim.post.author)
    aid.thank(claim.post_id, by=claim.helper, text="谢谢")
    client.force_login(claim.helper)
    assert len(links(client, claim.post_id)) == 1
    client.force_login(claim.post.author)
    assert links(client, claim.post_id) == []


def test_ones_own_praise_over_the_api(author: User, fan: User) -> None:
    subdistrict()
    key = App(author).post("praises/", {"topic": "service", "text": "第一句"}).json()["id"]
    held = PraiseFactory.create(author=author, is_visible=False)
    PraiseFactory.create()
    assert {row["id"] for row in App(author).get("me/praises/").json()["results"]} == {key, held.pk}
    assert App().get("me/praises/").status_code == 401
    assert App(author).patch(f"praises/{key}/", {"text": "第二句"}).json()["text"] == "第二句"
    assert App(fan).patch(f"praises/{key}/", {"text": "别人"}).status_code == 404
    assert App(author).patch(f"praises/{key}/", {"text": "打 19900001234"}).json()["code"] == "phone_in_text"
    assert App(author).patch(f"praises/{key}/", {}).status_code == 400
    Praise.objects.update(created_at=timezone.now() - dt.timedelta(hours=25))
    assert App(author).patch(f"praises/{key}/", {"text": "太晚"}).json()["code"] == "too_late_to_edit"
    Case.objects.filter(kind="praise", object_id=key).update(state="hidden", is_visible=False)
    Praise.objects.update(created_at=timezone.now())
    assert App(author).patch(f"praises/{key}/", {"text": "藏了"}).json()["code"] == "stays_hidden"


def test_the_board_tells_its_figures_and_what_is_to_do(fan: User) -> None:
    here, there = AreaFactory.create(), AreaFactory.create()
    month = (today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    praise = PraiseFactory.create(area=here, created_at=at(month.replace(day=5)))
    PraiseFactory.create(area=there)
    PraiseFactory.create(area=here, is_visible=False)
    actions.like(praise.pk, by=fan)
    counted = _count(here.path)
    assert (counted["praises"], counted["likes"]) == (1, 1)
    (board,) = (one for one in BOARDS if one.name == "likes")
    staff = staff_of(here)
    assert [number for number, _words, _url in board.work(staff)] == [1]
    assert board.work(staff_of(there)) == []
    assert board.work(fan) == []
    Honour.objects.create(area=here, month=month, praise=praise, reason="热心", by=staff)
    assert board.work(staff) == []
