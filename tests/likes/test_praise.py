import datetime as dt
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection, transaction
from django.db.models import F
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.time import at, today
from linlingtong.home.actions import ask_to_leave, erase_due
from linlingtong.home.models import Erasure
from linlingtong.likes import actions
from linlingtong.likes.actions import Words, candidates, publish_roll
from linlingtong.likes.actions.honours import capped
from linlingtong.likes.actions.refusals import (
    LikeVoided,
    MonthNotOver,
    NoCandidates,
    NoReplyHere,
    NothingAsked,
    PhoneNeeded,
    RollPublished,
    TextMissing,
    TooLateToEdit,
    TooManyComments,
    TooManyForOne,
    TooManyLikes,
    TooManyPraises,
)
from linlingtong.likes.models import Comment, Honour, Like, Praise
from linlingtong.moderation.actions import decide
from linlingtong.moderation.actions.deciding import Decision
from linlingtong.moderation.models import Case
from linlingtong.notifications.models import Notification
from tests.api.conftest import App
from tests.factories import AreaFactory, PraiseFactory, UserFactory, staff_of, subdistrict
from tests.home.test_own_data import tables_with
from tests.moderation.factories import WordFactory
from tests.races import in_step

pytestmark = pytest.mark.django_db
NAME = "周美丽"


def words(**changes: Any) -> Words:
    return Words(**({"topic": "neighbour", "text": f"{NAME}陪我等到十点", "about": NAME} | changes))


@pytest.fixture
def author() -> User:
    """Whose first posts moderation has seen already."""
    subdistrict()
    person = UserFactory.create(date_joined=timezone.now() - dt.timedelta(days=100))
    for _ in range(3):
        earlier = PraiseFactory.create(author=person, created_at=timezone.now() - dt.timedelta(days=30))
        Case.objects.create(
            kind="praise", object_id=earlier.pk, author=person, area_path=earlier.area_path, state=Case.State.PASSED,
            is_visible=True,
        )  # fmt: skip
    return person


@pytest.fixture
def fan() -> User:
    return UserFactory.create(date_joined=timezone.now() - dt.timedelta(days=100))


def test_an_unregistered_neighbour_appears_by_surname_only_in_every_answer(author: User, client: Client) -> None:
    praise = actions.write(words(), by=author)
    assert praise.is_visible
    for path in ("/praise/", f"/praise/{praise.pk}/", "/search/?q=陪我", "/api/v1/praises/", "/api/v1/search/?q=陪我"):
        page = client.get(path).content.decode()
        assert NAME not in page, path
        assert "周*" in page, path
    assert tables_with(NAME) == []


def test_a_registered_neighbour_is_asked_and_every_page_follows_the_answer(author: User, client: Client) -> None:
    praised = UserFactory.create(nickname=NAME)
    praise = actions.write(words(phone=praised.phone or ""), by=author)
    assert Notification.objects.get(resident=praised).url == f"/praise/{praise.pk}/consent/"

    def everywhere() -> str:
        paths = ("/praise/", f"/praise/{praise.pk}/", "/search/?q=陪我", "/api/v1/praises/", "/")
        return "".join(client.get(path).content.decode() for path in paths)

    assert NAME not in everywhere()
    actions.answer_consent(praise.pk, "public", by=praised)
    assert NAME in everywhere()
    actions.answer_consent(praise.pk, "anonymous", by=praised)
    assert NAME not in everywhere()
    assert "陪我等到十点" in everywhere()
    actions.answer_consent(praise.pk, "refused", by=praised)
    assert "陪我等到十点" not in everywhere()
    decide_all()
    assert "陪我等到十点" not in everywhere()
    with pytest.raises(NothingAsked):
        actions.answer_consent(praise.pk, "public", by=author)


def decide_all() -> None:
    """Moderation lets everything through; a refusal of the praised is stronger."""
    for pk in Praise.objects.values_list("pk", flat=True):
        actions.show_praise(pk)


def test_whether_a_phone_is_registered_shows_in_no_answer(author: User) -> None:
    known = UserFactory.create()
    bodies = []
    for phone in (known.phone, "+8613712345678"):
        answer = App(author).post(
            "praises/", {"topic": "neighbour", "text": "谢谢", "about": "王阿姨", "phone": phone}
        )
        bodies.append(
            {name: value for name, value in answer.json().items() if name not in {"id", "created_at", "about"}}
        )
        assert answer.status_code == 201
    assert bodies[0] == bodies[1]


