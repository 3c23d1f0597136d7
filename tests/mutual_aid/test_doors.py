"""Every door says the same: API, browser and admin; who may not, and what is refused."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.core.refusal import Refusal
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.actions import refusals
from linlingtong.mutual_aid.models import Claim, ContactReveal, HelperPause, HelpPost
from tests.api.conftest import App
from tests.factories import AppointmentFactory, AreaFactory, UserFactory, staff_of
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory, settled_neighbour

pytestmark = pytest.mark.django_db
State = HelpPost.State
PHONE = re.compile(r"1990000\d{4}")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def written(**facts: Any) -> dict[str, Any]:
    area = facts.pop("area", None) or AreaFactory.create()
    area = area if isinstance(area, int) else area.pk
    return {"type": "request", "kind": "elder", "title": "陪奶奶复查", "text": "三小时", "area": area} | facts


def test_the_whole_life_over_the_api() -> None:
    author, helper, late = settled_neighbour(), UserFactory.create(), UserFactory.create()
    made = App(author).post("help-posts/", written(), Idempotency_Key="k1")
    assert made.status_code == 201
    assert made.json()["state"] == "open"
    again = App(author).post("help-posts/", written(area=HelpPost.objects.get().area), Idempotency_Key="k1")
    assert again.json()["id"] == made.json()["id"]
    assert HelpPost.objects.count() == 1
    one = f"help-posts/{made.json()['id']}/"
    assert [row["id"] for row in App().get("help-posts/?type=request").json()["results"]] == [made.json()["id"]]
    assert App().get("help-posts/?type=wish").json()["results"] == []
    assert App(author).put(f"{one}claim/").json()["code"] == "own_post"
    assert App(helper).put(f"{one}claim/").status_code == 201
    assert App(helper).put(f"{one}claim/", {}).status_code == 200
    refused = App(late).put(f"{one}claim/")
    assert (refused.status_code, refused.json()["code"], refused.json()["alternatives"]) == (
        409,
        "already_claimed",
        [],
    )
    assert App(late).post(f"{one}contact/").status_code == 403
    assert App(helper).post(f"{one}contact/").json()["phone"] == author.phone
    assert App(author).post(f"{one}contact/").json()["phone"] == helper.phone
    assert [row["viewer"] for row in App(author).get("me/contact-reveals/").json()] == [str(helper)]
    refused = App(author).post(f"{one}confirm/")
    assert (refused.status_code, refused.json()["code"], refused.json()["state"]) == (409, "not_now", "in_progress")
    assert App(helper).post(f"{one}done/", {"minutes": 90}).json()["state"] == "awaiting_confirm"
    assert App(author).post(f"{one}confirm/").json()["state"] == "completed"
    assert App(author).post(f"{one}thanks/", {"text": "谢谢"}).json()["thanks"] == "谢谢"
    assert [row["id"] for row in App(helper).get("me/help-posts/?side=helping").json()["results"]]
    assert App(helper).get("me/claims/").json()["results"][0]["state"] == "completed"


def test_giving_back_over_the_api() -> None:
    claim = ClaimFactory.create()
    answer = App(claim.helper).delete(f"help-posts/{claim.post_id}/claim/")
    assert (answer.status_code, answer.json()["state"]) == (200, "released")
    assert App(UserFactory.create()).delete(f"help-posts/{claim.post_id}/claim/").status_code == 404


def test_bad_bodies_are_no_server_errors() -> None:
    app, post = App(settled_neighbour()), HelpPostFactory.create()
    bodies: list[Any] = [
        None, [], "x", {"type": "x"}, written(title=""), written(title=5), written(area=10**18), written(area=99),
        written(needed_at="0001-01-01T00:00:00+23:00"), written(needed_at="9999-12-31T23:59:59-12:00"),
        written(helpers_needed=0), written(minutes=-1), written(title="\x00"), written(photos=["nope"]),
        written(budget_cap=10**9), written(surname="王小明"), written(title="ㅤ"),
    ]  # fmt: skip
    for body in bodies:
        assert app.post("help-posts/", body).status_code in {400, 409}, body
    for path in ("?type=x", "?area=abc", "?area=99999999999999999999", "?cursor=x", "?q=" + "字" * 70, "?state=x"):
        assert app.get(f"help-posts/{path}").status_code == 400, path
    for verb in ("done", "confirm", "dispute", "withdraw", "renew", "contact", "thanks", "pause"):
        assert app.post(f"help-posts/{post.pk}/{verb}/", {"text": "x", "reason": "x"}).status_code in {403, 409}
        assert app.post(f"help-posts/999999/{verb}/", {"text": "x"}).status_code == 404
        assert App().post(f"help-posts/{post.pk}/{verb}/").status_code == 401
        assert app.post(f"help-posts/{post.pk}/{verb}/", [1]).status_code in {400, 403, 409}


def _lost(post: HelpPost, _me: User) -> None:
    ClaimFactory.create(post=post)


def _own(post: HelpPost, me: User) -> None:
    HelpPost.objects.filter(pk=post.pk).update(author=me)


def _over(post: HelpPost, _me: User) -> None:
    HelpPost.objects.filter(pk=post.pk).update(expires_at=timezone.now() - dt.timedelta(minutes=1))


def _resting(_post: HelpPost, me: User) -> None:
    HelperPause.objects.create(resident=me, until=timezone.now() + dt.timedelta(days=1))


def _paused(post: HelpPost, _me: User) -> None:
    HelpPost.objects.filter(pk=post.pk).update(is_paused=True, type="offer")


def _shared(post: HelpPost, me: User) -> None:
    HelpPost.objects.filter(pk=post.pk).update(type="offer", kind="thing")
    for _ in range(4):
        thing = HelpPostFactory.create(type="offer", kind="thing", state="completed")
        ClaimFactory.create(post=thing, helper=me, state="completed")


def _unproved(_post: HelpPost, me: User) -> None:
    User.objects.filter(pk=me.pk).update(phone_verified_at=None)


def _busy(_post: HelpPost, me: User) -> None:
    ClaimFactory.create_batch(5, helper=me)


def _curious(_post: HelpPost, me: User) -> None:
    for claim in ClaimFactory.create_batch(6, helper=me, state="released", seat=None):
        ContactReveal.objects.create(claim=claim, viewer=me, owner=claim.post.author)


CLAIM_CASES: list[tuple[type[Refusal], Callable[[HelpPost, User], None]]] = [
    (refusals.AlreadyClaimed, _lost),
    (refusals.OwnPost, _own),
    (refusals.NotNow, _over),
    (refusals.Resting, _resting),
    (refusals.OfferPaused, _paused),
    (refusals.FairShareUsed, _shared),
    (refusals.PhoneUnproved, _unproved),
    (refusals.TooManyClaims, _busy),
    (refusals.TooManyNumbers, _curious),
]


@pytest.mark.parametrize(("refusal", "prepare"), CLAIM_CASES, ids=[one.code for one, _ in CLAIM_CASES])
def test_a_claim_is_refused_alike_by_both_doors(
    refusal: type[Refusal], prepare: Callable[[HelpPost, User], None]
) -> None:
    post, me = HelpPostFactory.create(), UserFactory.create()
    prepare(post, me)
    answer = App(me).put(f"help-posts/{post.pk}/claim/")
    assert (answer.status_code, answer.json()["code"]) == (409, refusal.code)
    page = browser(User.objects.get(pk=me.pk)).post(f"/help/{post.pk}/claim/")
    assert page.status_code == 200
    assert 'id="error-summary"' in page.content.decode()
    assert Claim.objects.filter(post=post, helper=me).count() == 0


def test_every_claim_refusal_is_tried() -> None:
    assert {one for one, _ in CLAIM_CASES} == set(refusals.CLAIMING)


WRITE_CASES: list[tuple[type[Refusal], dict[str, Any]]] = [
    (refusals.PhoneInText, {"text": "电话 19900001234"}),
    (refusals.TooExpensive, {"type": "wish", "budget_cap": 201}),
    (refusals.InThePast, {"needed_at": "2026-01-01T08:00:00+08:00"}),
]


@pytest.mark.parametrize(("refusal", "facts"), WRITE_CASES, ids=[one.code for one, _ in WRITE_CASES])
def test_a_post_is_refused_alike_by_both_doors(refusal: type[Refusal], facts: dict[str, Any]) -> None:
    me = settled_neighbour()
    answer = App(me).post("help-posts/", written(**facts))
    assert (answer.status_code, answer.json()["code"]) == (409, refusal.code)
    typed = written(**facts) | {"helpers_needed": "1"}
    if "needed_at" in typed:
        typed |= {"needed_on": "2026-01-01"}
    page = browser(me).post("/help/new/", {k: v for k, v in typed.items() if k != "needed_at"})
    assert page.status_code == 200
    assert "陪奶奶复查" in page.content.decode()
    assert HelpPost.objects.count() == 0


def test_too_many_posts_and_no_proved_phone() -> None:
    me = settled_neighbour()
    HelpPostFactory.create_batch(5, author=me)
    assert App(me).post("help-posts/", written()).json()["code"] == "too_many_posts"
    unproved = UserFactory.create(phone_verified_at=None)
    assert App(unproved).post("help-posts/", written()).json()["code"] == "phone_not_verified"
    top = AreaFactory.create().parent
    assert App(settled_neighbour()).post("help-posts/", written(area=top)).json()["code"] == "area_unfit"
    assert App(me).post("help-posts/", written(is_on_behalf=True)).status_code == 403


def test_renewing_and_disputing_over_both_doors() -> None:
    post = HelpPostFactory.create(renewals=3)
    assert App(post.author).post(f"help-posts/{post.pk}/renew/").json()["code"] == "no_renewal_left"
    assert 'id="error-summary"' in browser(post.author).post(f"/help/{post.pk}/renew/").content.decode()
    claim = ClaimFactory.create()
    dispute = f"help-posts/{claim.post_id}/dispute/"
    assert App(claim.helper).post(dispute, {"reason": " "}).json()["code"] == "reason_missing"
    assert browser(claim.helper).post(f"/help/{claim.post_id}/dispute/", {"text": " "}).status_code == 200
    assert App(claim.helper).post(dispute, {"reason": "没有人在"}).json()["state"] == "disputed"
    applied = ClaimFactory.create(post__lets_choose=True, state="declined", seat=None, accepted_at=None)
    accept = f"help-posts/{applied.post_id}/claims/{applied.pk}/accept/"
    assert App(applied.post.author).post(accept).json()["code"] == "nothing_to_choose"
    assert App(UserFactory.create()).post(accept).status_code == 403


def test_the_pages_of_a_whole_life() -> None:
    home = AreaFactory.create()
    author, helper = settled_neighbour(home_area=home), UserFactory.create()
    mine, theirs = browser(author), browser(helper)
    assert mine.get("/help/new/?type=request").status_code == 200
    typed = written(area=home) | {"helpers_needed": "1", "door": "3 单元 501", "minutes": "60"}
    sent = mine.post("/help/new/", typed)
    post = HelpPost.objects.get()
    assert sent.status_code == 302
    assert sent["Location"] == f"/help/{post.pk}/"
    assert post.title in theirs.get("/help/?type=request").content.decode()
    assert "3 单元 501" not in theirs.get(f"/help/{post.pk}/").content.decode()
    assert theirs.post(f"/help/{post.pk}/claim/").status_code == 302
    shown = theirs.post(f"/help/{post.pk}/contact/")
    assert str(author.phone) in shown.content.decode()
    assert "3 单元 501" in shown.content.decode()
    assert shown["Cache-Control"] == "no-store"
    assert str(author.phone) not in theirs.get(f"/help/{post.pk}/").content.decode()
    assert str(helper) in mine.get("/me/help/seen/").content.decode()
    assert theirs.post(f"/help/{post.pk}/done/", {"minutes": "60"}).status_code == 302
    assert mine.post(f"/help/{post.pk}/confirm/").status_code == 302
    assert mine.post(f"/help/{post.pk}/thanks/", {"text": "谢谢你"}).status_code == 302
    post.refresh_from_db()
    assert (post.state, post.thanks) == ("completed", "谢谢你")
    for path in ("/me/help/", "/me/help/?tab=asked", "/me/help/?tab=past", f"/help/{post.pk}/"):
        assert theirs.get(path).status_code == 200
        assert mine.get(path).status_code == 200


def test_a_stranger_sees_no_number_and_signed_out_one_signs_in_first() -> None:
    claim = ClaimFactory.create()
    assert browser(UserFactory.create()).post(f"/help/{claim.post_id}/contact/").status_code == 403
    signed_out = Client().post(f"/help/{claim.post_id}/claim/")
    assert signed_out.status_code == 302
    assert f"/help/{claim.post_id}/" in signed_out["Location"]
    kept = Client()
    assert kept.post("/help/new/", written(title="想学换灯管")).status_code == 302
    assert "想学换灯管" in kept.get("/help/new/?type=request").content.decode()


def test_hidden_posts_are_for_their_author_and_staff() -> None:
    post = HelpPostFactory.create(is_visible=False)
    assert browser(UserFactory.create()).get(f"/help/{post.pk}/").status_code == 404
    assert App().get(f"help-posts/{post.pk}/").status_code == 404
    assert App(post.author).get(f"help-posts/{post.pk}/").status_code == 200
    assert browser(post.author).get(f"/help/{post.pk}/").status_code == 200
    assert browser(staff_of(post.area)).get(f"/help/{post.pk}/").status_code == 200
    assert browser(staff_of(AreaFactory.create())).get(f"/help/{post.pk}/").status_code == 404


def test_the_desk_in_the_admin() -> None:
    wish = HelpPostFactory.create(type="wish", state=State.PENDING_REVIEW, expires_at=None)
    desk, elsewhere = browser(staff_of(wish.area)), browser(staff_of(AreaFactory.create()))
    address = "/admin/mutual_aid/helppost/"
    assert elsewhere.get(f"{address}{wish.pk}/change/").status_code == 404
    assert wish.title not in elsewhere.get(address).content.decode()
    chosen = {"action": "verify", "_selected_action": [wish.pk]}
    elsewhere.post(address, chosen)
    wish.refresh_from_db()
    assert wish.state == State.PENDING_REVIEW
    ask = desk.post(address, chosen | {"action": "return_to_author"})
    assert ask.status_code == 200
    assert "_sent" in ask.content.decode()
    desk.post(address, chosen)
    wish.refresh_from_db()
    assert wish.state == State.OPEN
    claim = ClaimFactory.create(post=wish)
    desk.post(address, chosen | {"action": "receive"})
    assert desk.get(f"{address}{wish.pk}/deliver/").status_code == 200
    assert elsewhere.get(f"{address}{wish.pk}/deliver/").status_code == 404
    assert desk.post(f"{address}{wish.pk}/deliver/", {}).status_code == 302
    wish.refresh_from_db()
    assert wish.state == State.AWAITING_CONFIRM
    page = desk.get(f"{address}{wish.pk}/change/").content.decode()
    assert not PHONE.search(page)
    assert str(claim.helper) in page


def test_staff_settle_a_dispute_and_refusals_read_as_messages() -> None:
    claim = ClaimFactory.create()
    actions.dispute(claim.post_id, by=claim.helper, reason="没有人在")
    desk = browser(staff_of(claim.post.area))
    address = "/admin/mutual_aid/helppost/"
    chosen = {"_selected_action": [claim.post_id], "index": "0"}
    answer = desk.post(address, chosen | {"action": "verify"}, follow=True)
    assert "messagelist" in answer.content.decode()
    desk.post(address, chosen | {"action": "settle", "_sent": "1", "outcome": "withdrawn", "reason": "双方同意"})
    claim.post.refresh_from_db()
    assert claim.post.state == State.WITHDRAWN


def test_a_building_head_sees_the_own_stair_without_phones_and_decides_nothing() -> None:
    community = AreaFactory.create()
    stair = AreaFactory.create(level="building", parent=community)
    other = AreaFactory.create(level="building", parent=community)
    head = AppointmentFactory.create(area=stair, role=Appointment.Role.BUILDING_HEAD).user
    here, there = HelpPostFactory.create(area=stair), HelpPostFactory.create(area=other)
    own = ClaimFactory.create(post=here)
    client, address = browser(head), "/admin/mutual_aid/helppost/"
    listed = client.get(address).content.decode()
    assert here.title in listed
    assert there.title not in listed
    page = client.get(f"{address}{here.pk}/change/").content.decode()
    assert not PHONE.search(listed + page)
    assert client.get(f"{address}{there.pk}/change/").status_code == 404
    client.post(address, {"action": "withdraw", "_selected_action": [here.pk], "_sent": "1", "reason": "x"})
    here.refresh_from_db()
    assert here.state == State.CLAIMED
    assert App(head).post(f"help-posts/{here.pk}/contact/").status_code == 403
    assert own.state == Claim.State.ACCEPTED


def test_the_nearest_come_first() -> None:
    community = AreaFactory.create()
    grid = AreaFactory.create(level="grid", parent=community)
    stair = AreaFactory.create(level="building", parent=grid)
    far = HelpPostFactory.create(title="远处")
    posts = [HelpPostFactory.create(area=area) for area in (stair, grid, community)]
    newest = HelpPostFactory.create(title="更远")
    me = UserFactory.create(home_area=stair)
    listed = [row["id"] for row in App(me).get("help-posts/").json()["results"]]
    assert listed == [*(post.pk for post in posts), newest.pk, far.pk]
    first = App(me).get("help-posts/?page_size=2").json()
    second = App(me).get(first["next"].split("/api/v1/")[1]).json()
    assert [row["id"] for row in first["results"] + second["results"]] == listed[:4]


def test_home_shows_what_others_need() -> None:
    stair = AreaFactory.create(level="building", parent=AreaFactory.create())
    me, neighbour = (UserFactory.create(home_area=stair) for _ in range(2))
    own = HelpPostFactory.create(author=me, area=stair, title="我自己的事")
    other = HelpPostFactory.create(author=neighbour, area=stair, title="邻居的事")
    for reader, shown, left_out in ((me, other, own), (neighbour, own, other)):
        page = browser(reader).get("/").content.decode()
        assert (shown.title in page, left_out.title in page) == (True, False)


def test_what_is_done_is_asked_for_by_name_and_comes_by_age() -> None:
    done = HelpPostFactory.create_batch(3, state="completed")
    HelpPostFactory.create()
    listed = App().get("help-posts/?state=completed&page_size=2").json()
    rest = App().get(listed["next"].split("/api/v1/")[1]).json()
    assert [row["id"] for row in listed["results"] + rest["results"]] == [post.pk for post in reversed(done)]
    assert not {post.pk for post in done} & {row["id"] for row in App().get("help-posts/").json()["results"]}


def test_search_figures_and_work() -> None:
    post = HelpPostFactory.create(title="想找人修自行车", kind="repair")
    from linlingtong.mutual_aid.board import board  # noqa: PLC0415

    assert [found.id for found in board.find("自行车", None)] == [post.pk]
    HelpPost.objects.update(is_visible=False)
    assert board.find("自行车", None) == []
    HelpPostFactory.create(type="wish", state="completed", area=post.area)
    assert board.figures(post.area.path)["wishes_fulfilled"] == 1
    HelpPostFactory.create(type="wish", state="pending_review", area=post.area, expires_at=None)
    assert [count for count, _label, _url in board.work(staff_of(post.area))] == [1]
    assert board.work(staff_of(AreaFactory.create())) == []


@pytest.mark.parametrize("amount", [1, 3])
def test_lists_take_the_same_number_of_queries_whatever_their_length(
    amount: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(amount):
        ClaimFactory.create(post__helpers_needed=2, post__type="wish")
    client, app = browser(UserFactory.create(home_area=AreaFactory.create())), App(UserFactory.create())
    client.get("/help/")
    with django_assert_max_num_queries(14):
        assert client.get("/help/").status_code == 200
    with django_assert_max_num_queries(6):
        assert len(app.get("help-posts/").json()["results"]) == amount
