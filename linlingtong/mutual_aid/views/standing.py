"""What one post means for one reader: the story so far, and what can be done now."""

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.dates import hours_words, left_words, moment_words
from linlingtong.moderation.models import Case
from linlingtong.mutual_aid import actions, showing
from linlingtong.mutual_aid.limits import MOST_RENEWALS
from linlingtong.mutual_aid.models import Claim, HelpEvent, HelpPost
from linlingtong.mutual_aid.permissions import is_asker, may_manage
from linlingtong.photos.models import Photo

State, Type, What = HelpPost.State, HelpPost.Type, HelpEvent.What
MOST_STEPS = 8
UNDER_WAY = (State.CLAIMED, State.IN_PROGRESS, State.AWAITING_CONFIRM)


@dataclass
class Do:
    """A button: a POST to `url`, or a page to open."""

    label: str
    url: str
    kind: str = "line"
    is_post: bool = True


@dataclass
class Seat:
    """One of several helpers, as the asker sees them, and what is to be said about this one."""

    claim: Claim
    words: str
    do: Do | None


@dataclass
class Standing:
    is_mine: bool
    is_helping: bool
    is_staff: bool
    claim: Claim | None
    asker: str
    place: str
    door: str
    badge: dict[str, str]
    may_reveal: bool
    buttons: list[Do] = field(default_factory=list)
    main: Do | None = None
    asks_minutes: bool = False
    applicants: list[Claim] = field(default_factory=list)
    helpers: list[Claim] = field(default_factory=list)
    seats: list[Seat] = field(default_factory=list)
    timeline: list[dict[str, str]] = field(default_factory=list)
    photos: list[Photo] = field(default_factory=list)
    receipts: list[Photo] = field(default_factory=list)
    case: Case | None = None
    desk: Any = None
    hint: str = ""


def standing(post: HelpPost, user: User | None) -> Standing:
    """Everything that the page of one post shows to this reader."""
    claims = list(post.claims.select_related("helper").order_by("pk"))
    mine = _own_claim(claims, user)
    names = showing.area_names([post])
    held = [claim for claim in claims if claim.state in Claim.SEATED]
    asks = user is not None and is_asker(user, post)
    is_helping = mine is not None and mine.state in Claim.LIVE
    is_close = asks or (mine is not None and mine.accepted_at is not None)
    its = Standing(
        is_mine=asks,
        is_helping=is_helping,
        is_staff=user is not None and user.is_staff and may_manage(user, post),
        claim=mine,
        asker=showing.asker_words(post),
        place=showing.place_words(post, names, depth=9 if user else showing.SHOWN_DEPTH),
        door=actions.door_of(post, user) if user else "",
        badge=showing.badge(post, [str(claim.helper) for claim in held]),
        may_reveal=user is not None and is_close and actions.may_reveal(post, user),
        applicants=[c for c in claims if c.state == Claim.State.APPLIED] if asks else [],
        helpers=held,
        photos=list(Photo.objects.of(actions.KIND, [post.pk])),
        case=Case.objects.filter(kind="help_post", object_id=post.pk).first()
        if asks and not post.is_visible
        else None,
        desk=actions.desk_of(post.area_path) if post.is_through_desk else None,
    )
    if is_close or its.is_staff:
        its.receipts = list(Photo.objects.of(actions.RECEIPT, [post.pk]))
    its.timeline = timeline(post, mine) if is_close or its.is_staff else _outline(post)
    _say_what_can_be_done(post, its, user)
    return its


def _own_claim(claims: list[Claim], user: User | None) -> Claim | None:
    own = [claim for claim in claims if user is not None and claim.helper_id == user.pk]
    return own[-1] if own else None


def _url(name: str, post: HelpPost) -> str:
    return reverse(f"mutual_aid:{name}", args=[post.pk])


def _say_what_can_be_done(post: HelpPost, its: Standing, user: User | None) -> None:
    if its.is_mine:
        _for_asker(post, its)
    elif its.claim is not None and its.claim.state in Claim.LIVE:
        _for_claimer(post, its, its.claim)
    elif post.state in HelpPost.TAKING and not post.is_paused:
        its.main = Do(showing.button_words(post), _url("claim", post), "solid")
        its.hint = _claimer_hint(post)
    if post.state == State.COMPLETED and user is not None and actions.may_thank(user, post):
        label = _("Say thanks") if not post.thanks else _("Change my thanks")
        its.buttons.insert(0, Do(label, _url("thanks", post), "solid" if not post.thanks else "line", is_post=False))


