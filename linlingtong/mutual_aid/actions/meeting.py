from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.turns import in_turn
from linlingtong.mutual_aid.actions import tidings
from linlingtong.mutual_aid.actions.moves import State, What, advance, note, post_in_turn
from linlingtong.mutual_aid.limits import CONTACT_KEPT
from linlingtong.mutual_aid.models import Claim, ContactReveal, HelpPost
from linlingtong.mutual_aid.permissions import is_asker, may_manage


@dataclass(frozen=True)
class Contact:
    """How to reach the other side; `door` only when somebody comes to the house."""

    name: str
    phone: str
    door: str = ""
    is_desk: bool = False


@in_turn
def reveal_contact(post_id: int, *, by: User, claim_id: int | None = None) -> list[Contact]:
    """The other side's phone, for the asker and for accepted helpers, until seven days after the end.

    Each look is written down and shown to the owner of the number. Looking for the first time counts as getting in
    touch. Raises PermissionDenied for everybody else, and afterwards.
    """
    post = post_in_turn(post_id)
    mine = [claim for claim in _claims(post) if claim.helper_id == by.pk]
    if mine:
        _look(post, mine[0], viewer=by, owner=post.author, has_door=bool(post.door))
        return [_of_asker(post)]
    others = [claim for claim in _claims(post) if claim_id in (None, claim.pk)]
    if not others or not is_asker(by, post):
        raise PermissionDenied
    for claim in others:
        _look(post, claim, viewer=by, owner=claim.helper, has_door=False)
    return [Contact(str(claim.helper), claim.helper.phone or "") for claim in others]


def may_reveal(post: HelpPost, user: User) -> bool:
    """Whether `reveal_contact` would answer."""
    claims = _claims(post) if post.author.erased_at is None else []
    return any(claim.helper_id == user.pk for claim in claims) or (bool(claims) and is_asker(user, post))


def _claims(post: HelpPost) -> list[Claim]:
    """The claims behind which numbers are shown now: of several helpers each one's own end counts."""
    since = timezone.now() - CONTACT_KEPT
    if post.ended_at and post.ended_at <= since:
        return []
    shown = [*Claim.HELD, Claim.State.COMPLETED]
    if post.state in (State.WITHDRAWN, State.COMPLETED):
        shown.append(Claim.State.ENDED)
    rows = post.claims.filter(state__in=shown, accepted_at__isnull=False).exclude(ended_at__lte=since)
    return list(rows.select_related("helper").order_by("pk"))


def _look(post: HelpPost, claim: Claim, *, viewer: User, owner: User, has_door: bool) -> None:
    ContactReveal.objects.create(claim=claim, viewer=viewer, owner=owner, has_door=has_door)
    if claim.contacted_at or claim.state not in Claim.HELD:
        return
    claim.contacted_at = timezone.now()
    claim.save(update_fields=["contacted_at"])
    if post.state == State.CLAIMED:
        event = advance(post, State.IN_PROGRESS, What.CONTACT, by=viewer, claim=claim)
    else:
        event = note(post, What.CONTACT, by=viewer, claim=claim)
    tidings.inform([owner], post, event, tidings.in_touch)


def _of_asker(post: HelpPost) -> Contact:
    """The author; the community desk when the author has no phone."""
    if post.author.phone and post.author.is_active:
        return Contact(str(post.author), post.author.phone, post.door)
    desk = desk_of(post.area_path)
    return Contact(desk.name, desk.phone, post.door, is_desk=True)


def desk_of(path: str) -> Area:
    """The community (or the subdistrict) whose desk looks after the area with this path."""
    ids = [int(part) for part in path.strip("/").split("/")[:2]]
    return Area.objects.filter(pk__in=ids).order_by("-path").first() or Area()


def reveals_to(user: User) -> list[ContactReveal]:
    """Who saw the person's phone, newest first."""
    rows = ContactReveal.objects.filter(owner=user).exclude(viewer=user)
    return list(rows.select_related("viewer", "claim__post").order_by("-at", "-pk")[:200])


def door_of(post: HelpPost, user: User) -> str:
    """The door for whoever has looked it up before and still may, and for the author and staff of the area."""
    if user.pk == post.author_id or may_manage(user, post):
        return post.door
    seen = ContactReveal.objects.filter(claim__post=post.pk, viewer=user, has_door=True).exists()
    return post.door if seen and may_reveal(post, user) else ""
