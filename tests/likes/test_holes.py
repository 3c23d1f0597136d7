"""What must hold between the rules: consent against editing and moderation, phones, counters, pictures, history."""

import datetime as dt
from typing import Any

import pghistory.models
import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.likes import actions
from linlingtong.likes.actions import Words
from linlingtong.likes.models import Like, Praise
from linlingtong.moderation.actions import Decision, decide
from linlingtong.moderation.models import Case
from linlingtong.notifications.models import Notification
from linlingtong.photos.models import Photo
from tests.api.conftest import App
from tests.factories import AreaFactory, PraiseFactory, UserFactory, staff_of, subdistrict
from tests.home.test_own_data import tables_with
from tests.photos.pictures import ready_photo

pytestmark = pytest.mark.django_db
NICKNAME = "夜班小周"


@pytest.fixture
def author() -> User:
    """Whose first posts moderation has seen already."""
    root = subdistrict()
    person = UserFactory.create(date_joined=timezone.now() - dt.timedelta(days=100))
    for number in range(3):
        Case.objects.create(
            kind="praise", object_id=10**6 + number, author=person, area_path=root.path, state=Case.State.PASSED
        )
    return person


@pytest.fixture
def praised() -> User:
    return UserFactory.create(nickname=NICKNAME)


def praise_of(praised: User, author: User, **changes: Any) -> Praise:
    facts = {"topic": "neighbour", "text": f"{NICKNAME}陪我等到十点", "about": NICKNAME, "phone": praised.phone or ""}
    return actions.write(Words(**(facts | changes)), by=author)


def test_an_edit_does_not_bring_back_what_the_praised_refused(author: User, praised: User, client: Client) -> None:
    praise = praise_of(praised, author)
    actions.answer_consent(praise.pk, "refused", by=praised)
    actions.edit(praise.pk, "换一种说法", by=author)
    assert client.get(f"/praise/{praise.pk}/").status_code == 404
    actions.answer_consent(praise.pk, "anonymous", by=praised)
    assert "换一种说法" in client.get(f"/praise/{praise.pk}/").content.decode()


def test_the_name_can_be_taken_back_while_moderation_hides_the_praise(author: User, praised: User) -> None:
    praise = praise_of(praised, author)
    actions.answer_consent(praise.pk, "public", by=praised)
    case = Case.objects.get(kind="praise", object_id=praise.pk)
    decide(case.pk, Decision.HIDE, by=staff_of(subdistrict()), reason="不合适")
    changed = actions.answer_consent(praise.pk, "anonymous", by=praised)
    assert (changed.consent, changed.is_visible) == ("anonymous", False)
    actions.answer_consent(praise.pk, "refused", by=praised)
    actions.answer_consent(praise.pk, "public", by=praised)
    assert not Praise.objects.get(pk=praise.pk).is_visible


def test_photos_go_with_a_refused_praise_and_moderation_does_not_bring_them_back(author: User, praised: User) -> None:
    praise = praise_of(praised, author)
    ready_photo(author, subject="praise", subject_id=praise.pk, area_path=praise.area_path)
    actions.answer_consent(praise.pk, "refused", by=praised)
    assert Photo.objects.get().is_hidden
    actions.edit(praise.pk, "换一种说法", by=author)
    assert Photo.objects.get().is_hidden
    case = Case.objects.get(kind="praise", object_id=praise.pk)
    decide(case.pk, Decision.HIDE, by=staff_of(subdistrict()), reason="再看看")
    decide(case.pk, Decision.PASS, by=staff_of(subdistrict()))
    assert Photo.objects.get().is_hidden
    actions.answer_consent(praise.pk, "public", by=praised)
    assert not Photo.objects.get().is_hidden


def test_no_answer_tells_whether_a_phone_is_registered(author: User, praised: User) -> None:
    bodies = []
    for phone in (praised.phone, "+8613712345678"):
        facts = {"topic": "neighbour", "text": "谢谢王阿姨", "about": "王阿姨", "phone": phone}
        body = App(author).post("praises/", facts).json()
        bodies.append({name: value for name, value in body.items() if name not in {"id", "created_at"}})
    assert bodies[0] == bodies[1]
    assert "王阿姨" not in str(bodies)


@pytest.mark.parametrize("topic", ["service", "company"])
def test_a_nickname_needs_consent_whatever_the_topic(author: User, praised: User, topic: str, client: Client) -> None:
    praise = praise_of(praised, author, topic=topic)
    assert NICKNAME not in client.get(f"/praise/{praise.pk}/").content.decode()


