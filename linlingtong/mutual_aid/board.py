from collections.abc import Callable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.board import Board, Work
from linlingtong.core.search import Found
from linlingtong.core.subject import Facts, Subject
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.mutual_aid.permissions import may_see, may_see_receipt
from linlingtong.mutual_aid.views.home import home_card

MOST_FOUND = 30
State = HelpPost.State


def find(text: str, user: User | None) -> list[Found]:
    """Posts that contain every word and still concern somebody, the newest first."""
    rows = (
        HelpPost.objects.visible_to(user)
        .exclude(state__in=(State.WITHDRAWN, State.EXPIRED, State.REJECTED))
        .matching(text)
        .order_by("-id")
        .values("id", "title", "text")[:MOST_FOUND]
    )
    return [
        Found("help_post", row["id"], row["title"], row["text"], f"/help/{row['id']}/", "heart-handshake")
        for row in rows
    ]


def figures(path: str) -> dict[str, int]:
    """`wishes_fulfilled`: micro-wishes that were handed over and confirmed."""
    done = HelpPost.objects.filter(state=State.COMPLETED, area_path__startswith=path)
    return {"wishes_fulfilled": done.filter(type=HelpPost.Type.WISH).count(), "neighbours_helped": done.count()}


def work(user: User) -> list[Work]:
    """What the community desk has to look at."""
    posts = HelpPost.objects.managed_by(user)
    changelist = reverse("admin:mutual_aid_helppost_changelist")
    kinds: tuple[tuple[str, dict[str, Any]], ...] = (
        (gettext("wishes to look at"), {"state": State.PENDING_REVIEW}),
        (gettext("wishes to hand over"), {"state__in": (State.CLAIMED, State.IN_PROGRESS), "is_through_desk": True}),
        (gettext("disputes in mutual aid"), {"state": State.DISPUTED}),
    )
    addresses = ("?state__exact=pending_review", "?desk=waiting", "?state__exact=disputed")
    found = [
        (posts.filter(**facts).count(), label, changelist + address)
        for (label, facts), address in zip(kinds, addresses, strict=True)
    ]
    return [one for one in found if one[0]]


def post_facts(post_id: int) -> Facts | None:
    row: Any = HelpPost.objects.filter(pk=post_id).select_related("author").first()
    return row and Facts(row.author, f"{row.title}\n{row.text}", row.area_path)


def _subject(kind: str, name: Any, may_see: Callable[[int, Any], bool]) -> Subject:
    return Subject(
        kind=kind,
        name=name,
        url=lambda pk: f"/help/{pk}/",
        show=actions.show_post,
        hide=actions.hide_post,
        may_see=may_see,
        facts=post_facts,
    )


board = Board(
    "mutual_aid",
    card=home_card,
    find=find,
    figures=figures,
    work=work,
    export=actions.own_help,
    forget=actions.forget,
    steps={
        "lapse_help_claims": actions.lapse_claims,
        "expire_help_posts": actions.expire_posts,
        "remind_of_help_posts": actions.remind_of_the_end,
        "confirm_silent_help": actions.confirm_silent,
    },
    subjects=(
        _subject(actions.KIND, _("help post"), may_see),
        _subject(actions.RECEIPT, _("receipt"), may_see_receipt),
    ),
)
