"""The life of a post, verb by verb."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import Appointment
from linlingtong.moderation.models import Case
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.actions import refusals
from linlingtong.mutual_aid.actions.moves import MOVES, advance
from linlingtong.mutual_aid.models import Claim, ContactReveal, HelperPause, HelpEvent, HelpPost
from linlingtong.notifications.models import Message, Notification
from linlingtong.volunteering.models import ServiceEntry
from tests.factories import AppointmentFactory, AreaFactory, UserFactory, staff_of
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory, draft, settled_neighbour

pytestmark = pytest.mark.django_db
State = HelpPost.State


def told(user: Any) -> list[str]:
    return list(Notification.objects.filter(resident=user).order_by("pk").values_list("key", flat=True))


def at_state(state: str, **facts: Any) -> HelpPost:
    return HelpPostFactory.create(state=state, **facts)


def test_a_request_is_open_at_once_for_whoever_has_written_before() -> None:
    author = settled_neighbour()
    post = actions.post_help(draft(), by=author)
    assert (post.state, post.is_visible) == (State.OPEN, True)
    assert post.expires_at is not None
    assert post.expires_at > timezone.now() + dt.timedelta(days=6)
    assert list(post.events.values_list("from_state", "to_state")) == [("", State.OPEN)]


def test_a_newcomers_first_post_waits_for_a_look_and_nobody_else_sees_it() -> None:
    author, other = UserFactory.create(), UserFactory.create()
    post = actions.post_help(draft(), by=author)
    assert not post.is_visible
    assert Case.objects.get(kind="help_post", object_id=post.pk).is_waiting
    assert not HelpPost.objects.visible_to(other).filter(pk=post.pk).exists()
    assert HelpPost.objects.visible_to(author).filter(pk=post.pk).exists()
    with pytest.raises(HelpPost.DoesNotExist):
        actions.claim(post.pk, other, by=other)


def test_a_wish_goes_through_the_desk() -> None:
    area = AreaFactory.create()
    staff, author, helper = staff_of(area), UserFactory.create(), UserFactory.create()
    post = actions.post_help(draft(type="wish", kind="thing", area=area, budget_cap=100, surname="李"), by=author)
    assert (post.state, post.is_through_desk, post.door) == (State.PENDING_REVIEW, True, "")
    actions.verify(post.pk, by=staff)
    actions.claim(post.pk, helper, by=helper)
    actions.receive(post.pk, by=staff)
    assert actions.deliver(post.pk, by=staff).state == State.AWAITING_CONFIRM
    assert actions.confirm(post.pk, by=author).state == State.COMPLETED
    assert [e.what for e in post.events.order_by("pk")] == [
        "sent", "verified", "claimed", "received", "delivered", "completed",
    ]  # fmt: skip


def test_a_returned_wish_is_sent_again() -> None:
    area = AreaFactory.create()
    staff, author = staff_of(area), UserFactory.create()
    post = actions.post_help(draft(type="wish", area=area), by=author)
    assert actions.return_to_author(post.pk, by=staff, reason="大概什么时候需要？").state == State.DRAFT
    assert actions.send(post.pk, by=author).state == State.PENDING_REVIEW
    assert actions.reject(post.pk, by=staff, reason="不能收现金").state == State.REJECTED


def test_one_claims_and_the_next_is_told_three_others() -> None:
    post = HelpPostFactory.create()
    others = HelpPostFactory.create_batch(4, area=post.area)
    first, second = UserFactory.create_batch(2)
    claimed = actions.claim(post.pk, first, by=first)
    assert claimed.created
    assert claimed.claim.seat == 1
    assert not actions.claim(post.pk, first, by=first).created
    with pytest.raises(refusals.AlreadyClaimed) as refused:
        actions.claim(post.pk, second, by=second)
    found = refused.value.beside["alternatives"]
    assert len(found) == 3
    assert set(found) <= {other.pk for other in others}
    assert told(post.author)


def test_several_helpers_are_counted() -> None:
    post = HelpPostFactory.create(helpers_needed=3)
    helpers = UserFactory.create_batch(4)
    seats = [actions.claim(post.pk, helper, by=helper).claim.seat for helper in helpers[:3]]
    assert seats == [1, 2, 3]
    with pytest.raises(refusals.AlreadyClaimed):
        actions.claim(post.pk, helpers[3], by=helpers[3])
    actions.release(post.pk, helpers[1], by=helpers[1])
    assert actions.claim(post.pk, helpers[3], by=helpers[3]).claim.seat == 2


def test_who_wants_to_choose_chooses() -> None:
    post = HelpPostFactory.create(lets_choose=True)
    first, second, third = UserFactory.create_batch(3)
    claims = [actions.claim(post.pk, one, by=one).claim for one in (first, second, third)]
    post.refresh_from_db()
    assert (post.state, post.taken) == (State.OFFERED, 0)
    actions.decline(claims[2].pk, by=post.author)
    actions.accept(claims[1].pk, by=post.author)
    post.refresh_from_db()
    assert post.state == State.CLAIMED
    assert list(post.claims.order_by("pk").values_list("state", flat=True)) == ["declined", "accepted", "declined"]
    with pytest.raises(PermissionDenied):
        actions.accept(claims[0].pk, by=first)
    with pytest.raises(refusals.NobodyToChoose):
        actions.accept(claims[0].pk, by=post.author)


def test_the_last_one_who_wanted_to_help_goes_and_the_post_is_open_again() -> None:
    post = HelpPostFactory.create(lets_choose=True)
    helper = UserFactory.create()
    actions.claim(post.pk, helper, by=helper)
    actions.release(post.pk, helper, by=helper)
    post.refresh_from_db()
    assert post.state == State.OPEN


def test_giving_back_opens_the_post_and_twice_is_harmless() -> None:
    claim = ClaimFactory.create()
    actions.release(claim.post_id, claim.helper, by=claim.helper)
    again = actions.release(claim.post_id, claim.helper, by=claim.helper)
    claim.post.refresh_from_db()
    assert (again.state, claim.post.state, claim.post.taken) == ("released", State.OPEN, 0)


def test_contact_is_for_both_sides_only_and_each_look_is_written_down() -> None:
    claim = ClaimFactory.create(post=HelpPostFactory.create(door="3 单元 501"))
    stranger = UserFactory.create()
    (of_asker,) = actions.reveal_contact(claim.post_id, by=claim.helper)
    assert (of_asker.phone, of_asker.door) == (claim.post.author.phone, "3 单元 501")
    (of_helper,) = actions.reveal_contact(claim.post_id, by=claim.post.author)
    assert (of_helper.phone, of_helper.door) == (claim.helper.phone, "")
    with pytest.raises(PermissionDenied):
        actions.reveal_contact(claim.post_id, by=stranger)
    claim.post.refresh_from_db()
    assert claim.post.state == State.IN_PROGRESS
    assert [row.viewer for row in actions.reveals_to(claim.post.author)] == [claim.helper]
    assert ContactReveal.objects.count() == 2


def test_an_applicant_sees_no_phone() -> None:
    post, helper = HelpPostFactory.create(lets_choose=True), UserFactory.create()
    actions.claim(post.pk, helper, by=helper)
    with pytest.raises(PermissionDenied):
        actions.reveal_contact(post.pk, by=helper)


def test_seven_days_after_the_end_the_phone_is_gone() -> None:
    claim = ClaimFactory.create()
    actions.done(claim.post_id, by=claim.helper)
    actions.confirm(claim.post_id, by=claim.post.author)
    assert actions.reveal_contact(claim.post_id, by=claim.helper)
    HelpPost.objects.update(ended_at=timezone.now() - dt.timedelta(days=7))
    with pytest.raises(PermissionDenied):
        actions.reveal_contact(claim.post_id, by=claim.helper)


def test_who_gave_back_sees_no_phone_any_more() -> None:
    claim = ClaimFactory.create()
    actions.reveal_contact(claim.post_id, by=claim.helper)
    actions.release(claim.post_id, claim.helper, by=claim.helper)
    with pytest.raises(PermissionDenied):
        actions.reveal_contact(claim.post_id, by=claim.helper)


def test_both_sides_confirm_in_either_order() -> None:
    for first, second in (("helper", "author"), ("author", "helper")):
        claim = ClaimFactory.create()
        people = {"helper": claim.helper, "author": claim.post.author}
        assert actions.done(claim.post_id, by=people[first], minutes=90).state == State.AWAITING_CONFIRM
        assert actions.done(claim.post_id, by=people[first]).state == State.AWAITING_CONFIRM
        assert actions.confirm(claim.post_id, by=people[second]).state == State.COMPLETED
        assert actions.confirm(claim.post_id, by=people[second]).state == State.COMPLETED
        claim.refresh_from_db()
        assert claim.state == Claim.State.COMPLETED


def test_one_sides_word_is_not_enough() -> None:
    claim = ClaimFactory.create()
    actions.done(claim.post_id, by=claim.helper)
    assert actions.confirm(claim.post_id, by=claim.helper).state == State.AWAITING_CONFIRM


def test_seven_days_of_silence_confirm() -> None:
    claim = ClaimFactory.create()
    actions.done(claim.post_id, by=claim.helper)
    assert actions.confirm_silent() == 0
    Claim.objects.update(done_at=timezone.now() - dt.timedelta(days=7))
    assert actions.confirm_silent() == 1
    assert actions.confirm_silent() == 0
    claim.post.refresh_from_db()
    assert claim.post.state == State.COMPLETED


def test_two_of_three_helpers_are_enough_when_it_is_done() -> None:
    post = HelpPostFactory.create(helpers_needed=3)
    helpers = UserFactory.create_batch(2)
    for helper in helpers:
        actions.claim(post.pk, helper, by=helper)
    assert actions.done(post.pk, by=post.author).state == State.AWAITING_CONFIRM
    assert actions.confirm(post.pk, by=helpers[0]).state == State.AWAITING_CONFIRM
    assert actions.confirm(post.pk, by=helpers[1]).state == State.COMPLETED


@pytest.mark.parametrize(("facts", "hours"), [({}, 24), ({"urgency": "urgent"}, 2), ({"type": "wish"}, 7 * 24)])
def test_a_claim_without_contact_times_out(facts: dict[str, Any], hours: int) -> None:
    post, helper = HelpPostFactory.create(**facts), UserFactory.create()
    claim = actions.claim(post.pk, helper, by=helper).claim
    assert claim.contact_until is not None
    assert abs(claim.contact_until - timezone.now() - dt.timedelta(hours=hours)) < dt.timedelta(minutes=1)
    assert actions.lapse_claims() == 0
    Claim.objects.update(contact_until=timezone.now())
    assert (actions.lapse_claims(), actions.lapse_claims()) == (1, 0)
    post.refresh_from_db()
    assert (post.state, post.taken) == (State.OPEN, 0)


def test_who_is_in_touch_keeps_the_seat() -> None:
    claim = ClaimFactory.create()
    actions.reveal_contact(claim.post_id, by=claim.post.author)
    Claim.objects.update(contact_until=timezone.now())
    assert actions.lapse_claims() == 0


def test_two_lapses_mean_a_week_without_claims() -> None:
    helper = UserFactory.create()
    for _ in range(2):
        ClaimFactory.create(helper=helper, contact_until=timezone.now())
    actions.lapse_claims()
    with pytest.raises(refusals.Resting):
        actions.claim(HelpPostFactory.create().pk, helper, by=helper)
    HelperPause.objects.update(until=timezone.now(), created_at=timezone.now())
    assert actions.claim(HelpPostFactory.create().pk, helper, by=helper).created


def test_open_posts_expire_and_are_renewed_three_times() -> None:
    post = HelpPostFactory.create()
    for _ in range(3):
        HelpPost.objects.update(expires_at=timezone.now())
        assert (actions.expire_posts(), actions.expire_posts()) == (1, 0)
        assert actions.renew(post.pk, by=post.author).state == State.OPEN
    HelpPost.objects.update(expires_at=timezone.now())
    actions.expire_posts()
    with pytest.raises(refusals.NoRenewalLeft):
        actions.renew(post.pk, by=post.author)


def test_the_reminder_comes_once_the_day_before_and_again_after_a_renewal() -> None:
    post = HelpPostFactory.create(opened_at=timezone.now() - dt.timedelta(days=6))
    assert actions.remind_of_the_end() == 0
    HelpPost.objects.update(expires_at=timezone.now() + dt.timedelta(hours=23))
    assert (actions.remind_of_the_end(), actions.remind_of_the_end()) == (1, 0)
    actions.renew(post.pk, by=post.author)
    HelpPost.objects.update(expires_at=timezone.now() + dt.timedelta(hours=23))
    assert actions.remind_of_the_end() == 1
    assert len([key for key in told(post.author) if "ends" in key]) == 2


def test_a_post_that_expires_with_some_helpers_goes_on_with_those() -> None:
    post, helper = HelpPostFactory.create(helpers_needed=3), UserFactory.create()
    actions.claim(post.pk, helper, by=helper)
    HelpPost.objects.update(expires_at=timezone.now())
    actions.expire_posts()
    post.refresh_from_db()
    assert (post.state, post.helpers_needed) == (State.CLAIMED, 1)


def test_an_offer_rests_and_goes_on() -> None:
    post, reader = HelpPostFactory.create(type="offer"), UserFactory.create()
    actions.set_paused(post.pk, by=post.author, is_paused=True)
    with pytest.raises(refusals.OfferPaused):
        actions.claim(post.pk, reader, by=reader)
    HelpPost.objects.update(expires_at=timezone.now() + dt.timedelta(minutes=1))
    actions.set_paused(post.pk, by=post.author, is_paused=False)
    assert actions.claim(post.pk, reader, by=reader).created


def test_withdrawing_frees_the_helpers() -> None:
    claim = ClaimFactory.create()
    actions.withdraw_post(claim.post_id, by=claim.post.author, reason="自己解决了")
    assert actions.withdraw_post(claim.post_id, by=claim.post.author).state == State.WITHDRAWN
    claim.refresh_from_db()
    assert claim.state == Claim.State.ENDED
    assert told(claim.helper)


def test_disputes_go_to_staff() -> None:
    claim = ClaimFactory.create()
    staff, elsewhere = staff_of(claim.post.area), staff_of(AreaFactory.create())
    actions.dispute(claim.post_id, by=claim.helper, reason="约好了没人在")
    with pytest.raises(refusals.NotNow):
        actions.withdraw_post(claim.post_id, by=claim.post.author)
    with pytest.raises(PermissionDenied):
        actions.settle(claim.post_id, "completed", by=elsewhere, reason="x")
    with pytest.raises(refusals.ReasonNeeded):
        actions.settle(claim.post_id, "completed", by=staff, reason=" ")
    assert actions.settle(claim.post_id, "open", by=staff, reason="换一位邻居").state == State.OPEN
    claim.post.refresh_from_db()
    assert claim.post.taken == 0


def test_thanks_reach_the_helper() -> None:
    claim = ClaimFactory.create()
    actions.done(claim.post_id, by=claim.helper)
    actions.confirm(claim.post_id, by=claim.post.author)
    actions.thank(claim.post_id, by=claim.post.author, text="一口水都没喝就走了")
    assert Notification.objects.filter(resident=claim.helper, body="一口水都没喝就走了").exists()
    with pytest.raises(PermissionDenied):
        actions.thank(claim.post_id, by=claim.helper, text="自夸")


def test_staff_and_the_head_of_the_stair_post_for_somebody_without_a_phone() -> None:
    stair = AreaFactory.create(level="building", parent=AreaFactory.create())
    head = AppointmentFactory.create(area=stair, role=Appointment.Role.BUILDING_HEAD).user
    other_stair = AreaFactory.create(level="building", parent=stair.parent)
    wanted = draft(area=stair, is_on_behalf=True, surname="周", person="grandma")
    post = actions.post_help(wanted, by=head)
    assert (post.is_on_behalf, post.author) == (True, head)
    with pytest.raises(refusals.SurnameMissing):
        actions.post_help(draft(area=stair, is_on_behalf=True), by=head)
    for by in (head, UserFactory.create()):
        with pytest.raises(PermissionDenied):
            actions.post_help(draft(area=other_stair, is_on_behalf=True, surname="周"), by=by)


def test_four_free_things_in_four_weeks() -> None:
    reader = UserFactory.create()
    for _ in range(4):
        post = HelpPostFactory.create(type="offer", kind="thing")
        actions.claim(post.pk, reader, by=reader)
        actions.done(post.pk, by=reader)
        actions.confirm(post.pk, by=post.author)
    with pytest.raises(refusals.FairShareUsed):
        actions.claim(HelpPostFactory.create(type="offer", kind="thing").pk, reader, by=reader)
    with pytest.raises(refusals.FairShareUsed):
        actions.post_help(draft(type="wish"), by=reader)
    assert actions.claim(HelpPostFactory.create(type="offer", kind="skill").pk, reader, by=reader).created
    Claim.objects.filter(pk=Claim.objects.order_by("pk")[0].pk).update(
        created_at=timezone.now() - dt.timedelta(days=28)
    )
    assert actions.claim(HelpPostFactory.create(type="offer", kind="thing").pk, reader, by=reader).created


@pytest.mark.parametrize(
    "text", ["打我电话 19900001234", "1 9 9 0000 1234", "１９９００００１２３４", "一九九零零零零一二三四"]
)
def test_a_phone_in_the_text_is_refused(text: str) -> None:
    with pytest.raises(refusals.PhoneInText):
        actions.post_help(draft(text=text), by=settled_neighbour())


def test_the_table_knows_every_state_and_nothing_else_moves() -> None:
    assert set(MOVES) == {"", *State.values}
    for state in State.values:
        for to in State.values:
            post = at_state(state)
            if to in MOVES[state]:
                assert advance(post, to, HelpEvent.What.SETTLED, by=None).to_state == to
            else:
                with pytest.raises(refusals.NotNow):
                    advance(post, to, HelpEvent.What.SETTLED, by=None)
                post.refresh_from_db()
                assert post.state == state


def test_leaving_releases_claims_and_ends_posts() -> None:
    resident = UserFactory.create(nickname="陈小明")
    held, waiting = ClaimFactory.create(helper=resident), ClaimFactory.create(helper=resident)
    actions.done(waiting.post_id, by=resident)
    own = ClaimFactory.create(post=HelpPostFactory.create(author=resident, title="陈小明家的灯"))
    actions.forget(resident)
    for claim, state in ((held, State.OPEN), (waiting, State.COMPLETED), (own, State.WITHDRAWN)):
        claim.post.refresh_from_db()
        assert claim.post.state == state
    assert "陈小明" not in str(HelpPost.objects.values_list("title", "text", "thanks"))
    actions.forget(resident)


def test_words_of_who_leaves_are_in_nobodys_inbox() -> None:
    """Neither the title of what was asked nor the thanks; only that it is not needed any more arrives."""
    asker = UserFactory.create()
    post = HelpPostFactory.create(author=asker, title="独特的求助")
    claim = ClaimFactory.create(post=post)
    actions.reveal_contact(post.pk, by=asker)
    done = ClaimFactory.create(post=HelpPostFactory.create(author=asker, title="独特的修锁"))
    actions.done(done.post_id, by=asker)
    actions.confirm(done.post_id, by=done.helper)
    actions.thank(done.post_id, by=asker, text="独特的谢谢")
    assert Notification.objects.filter(title__contains="独特").exists()
    actions.forget(asker)
    assert not Notification.objects.filter(Q(title__contains="独特") | Q(body__contains="独特")).exists()
    assert not Message.objects.filter(text__contains="独特").exists()
    assert Notification.objects.filter(resident=claim.helper).exists()


def test_staff_do_not_settle_what_they_are_part_of() -> None:
    post = HelpPostFactory.create()
    helper = staff_of(post.area)
    claim = ClaimFactory.create(post=post, helper=helper)
    actions.dispute(claim.post_id, by=claim.post.author, reason="没有来")
    with pytest.raises(refusals.OwnDispute):
        actions.settle(claim.post_id, State.COMPLETED, by=helper, reason="来了")


def test_more_time_than_the_asker_agreed_to_is_asked_about_again() -> None:
    claim = ClaimFactory.create(post__minutes=30)
    actions.done(claim.post_id, by=claim.post.author)
    assert actions.done(claim.post_id, by=claim.helper, minutes=90).state == State.AWAITING_CONFIRM
    assert not ServiceEntry.objects.exists()
    assert actions.confirm(claim.post_id, by=claim.post.author).state == State.COMPLETED
    less = ClaimFactory.create(post__minutes=30)
    actions.done(less.post_id, by=less.post.author)
    assert actions.done(less.post_id, by=less.helper, minutes=20).state == State.COMPLETED


def test_hours_go_to_the_ledger_once_and_only_at_the_end() -> None:
    claim = ClaimFactory.create(post__minutes=60)
    actions.done(claim.post_id, by=claim.helper, minutes=90)
    assert not ServiceEntry.objects.exists()
    actions.confirm(claim.post_id, by=claim.post.author)
    actions.confirm(claim.post_id, by=claim.post.author)
    (entry,) = ServiceEntry.objects.all()
    assert (entry.key, entry.resident, entry.minutes) == (f"help/{claim.pk}", claim.helper, 90)
    assert claim.post.title not in entry.title
    offer = ClaimFactory.create(post__type="offer", post__kind="skill", post__minutes=60)
    actions.done(offer.post_id, by=offer.helper)
    actions.confirm(offer.post_id, by=offer.post.author)
    assert ServiceEntry.objects.get(key=f"help/{offer.pk}").resident == offer.post.author
