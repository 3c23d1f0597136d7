import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn
from linlingtong.mutual_aid.actions import tidings
from linlingtong.mutual_aid.actions.claiming import decline_the_rest
from linlingtong.mutual_aid.actions.crediting import credit_help
from linlingtong.mutual_aid.actions.eligibility import check_no_phone
from linlingtong.mutual_aid.actions.moves import (
    State,
    What,
    advance,
    end_claims,
    held_claims,
    live_claims,
    needed_reason,
    not_now,
    note,
    people_of,
    post_in_turn,
)
from linlingtong.mutual_aid.actions.refusals import OwnDispute
from linlingtong.mutual_aid.limits import LONGEST_MINUTES
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.mutual_aid.permissions import check_asks, check_manages, is_asker

FULL = (State.CLAIMED, State.IN_PROGRESS)
UNDER_WAY = (*HelpPost.TAKING, State.CLAIMED, State.IN_PROGRESS, State.AWAITING_CONFIRM)


@dataclass(frozen=True)
class Side:
    """For which claims somebody speaks, those that are settled too, and whether as their helper or as the asker."""

    claims: list[Claim]
    is_helper: bool

    @property
    def held(self) -> list[Claim]:
        return [claim for claim in self.claims if claim.state in Claim.HELD]

    def has_said(self, claim: Claim) -> bool:
        return claim.state == Claim.State.DONE if self.is_helper else claim.asker_done_at is not None


@in_turn
def done(post_id: int, *, by: User, minutes: int | None = None, claim_id: int | None = None) -> HelpPost:
    """One side says of a claim that it is done; the other is asked to confirm. Twice is harmless; raises NotNow.

    The asker names one of several helpers, or means all of them: then nobody else is needed.
    """
    post = _in_turn(post_id)
    side = _side(post, by, claim_id)
    if not side.is_helper and claim_id is None and post.state in HelpPost.TAKING and post.taken:
        nobody_else(post, by=by)
    return _say_so(post, side, side.held, minutes, by=by)


@in_turn
def confirm(post_id: int, *, by: User, minutes: int | None = None, claim_id: int | None = None) -> HelpPost:
    """The other side agrees: the claim is completed and its hours are credited, once. Twice is harmless.

    The post ends when every claim is settled and nobody else is wanted. Raises NotNow where nobody has said anything.
    """
    post = _in_turn(post_id)
    side = _side(post, by, claim_id)
    return _say_so(post, side, [claim for claim in side.held if claim.is_said], minutes, by=by)


def _say_so(post: HelpPost, side: Side, meant: list[Claim], minutes: int | None, *, by: User) -> HelpPost:
    if not meant and side.claims and not side.held:
        return post
    if not meant or post.state not in UNDER_WAY:
        raise not_now(post)
    fresh = [claim for claim in meant if not side.has_said(claim)]
    for claim in fresh:
        _say(post, claim, minutes, is_helper=side.is_helper)
    agreed = [claim for claim in fresh if claim.is_agreed]
    asked = [claim for claim in fresh if not claim.is_agreed]
    if asked:
        _ask_the_other_side(post, asked, side, by=by)
    if agreed:
        complete_claims(post, agreed, by=by)
    return post


def _say(post: HelpPost, claim: Claim, minutes: int | None, *, is_helper: bool) -> None:
    """Write down that this side says it is done, and how long it took: the helper knows, or who offered."""
    now = timezone.now()
    if is_helper:
        claim.state, claim.done_at = Claim.State.DONE, now
    else:
        claim.asker_done_at = now
    if is_helper and claim.asker_done_at and (minutes or 0) > (post.minutes or 0):
        claim.asker_done_at = None  # the asker has agreed to less, and is asked again
    if minutes is not None and (is_helper or (post.type == HelpPost.Type.OFFER and claim.minutes is None)):
        claim.minutes = min(minutes, LONGEST_MINUTES)
    claim.save(update_fields=["state", "done_at", "asker_done_at", "minutes"])


def _ask_the_other_side(post: HelpPost, asked: list[Claim], side: Side, *, by: User) -> None:
    one = asked[0] if len(asked) == 1 else None
    if post.state in FULL and all(claim.is_said for claim in held_claims(post)):
        event = advance(post, State.AWAITING_CONFIRM, What.DONE, by=by, claim=one)
    else:
        event = note(post, What.DONE, by=by, claim=one)
    others = [post.author] if side.is_helper else [claim.helper for claim in asked]
    tidings.inform([one for one in others if one.pk != by.pk], post, event, tidings.to_confirm)


def complete_claims(post: HelpPost, claims: list[Claim], *, by: User | None) -> HelpEvent:
    """These helpers have helped: they and the asker hear of it, their hours go to the ledger.

    The post ends with the last of them; as long as others are under way or wanted, it goes on.
    """
    end_claims(claims, Claim.State.COMPLETED)
    one = claims[0] if len(claims) == 1 else None
    held = held_claims(post)
    if post.state not in HelpPost.TAKING and not held:
        event = advance(post, State.COMPLETED, What.COMPLETED, by=by, claim=one)
    else:
        event = note(post, What.CONFIRMED, by=by, claim=one)
    tidings.inform([post.author, *(claim.helper for claim in claims)], post, event, tidings.completed)
    credit_help(post, claims)
    return event


def nobody_else(post: HelpPost, *, by: User | None) -> None:
    """Those who have a seat are all; when each of them has helped already, it ends well."""
    held = held_claims(post)
    to = State.COMPLETED if not held else State.CLAIMED
    if held and all(claim.is_said for claim in held):
        to = State.AWAITING_CONFIRM
    advance(post, to, What.ENOUGH, by=by, helpers_needed=post.taken)
    decline_the_rest(post)