def _claimer_hint(post: HelpPost) -> str:
    if post.type == Type.WISH:
        return _("You bring it to the community desk; staff hand it over. Nobody learns your address.")
    if post.lets_choose:
        return _("The neighbour chooses who helps; you hear either way.")
    return _("After the claim you see each other's phone. Changing your mind is fine.")


def _for_asker(post: HelpPost, its: Standing) -> None:
    buttons = its.buttons
    if post.state == State.DRAFT:
        its.main = Do(_("Send it"), _url("send", post), "solid")
        buttons.append(Do(_("Change"), _url("edit", post), is_post=False))
    if post.state in (State.PENDING_REVIEW, State.OPEN) and not post.taken:
        buttons.append(Do(_("Change"), _url("edit", post), is_post=False))
    if post.state in (*HelpPost.TAKING, State.EXPIRED) and post.renewals < MOST_RENEWALS:
        buttons.append(Do(_("Renew"), _url("renew", post), "solid" if post.state == State.EXPIRED else "line"))
    if post.type == Type.OFFER and post.state in HelpPost.TAKING:
        label, name = (_("Go on"), "resume") if post.is_paused else (_("Pause"), "pause")
        buttons.append(Do(label, _url(name, post)))
    if post.helpers_needed > 1 and post.state in (*HelpPost.TAKING, *UNDER_WAY):
        its.seats = [_seat(post, claim) for claim in its.helpers]
    waits = any(claim.state == Claim.State.DONE for claim in its.helpers)
    if post.state in HelpPost.TAKING and post.taken:
        buttons.append(Do(_("Done, nobody else is needed"), _url("done", post)))
    if post.state in (State.CLAIMED, State.IN_PROGRESS):
        its.main = Do(_("It is done"), _url("done", post), "solid")
        its.asks_minutes = post.type == Type.OFFER
    if post.state == State.AWAITING_CONFIRM and waits:
        its.main = Do(_("Yes, it is done"), _url("confirm", post), "solid")
    if waits and post.state != State.DISPUTED:
        its.hint = _("Without an answer it counts as confirmed after seven days.")
    _ways_out(post, its)


def _seat(post: HelpPost, claim: Claim) -> Seat:
    if claim.state == Claim.State.DONE:
        return Seat(claim, _("says it is done"), Do(_("Yes, it is done"), _url("confirm", post), "solid"))
    if claim.state == Claim.State.COMPLETED:
        return Seat(claim, str(Claim.State.COMPLETED.label), None)
    if claim.asker_done_at:
        return Seat(claim, _("is asked to confirm"), None)
    return Seat(claim, _("is on it"), Do(_("It is done"), _url("done", post)))


def _for_claimer(post: HelpPost, its: Standing, claim: Claim) -> None:
    if claim.state == Claim.State.APPLIED:
        its.hint = _("The neighbour chooses who helps; you hear either way.")
        its.buttons.append(Do(_("Take it back"), _url("release", post), "danger"))
        return
    if claim.contact_until and not claim.contacted_at and not claim.is_said and post.state != State.DISPUTED:
        words = _("Get in touch within %(left)s, else it goes to another neighbour.")
        if post.is_through_desk:
            words = _("Bring it to the community desk within %(left)s, else it goes to another neighbour.")
        its.hint = words % {"left": left_words(claim.contact_until)}
    if claim.state == Claim.State.ACCEPTED and post.state != State.DISPUTED:
        awaits = claim.asker_done_at is not None
        label = _("Yes, it is done") if awaits else _("I have done it")
        its.main = Do(label, _url("confirm" if awaits else "done", post), "solid")
        its.asks_minutes = post.type != Type.OFFER
    if not claim.is_said and post.state in (*HelpPost.TAKING, State.CLAIMED, State.IN_PROGRESS):
        its.buttons.append(Do(_("Cannot come after all"), _url("release", post), "danger"))
    if claim.state == Claim.State.DONE and post.state != State.DISPUTED:
        its.hint = _("Waiting for the other side; after seven days it counts as confirmed.")
    _ways_out(post, its)


