"""No answer of any door carries somebody's phone or door, but the one that is asked for on purpose."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.home.boards import BOARDS
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.actions import own_help
from linlingtong.mutual_aid.limits import MOST_NUMBERS_A_DAY
from linlingtong.mutual_aid.models import ContactReveal, HelpPost
from linlingtong.notifications.models import Message, Notification
from linlingtong.photos.actions import prepare_waiting, receive
from linlingtong.photos.models import Photo
from tests.api.conftest import App, token_of
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory, draft, settled_neighbour
from tests.photos.pictures import jpeg

pytestmark = pytest.mark.django_db
DOOR = "三单元五零一室"


def test_no_answer_carries_a_phone_or_a_door() -> None:
    community = AreaFactory.create()
    stair = AreaFactory.create(level="building", parent=AreaFactory.create(level="grid", parent=community))
    asker = UserFactory.create(phone="+8619900007001", nickname="周大姐", home_area=stair)
    helper = UserFactory.create(phone="+8619900007002", nickname="小郭")
    posts = [
        HelpPostFactory.create(author=asker, area=stair, door=DOOR, state=state, expires_at=None)
        for state in HelpPost.State.values
        if state not in ("open", "offered")
    ]
    posts += [HelpPostFactory.create(author=asker, area=stair, door=DOOR, helpers_needed=2)]
    for post in posts:
        ClaimFactory.create(post=post, helper=helper)
    found: list[str] = []
    readers: dict[str, Any] = {
        "nobody": None, "neighbour": UserFactory.create(home_area=stair), "asker": asker, "helper": helper,
        "staff": staff_of(community),
    }  # fmt: skip
    paths = ["/help/", "/help/?type=request", "/help/?type=request&show=done", "/search/?q=小事", "/me/help/",
             "/me/help/?tab=past", "/me/help/seen/", *(f"/help/{post.pk}/" for post in posts)]  # fmt: skip
    calls = ["help-posts/", "me/help-posts/", "me/claims/", "me/contact-reveals/", "search/?q=小事",
             *(f"help-posts/{post.pk}/" for post in posts)]  # fmt: skip
    for who, user in readers.items():
        client = Client()
        if user:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        texts = {path: client.get(path).content.decode() for path in paths}
        texts |= {path: App(user).get(path).content.decode() for path in calls}
        found += [f"{who} {path}: phone" for path, text in texts.items() if "1990000700" in text]
        if who in {"nobody", "neighbour", "helper"}:
            found += [f"{who} {path}: door" for path, text in texts.items() if DOOR in text]
            found += [
                f"{who} api {path}: building" for path, text in texts.items() if path in calls and stair.name in text
            ]
    assert not found
    told = str([*Notification.objects.values_list("title", "body"), *Message.objects.values_list("text", "url")])
    assert "1990000700" not in told
    assert DOOR not in told


def test_ones_own_copy_has_ones_own_door_and_nobodys_phone() -> None:
    claim = ClaimFactory.create(post=HelpPostFactory.create(door=DOOR))
    asked, helped = str(own_help(claim.post.author)), str(own_help(claim.helper))
    assert DOOR in asked
    assert DOOR not in helped
    assert str(claim.helper.phone) not in asked
    assert str(claim.post.author.phone) not in helped


def test_wishes_never_carry_a_door() -> None:
    claim = ClaimFactory.create(post=HelpPostFactory.create(type="wish"))
    answer = App(claim.helper).post(f"help-posts/{claim.post_id}/contact/").json()
    assert answer["address"] == ""


def test_the_roof_knows_the_board() -> None:
    (board,) = (one for one in BOARDS if one.name == "mutual_aid")
    assert {subject.kind for subject in board.subjects} == {"help_post", "help_receipt"}


def test_nobody_collects_numbers_by_claiming_looking_and_letting_go() -> None:
    thief, seen = App(UserFactory.create()), set()
    for post in HelpPostFactory.create_batch(MOST_NUMBERS_A_DAY + 3):
        thief.put(f"help-posts/{post.pk}/claim/")
        if (answer := thief.post(f"help-posts/{post.pk}/contact/")).status_code == 200:
            seen.add(answer.json()["phone"])
        thief.delete(f"help-posts/{post.pk}/claim/")
    assert len(seen) == MOST_NUMBERS_A_DAY
    refused = thief.put(f"help-posts/{post.pk}/claim/")
    assert (refused.status_code, refused.json()["code"]) == (409, "too_many_numbers")
    ContactReveal.objects.update(at=timezone.now() - dt.timedelta(hours=25))
    assert thief.put(f"help-posts/{post.pk}/claim/").status_code == 201


@pytest.mark.parametrize("body", [b"[]", b"[1]", b"null", b'"x"'])
def test_a_body_that_is_no_object_is_refused(body: bytes) -> None:
    me, post = UserFactory.create(), HelpPostFactory.create()
    token = token_of(me)
    answer = Client().put(
        f"/api/v1/help-posts/{post.pk}/claim/",
        body,
        content_type="application/json",
        headers={"X-Session-Token": token},
    )
    assert answer.status_code == 400
    assert not post.claims.exists()


def seen(photo: Photo, *users: Any) -> list[int]:
    """How the picture answers each of them."""
    found = []
    for user in users:
        client = Client()
        if user:
            client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        found.append(client.get(photo.medium).status_code)
    return found


def test_a_photo_is_public_while_its_post_is() -> None:
    author, other = settled_neighbour(), UserFactory.create()
    post = actions.post_help(draft(), by=author, photos=receive([jpeg()], by=author), sends=False)
    prepare_waiting()
    photo = Photo.objects.of("help_post", [post.pk]).get()
    assert seen(photo, None, other, author) == [404, 404, 200]
    actions.send(post.pk, by=author)
    assert seen(photo, None, other, author) == [200, 200, 200]
    actions.withdraw_post(post.pk, by=author)
    assert seen(photo, None, other, author) == [404, 404, 200]


def test_what_the_desk_photographed_is_for_the_two_and_for_staff() -> None:
    area = AreaFactory.create()
    staff, author, helper, other = staff_of(area), settled_neighbour(), UserFactory.create(), UserFactory.create()
    wish = draft(type="wish", kind="thing", area=area, budget_cap=100, surname="李")
    post = actions.post_help(wish, by=author)
    actions.verify(post.pk, by=staff)
    actions.claim(post.pk, helper, by=helper)
    actions.receive(post.pk, by=staff)
    actions.deliver(post.pk, by=staff, photos=receive([jpeg()], by=staff))
    actions.confirm(post.pk, by=author)
    prepare_waiting()
    photo = Photo.objects.of("help_receipt", [post.pk]).get()
    assert HelpPost.objects.visible_to(None).filter(pk=post.pk).exists()
    assert seen(photo, None, other, author, helper, staff) == [404, 404, 200, 200, 200]
    address = f"help-posts/{post.pk}/"
    listed = [len(App(user).get(address).json()["photos"]) for user in (other, author, helper, staff)]
    assert listed == [0, 1, 1, 1]
    page = Client()
    assert photo.token not in page.get(f"/help/{post.pk}/").content.decode()
    page.force_login(author, backend="django.contrib.auth.backends.ModelBackend")
    assert photo.token in page.get(f"/help/{post.pk}/").content.decode()
