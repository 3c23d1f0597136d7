import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.moderation.actions import drop, submit
from linlingtong.mutual_aid.actions import tidings
from linlingtong.mutual_aid.actions.eligibility import (
    check_fair_share,
    check_may_open_another,
    check_no_phone,
    check_reachable,
)
from linlingtong.mutual_aid.actions.moves import (
    KIND,
    State,
    What,
    advance,
    end_claims,
    live_claims,
    not_now,
    note,
    people_of,
    post_in_turn,
)
from linlingtong.mutual_aid.actions.refusals import (
    AreaUnfit,
    InThePast,
    NoRenewalLeft,
    SurnameMissing,
    TooExpensive,
)
from linlingtong.mutual_aid.limits import MOST_RENEWALS, MOST_YUAN, OPEN_FOR
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.mutual_aid.permissions import check_asks, is_asker, may_manage, may_post_for
from linlingtong.photos.actions import attach

Type = HelpPost.Type


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody writes: a request, an offer or a micro-wish."""

    type: str
    kind: str
    title: str
    area: Area
    text: str = ""
    item_size: str = ""
    door: str = ""
    urgency: str = HelpPost.Urgency.NORMAL
    helpers_needed: int = 1
    needed_at: dt.datetime | None = None
    minutes: int | None = None
    budget_cap: int | None = None
    surname: str = ""
    person: str = HelpPost.Person.NEIGHBOUR
    is_on_behalf: bool = False
    lets_choose: bool = False


@in_turn
def post_help(draft: Draft, *, by: User, photos: Sequence[Any] = (), sends: bool = True) -> HelpPost:
    """Ask for help, offer it or tell a wish. Wishes wait for the community desk, everything else is open at once.

    With `sends=False` it stays a draft that only its author sees. Raises one of `refusals.WRITING`, or
    PermissionDenied when somebody without that duty writes on behalf of another.
    """
    take_turns([("person", by.pk)])
    values = _checked(draft, by)
    post = HelpPost(author=by, **values)
    target = _first_state(post, by) if sends else str(State.DRAFT)
    post.state = target
    post.expires_at = _open_until(post) if target == State.OPEN else None
    post.opened_at = timezone.now() if target == State.OPEN else None
    post.save()
    HelpEvent.objects.create(
        post=post, by=by, what=What.SENT if sends else What.WRITTEN, from_state="", to_state=target
    )
    attach(photos, subject=KIND, subject_id=post.pk, area_path=post.area_path, is_public=post.is_public, by=by)
    if sends:
        _submit(post, by)
    return post


@in_turn
def change_post(post_id: int, draft: Draft, *, by: User, photos: Sequence[Any] = ()) -> HelpPost:
    """Other words or another time, as long as nobody has claimed it. Raises like `post_help`, and NotNow."""
    post = post_in_turn(post_id, people=[by.pk])
    check_asks(by, post)
    changeable = (State.DRAFT, State.PENDING_REVIEW, State.OPEN)
    if post.state not in changeable or post.taken:
        raise not_now(post)
    for name, value in _checked(draft, by, is_new=False).items():
        setattr(post, name, value)
    post.save()
    attach(photos, subject=KIND, subject_id=post.pk, area_path=post.area_path, is_public=post.is_public, by=by)
    if post.state != State.DRAFT:
        _submit(post, by)
    return post


@in_turn
def send(post_id: int, *, by: User) -> HelpPost:
    """The draft goes out: to the community desk or to the neighbours. Twice is harmless; raises NotNow."""
    post = post_in_turn(post_id, people=[by.pk])
    check_asks(by, post)
    if post.state != State.DRAFT:
        if post.state in (State.PENDING_REVIEW, State.OPEN):
            return post
        raise not_now(post)
    if not post.is_on_behalf:
        check_may_open_another(by)
    target = _first_state(post, by)
    advance(post, target, What.SENT, by=by, expires_at=_open_until(post) if target == State.OPEN else None)
    _submit(post, by)
    return post


@in_turn
def withdraw_post(post_id: int, *, by: User | None, reason: str = "") -> HelpPost:
    """It is not needed any more; helpers are told and free again. Twice is harmless.

    Raises NotNow, also when somebody has helped or says so: that is confirmed or disputed, and the rest is `done`.
    """
    post = post_in_turn(post_id, people=people_of(post_id))
    if not is_asker(by, post) and not may_manage(by, post):
        raise PermissionDenied
    if post.state == State.WITHDRAWN:
        return post
    if post.state == State.DISPUTED and not may_manage(by, post):
        raise not_now(post)
    claims = live_claims(post)
    helped = post.claims.filter(state=Claim.State.COMPLETED).count()
    if (helped or any(claim.is_said for claim in claims)) and not may_manage(by, post):
        raise not_now(post)
    reason = clean_text(reason)[:200]
    event = advance(post, State.WITHDRAWN, What.WITHDRAWN, by=by, reason=reason, taken=helped)
    end_claims(claims, Claim.State.ENDED)
    drop(KIND, [post.pk], by=by)
    post.reason = reason
    told = [claim.helper for claim in claims]
    if by is not None and by.pk != post.author_id:
        told.append(post.author)
    tidings.inform(told, post, event, tidings.withdrawn)
    return post


@in_turn
def renew(post_id: int, *, by: User) -> HelpPost:
    """Keep it open for another span, three times at most. Raises NotNow or NoRenewalLeft."""
    post = post_in_turn(post_id, people=[by.pk])
    check_asks(by, post)
    if post.state not in (*HelpPost.TAKING, State.EXPIRED):
        raise not_now(post)
    if post.renewals >= MOST_RENEWALS:
        raise NoRenewalLeft
    now = timezone.now()
    if post.needed_at and post.needed_at <= now:
        post.needed_at = None
    values: dict[str, Any] = {
        "expires_at": _open_until(post), "renewals": post.renewals + 1, "reminded_at": None,
        "needed_at": post.needed_at,
    }  # fmt: skip
    if post.state == State.EXPIRED:
        check_may_open_another(post.author)
        advance(post, State.OPEN, What.RENEWED, by=by, **values)
        _submit(post, by)
        return post
    HelpPost.objects.filter(pk=post.pk).update(**values)
    note(post, What.RENEWED, by=by)
    post.refresh_from_db()
    return post


@in_turn
def set_paused(post_id: int, *, by: User, is_paused: bool) -> HelpPost:
    """An offer rests for a while, or goes on: nobody claims it meanwhile. Twice is harmless; raises NotNow."""
    post = post_in_turn(post_id)
    check_asks(by, post)
    if post.type != Type.OFFER or post.state not in HelpPost.TAKING:
        raise not_now(post)
    if post.is_paused == is_paused:
        return post
    post.is_paused = is_paused
    if not is_paused:
        post.expires_at = max(filter(None, [post.expires_at, _open_until(post)]))
    post.save(update_fields=["is_paused", "expires_at", "updated_at"])
    note(post, What.PAUSED if is_paused else What.RESUMED, by=by)
    return post


def show_post(post_id: int) -> None:
    """Moderation lets it be seen."""
    HelpPost.objects.filter(pk=post_id).update(is_visible=True)


def hide_post(post_id: int) -> None:
    """Moderation takes it away from everybody but its author and staff."""
    HelpPost.objects.filter(pk=post_id).update(is_visible=False)


def _submit(post: HelpPost, by: User) -> None:
    """A wish is read by the desk anyway, so newcomers' wishes are not held a second time."""
    case = submit(
        KIND,
        post.pk,
        author=post.author,
        text="\n".join(filter(None, [post.title, post.text, post.item_size])),
        area_path=post.area_path,
        holds_newcomers=post.type != Type.WISH,
        by=by,
    )
    post.is_visible = case.is_visible
    post.save(update_fields=["is_visible"])


