"""How a post is spoken of: whose it is, where, when, and where it stands. Never a phone, a door or a full name."""

from collections.abc import Iterable

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.areas.models import Area
from linlingtong.core.dates import short_moment
from linlingtong.mutual_aid.models import Claim, HelpPost

State, Type, Person = HelpPost.State, HelpPost.Type, HelpPost.Person
CALLED = {
    Person.NEIGHBOUR: gettext_lazy("neighbour %(surname)s"),
    Person.GRANDMA: gettext_lazy("grandma %(surname)s"),
    Person.GRANDPA: gettext_lazy("grandpa %(surname)s"),
    Person.AUNT: gettext_lazy("aunt %(surname)s"),
    Person.MASTER: gettext_lazy("worker %(surname)s"),
    Person.CHILD: gettext_lazy("child %(surname)s"),
    Person.FAMILY: gettext_lazy("family %(surname)s"),
}
ICONS = {
    "elder": "old", "child": "baby-carriage", "repair": "tools", "errand": "walk", "thing": "gift", "skill": "school",
    "other": "heart-handshake",
}  # fmt: skip
TONES = {
    State.DRAFT: ("neutral", "edit"),
    State.PENDING_REVIEW: ("pending", "eye"),
    State.OPEN: ("open", "heart-handshake"),
    State.OFFERED: ("offer", "bell"),
    State.CLAIMED: ("mine", "circle-check-f"),
    State.IN_PROGRESS: ("mine", "circle-check-f"),
    State.AWAITING_CONFIRM: ("offer", "hourglass"),
    State.COMPLETED: ("done", "star"),
    State.WITHDRAWN: ("off", "ban"),
    State.EXPIRED: ("off", "clock"),
    State.REJECTED: ("off", "ban"),
    State.DISPUTED: ("few", "alert-triangle"),
}
# What everybody may know of where an area is: the community and the grid. Staff and helpers learn the building.
SHOWN_DEPTH = 3


def asker_words(post: HelpPost) -> str:
    """Who asks: by surname, or the nickname; who tells a wish for oneself stays “a neighbour”."""
    if post.surname:
        return str(CALLED[Person(post.person)]) % {"surname": post.surname}
    if post.type == Type.WISH or not post.author.nickname:
        return _("a neighbour")
    return str(post.author)


def area_names(posts: Iterable[HelpPost]) -> dict[int, str]:
    """The names of every area on the way to these posts, in one query."""
    ids = {int(part) for post in posts for part in post.area_path.strip("/").split("/")}
    return dict(Area.objects.filter(pk__in=ids).values_list("pk", "name")) if ids else {}


def place_words(post: HelpPost, names: dict[int, str], *, depth: int = SHOWN_DEPTH) -> str:
    """`高新社区 · 第 3 网格`; deeper only for whoever may know."""
    parts = [int(part) for part in post.area_path.strip("/").split("/")][1:depth]
    return " · ".join(names[part] for part in parts if part in names)


def badge(post: HelpPost, helpers: Iterable[str] = ()) -> dict[str, str]:
    """Where it stands, in an icon and words."""
    tone, icon = TONES[State(post.state)]
    names = "、".join(helpers)
    if post.is_paused and post.state in HelpPost.TAKING:
        return {"tone": "neutral", "icon": "clock", "label": _("paused")}
    if post.state in HelpPost.TAKING:
        return _open_badge(post)
    if post.state in (State.CLAIMED, State.IN_PROGRESS) and names:
        return {"tone": tone, "icon": icon, "label": _("%(names)s helps") % {"names": names}}
    return {"tone": tone, "icon": icon, "label": str(State(post.state).label)}


def _open_badge(post: HelpPost) -> dict[str, str]:
    now = timezone.now()
    if post.needed_at and (post.needed_at - now).total_seconds() < 2 * 86400:
        return {
            "tone": "few",
            "icon": "hourglass",
            "label": _("needed %(when)s") % {"when": short_moment(post.needed_at)},
        }
    if post.urgency == HelpPost.Urgency.URGENT:
        return {"tone": "few", "icon": "hourglass", "label": _("urgent")}
    if post.type == Type.OFFER:
        words = _("open to you")
    else:
        words = _("nobody yet") if not post.taken else _("%(left)d more needed") % {"left": post.places_left}
    days = (post.expires_at - now).days if post.expires_at else 0
    if days > 0:
        words = _("%(words)s · %(days)d days left") % {"words": words, "days": days}
    return {"tone": "tool" if post.type == Type.OFFER else "open", "icon": ICONS[post.kind], "label": words}


def claimer_names(posts: Iterable[HelpPost]) -> dict[int, list[str]]:
    """Who helps in these posts, by nickname, in one query."""
    found: dict[int, list[str]] = {post.pk: [] for post in posts}
    rows = Claim.objects.seated().filter(post__in=found).order_by("pk").values_list("post", "helper__nickname")
    for post, nickname in rows if found else ():
        found[post].append(nickname or _("a neighbour"))
    return found


def button_words(post: HelpPost) -> str:
    return {Type.REQUEST: _("I will help"), Type.OFFER: _("I need this"), Type.WISH: _("I will help")}[Type(post.type)]
