"""Where a post may go from where it stands, and the one way to move it."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import F
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import take_turns
from linlingtong.mutual_aid.actions.refusals import NotNow, ReasonNeeded
from linlingtong.mutual_aid.limits import REOPENED_FOR
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.photos.actions import set_public

State, What = HelpPost.State, HelpEvent.What
# Photos of what is asked for, and of what the desk has handed over.
KIND, RECEIPT = "help_post", "help_receipt"

# With several helpers some may be under way or have finished when the seats are full or nobody else is needed.
ENOUGH = (State.CLAIMED, State.AWAITING_CONFIRM, State.COMPLETED)
MOVES: dict[str, frozenset[str]] = {
    "": frozenset({State.DRAFT, State.PENDING_REVIEW, State.OPEN}),
    State.DRAFT: frozenset({State.PENDING_REVIEW, State.OPEN, State.WITHDRAWN}),
    State.PENDING_REVIEW: frozenset({State.OPEN, State.DRAFT, State.REJECTED, State.WITHDRAWN}),
    State.OPEN: frozenset({State.OFFERED, *ENOUGH, State.WITHDRAWN, State.EXPIRED, State.DISPUTED}),
    State.OFFERED: frozenset({State.OPEN, *ENOUGH, State.WITHDRAWN, State.EXPIRED, State.DISPUTED}),
    State.CLAIMED: frozenset(
        {State.OPEN, State.OFFERED, State.IN_PROGRESS, State.AWAITING_CONFIRM, State.WITHDRAWN, State.DISPUTED}
    ),
    State.IN_PROGRESS: frozenset({State.OPEN, State.OFFERED, State.AWAITING_CONFIRM, State.WITHDRAWN, State.DISPUTED}),
    State.AWAITING_CONFIRM: frozenset({State.COMPLETED, State.DISPUTED}),
    State.COMPLETED: frozenset(),
    State.WITHDRAWN: frozenset(),
    State.EXPIRED: frozenset({State.OPEN}),
    State.REJECTED: frozenset(),
    State.DISPUTED: frozenset({State.COMPLETED, State.OPEN, State.WITHDRAWN}),
}
OVER = (State.COMPLETED, State.WITHDRAWN, State.EXPIRED, State.REJECTED)


def not_now(post: HelpPost) -> NotNow:
    return NotNow(state=post.state, words=post.get_state_display())


def advance(
    post: HelpPost,
    to: str,
    what: str,
    *,
    by: User | None,
    claim: Claim | None = None,
    reason: str = "",
    **fields: Any,
) -> HelpEvent:
    """Move the post and write the event; call under its turn. Raises NotNow for what the table does not know."""
    if to not in MOVES[post.state]:
        raise not_now(post)
    now = timezone.now()
    values: dict[str, Any] = {"state": to, "moved_at": now, "updated_at": now} | fields
    values["ended_at"] = now if to in OVER else None
    if to == State.OPEN and post.opened_at is None:
        values["opened_at"] = now
    event = HelpEvent(post=post, claim=claim, by=by, what=what, from_state=post.state, to_state=to, reason=reason)
    was_public = post.is_public
    HelpPost.objects.filter(pk=post.pk).update(**values)
    for name, value in values.items():
        setattr(post, name, value)
    event.save()
    if post.is_public != was_public:
        set_public(KIND, post.pk, is_public=post.is_public, by=by)
    return event


def note(post: HelpPost, what: str, *, by: User | None, claim: Claim | None = None, reason: str = "") -> HelpEvent:
    """Something happened that moves nothing."""
    return HelpEvent.objects.create(
        post=post, claim=claim, by=by, what=what, from_state=post.state, to_state=post.state, reason=reason
    )


def post_in_turn(post_id: int, *, people: Iterable[int] = ()) -> HelpPost:
    """The post, read when it is our turn; people's turns come first, by their ids. Raises DoesNotExist."""
    take_turns([*(("person", person) for person in sorted(set(people))), ("help", post_id)])
    return HelpPost.objects.select_related("author", "area").get(pk=post_id)


def people_of(post_id: int) -> set[int]:
    """Everybody who has a part in the post."""
    helpers = Claim.objects.filter(post=post_id).live().values_list("helper", flat=True)
    return {*helpers, *HelpPost.objects.filter(pk=post_id).values_list("author", flat=True)}


def live_claims(post: HelpPost) -> list[Claim]:
    claims = list(post.claims.live().select_related("helper").order_by("pk"))
    for claim in claims:
        claim.post = post
    return claims


def held_claims(post: HelpPost) -> list[Claim]:
    return [claim for claim in live_claims(post) if claim.state in Claim.HELD]


def end_claims(claims: Iterable[Claim], to: str) -> None:
    """These claims are over; seats that they held are free."""
    now, claims = timezone.now(), list(claims)
    Claim.objects.filter(pk__in=[claim.pk for claim in claims]).update(state=to, ended_at=now)
    for claim in claims:
        claim.state, claim.ended_at = to, now


def give_back(post: HelpPost, claim: Claim, to: str, what: str, *, by: User | None) -> HelpEvent:
    """One helper steps out: the seat is free, and a post that was full is open again."""
    held_a_seat = claim.state in Claim.HELD
    end_claims([claim], to)
    left = list(post.claims.live().values_list("state", flat=True))
    waits = Claim.State.APPLIED in left
    if held_a_seat:
        HelpPost.objects.filter(pk=post.pk).update(taken=F("taken") - 1)
        post.taken -= 1
    target = State.OFFERED if waits else State.OPEN
    if post.state == target or post.state not in {*HelpPost.TAKING, State.CLAIMED, State.IN_PROGRESS}:
        return note(post, what, by=by, claim=claim)
    return advance(post, target, what, by=by, claim=claim, expires_at=reopened_until(post))


def reopened_until(post: HelpPost) -> dt.datetime:
    """When a post that is open again ends: as before, but not at once."""
    soonest = timezone.now() + REOPENED_FOR
    return max(post.expires_at or soonest, soonest)


def needed_reason(reason: str) -> str:
    """The reason without invisible characters, at most 200; raises ReasonNeeded when nothing is left."""
    reason = clean_text(reason)[:200]
    if not reason:
        raise ReasonNeeded
    return reason