def _first_state(post: HelpPost, by: User) -> str:
    """A wish of a resident is looked at first; staff of the area have looked already."""
    if post.type == Type.WISH and not may_manage(by, post):
        return State.PENDING_REVIEW
    return State.OPEN


def _open_until(post: HelpPost) -> dt.datetime:
    """Seven days, a wish thirty; what is needed at a moment, until then."""
    latest = timezone.now() + OPEN_FOR[Type(post.type)]
    return min(latest, post.needed_at) if post.needed_at else latest


def open_until(post: HelpPost) -> dt.datetime:
    return _open_until(post)


def _checked(draft: Draft, by: User, *, is_new: bool = True) -> dict[str, Any]:
    """The values of the row; raises one of `refusals.WRITING`."""
    values = {one.name: getattr(draft, one.name) for one in fields(draft)}
    for name in ("title", "text", "item_size", "door", "surname"):
        values[name] = clean_text(values[name])
    check_no_phone(values["title"], values["text"], values["item_size"])
    _check_person(draft, by, values["surname"])
    if draft.area.level == Area.Level.SUBDISTRICT or not draft.area.is_active:
        raise AreaUnfit
    if draft.needed_at and draft.needed_at <= timezone.now():
        raise InThePast
    is_wish = draft.type == Type.WISH
    if is_wish and (draft.budget_cap or 0) > MOST_YUAN:
        raise TooExpensive(most=MOST_YUAN)
    if is_new and not draft.is_on_behalf:
        check_may_open_another(by)
        if is_wish:
            check_fair_share(by)
    if not is_wish:
        values |= {"budget_cap": None, "item_size": ""}
    if draft.type == Type.OFFER:
        values |= {"surname": "", "urgency": HelpPost.Urgency.NORMAL}
    return values | {"area_path": draft.area.path, "is_through_desk": is_wish} | ({"door": ""} if is_wish else {})


def _check_person(draft: Draft, by: User, surname: str) -> None:
    if not draft.is_on_behalf:
        check_reachable(by)
        return
    if draft.type == Type.OFFER or not may_post_for(by, draft.area):
        raise PermissionDenied
    if not surname:
        raise SurnameMissing
