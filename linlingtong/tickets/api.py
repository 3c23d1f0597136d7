from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller
from linlingtong.areas.models import Area
from linlingtong.areas.places import Point, nearest
from linlingtong.core.conditional import Personal, Public
from linlingtong.core.fields import Key, Text
from linlingtong.core.pagination import Pages
from linlingtong.photos.actions import refusals as photo_refusals
from linlingtong.photos.api import PARSERS, PhotoShape, Tokens, photo_row, sent
from linlingtong.photos.reading import photos_by_subject
from linlingtong.tickets.actions import (
    AFTER,
    KIND,
    MOST_PHOTOS,
    REPLY,
    Report,
    rate,
    refusals,
    reopen,
    reply,
    report,
    take_back,
)
from linlingtong.tickets.models import Category, Ticket, TicketEvent


class KindShape(serializers.Serializer[Any]):
    code = serializers.CharField(source="slug")
    name = serializers.CharField()
    example = serializers.CharField()
    accept_hours = serializers.IntegerField(help_text="Working hours")
    finish_days = serializers.IntegerField(help_text="Working days")


class KindList(Public):
    board = "tickets"
    seconds = 60

    @extend_schema(operation_id="ticket_kinds", responses=KindShape(many=True))
    def get(self, _request: Request) -> Response:
        """The kinds of reports, in their order."""
        return Response(KindShape(Category.objects.active(), many=True).data)


class TicketEventShape(serializers.Serializer[Any]):
    what = serializers.ChoiceField(choices=TicketEvent.What.choices)
    state = serializers.ChoiceField(choices=Ticket.State.choices, source="to_state")
    text = serializers.CharField()
    at = serializers.DateTimeField(source="created_at")


class TicketRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.CharField()
    kind = serializers.CharField(source="category.slug")
    kind_name = serializers.CharField(source="category.name")
    area = serializers.IntegerField(source="area_id")
    area_name = serializers.CharField(source="area.name")
    place = serializers.CharField()
    text = serializers.CharField()
    is_public = serializers.BooleanField()
    state = serializers.ChoiceField(choices=Ticket.State.choices)
    outcome = serializers.ChoiceField(choices=Ticket.Outcome.choices, allow_blank=True)
    answer = serializers.CharField()
    question = serializers.CharField()
    rating = serializers.IntegerField(allow_null=True)
    accept_due_at = serializers.DateTimeField()
    finish_due_at = serializers.DateTimeField()
    is_overdue = serializers.BooleanField()
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)


class WholeTicket(TicketRow):
    photos = PhotoShape(many=True)
    photos_after = PhotoShape(many=True)
    events = TicketEventShape(many=True)


def _whole(ticket: Ticket) -> dict[str, Any]:
    ticket = Ticket.objects.select_related("category", "area").defer("search").get(pk=ticket.pk)
    before = [photo for kind in (KIND, REPLY) for photo in photos_by_subject(kind, [ticket.pk])[ticket.pk]]
    after = photos_by_subject(AFTER, [ticket.pk])[ticket.pk]
    events = ticket.events.filter(is_internal=False).order_by("pk")
    return {
        **TicketRow(ticket).data,
        "photos": [photo_row(one) for one in before],
        "photos_after": [photo_row(one) for one in after],
        "events": TicketEventShape(events, many=True).data,
    }


class TicketBody(serializers.Serializer[Any]):
    kind = serializers.SlugRelatedField(
        slug_field="slug", queryset=Category.objects.filter(is_active=True), help_text="Its code"
    )
    area = Key(required=False, help_text="A community, a grid or something smaller; or else `lat` and `long`")
    lat = serializers.FloatField(required=False, min_value=-90, max_value=90, help_text="Where one stands, by WGS 84")
    long = serializers.FloatField(required=False, min_value=-180, max_value=180)
    place = Text(max_length=80, required=False, allow_blank=True)
    text = Text(max_length=600, required=False, allow_blank=True)
    is_public = serializers.BooleanField(required=False, default=False)
    photos = Tokens()

    def validate_area(self, value: int) -> Area:
        found = Area.objects.active().filter(pk=value).first()
        if found is None:
            raise serializers.ValidationError(_("There is no such area."), code="does_not_exist")
        return found

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Who says where they stand reports for the nearest grid; the point itself is kept nowhere."""
        lat, long = given.get("lat"), given.get("long")
        if "area" in given:
            return given
        if lat is None or long is None:
            missing = "area" if lat is None and long is None else "lat" if lat is None else "long"
            raise serializers.ValidationError({missing: [_("Say where it is.")]}, code="required")
        found = nearest(Point(lat, long), Area.Level.GRID)
        if found is None:
            raise serializers.ValidationError({"lat": [_("None of our grids lies near there.")]}, code="outside")
        return given | {"area": found}

    def report(self) -> Report:
        given = dict(self.validated_data)
        return Report(
            category=given["kind"],
            area=given["area"],
            place=given.get("place", ""),
            text=given.get("text", ""),
            is_public=given["is_public"],
        )


WRITING = (
    refusals.NothingToSee,
    refusals.PlaceMissing,
    refusals.AreaUnfit,
    refusals.CategoryGone,
    refusals.EnoughForToday,
)


class Tickets(Personal):
    board = "tickets"
    parser_classes = PARSERS
    refusals: ClassVar[dict[str, Any]] = {"POST": (*WRITING, *photo_refusals.ALL)}

    @extend_schema(
        operation_id="report_ticket", request=TicketBody, responses={201: OpenApiResponse(WholeTicket, "Reported")}
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Report something, with words, photos or both. Private unless `is_public`."""
        user = caller(request)
        body = TicketBody(data=_without_files(request))
        body.is_valid(raise_exception=True)
        return Response(_whole(report(body.report(), by=user, photos=sent(request, MOST_PHOTOS))), status=201)