def test_a_name_that_was_public_stays_in_nobodys_inbox_and_no_case(author: User, praised: User) -> None:
    praise = praise_of(praised, author)
    actions.answer_consent(praise.pk, "public", by=praised)
    actions.edit(praise.pk, f"{NICKNAME}陪我等到天亮", by=author)
    actions.like(praise.pk, by=UserFactory.create())
    actions.tell_likes()
    assert Notification.objects.filter(resident=author).exists()
    tables = [name for name in tables_with(NICKNAME) if "accounts_user" not in str(name)]
    assert tables == []


def test_the_praised_is_asked_when_moderation_has_let_it_pass(praised: User) -> None:
    subdistrict()
    praise = praise_of(praised, UserFactory.create())
    assert not praise.is_visible
    assert not Notification.objects.filter(resident=praised).exists()
    case = Case.objects.get(kind="praise", object_id=praise.pk)
    decide(case.pk, Decision.PASS, by=staff_of(subdistrict()))
    assert Notification.objects.get(resident=praised).url == f"/praise/{praise.pk}/consent/"


def test_who_leaves_takes_likes_along_from_hidden_praise_too(author: User) -> None:
    praise = PraiseFactory.create()
    actions.like(praise.pk, by=author)
    actions.hide_praise(praise.pk)
    actions.forget(author)
    actions.forget(author)
    assert not Like.objects.exists()
    assert actions.reconcile() == 0


def test_history_says_who_took_a_like_back(author: User) -> None:
    praise = PraiseFactory.create(area=AreaFactory.create())
    actions.like(praise.pk, by=author)
    staff = staff_of(praise.area)
    actions.void_likes(praise.pk, [author.pk], by=staff)
    event = pghistory.models.Events.objects.get(pgh_model="likes.LikeEvent")
    assert event.pgh_context == {"actor": staff.pk, "verb": "void_likes"}


def test_the_door_of_the_author_is_not_told(client: Client) -> None:
    community = AreaFactory.create(name="高新社区")
    grid = AreaFactory.create(parent=community, level="grid", name="第 7 网格")
    stair = AreaFactory.create(parent=grid, level="building", name="3 幢")
    author = UserFactory.create(home_area=stair)
    praise = actions.write(Words("service", "饭菜好"), by=author)
    assert praise.area == community
    client.force_login(author)
    assert "3 幢" not in client.get(f"/praise/{praise.pk}/").content.decode()


def test_the_picture_is_asked_for_again_and_follows_consent(author: User, praised: User, client: Client) -> None:
    praise = praise_of(praised, author)
    url = f"/praise/{praise.pk}/card.png"
    first = client.get(url)
    assert "no-cache" in first["Cache-Control"]
    assert client.get(url, headers={"If-None-Match": first["ETag"]}).status_code == 304
    actions.answer_consent(praise.pk, "public", by=praised)
    again = client.get(url, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again["ETag"] == first["ETag"]) == (200, False)
    assert client.get(url).content == again.content


def test_a_position_that_is_no_number_is_the_first_page(client: Client) -> None:
    for position in ("0" * 5000 + "1", "9" * 30, "-1", "x", "²"):
        assert client.get("/praise/", {"before": position}).status_code == 200


def test_replies_stay_when_the_comment_above_goes(author: User, client: Client) -> None:
    praise, fan = PraiseFactory.create(), UserFactory.create()
    said = actions.comment(praise.pk, "上面一句", by=fan)
    actions.comment(praise.pk, "下面一句", by=author, parent_id=said.pk)
    actions.delete_comment(said.pk, by=fan)
    page = client.get(f"/praise/{praise.pk}/").content.decode()
    assert "上面一句" not in page
    assert "下面一句" in page


def test_the_wall_is_narrowed_to_a_community(client: Client) -> None:
    here, there = AreaFactory.create(name="高新社区"), AreaFactory.create(name="新湾社区")
    PraiseFactory.create(area=here, text="这里的话")
    PraiseFactory.create(area=there, text="那里的话")
    page = client.get("/praise/").content.decode()
    assert f"?area={here.slug}" in page
    page = client.get("/praise/", {"area": here.slug, "topic": "service"}).content.decode()
    assert "这里的话" in page
    assert "那里的话" not in page