@in_turn
def confirm_by_silence(claim_id: int, before: dt.datetime) -> int:
    """Seven days without a word of the other side: the claim is confirmed. Answers how many were, 0 or 1."""
    post = _in_turn(Claim.objects.values_list("post_id", flat=True).get(pk=claim_id))
    claim = next((one for one in held_claims(post) if one.pk == claim_id), None)
    said_at = (claim.done_at or claim.asker_done_at) if claim else None
    if claim is None or said_at is None or said_at > before or post.state == State.DISPUTED:
        return 0
    complete_claims(post, [claim], by=None)
    return 1


@in_turn
def dispute(post_id: int, *, by: User, reason: str) -> HelpPost:
    """Something went wrong: staff of the area look into it. Raises NotNow or ReasonNeeded."""
    post = _in_turn(post_id)
    side = _side(post, by, None)
    if post.state == State.DISPUTED:
        return post
    if not side.held:
        raise not_now(post)
    mine = side.held[0] if side.is_helper else None
    event = advance(post, State.DISPUTED, What.DISPUTED, by=by, claim=mine, reason=needed_reason(reason))
    others = [post.author, *(claim.helper for claim in held_claims(post))]
    tidings.inform([one for one in others if one.pk != by.pk], post, event, tidings.disputed)
    return post


@in_turn
def settle(post_id: int, outcome: str, *, by: User, reason: str) -> HelpPost:
    """Staff end a dispute: completed, open again, or withdrawn; never one of their own.

    Raises OwnDispute, NotNow, ReasonNeeded or PermissionDenied.
    """
    post = _in_turn(post_id)
    claims = live_claims(post)
    check_manages(by, post)
    if by.pk in {claim.helper_id for claim in claims} or (by.pk == post.author_id and not post.is_on_behalf):
        raise OwnDispute
    reason = needed_reason(reason)
    if post.state != State.DISPUTED:
        raise not_now(post)
    if outcome == State.COMPLETED:
        event = complete(post, by=by, reason=reason, what=What.SETTLED)
    else:
        helped = post.claims.filter(state=Claim.State.COMPLETED).count()
        event = advance(post, outcome, What.SETTLED, by=by, reason=reason, taken=helped, **_reopened(post, outcome))
        end_claims(claims, Claim.State.ENDED)
    post.reason = reason
    tidings.inform([post.author, *(claim.helper for claim in claims)], post, event, tidings.settled)
    return post


@in_turn
def thank(post_id: int, *, by: User, text: str) -> HelpPost:
    """The one who was helped says thanks, once or in better words. Raises NotNow, ReasonNeeded or PhoneInText."""
    post = _in_turn(post_id)
    check_thanks(by, post)
    if post.state != State.COMPLETED:
        raise not_now(post)
    text = clean_text(text)[:300]
    check_no_phone(text)
    if not text:
        text = needed_reason(text)
    if text == post.thanks:
        return post
    post.thanks = text
    post.save(update_fields=["thanks", "updated_at"])
    event = note(post, What.THANKED, by=by)
    tidings.inform([one for one in givers(post) if one.pk != by.pk], post, event, tidings.thanked)
    return post


def givers(post: HelpPost) -> list[User]:
    """Who gave the help: the author of an offer, the helpers of a request or a wish."""
    if post.type == HelpPost.Type.OFFER:
        return [post.author]
    rows = post.claims.filter(state=Claim.State.COMPLETED).select_related("helper").order_by("pk")
    return [claim.helper for claim in rows]


def may_thank(user: User, post: HelpPost) -> bool:
    if post.type == HelpPost.Type.OFFER:
        return post.claims.filter(helper=user, state=Claim.State.COMPLETED).exists()
    return is_asker(user, post)


def check_thanks(user: User, post: HelpPost) -> None:
    """Raises PermissionDenied for everybody but those who were helped."""
    if not may_thank(user, post):
        raise PermissionDenied


def complete(post: HelpPost, *, by: User | None, reason: str = "", what: str = What.COMPLETED) -> HelpEvent:
    """End it well, under its turn: every accepted helper counts, hours go to the ledger, everybody is told."""
    claims = held_claims(post)
    event = advance(post, State.COMPLETED, what, by=by, reason=reason)
    decline_the_rest(post)
    end_claims(claims, Claim.State.COMPLETED)
    if what == What.COMPLETED:
        tidings.inform([post.author, *(claim.helper for claim in claims)], post, event, tidings.completed)
    credit_help(post, claims)
    return event


def _in_turn(post_id: int) -> HelpPost:
    return post_in_turn(post_id, people=people_of(post_id))


def _side(post: HelpPost, by: User, claim_id: int | None) -> Side:
    """Raises PermissionDenied for everybody but the asker and those who have a seat or have helped."""
    rows = list(post.claims.seated().select_related("helper").order_by("pk"))
    for claim in rows:
        claim.post = post
    own = [claim for claim in rows if claim.helper_id == by.pk]
    if own:
        return Side(own[-1:], is_helper=True)
    check_asks(by, post)
    return Side([claim for claim in rows if claim_id in (None, claim.pk)], is_helper=False)


def _reopened(post: HelpPost, outcome: str) -> dict[str, Any]:
    if outcome != State.OPEN:
        return {}
    soonest = timezone.now() + dt.timedelta(days=7)
    return {"expires_at": max(post.expires_at or soonest, soonest), "delivered_at": None, "received_at": None}
