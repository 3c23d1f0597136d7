from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Case, Count, Q, QuerySet, When
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import reader
from linlingtong.areas.models import Area
from linlingtong.core.sealed import sealed
from linlingtong.mutual_aid import actions, showing
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.mutual_aid.views.cards import cards
from linlingtong.mutual_aid.views.standing import standing

PAGE, MOST_DONE = 20, 200
Type, State = HelpPost.Type, HelpPost.State
CHIPS = (HelpPost.Kind.ELDER, HelpPost.Kind.CHILD, HelpPost.Kind.REPAIR, HelpPost.Kind.SKILL, HelpPost.Kind.THING)
MOST_THANKS = 3


@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    """Wishes, requests or offers: those that still need somebody, the nearest first."""
    user = reader(request)
    chosen = _chosen(request)
    posts = _narrowed(HelpPost.objects.visible_to().of_type(chosen["type"]), chosen)
    posts = posts.select_related("author").defer("search")
    if chosen["show"] == "done":
        rows = posts.filter(state=State.COMPLETED).order_by("-ended_at", "-id")[:MOST_DONE]
    else:
        rows = posts.filter(state__in=(*HelpPost.TAKING, State.CLAIMED, State.IN_PROGRESS), is_paused=False)
        near = rows.nearest_first(user.home_area if user else None)
        rows = near.alias(is_taken=Case(When(state__in=HelpPost.TAKING, then=0), default=1)).order_by(
            "is_taken", "near_id"
        )
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    counts = _counts(chosen["type"])
    context = {
        "chosen": chosen,
        "cards": cards(page.object_list, user),
        "page": page,
        "base": _query(chosen),
        "open_wishes": counts["wishes"],
        "types": _types(chosen),
        "chips": _chips(chosen, counts),
        "new_url": f"{reverse('mutual_aid:new')}?type={chosen['type']}",
        "helping": _helping(user) if user else None,
        "thanks": _thanks(),
    }
    return render(request, "mutual_aid/list.html", context)


