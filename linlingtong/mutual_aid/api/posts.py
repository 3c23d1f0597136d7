from typing import Any, ClassVar

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller, reader
from linlingtong.areas.api import path_of
from linlingtong.areas.models import Area
from linlingtong.core.conditional import Personal, Public
from linlingtong.core.fields import Key, Query
from linlingtong.core.pagination import Pages
from linlingtong.core.search import LONGEST_QUERY
from linlingtong.mutual_aid.actions import KIND, RECEIPT, Draft, post_help, refusals, reveals_to
from linlingtong.mutual_aid.api.shapes import (
    ClaimShape,
    HelpBody,
    HelpRow,
    RevealShape,
    WholeHelpPost,
    claim_row,
    help_row,
    whole_post,
)
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.mutual_aid.permissions import is_asker, may_manage
from linlingtong.mutual_aid.showing import area_names, claimer_names
from linlingtong.photos.actions import refusals as photo_refusals
from linlingtong.photos.api import PARSERS, sent
from linlingtong.photos.models import Photo

State = HelpPost.State


class HelpQuery(Query):
    type = serializers.ChoiceField(choices=HelpPost.Type.choices, required=False)
    state = serializers.ChoiceField(
        choices=State.choices, required=False, help_text="Without it: what is not over yet"
    )
    kind = serializers.ChoiceField(choices=HelpPost.Kind.choices, required=False)
    area = Key(required=False, help_text="This area and everything inside it")
    q = serializers.CharField(required=False, max_length=LONGEST_QUERY, help_text="Every word must be found")