def _without_files(request: Request) -> Any:
    """The fields of the body; photos are read by `sent`, as files or tokens."""
    given: Any = request.data
    if not isinstance(given, Mapping):
        return given
    return {name: given[name] for name in given if name != "photos"}


class MyTickets(Personal):
    board = "tickets"
    pagination_class = Pages
    page_order = ("-id",)

    @extend_schema(operation_id="my_tickets", responses=TicketRow(many=True))
    def get(self, request: Request) -> Response:
        """One's own reports, the latest first."""
        pages = Pages()
        rows = Ticket.objects.filter(reporter=caller(request)).select_related("category", "area").defer("search")
        return pages.get_paginated_response(TicketRow(pages.paginate_queryset(rows, request, self), many=True).data)


def _own(request: Request, ticket_id: int) -> Ticket:
    found = Ticket.objects.filter(reporter=caller(request), pk=ticket_id).first()
    if found is None:
        raise Http404
    return found


class OneTicket(Personal):
    board = "tickets"

    @extend_schema(operation_id="ticket", responses=WholeTicket)
    def get(self, request: Request, ticket_id: int) -> Response:
        """One of one's own reports with everything that has happened."""
        return Response(_whole(_own(request, ticket_id)))


class TicketReasonBody(serializers.Serializer[Any]):
    text = Text(max_length=400)


class Reopened(Personal):
    board = "tickets"
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (refusals.NotNow, refusals.TooLateToReopen, refusals.ReopenedEnough, refusals.TextMissing)
    }

    @extend_schema(operation_id="reopen_ticket", request=TicketReasonBody, responses=WholeTicket)
    @idempotent
    def post(self, request: Request, ticket_id: int) -> Response:
        """It is not all right: open it again within seven days, twice at most."""
        body = TicketReasonBody(data=request.data)
        body.is_valid(raise_exception=True)
        found = _own(request, ticket_id)
        return Response(_whole(reopen(found.pk, body.validated_data["text"], by=caller(request))))


class TicketRatingBody(serializers.Serializer[Any]):
    stars = serializers.ChoiceField(choices=[1, 2, 3, 4, 5])
    text = Text(max_length=200, required=False, allow_blank=True)


class Rated(Personal):
    board = "tickets"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NotNow,)}

    @extend_schema(operation_id="rate_ticket", request=TicketRatingBody, responses=WholeTicket)
    @idempotent
    def post(self, request: Request, ticket_id: int) -> Response:
        """Say how it went, once."""
        body = TicketRatingBody(data=request.data)
        body.is_valid(raise_exception=True)
        given, found = body.validated_data, _own(request, ticket_id)
        return Response(_whole(rate(found.pk, given["stars"], given.get("text", ""), by=caller(request))))


class Withdrawn(Personal):
    board = "tickets"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NotNow,)}

    @extend_schema(operation_id="withdraw_ticket", request=None, responses=WholeTicket)
    @idempotent
    def post(self, request: Request, ticket_id: int) -> Response:
        """Take it back, as long as it is open."""
        return Response(_whole(take_back(_own(request, ticket_id).pk, by=caller(request))))


class ReplyBody(TicketReasonBody):
    photos = Tokens()


class Replied(Personal):
    board = "tickets"
    parser_classes = PARSERS
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NotNow, refusals.TextMissing, *photo_refusals.ALL)}

    @extend_schema(operation_id="reply_to_ticket", request=ReplyBody, responses=WholeTicket)
    @idempotent
    def post(self, request: Request, ticket_id: int) -> Response:
        """Answer what staff asked; the clock goes on."""
        user, found = caller(request), _own(request, ticket_id)
        body = ReplyBody(data=_without_files(request))
        body.is_valid(raise_exception=True)
        photos = sent(request, MOST_PHOTOS)
        return Response(_whole(reply(found.pk, body.validated_data["text"], by=user, photos=photos)))


routes: list[URLPattern] = [
    path("tickets/", Tickets.as_view(), name="tickets"),
    path("tickets/kinds/", KindList.as_view(), name="ticket_kinds"),
    path("me/tickets/", MyTickets.as_view(), name="my_tickets"),
    path("tickets/<id:ticket_id>/", OneTicket.as_view(), name="ticket"),
    path("tickets/<id:ticket_id>/reopen/", Reopened.as_view(), name="reopen_ticket"),
    path("tickets/<id:ticket_id>/rate/", Rated.as_view(), name="rate_ticket"),
    path("tickets/<id:ticket_id>/withdraw/", Withdrawn.as_view(), name="withdraw_ticket"),
    path("tickets/<id:ticket_id>/reply/", Replied.as_view(), name="reply_to_ticket"),
]
