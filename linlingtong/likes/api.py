from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticatedOrReadOnly
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller, reader
from linlingtong.areas.api import path_of
from linlingtong.areas.models import Organization
from linlingtong.core.conditional import Personal, Public
from linlingtong.core.fields import LARGEST_ID, Key, Query, Text, Whole
from linlingtong.core.pagination import Pages
from linlingtong.core.phone import normal_phone
from linlingtong.likes import actions
from linlingtong.likes.actions import refusals
from linlingtong.likes.models import Comment, Honour, Like, Praise
from linlingtong.moderation.actions.refusals import StaysHidden
from linlingtong.photos.actions import refusals as photo_refusals
from linlingtong.photos.api import PARSERS, PhotoShape, photo_row, sent
from linlingtong.photos.reading import photos_by_subject

WITH = ("author", "area", "resident", "organization")


class PraiseShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    topic = serializers.ChoiceField(choices=Praise.Topic.choices)
    text = serializers.CharField()
    about = serializers.CharField(help_text="Whom or what: a neighbour by name only after consent")
    author = serializers.CharField()
    area = serializers.IntegerField()
    area_name = serializers.CharField()
    photos = PhotoShape(many=True)
    like_count = serializers.IntegerField()
    comment_count = serializers.IntegerField()
    liked = serializers.BooleanField(help_text="By the caller")
    is_visible = serializers.BooleanField(help_text="false: only its author sees it")
    created_at = serializers.DateTimeField()


def praise_rows(praises: list[Praise], user: User | None) -> list[dict[str, Any]]:
    ids = [one.pk for one in praises]
    photos = photos_by_subject("praise", ids)
    likes = Like.objects.standing().filter(praise__in=ids, resident=user) if user else Like.objects.none()
    liked = set(likes.values_list("praise", flat=True))
    return [
        {
            "id": one.pk,
            "topic": one.topic,
            "text": one.shown_text,
            "about": one.shown_name,
            "author": str(one.author),
            "area": one.area_id,
            "area_name": one.area.name,
            "photos": [photo_row(photo) for photo in photos[one.pk]],
            "like_count": one.like_count,
            "comment_count": one.comment_count,
            "liked": one.pk in liked,
            "is_visible": one.is_visible,
            "created_at": one.created_at,
        }
        for one in praises
    ]


class PraiseQuery(Query):
    topic = serializers.ChoiceField(choices=Praise.Topic.choices, required=False)
    area = Key(required=False, help_text="This area and everything inside it")


class PraiseBody(serializers.Serializer[Any]):
    topic = serializers.ChoiceField(choices=Praise.Topic.choices)
    text = Text(max_length=500)
    about = Text(max_length=30, required=False, allow_blank=True)
    phone = Text(
        max_length=30,
        required=False,
        allow_blank=True,
        help_text="Of the praised neighbour, who is asked; never shown. `about` is then their name",
    )
    organization = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False, allow_null=True)

    def validate_phone(self, typed: str) -> str:
        return normal_phone(typed) if typed else ""

    def validate_organization(self, key: int | None) -> Organization | None:
        return Organization.objects.active().filter(pk=key).first() if key else None


class Praises(Public):
    board = "likes"
    pagination_class = Pages
    page_order = ("-id",)
    permission_classes = [IsAuthenticatedOrReadOnly]
    parser_classes = PARSERS
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (
            refusals.TextMissing,
            refusals.NameMissing,
            refusals.PhoneInText,
            refusals.TooManyPraises,
            *photo_refusals.ALL,
        )
    }

    @extend_schema(operation_id="praises", parameters=[PraiseQuery], responses=PraiseShape(many=True))
    def get(self, request: Request) -> Response:
        """The wall, the newest first."""
        query = PraiseQuery.read(request.query_params)
        rows = Praise.objects.visible_to().select_related(*WITH)
        if "topic" in query:
            rows = rows.filter(topic=query["topic"])
        if "area" in query:
            rows = rows.filter(area_path__startswith=path_of(query["area"]))
        pages, user = Pages(), reader(request)
        return pages.get_paginated_response(praise_rows(pages.paginate_queryset(rows, request, self), user))

    @extend_schema(operation_id="praise", request=PraiseBody, responses={201: OpenApiResponse(PraiseShape, "Written")})
    @idempotent
    def post(self, request: Request) -> Response:
        """Praise somebody; photos as multipart `photos` or as tokens. `is_visible` says whether it is held."""
        user = caller(request)
        body = PraiseBody(data=request.data)
        body.is_valid(raise_exception=True)
        praise = actions.write(actions.Words(**body.validated_data, photos=sent(request)), by=user)
        return Response(praise_rows([praise], user)[0], status=201)


