"""Several helpers of one post: each claim is confirmed on its own, and hours have limits."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone, translation
from pytest_django.fixtures import Settings

from linlingtong.accounts.models import User
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.actions import refusals
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.mutual_aid.views.standing import standing
from linlingtong.volunteering.models import ServiceEntry
from tests.api.conftest import App
from tests.factories import UserFactory, staff_of
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory

pytestmark = pytest.mark.django_db
State = HelpPost.State


@pytest.fixture
def post() -> HelpPost:
    return HelpPostFactory.create(helpers_needed=2, minutes=60)


def taken_by(post: HelpPost, amount: int = 2) -> list[Claim]:
    helpers = UserFactory.create_batch(amount)
    return [actions.claim(post.pk, helper, by=helper).claim for helper in helpers]


def stands(post: HelpPost) -> tuple[str, list[str]]:
    post.refresh_from_db()
    return post.state, list(post.claims.order_by("pk").values_list("state", flat=True))


def credited() -> dict[int, int]:
    return dict(ServiceEntry.objects.values_list("resident", "minutes"))


def test_one_of_two_who_has_helped_leaves_the_post_open_for_the_other(post: HelpPost) -> None:
    (first,) = taken_by(post, 1)
    actions.done(post.pk, by=first.helper)
    assert stands(post) == (State.OPEN, ["done"])
    actions.confirm(post.pk, by=post.author)
    assert stands(post) == (State.OPEN, ["completed"])
    assert credited() == {first.helper_id: 60}
    (second,) = taken_by(post, 1)
    assert (second.seat, stands(post)[0]) == (2, State.CLAIMED)
    actions.done(post.pk, by=second.helper)
    assert stands(post) == (State.AWAITING_CONFIRM, ["completed", "done"])
    actions.confirm(post.pk, by=post.author)
    assert stands(post) == (State.COMPLETED, ["completed", "completed"])
    assert credited() == {first.helper_id: 60, second.helper_id: 60}


def test_a_full_post_goes_on_until_each_helper_is_confirmed(post: HelpPost) -> None:
    first, second = taken_by(post)
    actions.done(post.pk, by=first.helper)
    actions.confirm(post.pk, by=post.author)
    assert stands(post) == (State.CLAIMED, ["completed", "accepted"])
    actions.done(post.pk, by=post.author, claim_id=second.pk)
    assert stands(post) == (State.AWAITING_CONFIRM, ["completed", "accepted"])
    actions.confirm(post.pk, by=second.helper, minutes=30)
    assert stands(post) == (State.COMPLETED, ["completed", "completed"])
    assert credited() == {first.helper_id: 60, second.helper_id: 30}


def test_the_asker_confirms_one_claim_and_the_other_waits(post: HelpPost) -> None:
    first, second = taken_by(post)
    for claim in (first, second):
        actions.done(post.pk, by=claim.helper)
    actions.confirm(post.pk, by=post.author, claim_id=second.pk)
    assert stands(post) == (State.AWAITING_CONFIRM, ["done", "completed"])
    actions.confirm(post.pk, by=post.author, claim_id=second.pk)
    assert credited() == {second.helper_id: 60}
    with pytest.raises(refusals.NotNow):
        actions.confirm(post.pk, by=post.author, claim_id=ClaimFactory.create().pk)


def test_who_has_helped_cannot_come_a_second_time(post: HelpPost) -> None:
    (first,) = taken_by(post, 1)
    actions.done(post.pk, by=first.helper)
    actions.confirm(post.pk, by=post.author)
    again = actions.claim(post.pk, first.helper, by=first.helper)
    assert (again.created, again.claim.pk) == (False, first.pk)
    assert actions.done(post.pk, by=first.helper).state == State.OPEN


def test_what_somebody_has_helped_with_is_not_withdrawn(post: HelpPost) -> None:
    (first,) = taken_by(post, 1)
    actions.done(post.pk, by=first.helper)
    actions.confirm(post.pk, by=post.author)
    with pytest.raises(refusals.NotNow):
        actions.withdraw_post(post.pk, by=post.author)


def test_the_asker_says_that_nobody_else_is_needed(post: HelpPost) -> None:
    (first,) = taken_by(post, 1)
    actions.done(post.pk, by=first.helper)
    actions.confirm(post.pk, by=post.author)
    assert actions.done(post.pk, by=post.author).state == State.COMPLETED
    assert [event.what for event in post.events.order_by("pk")][-2:] == ["confirmed", "enough"]


def test_seven_days_of_silence_confirm_one_claim_only(post: HelpPost) -> None:
    first, second = taken_by(post)
    actions.done(post.pk, by=first.helper)
    assert actions.confirm_silent() == 0
    Claim.objects.filter(pk=first.pk).update(done_at=timezone.now() - dt.timedelta(days=7))
    assert (actions.confirm_silent(), actions.confirm_silent()) == (1, 0)
    assert stands(post) == (State.CLAIMED, ["completed", "accepted"])
    actions.done(post.pk, by=post.author, claim_id=second.pk)
    Claim.objects.filter(pk=second.pk).update(asker_done_at=timezone.now() - dt.timedelta(days=7))
    assert actions.confirm_silent() == 1
    assert stands(post)[0] == State.COMPLETED


def test_a_word_that_it_is_done_stops_the_clock_of_that_claim_alone(post: HelpPost) -> None:
    first, second = taken_by(post)
    actions.done(post.pk, by=post.author, claim_id=first.pk)
    Claim.objects.update(contact_until=timezone.now())
    assert actions.lapse_claims() == 1
    assert stands(post) == (State.OPEN, ["accepted", "lapsed"])
    assert second.pk


def test_an_open_post_that_expires_waits_for_what_is_said_and_ends_with_what_is_settled(post: HelpPost) -> None:
    (first,) = taken_by(post, 1)
    actions.done(post.pk, by=first.helper)
    HelpPost.objects.update(expires_at=timezone.now())
    actions.expire_posts()
    assert stands(post)[0] == State.AWAITING_CONFIRM
    settled = HelpPostFactory.create(helpers_needed=2)
    (other,) = taken_by(settled, 1)
    actions.done(settled.pk, by=other.helper)
    actions.confirm(settled.pk, by=settled.author)
    HelpPost.objects.filter(pk=settled.pk).update(expires_at=timezone.now())
    actions.expire_posts()
    assert stands(settled)[0] == State.COMPLETED


def test_an_untrue_word_in_an_open_post_goes_to_staff(post: HelpPost) -> None:
    (first,) = taken_by(post, 1)
    with pytest.raises(refusals.NotNow):
        actions.dispute(HelpPostFactory.create(author=post.author).pk, by=post.author, reason="x")
    actions.done(post.pk, by=first.helper)
    with pytest.raises(refusals.NotNow):
        actions.withdraw_post(post.pk, by=post.author)
    with pytest.raises(refusals.NotNow):
        actions.release(post.pk, first.helper, by=first.helper)
    assert actions.dispute(post.pk, by=post.author, reason="没有来").state == State.DISPUTED
    assert actions.confirm_silent() == 0
    actions.settle(post.pk, "open", by=staff_of(post.area), reason="换一位邻居")
    assert stands(post) == (State.OPEN, ["ended"])
    assert credited() == {}


def test_a_helper_who_leaves_is_confirmed_alone(post: HelpPost) -> None:
    first, second = taken_by(post)
    actions.done(post.pk, by=first.helper)
    actions.forget(first.helper)
    assert stands(post) == (State.CLAIMED, ["completed", "accepted"])
    actions.done(post.pk, by=second.helper)
    actions.forget(post.author)
    assert stands(post) == (State.COMPLETED, ["completed", "completed"])


def test_an_asker_who_leaves_confirms_what_was_done_and_frees_the_rest(post: HelpPost) -> None:
    first, _second = taken_by(post)
    actions.done(post.pk, by=first.helper)
    actions.forget(post.author)
    assert stands(post) == (State.WITHDRAWN, ["completed", "ended"])
    assert credited() == {first.helper_id: 60}


def test_the_number_of_one_who_has_helped_is_gone_after_seven_days(post: HelpPost) -> None:
    first, _second = taken_by(post)
    actions.done(post.pk, by=first.helper)
    actions.confirm(post.pk, by=post.author)
    assert actions.reveal_contact(post.pk, by=first.helper)
    Claim.objects.filter(pk=first.pk).update(ended_at=timezone.now() - dt.timedelta(days=7))
    with pytest.raises(PermissionDenied):
        actions.reveal_contact(post.pk, by=first.helper)
    assert len(actions.reveal_contact(post.pk, by=post.author)) == 1


def test_one_claim_is_named_over_the_api_and_on_the_page(post: HelpPost, client: Any) -> None:
    first, second = taken_by(post)
    one = f"help-posts/{post.pk}/"
    assert App(first.helper).post(f"{one}done/").json()["state"] == State.CLAIMED
    assert App(post.author).post(f"{one}confirm/", {"claim": first.pk}).json()["state"] == State.CLAIMED
    client.force_login(post.author)
    page = client.get(f"/help/{post.pk}/").content.decode()
    assert f'name="claim" value="{second.pk}"' in page
    assert f'name="claim" value="{first.pk}"' not in page
    client.post(f"/help/{post.pk}/done/", {"claim": second.pk})
    second.refresh_from_db()
    assert second.asker_done_at is not None


def titles(post: HelpPost, reader: User) -> list[str]:
    post.refresh_from_db()
    with translation.override("en"):
        return [entry["title"] for entry in standing(post, reader).timeline]


def test_the_story_says_once_that_you_claimed_it(post: HelpPost) -> None:
    first, _second = taken_by(post)
    assert titles(post, first.helper).count("You claimed it") == 1
    actions.done(post.pk, by=post.author)
    assert titles(post, first.helper).count("You claimed it") == 1
    chosen = HelpPostFactory.create(helpers_needed=2, lets_choose=True)
    (applied,) = taken_by(chosen, 1)
    actions.accept(applied.pk, by=chosen.author)
    assert stands(chosen) == (State.OPEN, ["accepted"])
    assert titles(chosen, applied.helper).count("You claimed it") == 1


@pytest.mark.parametrize(("a_post", "a_day", "minutes"), [(100, 480, 100), (480, 50, 50), (480, 480, 300)])
def test_hours_of_one_post_have_a_limit(settings: Settings, a_post: int, a_day: int, minutes: int) -> None:
    settings.HELP_MINUTES_A_POST, settings.HELP_MINUTES_A_DAY = a_post, a_day
    claim = ClaimFactory.create()
    actions.done(claim.post_id, by=claim.helper, minutes=300)
    actions.confirm(claim.post_id, by=claim.post.author)
    assert credited() == {claim.helper_id: minutes}
    assert ServiceEntry.objects.get().evidence["said"] == 300


def test_the_limits_of_a_day_and_of_an_offer_count_what_was_credited_before(settings: Settings) -> None:
    settings.HELP_MINUTES_A_POST, settings.HELP_MINUTES_A_DAY = 150, 250
    offer = HelpPostFactory.create(type="offer", kind="skill", minutes=100, helpers_needed=3)
    for claim in taken_by(offer, 3):
        actions.done(offer.pk, by=claim.helper)
        actions.confirm(offer.pk, by=offer.author)
    assert list(ServiceEntry.objects.order_by("pk").values_list("minutes", flat=True)) == [100, 50]
    other = ClaimFactory.create(post__minutes=120, helper=offer.author)
    actions.done(other.post_id, by=offer.author)
    actions.confirm(other.post_id, by=other.post.author)
    assert list(ServiceEntry.objects.order_by("pk").values_list("minutes", flat=True)) == [100, 50, 100]
    next_day = ClaimFactory.create(post__minutes=120, helper=offer.author)
    actions.done(next_day.post_id, by=offer.author)
    Claim.objects.filter(pk=next_day.pk).update(done_at=timezone.now() - dt.timedelta(days=1))
    actions.confirm(next_day.post_id, by=next_day.post.author)
    assert ServiceEntry.objects.order_by("-pk")[0].minutes == 120
