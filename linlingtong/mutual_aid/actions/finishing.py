import datetime as dt
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
    live_claims,
    needed_reason,
    not_now,
    note,
    people_of,
    post_in_turn,
)
from linlingtong.mutual_aid.limits import LONGEST_MINUTES
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.mutual_aid.permissions import check_asks, check_manages, is_asker

UNDER_WAY = (State.CLAIMED, State.IN_PROGRESS)


@in_turn
def done(post_id: int, *, by: User, minutes: int | None = None) -> HelpPost:
    """One side says that it is done; the other is asked to confirm. Twice is harmless; raises NotNow."""
    post, claims = _with_claims(post_id)
    mine = _mine(post, claims, by)
    if _has_said(post, mine):
        return post
    if post.state in HelpPost.TAKING and post.taken:
        _enough(post, by=by)
    if post.state not in (*UNDER_WAY, State.AWAITING_CONFIRM):
        raise not_now(post)
    _say(post, mine, minutes)
    if post.state == State.AWAITING_CONFIRM:
        return _complete_when_both_said(post, by=by)
    event = advance(post, State.AWAITING_CONFIRM, What.DONE, by=by, claim=mine)
    silent = [claim.helper for claim in claims if claim.state == Claim.State.ACCEPTED]
    others = [*silent, *([] if post.asker_done_at else [post.author])]
    tidings.inform([one for one in others if one.pk != by.pk], post, event, tidings.to_confirm)
    return post


@in_turn
def confirm(post_id: int, *, by: User, minutes: int | None = None) -> HelpPost:
    """The other side agrees: the post is completed, hours are credited once. Twice is harmless; raises NotNow."""
    post, claims = _with_claims(post_id)
    mine = _mine(post, claims, by)
    if post.state == State.COMPLETED:
        return post
    if post.state != State.AWAITING_CONFIRM:
        raise not_now(post)
    _say(post, mine, minutes)
    return _complete_when_both_said(post, by=by)


@in_turn
def confirm_by_silence(post_id: int, before: dt.datetime) -> HelpPost:
    """Seven days without a word: it is confirmed."""
    post, _claims = _with_claims(post_id)
    if post.state == State.AWAITING_CONFIRM and post.moved_at <= before:
        complete(post, by=None)
    return post


@in_turn
def dispute(post_id: int, *, by: User, reason: str) -> HelpPost:
    """Something went wrong: staff of the area look into it. Raises NotNow or ReasonNeeded."""
    post, claims = _with_claims(post_id)
    mine = _mine(post, claims, by)
    if post.state == State.DISPUTED:
        return post
    event = advance(post, State.DISPUTED, What.DISPUTED, by=by, claim=mine, reason=needed_reason(reason))
    others = [post.author, *(claim.helper for claim in claims)]
    tidings.inform([one for one in others if one.pk != by.pk], post, event, tidings.disputed)
    return post


@in_turn
def settle(post_id: int, outcome: str, *, by: User, reason: str) -> HelpPost:
    """Staff end a dispute: completed, open again, or withdrawn. Raises NotNow, ReasonNeeded or PermissionDenied."""
    post, claims = _with_claims(post_id)
    check_manages(by, post)
    reason = needed_reason(reason)
    if post.state != State.DISPUTED:
        raise not_now(post)
    if outcome == State.COMPLETED:
        event = complete(post, by=by, reason=reason, what=What.SETTLED)
    else:
        event = advance(
            post, outcome, What.SETTLED, by=by, reason=reason, taken=0, asker_done_at=None, **_reopened(post, outcome)
        )
        end_claims(claims, Claim.State.ENDED)
    post.reason = reason
    tidings.inform([post.author, *(claim.helper for claim in claims)], post, event, tidings.settled)
    return post


@in_turn
def thank(post_id: int, *, by: User, text: str) -> HelpPost:
    """The one who was helped says thanks, once or in better words. Raises NotNow, ReasonNeeded or PhoneInText."""
    post, _claims = _with_claims(post_id)
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
    claims = [claim for claim in live_claims(post) if claim.state in Claim.HELD]
    event = advance(post, State.COMPLETED, what, by=by, reason=reason)
    end_claims(claims, Claim.State.COMPLETED)
    if what == What.COMPLETED:
        tidings.inform([post.author, *(claim.helper for claim in claims)], post, event, tidings.completed)
    credit_help(post, claims)
    return event


def _with_claims(post_id: int) -> tuple[HelpPost, list[Claim]]:
    post = post_in_turn(post_id, people=people_of(post_id))
    return post, live_claims(post)


def _mine(post: HelpPost, claims: list[Claim], by: User) -> Claim | None:
    """The helper's own seat, or None for the asker. Raises PermissionDenied for everybody else."""
    mine = next((claim for claim in claims if claim.helper_id == by.pk and claim.state in Claim.HELD), None)
    if mine is None:
        if post.state == State.COMPLETED and post.claims.filter(helper=by, state=Claim.State.COMPLETED).exists():
            return None
        check_asks(by, post)
    return mine


def _has_said(post: HelpPost, mine: Claim | None) -> bool:
    if post.state == State.COMPLETED:
        return True
    if post.state != State.AWAITING_CONFIRM:
        return False
    return mine.state == Claim.State.DONE if mine else post.asker_done_at is not None


def _say(post: HelpPost, mine: Claim | None, minutes: int | None) -> None:
    """Write down that this side says it is done, and how long it took."""
    now = timezone.now()
    given = min(minutes, LONGEST_MINUTES) if minutes is not None else None
    if mine is None:
        post.asker_done_at = post.asker_done_at or now
        if post.type == HelpPost.Type.OFFER and given is not None:
            post.claims.held().filter(minutes=None).update(minutes=given)
        post.save(update_fields=["asker_done_at", "updated_at"])
        return
    mine.state, mine.done_at = Claim.State.DONE, mine.done_at or now
    if given is not None:
        mine.minutes = given
    mine.save(update_fields=["state", "done_at", "minutes"])


def _complete_when_both_said(post: HelpPost, *, by: User) -> HelpPost:
    waits_for_helper = post.claims.filter(state=Claim.State.ACCEPTED).exists()
    if post.asker_done_at and not waits_for_helper:
        complete(post, by=by)
    return post


def _enough(post: HelpPost, *, by: User) -> None:
    """Nobody else is needed: those who have a seat are all."""
    advance(post, State.CLAIMED, What.CLAIMED, by=by, helpers_needed=post.taken)
    decline_the_rest(post)


def _reopened(post: HelpPost, outcome: str) -> dict[str, Any]:
    if outcome != State.OPEN:
        return {}
    soonest = timezone.now() + dt.timedelta(days=7)
    return {"expires_at": max(post.expires_at or soonest, soonest), "delivered_at": None, "received_at": None}