def test_first_posts_wait_and_their_author_sees_them_alone(client: Client) -> None:
    subdistrict()
    newcomer = UserFactory.create()
    praise = actions.write(words(topic="service", about="食堂", text="饭菜好"), by=newcomer)
    assert not praise.is_visible
    assert client.get(f"/praise/{praise.pk}/").status_code == 404
    client.force_login(newcomer)
    assert client.get(f"/praise/{praise.pk}/").status_code == 200
    assert client.get("/api/v1/praises/").json()["results"] == []
    case = Case.objects.get(kind="praise", object_id=praise.pk)
    decide(case.pk, Decision.PASS, by=staff_of(subdistrict()))
    praise.refresh_from_db()
    assert praise.is_visible


def test_likes_are_counted_once_and_taken_back_once(fan: User) -> None:
    praise = PraiseFactory.create()
    for _ in range(2):
        assert actions.like(praise.pk, by=fan) == 1
    for _ in range(2):
        assert actions.unlike(praise.pk, by=fan) == 0
    unverified = UserFactory.create(phone_verified_at=None)
    with pytest.raises(PhoneNeeded):
        actions.like(praise.pk, by=unverified)
    with pytest.raises(Praise.DoesNotExist):
        actions.like(PraiseFactory.create(is_visible=False).pk, by=fan)


def test_limits_say_when_it_goes_on(fan: User) -> None:
    author = UserFactory.create()
    for praise in PraiseFactory.create_batch(10, author=author):
        actions.like(praise.pk, by=fan)
    with pytest.raises(TooManyForOne) as refused:
        actions.like(PraiseFactory.create(author=author).pk, by=fan)
    assert "明天" in refused.value.detail
    others = PraiseFactory.create_batch(51)
    for praise in others[:50]:
        actions.like(praise.pk, by=fan)
    with pytest.raises(TooManyLikes):
        actions.like(others[50].pk, by=fan)
    with time_machine.travel(timezone.now() + dt.timedelta(hours=24, minutes=1)):
        actions.like(others[50].pk, by=fan)


def test_likes_collapse_into_one_line(fan: User) -> None:
    praise = PraiseFactory.create()
    actions.like(praise.pk, by=fan)
    assert actions.tell_likes() == 1
    Notification.objects.update(read_at=timezone.now())
    for one in UserFactory.create_batch(11):
        actions.like(praise.pk, by=one)
    actions.tell_likes()
    assert actions.tell_likes() == 0
    line = Notification.objects.get()
    assert "12" in line.title
    assert line.read_at is None


def test_staff_void_likes_for_good_and_the_author_is_told(fan: User) -> None:
    praise = PraiseFactory.create(area=AreaFactory.create())
    actions.like(praise.pk, by=fan)
    with pytest.raises(PermissionDenied):
        actions.void_likes(praise.pk, [fan.pk], by=staff_of(AreaFactory.create()))
    assert actions.void_likes(praise.pk, [fan.pk], by=staff_of(praise.area)) == 1
    praise.refresh_from_db()
    assert praise.like_count == 0
    with pytest.raises(LikeVoided):
        actions.like(praise.pk, by=fan)
    assert actions.unlike(praise.pk, by=fan) == 0
    assert Notification.objects.filter(resident=praise.author).count() == 1


def test_the_nightly_count_finds_and_mends(fan: User) -> None:
    praise = PraiseFactory.create()
    actions.like(praise.pk, by=fan)
    assert actions.reconcile() == 0
    Praise.objects.update(like_count=F("like_count") + 3)
    assert actions.reconcile() == 1
    assert Praise.objects.get().like_count == 1


