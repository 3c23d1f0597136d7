"""What the community desk does: it looks at wishes, takes things in and hands them over."""

from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn
from linlingtong.mutual_aid.actions import tidings
from linlingtong.mutual_aid.actions.finishing import complete
from linlingtong.mutual_aid.actions.moves import (
    RECEIPT,
    State,
    What,
    advance,
    live_claims,
    needed_reason,
    not_now,
    note,
    people_of,
    post_in_turn,
)
from linlingtong.mutual_aid.actions.posting import open_until
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.mutual_aid.permissions import check_manages
from linlingtong.photos.actions import attach

HANDED = (State.CLAIMED, State.IN_PROGRESS)


@in_turn
def verify(post_id: int, *, by: User) -> HelpPost:
    """The desk has looked at the wish: neighbours may claim it. Twice is harmless; raises NotNow."""
    post = post_in_turn(post_id)
    check_manages(by, post)
    if post.state == State.OPEN:
        return post
    if post.state != State.PENDING_REVIEW:
        raise not_now(post)
    event = advance(post, State.OPEN, What.VERIFIED, by=by, expires_at=open_until(post), reason="")
    tidings.inform([post.author], post, event, tidings.verified)
    return post


@in_turn
def return_to_author(post_id: int, *, by: User, reason: str) -> HelpPost:
    """The desk has a question: the wish is a draft again. Raises NotNow or ReasonNeeded."""
    return _decide(post_id, State.DRAFT, What.RETURNED, by=by, reason=reason, writer=tidings.returned)


@in_turn
def reject(post_id: int, *, by: User, reason: str) -> HelpPost:
    """This is nothing for the wish list, and why. Raises NotNow or ReasonNeeded."""
    return _decide(post_id, State.REJECTED, What.REJECTED, by=by, reason=reason, writer=tidings.rejected)


def _decide(post_id: int, to: str, what: str, *, by: User, reason: str, writer: tidings.Writer) -> HelpPost:
    post = post_in_turn(post_id)
    check_manages(by, post)
    reason = needed_reason(reason)
    if post.state != State.PENDING_REVIEW:
        raise not_now(post)
    event = advance(post, to, what, by=by, reason=reason)
    post.reason = reason
    post.save(update_fields=["reason", "updated_at"])
    tidings.inform([post.author], post, event, writer)
    return post


@in_turn
def receive(post_id: int, *, by: User) -> HelpPost:
    """The helper has brought the thing to the desk. Twice is harmless; raises NotNow."""
    post = post_in_turn(post_id)
    check_manages(by, post)
    if post.received_at and post.state == State.IN_PROGRESS:
        return post
    if not post.is_through_desk or post.state not in HANDED:
        raise not_now(post)
    now = timezone.now()
    post.received_at = now
    post.save(update_fields=["received_at", "updated_at"])
    post.claims.held().filter(contacted_at=None).update(contacted_at=now)
    if post.state == State.CLAIMED:
        event = advance(post, State.IN_PROGRESS, What.RECEIVED, by=by)
    else:
        event = note(post, What.RECEIVED, by=by)
    tidings.inform([post.author, *_seated(post)], post, event, tidings.received)
    return post


@in_turn
def deliver(post_id: int, *, by: User, photos: Sequence[Any] = ()) -> HelpPost:
    """The desk has handed it over, with a photo of the thing as receipt. The asker confirms, or silence does.

    What was wished on behalf of somebody is completed at once. Twice is harmless; raises NotNow.
    """
    post = post_in_turn(post_id, people=people_of(post_id))
    check_manages(by, post)
    if post.delivered_at and post.state in (State.AWAITING_CONFIRM, State.COMPLETED):
        return post
    if not post.is_through_desk or post.state not in HANDED:
        raise not_now(post)
    now = timezone.now()
    attach(photos, subject=RECEIPT, subject_id=post.pk, area_path=post.area_path, is_public=False, by=by)
    post.claims.filter(state=Claim.State.ACCEPTED).update(state=Claim.State.DONE, done_at=now, contacted_at=now)
    event = advance(
        post, State.AWAITING_CONFIRM, What.DELIVERED, by=by, delivered_at=now, received_at=post.received_at or now
    )
    tidings.inform(_seated(post), post, event, tidings.delivered)
    if post.is_on_behalf:
        complete(post, by=by)
    else:
        tidings.inform([post.author], post, event, tidings.to_confirm)
    return post


def _seated(post: HelpPost) -> list[User]:
    return [claim.helper for claim in live_claims(post) if claim.state in Claim.HELD]
