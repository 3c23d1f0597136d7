import datetime as dt

from django.db.models import Count, Exists, OuterRef, Sum
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.areas.models import Area
from linlingtong.core.board import Board, Work
from linlingtong.core.search import Found
from linlingtong.core.subject import Facts, Subject
from linlingtong.core.time import today
from linlingtong.likes import actions
from linlingtong.likes.models import Comment, Praise
from linlingtong.likes.permissions import may_see_comment, may_see_praise
from linlingtong.likes.views.wall import home_card

MOST = 10


def find(text: str, _user: User | None) -> list[Found]:
    rows = Praise.objects.visible_to().matching(text).select_related("resident", "organization").newest_first()[:MOST]
    return [
        Found(
            "praise",
            one.pk,
            one.shown_name or one.get_topic_display(),
            one.shown_text[:80],
            url_of(one.pk),
            "thumb-up",
        )
        for one in rows
    ]


def url_of(praise_id: int) -> str:
    return reverse("likes:detail", args=[praise_id])


def comment_url(comment_id: int) -> str:
    praise = Comment.objects.filter(pk=comment_id).values_list("praise", flat=True).first()
    return f"{url_of(praise)}#comment-{comment_id}" if praise else reverse("likes:wall")


def praise_facts(praise_id: int) -> Facts | None:
    found = Praise.objects.select_related("author", "resident", "organization").filter(pk=praise_id).first()
    return Facts(found.author, found.shown_text, found.area_path) if found else None


def comment_facts(comment_id: int) -> Facts | None:
    found = Comment.objects.select_related("author", "praise").filter(pk=comment_id).first()
    return Facts(found.author, found.text, found.praise.area_path) if found else None


def figures(path: str) -> dict[str, int]:
    """What neighbours praised and how many likes stand under it."""
    praises = Praise.objects.visible_to().filter(area_path__startswith=path)
    found = praises.aggregate(number=Count("pk"), likes=Sum("like_count"))
    return {"praises": found["number"], "likes": found["likes"] or 0}


def work(user: User) -> list[Work]:
    """Last month's rolls of honour that are still to be put together: communities with praise and without a roll."""
    first = (today().replace(day=1) - dt.timedelta(days=1)).replace(day=1)
    start, end = actions.month_bounds(first)
    praised = Praise.objects.visible_to().filter(created_at__gte=start, created_at__lt=end)
    praised = praised.filter(area_path__startswith=OuterRef("path"))
    communities = Area.objects.within(scope_for(user)).communities().exclude(honours__month=first)
    count = communities.filter(Exists(praised)).count()
    return (
        [(count, gettext("rolls of honour of last month to publish"), reverse("admin:likes_honour_roll"))]
        if count
        else []
    )


board = Board(
    "likes",
    card=home_card,
    find=find,
    figures=figures,
    work=work,
    export=actions.own_words,
    forget=actions.forget,
    steps={"tell_likes": actions.tell_likes, "reconcile_likes": actions.reconcile_at_night},
    subjects=(
        Subject(
            kind="praise",
            name=_("praise"),
            url=url_of,
            show=actions.show_praise,
            hide=actions.hide_praise,
            may_see=may_see_praise,
            facts=praise_facts,
        ),
        Subject(
            kind="praise_comment",
            name=_("comment"),
            url=comment_url,
            show=actions.show_comment,
            hide=actions.hide_comment,
            may_see=may_see_comment,
            facts=comment_facts,
        ),
    ),
)