def test_comments_have_one_level_of_reply_and_limits(author: User, fan: User) -> None:
    praise = PraiseFactory.create(author=author)
    said = actions.comment(praise.pk, "真好", by=fan)
    reply = actions.comment(praise.pk, "谢谢", by=author, parent_id=said.pk)
    with pytest.raises(NoReplyHere):
        actions.comment(praise.pk, "不行", by=fan, parent_id=reply.pk)
    with pytest.raises(NoReplyHere):
        actions.comment(PraiseFactory.create().pk, "不行", by=fan, parent_id=said.pk)
    with pytest.raises(TextMissing):
        actions.comment(praise.pk, "\u200b", by=fan)
    praise.refresh_from_db()
    assert praise.comment_count == 2
    with pytest.raises(PermissionDenied):
        actions.delete_comment(said.pk, by=UserFactory.create())
    for _ in range(2):
        actions.delete_comment(said.pk, by=fan)
    praise.refresh_from_db()
    assert praise.comment_count == 1
    Comment.objects.bulk_create(Comment(praise=praise, author=fan, text="好") for _ in range(30))
    with pytest.raises(TooManyComments):
        actions.comment(praise.pk, "又来", by=fan)


def test_a_held_comment_is_told_when_it_can_be_read_and_once(author: User, fan: User) -> None:
    praise = PraiseFactory.create(author=author)
    WordFactory.create(text="加微信")
    said = actions.comment(praise.pk, "加微信聊", by=fan)
    told = Notification.objects.filter(resident=author, body="加微信聊")
    assert (said.is_visible, told.count()) == (False, 0)
    case = Case.objects.get(kind="praise_comment", object_id=said.pk)
    for decision in (Decision.PASS, Decision.HIDE, Decision.PASS):
        decide(case.pk, decision, by=staff_of(subdistrict()), reason="看过")
    assert told.count() == 1


def test_writing_has_limits_and_editing_a_day(author: User) -> None:
    praise = actions.write(words(topic="service"), by=author)
    assert actions.edit(praise.pk, "改一改", by=author).edited_at
    Praise.objects.filter(pk=praise.pk).update(created_at=timezone.now() - dt.timedelta(hours=25))
    with pytest.raises(TooLateToEdit):
        actions.edit(praise.pk, "太晚", by=author)
    with pytest.raises(Praise.DoesNotExist):
        actions.edit(praise.pk, "别人", by=UserFactory.create())
    with pytest.raises(TextMissing):
        actions.write(words(text="  "), by=author)
    for _ in range(5):
        actions.write(words(topic="service"), by=author)
    with pytest.raises(TooManyPraises):
        actions.write(words(topic="service"), by=author)


def test_what_is_withdrawn_is_gone_everywhere(author: User, client: Client) -> None:
    praise = actions.write(words(topic="service", text="独一无二的一句话", about="x"), by=author)
    actions.withdraw_praise(praise.pk, by=author)
    actions.withdraw_praise(praise.pk, by=author)
    assert client.get(f"/praise/{praise.pk}/").status_code == 404
    client.force_login(author)
    assert client.get(f"/praise/{praise.pk}/").status_code == 404
    assert client.get("/praise/?mine=1").status_code == 200


def test_no_more_than_two_fifths_of_one_company_count() -> None:
    backing = set(range(10))
    assert capped(backing, {}) == 10
    assert capped(backing, dict.fromkeys(range(4), 1)) == 10
    assert capped(backing, dict.fromkeys(range(6), 1)) == 6
    assert capped(backing, dict.fromkeys(range(8), 1)) == 3
    assert capped(backing, dict.fromkeys(range(10), 1)) == 0
    assert capped(backing, dict.fromkeys(range(5), 1) | dict.fromkeys(range(5, 10), 2)) == 0
    thirds = dict.fromkeys(range(3), 1) | dict.fromkeys(range(3, 6), 2) | dict.fromkeys(range(6, 9), 3)
    assert capped(backing, thirds) == 10
    for number in range(12):
        for colleagues in range(number + 1):
            counted = capped(set(range(number)), dict.fromkeys(range(colleagues), 1))
            assert (counted - (number - colleagues)) * 5 <= counted * 2


