from dataclasses import dataclass

from django.db.models import F
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn
from linlingtong.mutual_aid.actions import tidings
from linlingtong.mutual_aid.actions.eligibility import alternatives, check_fair_share, check_may_help
from linlingtong.mutual_aid.actions.moves import (
    State,
    What,
    advance,
    end_claims,
    give_back,
    live_claims,
    not_now,
    note,
    post_in_turn,
)
from linlingtong.mutual_aid.actions.refusals import AlreadyClaimed, NobodyToChoose, OfferPaused, OwnPost
from linlingtong.mutual_aid.limits import contact_within
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.mutual_aid.permissions import check_asks

FULL = (State.CLAIMED, State.IN_PROGRESS, State.AWAITING_CONFIRM, State.COMPLETED)


@dataclass(frozen=True)
class Claimed:
    claim: Claim
    created: bool


@in_turn
def claim(post_id: int, helper: User, *, by: User, note: str = "") -> Claimed:
    """Take the post on, or ask to be chosen. A seat is given to exactly one; who claims again gets the same claim.

    Raises one of `refusals.CLAIMING`; AlreadyClaimed carries three posts like this one.
    """
    post = post_in_turn(post_id, people=[helper.pk])
    if not HelpPost.objects.visible_to(helper).filter(pk=post_id).exists():
        raise HelpPost.DoesNotExist
    mine = post.claims.filter(helper=helper, state__in=(*Claim.LIVE, Claim.State.COMPLETED)).order_by("-pk").first()
    if mine is not None:
        mine.post = post
        return Claimed(mine, created=False)
    _check_takeable(post, helper)
    check_may_help(helper)
    if post.is_free_thing:
        check_fair_share(helper)
    row = Claim(post=post, helper=helper, state=Claim.State.APPLIED, note=clean_text(note)[:200])
    if post.lets_choose:
        _apply(post, row, by=by)
    else:
        take_seat(post, row, by=by)
    return Claimed(row, created=True)


def _check_takeable(post: HelpPost, helper: User) -> None:
    if post.author_id == helper.pk:
        raise OwnPost
    if post.state in FULL:
        raise AlreadyClaimed(alternatives=alternatives(post, helper))
    if post.state not in HelpPost.TAKING or (post.expires_at and post.expires_at <= timezone.now()):
        raise not_now(post)
    if post.is_paused:
        raise OfferPaused


def _apply(post: HelpPost, row: Claim, *, by: User) -> None:
    row.save()
    if post.state == State.OPEN:
        event = advance(post, State.OFFERED, What.APPLIED, by=by, claim=row)
    else:
        event = note(post, What.APPLIED, by=by, claim=row)
    tidings.inform([post.author], post, event, tidings.applied)


def take_seat(post: HelpPost, row: Claim, *, by: User) -> None:
    """One more helper, decided by the database: the row says yes only while a seat is free. Raises AlreadyClaimed."""
    free = HelpPost.objects.filter(pk=post.pk, state__in=HelpPost.TAKING, taken__lt=F("helpers_needed"))
    if not free.update(taken=F("taken") + 1):
        raise AlreadyClaimed(alternatives=alternatives(post, row.helper))
    post.taken += 1
    now = timezone.now()
    seats = set(post.claims.seated().values_list("seat", flat=True))
    row.seat = next(number for number in range(1, post.helpers_needed + 1) if number not in seats)
    row.state, row.accepted_at, row.contact_until = Claim.State.ACCEPTED, now, now + contact_within(post)
    row.save()
    event = _seat_given(post, row, by=by)
    if by.pk != post.author_id:
        tidings.inform([post.author], post, event, tidings.claimed)
    if by.pk != row.helper_id:
        tidings.inform([row.helper], post, event, tidings.accepted)


def _seat_given(post: HelpPost, row: Claim, *, by: User) -> HelpEvent:
    """One event: the post is full, or open to others again, or goes on as it stands."""
    if post.places_left == 0:
        event = advance(post, State.CLAIMED, What.CLAIMED, by=by, claim=row)
        decline_the_rest(post)
        return event
    if post.state == State.OFFERED and not post.claims.filter(state=Claim.State.APPLIED).exists():
        return advance(post, State.OPEN, What.CLAIMED, by=by, claim=row)
    return note(post, What.CLAIMED, by=by, claim=row)


def decline_the_rest(post: HelpPost) -> None:
    """Nobody waits for an answer that will not come."""
    rest = [one for one in live_claims(post) if one.state == Claim.State.APPLIED]
    end_claims(rest, Claim.State.DECLINED)
    for one in rest:
        event = note(post, What.DECLINED, by=None, claim=one)
        tidings.inform([one.helper], post, event, tidings.declined)


@in_turn
def accept(claim_id: int, *, by: User) -> Claim:
    """The asker says yes to one who wants to help. Twice is harmless; raises NobodyToChoose or AlreadyClaimed."""
    post, row = _claim_in_turn(claim_id)
    check_asks(by, post)
    if row.state in Claim.HELD:
        return row
    if row.state != Claim.State.APPLIED:
        raise NobodyToChoose
    take_seat(post, row, by=by)
    return row


@in_turn
def decline(claim_id: int, *, by: User) -> Claim:
    """The asker says no, kindly. Twice is harmless; raises NobodyToChoose."""
    post, row = _claim_in_turn(claim_id)
    check_asks(by, post)
    if row.state == Claim.State.DECLINED:
        return row
    if row.state != Claim.State.APPLIED:
        raise NobodyToChoose
    event = give_back(post, row, Claim.State.DECLINED, What.DECLINED, by=by)
    tidings.inform([row.helper], post, event, tidings.declined)
    return row


@in_turn
def release(post_id: int, helper: User, *, by: User | None) -> Claim:
    """The helper cannot come: the post returns to the neighbours, without a mark. Twice is harmless.

    Raises NotNow when it is already said to be done, Claim.DoesNotExist when there was no claim.
    """
    post = post_in_turn(post_id, people=[helper.pk])
    row = post.claims.filter(helper=helper).order_by("-pk").first()
    if row is None:
        raise Claim.DoesNotExist
    row.post = post
    if row.state == Claim.State.RELEASED:
        return row
    if row.state not in Claim.LIVE or row.is_said or post.state == State.DISPUTED:
        raise not_now(post)
    had_seat = row.state in Claim.HELD
    event = give_back(post, row, Claim.State.RELEASED, What.RELEASED, by=by)
    if had_seat:
        tidings.inform([post.author], post, event, tidings.released)
    return row


def _claim_in_turn(claim_id: int) -> tuple[HelpPost, Claim]:
    known = Claim.objects.filter(pk=claim_id).values_list("post_id", "helper_id").first()
    if known is None:
        raise Claim.DoesNotExist
    post = post_in_turn(known[0], people=[known[1]])
    row = Claim.objects.select_related("helper").get(pk=claim_id)
    row.post = post
    return post, row