class HelpPosts(Public):
    board = "mutual_aid"
    pagination_class = Pages
    page_order: tuple[str, ...] = ("near_id",)
    parser_classes = PARSERS
    refusals: ClassVar[dict[str, Any]] = {"POST": (*refusals.WRITING, *photo_refusals.ALL)}

    def get_permissions(self) -> list[Any]:
        return [IsAuthenticated()] if self.request.method == "POST" else [AllowAny()]

    @extend_schema(operation_id="help_posts", parameters=[HelpQuery], responses=HelpRow(many=True))
    def get(self, request: Request) -> Response:
        """Posts that everybody may read, the nearest to the caller's home first, newer before older.

        Completed ones are asked for with `state=completed` and come by age alone: their number grows for ever.
        """
        user = reader(request)
        query = HelpQuery.read(request.query_params)
        chosen = _chosen(query)
        if query.get("state") == State.COMPLETED:
            self.page_order = ("-id",)
        else:
            chosen = chosen.nearest_first(user.home_area if user else None)
        pages = Pages()
        rows: list[HelpPost] = pages.paginate_queryset(chosen.select_related("author").defer("search"), request, self)
        names, helpers = area_names(rows), claimer_names(rows)
        key = user.pk if user else None
        return pages.get_paginated_response([help_row(post, names, helpers[post.pk], reader=key) for post in rows])

    @extend_schema(
        operation_id="post_help", request=HelpBody, responses={201: OpenApiResponse(WholeHelpPost, "Written")}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for help, offer it, or tell a micro-wish (which the community desk looks at first)."""
        by = caller(request)
        body = HelpBody(data=request.data)
        body.is_valid(raise_exception=True)
        facts = dict(body.validated_data)
        facts.pop("photos", None)
        area = _area(facts.pop("area", None), by)
        post = post_help(Draft(area=area, **facts), by=by, photos=sent(request))
        return Response(as_seen_by(post, by), 201)


class HelpPostDetail(Public):
    board = "mutual_aid"

    @extend_schema(operation_id="help_post", responses=WholeHelpPost)
    def get(self, request: Request, post_id: int) -> Response:
        """The whole post; what went on is for those who take part in it."""
        return Response(as_seen_by(readable(request.user, post_id), request.user))


class MyHelpQuery(Query):
    side = serializers.ChoiceField(choices=[("mine", "mine"), ("helping", "helping")], required=False)


class MyHelpPosts(Personal):
    board = "mutual_aid"
    pagination_class = Pages
    page_order = ("-id",)

    @extend_schema(operation_id="my_help_posts", parameters=[MyHelpQuery], responses=HelpRow(many=True))
    def get(self, request: Request) -> Response:
        """What one wrote oneself and where one helps, the newest first."""
        me, side = caller(request), MyHelpQuery.read(request.query_params).get("side")
        mine, helping = Q(author=me), Q(pk__in=Claim.objects.filter(helper=me).values("post"))
        chosen = HelpPost.objects.filter({"mine": mine, "helping": helping}.get(side or "", mine | helping))
        pages = Pages()
        rows: list[HelpPost] = pages.paginate_queryset(chosen.select_related("author").defer("search"), request, self)
        names, helpers = area_names(rows), claimer_names(rows)
        return pages.get_paginated_response([help_row(p, names, helpers[p.pk], reader=me.pk) for p in rows])


class MyClaims(Personal):
    board = "mutual_aid"
    pagination_class = Pages
    page_order = ("-id",)

    @extend_schema(operation_id="my_claims", responses=ClaimShape(many=True))
    def get(self, request: Request) -> Response:
        """One's own claims, the newest first."""
        pages = Pages()
        mine = Claim.objects.filter(helper=caller(request)).select_related("helper")
        rows: list[Claim] = pages.paginate_queryset(mine, request, self)
        return pages.get_paginated_response([claim_row(claim) for claim in rows])


class WhoSawMyPhone(Personal):
    board = "mutual_aid"

    @extend_schema(operation_id="who_saw_my_phone", responses=RevealShape(many=True))
    def get(self, request: Request) -> Response:
        """Who looked at one's phone number and when, the newest 200."""
        return Response(
            [
                {
                    "viewer": str(row.viewer),
                    "post": row.claim.post_id,
                    "title": row.claim.post.title,
                    "has_door": row.has_door,
                    "at": row.at,
                }
                for row in reveals_to(caller(request))
            ]
        )


def readable(user: User | AnonymousUser, post_id: int) -> HelpPost:
    """The post, when the person may see it; raises DoesNotExist otherwise."""
    posts = HelpPost.objects.select_related("author").defer("search")
    found = posts.visible_to(user).filter(pk=post_id).first()
    if found is None and user.is_authenticated and user.is_staff:
        found = posts.looked_after_by(user).filter(pk=post_id).first()
    if found is None:
        raise HelpPost.DoesNotExist
    return found


def as_seen_by(post: HelpPost, user: User | AnonymousUser) -> dict[str, Any]:
    """The whole answer for this reader."""
    key = user.pk if user.is_authenticated else None
    row = help_row(post, area_names([post]), claimer_names([post])[post.pk], reader=key)
    claims, is_party = _claims(post, user)
    kinds = [KIND] * (post.is_visible or key == post.author_id) + [RECEIPT] * is_party
    photos = [photo for kind in kinds for photo in Photo.objects.of(kind, [post.pk])]
    events = list(post.events.order_by("pk")) if is_party else []
    return whole_post(row, post, photos, claims, events)


def _claims(post: HelpPost, user: User | AnonymousUser) -> tuple[list[Claim], bool]:
    if not user.is_authenticated:
        return [], False
    claims = list(post.claims.select_related("helper").order_by("pk"))
    if is_asker(user, post) or may_manage(user, post):
        return claims, True
    own = [claim for claim in claims if claim.helper_id == user.pk]
    return own, any(claim.accepted_at for claim in own)


def _area(area_id: int | None, by: User) -> Area:
    if area_id is None:
        if by.home_area is None:
            raise serializers.ValidationError({"area": [_("Say where it is: a community, grid or building.")]})
        return by.home_area
    path_of(area_id)
    return Area.objects.get(pk=area_id)


def _chosen(query: dict[str, Any]) -> Any:
    posts = HelpPost.objects.visible_to()
    if "state" not in query:
        posts = posts.filter(state__in=HelpPost.LIVE)
    for name in ("type", "state", "kind"):
        if name in query:
            posts = posts.filter(**{name: query[name]})
    if "area" in query:
        posts = posts.filter(area_path__startswith=path_of(query["area"]))
    return posts.matching(query["q"]) if query.get("q", "").strip() else posts