class MyPraises(Personal):
    board = "likes"
    pagination_class = Pages
    page_order = ("-id",)

    @extend_schema(operation_id="my_praises", responses=PraiseShape(many=True))
    def get(self, request: Request) -> Response:
        """What the caller wrote, what waits for a look too, the newest first."""
        user, pages = caller(request), Pages()
        rows = Praise.objects.visible_to(user).filter(author=user).select_related(*WITH)
        return pages.get_paginated_response(praise_rows(pages.paginate_queryset(rows, request, self), user))


def _found(request: Request, praise_id: int) -> Praise:
    user = reader(request)
    found = Praise.objects.visible_to(user).select_related(*WITH).filter(pk=praise_id).first()
    if found is None:
        raise Http404
    return found


class PraiseText(serializers.Serializer[Any]):
    text = Text(max_length=500)


class OnePraise(Public):
    board = "likes"
    permission_classes = [IsAuthenticatedOrReadOnly]
    refusals: ClassVar[dict[str, Any]] = {
        "PATCH": (refusals.TextMissing, refusals.PhoneInText, refusals.TooLateToEdit, StaysHidden),
    }

    @extend_schema(operation_id="one_praise", responses=PraiseShape)
    def get(self, request: Request, praise_id: int) -> Response:
        """One praise."""
        user = reader(request)
        return Response(praise_rows([_found(request, praise_id)], user)[0])

    @extend_schema(operation_id="edit_praise", request=PraiseText, responses=PraiseShape)
    def patch(self, request: Request, praise_id: int) -> Response:
        """Other words for one's own praise, within a day; moderation looks again."""
        user = caller(request)
        body = PraiseText(data=request.data)
        body.is_valid(raise_exception=True)
        actions.edit(praise_id, body.validated_data["text"], by=user)
        return Response(praise_rows([_found(request, praise_id)], user)[0])

    @extend_schema(operation_id="withdraw_praise", responses={204: None})
    def delete(self, request: Request, praise_id: int) -> Response:
        """Take one's own praise away, photos and all."""
        user = caller(request)
        if not Praise.objects.filter(pk=praise_id, author=user).exists():
            raise Http404
        actions.withdraw_praise(praise_id, by=user)
        return Response(status=204)


class LikedShape(serializers.Serializer[Any]):
    liked = serializers.BooleanField()
    like_count = serializers.IntegerField()


class PraiseLike(Personal):
    board = "likes"
    refusals: ClassVar[dict[str, Any]] = {
        "PUT": (refusals.PhoneNeeded, refusals.LikeVoided, refusals.TooManyLikes),
    }

    @extend_schema(operation_id="like", request=None, responses=LikedShape)
    def put(self, request: Request, praise_id: int) -> Response:
        """Like it; twice is harmless."""
        count = actions.like(praise_id, by=caller(request))
        return Response({"liked": True, "like_count": count})

    @extend_schema(operation_id="unlike", request=None, responses={200: LikedShape})
    def delete(self, request: Request, praise_id: int) -> Response:
        """Like it no more; twice is harmless."""
        count = actions.unlike(praise_id, by=caller(request))
        return Response({"liked": False, "like_count": count})


class CommentShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    author = serializers.CharField()
    parent = serializers.IntegerField(allow_null=True)  # type: ignore[assignment] # a comment's own word
    text = serializers.CharField()
    is_visible = serializers.BooleanField()
    created_at = serializers.DateTimeField()


class CommentBody(serializers.Serializer[Any]):
    text = Text(max_length=200)
    parent = Whole(min_value=1, max_value=LARGEST_ID, required=False, allow_null=True)  # type: ignore[assignment] # a comment's own word