def _ways_out(post: HelpPost, its: Standing) -> None:
    held = [claim for claim in its.helpers if claim.state in Claim.HELD]
    if held and post.state in (*HelpPost.TAKING, *UNDER_WAY):
        its.buttons.append(Do(_("Something went wrong"), _url("dispute", post), is_post=False))
    withdrawable = (State.DRAFT, State.PENDING_REVIEW, *HelpPost.TAKING, State.CLAIMED, State.IN_PROGRESS)
    has_helped = any(claim.is_said or claim.state == Claim.State.COMPLETED for claim in its.helpers)
    if its.is_mine and post.state in withdrawable and not has_helped:
        its.buttons.append(Do(_("Not needed any more"), _url("withdraw", post), "danger", is_post=False))


def timeline(post: HelpPost, mine: Claim | None = None) -> list[dict[str, str]]:
    """What happened, and what comes next, for those who take part."""
    shown = [
        {"title": _title(event, mine), "text": _when(post, event, mine), "state": "done"}
        for event in post.events.select_related("claim__helper").order_by("pk")
    ]
    latest = shown[:1] + shown[1 - MOST_STEPS :] if len(shown) > MOST_STEPS else shown
    return [*latest, *_next_steps(post, is_asker=mine is None)]


def _title(event: HelpEvent, mine: Claim | None) -> str:
    if event.what == What.CLAIMED and mine is not None and event.claim_id == mine.pk:
        return _("You claimed it")
    return str(What(event.what).label)


def _when(post: HelpPost, event: HelpEvent, mine: Claim | None) -> str:
    """The moment, of several helpers which one, and why."""
    is_others = event.claim is not None and (mine is None or event.claim_id != mine.pk)
    who = str(event.claim.helper) if event.claim and is_others and post.helpers_needed > 1 else ""
    return " · ".join(filter(None, [who, moment_words(event.at), event.reason]))


def _outline(post: HelpPost) -> list[dict[str, str]]:
    """For passers-by: the way that every post goes."""
    first = [{"title": _("Verified by the desk"), "text": "", "state": "done"}] if post.is_through_desk else []
    opened = post.opened_at or post.created_at
    asked = {"title": _("Asked"), "text": moment_words(opened), "state": "done"}
    return [*first, asked, *_next_steps(post)]


def _noted(post: HelpPost) -> int:
    """The longest time that a helper says it took, as far as it counts, which the other side is about to confirm.

    Until then the guess.
    """
    said = post.claims.held().aggregate(longest=Max("minutes"))["longest"]
    most: int = settings.HELP_MINUTES_A_POST
    return min(said or post.minutes or 0, most)


def _next_steps(post: HelpPost, *, is_asker: bool = False) -> list[dict[str, str]]:
    claim = {"title": _("A neighbour claims it"), "text": "", "state": ""}
    meet = {
        "title": _("Hand-over at the community desk") if post.is_through_desk else _("Agree on a time"),
        "text": "",
        "state": "",
    }
    noted = _noted(post)
    credit = _("Then %(hours)s of service are noted") % {"hours": hours_words(noted)} if noted else ""
    agree = {"title": _("Both sides confirm"), "text": credit, "state": ""}
    choose = _("You choose who helps") if is_asker else _("The neighbour chooses")
    coming = {
        State.DRAFT: [claim, meet, agree],
        State.PENDING_REVIEW: [
            {"title": _("The community desk looks at it"), "text": "", "state": ""},
            claim,
            meet,
            agree,
        ],
        State.OPEN: [claim, meet, agree],
        State.OFFERED: [{"title": choose, "text": "", "state": ""}, meet, agree],
        State.CLAIMED: [meet, agree],
        State.IN_PROGRESS: [meet, agree] if not post.received_at else [agree],
        State.AWAITING_CONFIRM: [agree],
    }
    steps: list[dict[str, str]] = coming.get(State(post.state), [])
    if steps:
        steps[0]["state"] = "now"
    elif post.state == State.DISPUTED:
        steps = [{"title": _("Staff are looking into it"), "text": "", "state": "now"}]
    return steps