def test_candidates_leave_out_oneself_the_household_and_fresh_accounts() -> None:
    community = AreaFactory.create()
    house = AreaFactory.create(parent=community, level="building")
    old = {"date_joined": timezone.now() - dt.timedelta(days=90)}
    praised = UserFactory.create(home_area=house, **old)
    month = (today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    at_noon = at(month.replace(day=10), dt.time(12))
    praise = PraiseFactory.create(
        area=community, topic="neighbour", resident=praised, consent="public", created_at=at_noon
    )
    counted = UserFactory.create(**old)
    for liker in (praised, UserFactory.create(home_area=house, **old), UserFactory.create(), praise.author, counted):
        Like.objects.create(
            praise=praise, resident=liker, created_at=max(at_noon, timezone.now() - dt.timedelta(days=40))
        )
    (one,) = candidates(community, month)
    assert (one.praise, one.neighbours) == (praise, 1)
    staff = staff_of(community)
    with pytest.raises(MonthNotOver):
        publish_roll(community.pk, today(), [(praise.pk, "热心")], by=staff)
    with pytest.raises(PermissionDenied):
        publish_roll(community.pk, month, [(praise.pk, "热心")], by=staff_of(AreaFactory.create()))
    with pytest.raises(NoCandidates):
        publish_roll(community.pk, month, [], by=staff)
    with pytest.raises(TextMissing):
        publish_roll(community.pk, month, [(praise.pk, " ")], by=staff)
    publish_roll(community.pk, month, [(praise.pk, "热心")], by=staff)
    with pytest.raises(RollPublished):
        publish_roll(community.pk, month, [(praise.pk, "热心")], by=staff)
    assert Notification.objects.filter(resident=praised).exists()
    page = Client().get("/praise/honours/").content.decode()
    assert "热心" in page
    assert str(praised) in page
    with transaction.atomic(), pytest.raises(ProgrammingError):
        Honour.objects.update(reason="改了")


def test_staff_put_a_roll_together_in_the_admin(client: Client) -> None:
    community = AreaFactory.create()
    month = (today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    at_noon = at(month.replace(day=10), dt.time(12))
    praise = PraiseFactory.create(area=community, created_at=at_noon)
    fan = UserFactory.create(date_joined=timezone.now() - dt.timedelta(days=90))
    Like.objects.create(praise=praise, resident=fan)
    url = reverse("admin:likes_honour_roll")
    wish: dict[str, Any] = {"area": community.pk, "month": f"{month:%Y-%m}"}
    client.force_login(staff_of(AreaFactory.create()))
    client.post(url, wish | {"praise": praise.pk, f"why-{praise.pk}": "好"})
    assert not Honour.objects.exists()
    client.force_login(staff_of(community))
    assert str(praise.about) in client.get(url, wish).content.decode()
    kept = client.post(url, wish | {"praise": praise.pk, f"why-{praise.pk}": ""})
    assert kept.status_code == 200
    assert client.post(url, wish | {"praise": praise.pk, f"why-{praise.pk}": "好"}).status_code == 302
    assert Honour.objects.get().reason == "好"


def test_liking_in_the_browser_with_and_without_htmx(fan: User, client: Client) -> None:
    praise = PraiseFactory.create()
    assert "/login/" in client.post(f"/praise/{praise.pk}/like/")["Location"]
    client.force_login(fan)
    back = client.post(f"/praise/{praise.pk}/like/", {"next": "/praise/?topic=service"})
    assert back["Location"] == f"/praise/?topic=service#praise-{praise.pk}"
    assert client.post(f"/praise/{praise.pk}/like/", {"next": "//evil.example"})["Location"] == f"/praise/{praise.pk}/"
    button = client.post(f"/praise/{praise.pk}/unlike/", headers={"HX-Request": "true"})
    assert "<b>0</b>" in button.content.decode()
    assert client.post("/praise/999999/like/").status_code == 404


def test_the_whole_life_over_the_api(author: User, fan: User) -> None:
    made = App(author).post("praises/", {"topic": "service", "text": "食堂真好", "about": "食堂"}, Idempotency_Key="a")
    pk = made.json()["id"]
    app = App(fan)
    assert app.put(f"praises/{pk}/like/").json() == {"liked": True, "like_count": 1}
    assert app.get(f"praises/{pk}/").json()["liked"] is True
    assert App().get(f"praises/{pk}/").json()["liked"] is False
    assert app.delete(f"praises/{pk}/like/").json() == {"liked": False, "like_count": 0}
    said = app.post(f"praises/{pk}/comments/", {"text": "同意"})
    assert said.status_code == 201
    assert App().get(f"praises/{pk}/comments/").json()["results"][0]["text"] == "同意"
    assert App(author).delete(f"praise-comments/{said.json()['id']}/").status_code == 404
    assert app.delete(f"praise-comments/{said.json()['id']}/").status_code == 204
    assert app.delete(f"praises/{pk}/").status_code == 404
    assert App().post("praises/", {}).status_code == 401
    assert App().put(f"praises/{pk}/like/").status_code == 401
    assert app.post("praises/", {"topic": "x", "text": 1}).status_code == 400
    assert app.get("praises/?area=999999").status_code == 400
    assert App(author).delete(f"praises/{pk}/").status_code == 204
    assert app.get(f"praises/{pk}/").status_code == 404


def test_a_refused_verb_reads_as_409_with_its_code(fan: User) -> None:
    praise = PraiseFactory.create()
    Like.objects.create(praise=praise, resident=fan, voided_at=timezone.now())
    answer = App(fan).put(f"praises/{praise.pk}/like/")
    assert (answer.status_code, answer.json()["code"]) == (409, "like_voided")
    assert App(fan).post(f"praises/{praise.pk}/consent/", {"choice": "public"}).json()["code"] == "nothing_asked"


@pytest.mark.parametrize("path", ["/praise/", "/api/v1/praises/"])
def test_three_praises_cost_as_many_queries_as_one(client: Client, fan: User, path: str) -> None:
    client.force_login(fan)
    PraiseFactory.create()
    client.get(path)
    with CaptureQueriesContext(connection) as one:
        client.get(path)
    PraiseFactory.create_batch(2)
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one)
    assert len(one) <= 10


def test_a_picture_to_share(client: Client) -> None:
    praise = PraiseFactory.create(text="字" * 500)
    answer = client.get(f"/praise/{praise.pk}/card.png")
    assert answer.content.startswith(b"\x89PNG")
    Praise.objects.update(is_visible=False)
    assert client.get(f"/praise/{praise.pk}/card.png").status_code == 404


def test_who_leaves_takes_words_and_likes_along(author: User, fan: User) -> None:
    praise = actions.write(words(topic="service", text="独特的话", resident=fan), by=author)
    other = PraiseFactory.create(topic="neighbour", resident=author, consent="public", text="谢谢")
    actions.like(other.pk, by=author)
    actions.comment(other.pk, "独特的评论", by=author)
    actions.like(praise.pk, by=fan)
    ask_to_leave(author, by=author)
    Erasure.objects.update(due_at=timezone.now())
    assert erase_due() == 1
    assert tables_with("独特的") == []
    assert not Notification.objects.filter(resident=fan, url__contains=f"/praise/{praise.pk}/").exists()
    other.refresh_from_db()
    assert (other.like_count, other.comment_count, other.resident) == (0, 0, None)


@pytest.mark.django_db(transaction=True)
def test_three_likes_at_once_on_many_praises_leave_no_counter_wrong() -> None:

    praises = PraiseFactory.create_batch(40)
    fans = UserFactory.create_batch(4)
    groups = [[partial(actions.like, praise.pk, by=fan) for fan in fans] for praise in praises]
    in_step(groups)
    assert list(Praise.objects.values_list("like_count", flat=True).distinct()) == [4]
    assert actions.reconcile() == 0


@pytest.mark.django_db(transaction=True)
def test_counting_in_the_program_goes_wrong_at_once() -> None:
    """The control: read, add one, store."""

    def naive(praise: Praise, fan: User) -> None:
        count = Praise.objects.get(pk=praise.pk).like_count
        Like.objects.create(praise=praise, resident=fan)
        Praise.objects.filter(pk=praise.pk).update(like_count=count + 1)

    praises = PraiseFactory.create_batch(20)
    fans = UserFactory.create_batch(4)
    in_step([[partial(naive, praise, fan) for fan in fans] for praise in praises])
    assert actions.reconcile() > 0


@pytest.mark.parametrize("phone", ["王", "123", "1380"])
def test_what_cannot_be_a_phone_is_said_at_its_field(author: User, client: Client, phone: str) -> None:
    words = {"topic": "neighbour", "text": "谢谢", "about": "王师傅", "phone": phone}
    answer = App(author).post("praises/", words)
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["phone"])
    client.force_login(author, "django.contrib.auth.backends.ModelBackend")
    page = client.post("/praise/new/", words)
    assert list(page.context["form"].errors) == ["phone"]
    assert 'value="王师傅"' in page.content.decode()
    assert not Praise.objects.filter(text="谢谢").exists()
