from typing import Any

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn
from linlingtong.moderation.actions import drop
from linlingtong.mutual_aid.actions.claiming import release
from linlingtong.mutual_aid.actions.finishing import complete_claims
from linlingtong.mutual_aid.actions.moves import (
    KIND,
    MOVES,
    State,
    What,
    advance,
    end_claims,
    give_back,
    live_claims,
    people_of,
    post_in_turn,
)
from linlingtong.mutual_aid.actions.posting import withdraw_post
from linlingtong.mutual_aid.models import Claim, ContactReveal, HelpEvent, HelpPost
from linlingtong.notifications.actions import retract

GONE = "（发布人已注销）"


def own_help(resident: User) -> dict[str, Any]:
    """Everything the board knows of a resident, as plain values; never anybody else's phone or door."""
    posts = HelpPost.objects.filter(author=resident).order_by("pk").values(
        "id", "type", "kind", "title", "text", "item_size", "area__name", "door", "urgency", "helpers_needed",
        "needed_at", "minutes", "budget_cap", "surname", "is_on_behalf", "state", "thanks", "created_at", "ended_at",
    )  # fmt: skip
    claims = (
        Claim.objects.filter(helper=resident)
        .order_by("pk")
        .values("id", "post", "post__title", "state", "note", "minutes", "created_at", "accepted_at", "ended_at")
    )
    seen = ContactReveal.objects.filter(owner=resident).order_by("pk").values("at", "claim__post", "has_door")
    looked = ContactReveal.objects.filter(viewer=resident).order_by("pk").values("at", "claim__post", "has_door")
    return {
        "help_posts": list(posts),
        "claims": list(claims),
        "my_phone_was_shown": list(seen),
        "i_looked_at_phones": list(looked),
    }


def forget(resident: User) -> None:
    """Whoever leaves frees what they hold: claims return to the neighbours, open posts end, words disappear."""
    for post_id in Claim.objects.filter(helper=resident).live().values_list("post_id", flat=True):
        _let_go(post_id, resident)
    mine = HelpPost.objects.filter(author=resident)
    retract("help", list(mine.values_list("pk", flat=True)))
    mine.update(title=GONE)
    for post_id, state in HelpPost.objects.filter(author=resident).values_list("pk", "state"):
        if state not in (State.COMPLETED, State.WITHDRAWN, State.REJECTED, State.EXPIRED):
            _end(post_id)
    _clear(resident)


@in_turn
def _let_go(post_id: int, resident: User) -> None:
    post = post_in_turn(post_id, people=people_of(post_id))
    claim = next((one for one in live_claims(post) if one.helper_id == resident.pk), None)
    if claim is None:
        return
    if post.state == State.DISPUTED:
        give_back(post, claim, Claim.State.ENDED, What.RELEASED, by=None)
    elif claim.is_said:
        complete_claims(post, [claim], by=None)
    else:
        release(post_id, resident, by=None)


@in_turn
def _end(post_id: int) -> None:
    post = post_in_turn(post_id, people=people_of(post_id))
    said = [claim for claim in live_claims(post) if claim.is_said and post.state != State.DISPUTED]
    if said:
        complete_claims(post, said, by=None)
    if post.state == State.DISPUTED:
        end_claims(live_claims(post), Claim.State.ENDED)
        advance(post, State.WITHDRAWN, What.WITHDRAWN, by=None, taken=0)
    elif State.WITHDRAWN in MOVES[post.state]:
        withdraw_post(post_id, by=None)


def _clear(resident: User) -> None:
    posts = HelpPost.objects.filter(author=resident)
    drop(KIND, list(posts.values_list("pk", flat=True)), by=None)
    posts.update(
        text="", item_size="", door="", surname="", is_on_behalf=False, thanks="", reason="",
        is_visible=False,
    )  # fmt: skip
    Claim.objects.filter(helper=resident).update(note="")
    HelpEvent.objects.filter(by=resident).update(reason="")