@require_safe
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One post, and the one thing the reader can do about it."""
    return detail_page(request, readable(request, pk))


def readable(request: HttpRequest, pk: int) -> HelpPost:
    """The post, for whoever may see it; anything else is a 404."""
    user = reader(request)
    posts = HelpPost.objects.select_related("author", "area").defer("search")
    found = posts.visible_to(user).filter(pk=pk).first()
    if found is None and user is not None and user.is_staff:
        found = posts.looked_after_by(user).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def detail_page(
    request: HttpRequest,
    post: HelpPost,
    *,
    refused: str = "",
    alternatives: list[int] | None = None,
    contacts: list[actions.Contact] | None = None,
) -> HttpResponse:
    others = HelpPost.objects.visible_to().filter(pk__in=alternatives or []).select_related("author").defer("search")
    context = {
        "post": post,
        "its": standing(post, reader(request)),
        "refused": refused,
        "alternatives": cards(others, reader(request)) if alternatives else [],
        "contacts": contacts,
        "praises": _praises(post, reader(request)),
    }
    response = render(request, "mutual_aid/detail.html", context)
    response["Cache-Control"] = "no-store"
    return response


def _praises(post: HelpPost, user: User | None) -> list[dict[str, str]]:
    """Where one's thanks become a praise, for each neighbour who helped; nothing without that board.

    The address names the neighbour in a way that only this reader can use.
    """
    if user is None or not post.thanks or not actions.may_thank(user, post):
        return []
    try:
        address = reverse("likes:new")
    except NoReverseMatch:
        return []
    plain = {"text": post.thanks, "kind": "neighbour"}
    helped = [giver for giver in actions.givers(post) if giver.is_active and giver.pk != user.pk]
    to = {giver: {"to": sealed("praised", giver.pk, reader=user.pk)} for giver in helped}
    return [{"name": str(one), "url": f"{address}?{urlencode(plain | query)}"} for one, query in to.items()]


def _chosen(request: HttpRequest) -> dict[str, str]:
    """The usable values of the query; every wrong one is left out."""
    query = request.GET
    type_, kind = query.get("type", ""), query.get("kind", "")
    return {
        "type": type_ if type_ in Type.values else Type.WISH.value,
        "kind": kind if kind in HelpPost.Kind.values else "",
        "area": query.get("area", "")[:60].replace("\x00", ""),
        "show": "done" if query.get("show") == "done" else "",
        "q": query.get("q", "")[:64].replace("\x00", "").strip(),
    }


def _narrowed(posts: QuerySet[HelpPost], chosen: dict[str, str]) -> Any:
    if chosen["kind"]:
        posts = posts.filter(kind=chosen["kind"])
    if chosen["area"]:
        area = Area.objects.filter(slug=chosen["area"]).first()
        posts = posts.filter(area_path__startswith=area.path) if area else posts
    return posts.matching(chosen["q"]) if chosen["q"] else posts  # type: ignore[attr-defined] # our own query set


def _query(chosen: dict[str, str], **changes: str) -> str:
    values = {name: value for name, value in (chosen | changes).items() if value}
    return urlencode(values) + "&" if values else ""


def _url(chosen: dict[str, str], **changes: str) -> str:
    return f"{reverse('mutual_aid:list')}?{_query(chosen, **changes)}".rstrip("?&")


def _types(chosen: dict[str, str]) -> list[dict[str, Any]]:
    labels = {Type.WISH: _("Micro-wishes"), Type.REQUEST: _("Asking"), Type.OFFER: _("Offering")}
    nothing = {"kind": "", "show": "", "q": ""}
    return [
        {"label": label, "url": _url(chosen, type=type_.value, **nothing), "is_current": chosen["type"] == type_}
        for type_, label in labels.items()
    ]


def _counts(type_: str) -> dict[str, int]:
    open_ones = HelpPost.objects.visible_to().filter(state__in=HelpPost.TAKING, is_paused=False)
    return open_ones.aggregate(
        open=Count("pk", filter=Q(type=type_)),
        wishes=Count("pk", filter=Q(type=Type.WISH)),
    )


def _chips(chosen: dict[str, str], counts: dict[str, int]) -> list[dict[str, Any]]:
    plain = {"kind": "", "show": ""}
    first = {
        "label": _("Needs somebody"),
        "count": counts["open"],
        "url": _url(chosen, **plain, area=""),
        "is_current": not (chosen["kind"] or chosen["show"] or chosen["area"]),
    }
    areas = [
        {
            "label": area.name,
            "url": _url(chosen, area="" if chosen["area"] == area.slug else area.slug, show=""),
            "is_current": chosen["area"] == area.slug,
        }
        for area in Area.objects.communities().active().in_order()[:6]
    ]
    kinds = [
        {
            "label": kind.label,
            "icon": showing.ICONS[kind],
            "url": _url(chosen, kind="" if chosen["kind"] == kind else kind.value, show=""),
            "is_current": chosen["kind"] == kind,
        }
        for kind in CHIPS
    ]
    done = {
        "label": _("Come true") if chosen["type"] == Type.WISH else _("Done"),
        "url": _url(chosen, kind="", area="", show="done"),
        "is_current": chosen["show"] == "done",
    }
    return [first, done, *areas[:1], *kinds, *areas[1:]]


def _helping(user: Any) -> dict[str, Any] | None:
    """The newest thing the reader helps with, for the side of the page."""
    held = Claim.objects.held().filter(helper=user).select_related("post__author", "post__area").order_by("-pk")
    claim = held.first()
    if claim is None:
        return None
    return {"post": claim.post, "its": standing(claim.post, user)}


def _thanks() -> list[HelpPost]:
    thanked = HelpPost.objects.visible_to().filter(state=State.COMPLETED).exclude(thanks="")
    return list(thanked.select_related("author").defer("search").order_by("-ended_at")[:MOST_THANKS])