def _comment_row(said: Comment) -> dict[str, Any]:
    return {
        "id": said.pk,
        "author": str(said.author),
        "parent": said.parent_id,
        "text": said.text,
        "is_visible": said.is_visible,
        "created_at": said.created_at,
    }


class Comments(Public):
    board = "likes"
    pagination_class = Pages
    page_order = ("id",)
    permission_classes = [IsAuthenticatedOrReadOnly]
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (refusals.TextMissing, refusals.PhoneInText, refusals.TooManyComments, refusals.NoReplyHere),
    }

    @extend_schema(operation_id="comments", responses=CommentShape(many=True))
    def get(self, request: Request, praise_id: int) -> Response:
        """What neighbours wrote under it, the oldest first."""
        praise = _found(request, praise_id)
        pages, user = Pages(), reader(request)
        rows = Comment.objects.visible_to(user).filter(praise=praise).select_related("author")
        return pages.get_paginated_response(
            [_comment_row(one) for one in pages.paginate_queryset(rows, request, self)]
        )

    @extend_schema(operation_id="comment", request=CommentBody, responses={201: CommentShape})
    @idempotent
    def post(self, request: Request, praise_id: int) -> Response:
        """Say something, or reply to what was said."""
        user = caller(request)
        praise = _found(request, praise_id)
        body = CommentBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = body.validated_data
        said = actions.comment(praise.pk, given["text"], by=user, parent_id=given.get("parent"))
        return Response(_comment_row(said), status=201)


class OneComment(Personal):
    board = "likes"

    @extend_schema(operation_id="delete_comment", responses={204: None})
    def delete(self, request: Request, comment_id: int) -> Response:
        """Take one's own comment away."""
        user = caller(request)
        if not Comment.objects.filter(pk=comment_id, author=user).exists():
            raise Http404
        actions.delete_comment(comment_id, by=user)
        return Response(status=204)


class ConsentBody(serializers.Serializer[Any]):
    choice = serializers.ChoiceField(choices=["public", "anonymous", "refused"])


class PraiseConsent(Personal):
    board = "likes"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NothingAsked,)}

    @extend_schema(operation_id="praise_consent", request=ConsentBody, responses={204: None})
    def post(self, request: Request, praise_id: int) -> Response:
        """The praised neighbour decides how they appear, now or later."""
        body = ConsentBody(data=request.data)
        body.is_valid(raise_exception=True)
        actions.answer_consent(praise_id, body.validated_data["choice"], by=caller(request))
        return Response(status=204)


class HonourShape(serializers.Serializer[Any]):
    month = serializers.DateField()
    area = serializers.IntegerField()
    about = serializers.CharField()
    reason = serializers.CharField()
    praise = serializers.IntegerField()


class Honours(Public):
    board = "likes"
    pagination_class = Pages
    page_order = ("-id",)
    seconds = 60

    @extend_schema(operation_id="honours", responses=HonourShape(many=True))
    def get(self, request: Request) -> Response:
        """The rolls of honour, the newest first; without ranks."""
        rows = Honour.objects.filter(praise__withdrawn_at=None, praise__is_visible=True)
        pages = Pages()
        page = pages.paginate_queryset(rows.select_related("praise__resident", "praise__organization"), request, self)
        return pages.get_paginated_response(
            [
                {
                    "month": one.month.isoformat(),
                    "area": one.area_id,
                    "about": one.praise.shown_name or one.praise.get_topic_display(),
                    "reason": one.reason,
                    "praise": one.praise_id,
                }
                for one in page
            ]
        )


routes: list[URLPattern] = [
    path("praises/", Praises.as_view(), name="praises"),
    path("me/praises/", MyPraises.as_view(), name="my_praises"),
    path("praises/<id:praise_id>/", OnePraise.as_view(), name="one_praise"),
    path("praises/<id:praise_id>/like/", PraiseLike.as_view(), name="like"),
    path("praises/<id:praise_id>/comments/", Comments.as_view(), name="comments"),
    path("praises/<id:praise_id>/consent/", PraiseConsent.as_view(), name="praise_consent"),
    path("praise-comments/<id:comment_id>/", OneComment.as_view(), name="delete_comment"),
    path("honours/", Honours.as_view(), name="honours"),
]
