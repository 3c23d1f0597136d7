import datetime as dt
from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller, reader
from linlingtong.core.conditional import Personal, Public
from linlingtong.core.fields import LARGEST_ID, Day, Query, Text, Whole
from linlingtong.core.pagination import Pages
from linlingtong.core.time import today
from linlingtong.venues.actions import Order, accept, appeal, arrive, book, cancel, leave_line, refusals, wait
from linlingtong.venues.grid import Grid, Standing
from linlingtong.venues.models import Booking, Venue, WaitEntry

MOST_UNITS = 50
LAST_DAY = dt.timedelta(days=400)


class UnitShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()


class VenueShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=Venue.Kind.choices)
    place = serializers.CharField()
    fee = serializers.CharField()
    phone = serializers.CharField()
    rules = serializers.ListField(child=serializers.CharField(), source="rule_lines")
    units = UnitShape(many=True, source="units.all")
    chooses_units = serializers.BooleanField(help_text="Bookings name their units; elsewhere free ones are given")
    slot_minutes = serializers.IntegerField()
    most_slots = serializers.IntegerField()
    days_ahead = serializers.IntegerField()
    cancel_hours = serializers.IntegerField()
    most_bookings = serializers.IntegerField(help_text="Of one person in a week from Monday")
    most_hours = serializers.IntegerField()
    most_people = serializers.IntegerField()


class VenueList(Public):
    board = "venues"
    pagination_class = Pages
    page_order = ("id",)
    seconds = 60

    @extend_schema(operation_id="venues", responses=VenueShape(many=True))
    def get(self, request: Request) -> Response:
        """What can be booked."""
        pages = Pages()
        rows = pages.paginate_queryset(Venue.objects.shown().prefetch_related("units"), request, self)
        return pages.get_paginated_response(VenueShape(rows, many=True).data)


class SlotShape(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=[(one.value, one.value) for one in Standing])
    label = serializers.CharField()  # type: ignore[assignment] # the cell's own word; the library uses it too
    units = serializers.ListField(child=serializers.IntegerField(), help_text="Units that are free")


class AvailabilityShape(serializers.Serializer[Any]):
    date = serializers.DateField()
    slots = SlotShape(many=True)


class AvailabilityQuery(Query):
    date = Day(required=False, help_text="By default today")


class Availability(Public):
    board = "venues"
    seconds = 5

    @extend_schema(operation_id="availability", parameters=[AvailabilityQuery], responses=AvailabilityShape)
    def get(self, request: Request, venue_id: int) -> Response:
        """The slots of one day: free, taken, mine, over_quota, closed or past."""
        venue = Venue.objects.shown().filter(pk=venue_id).first()
        if venue is None:
            raise Http404
        day = AvailabilityQuery.read(request.query_params).get("date", today())
        user = reader(request)
        cells = Grid(venue, day, 1, user).days[0].cells if abs(day - today()) < LAST_DAY else ()
        slots = [
            {
                "starts_at": cell.slot.starts_at,
                "ends_at": cell.slot.ends_at,
                "state": cell.standing.value,
                "label": cell.label,
                "units": [unit.pk for unit in cell.free],
            }
            for cell in cells
        ]
        return Response(AvailabilityShape({"date": day, "slots": slots}).data)


class BookingShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    venue = serializers.IntegerField(source="venue_id")
    venue_name = serializers.CharField(source="venue.name")
    units = serializers.SerializerMethodField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    state = serializers.ChoiceField(choices=Booking.State.choices)
    purpose = serializers.CharField()
    headcount = serializers.IntegerField()
    team = serializers.IntegerField(allow_null=True, source="team_id")
    held_until = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField()
    appeal = serializers.ChoiceField(choices=Booking.Appeal.choices, allow_blank=True)

    def get_units(self, booking: Booking) -> list[int]:
        return [one.unit_id for one in booking.occupancies.all()]


class BookingBody(serializers.Serializer[Any]):
    venue = Whole(min_value=1, max_value=LARGEST_ID)
    units = serializers.ListField(
        child=Whole(min_value=1, max_value=LARGEST_ID), required=False, max_length=MOST_UNITS
    )
    how_many = Whole(min_value=1, max_value=MOST_UNITS, required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    purpose = Text(max_length=60, required=False, allow_blank=True)
    headcount = Whole(min_value=1, max_value=1000, required=False)
    team = Whole(min_value=1, max_value=LARGEST_ID, required=False, allow_null=True)

    def order(self) -> Order:
        given = dict(self.validated_data)
        return Order(
            given["venue"],
            given["starts_at"],
            given["ends_at"],
            tuple(given.get("units", ())),
            given.get("how_many", 1),
            given.get("purpose", ""),
            given.get("headcount", 1),
            given.get("team"),
        )


TIMES = (refusals.TooLate, refusals.TooEarly, refusals.Closed, refusals.OffGrid, refusals.OverQuota)


class Bookings(Personal):
    board = "venues"
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (
            refusals.SlotTaken,
            *TIMES,
            refusals.TooManyPeople,
            refusals.NoSuchUnits,
            refusals.NotOfTeam,
            refusals.Paused,
        )
    }

    @extend_schema(operation_id="book", request=BookingBody, responses={201: OpenApiResponse(BookingShape, "Booked")})
    @idempotent
    def post(self, request: Request) -> Response:
        """Book a time. A taken one is refused with `alternatives`: the nearest that are free."""
        user = caller(request)
        body = BookingBody(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(BookingShape(book(body.order(), user, by=user)).data, status=201)


class MyBookings(Personal):
    board = "venues"
    pagination_class = Pages
    page_order = ("-starts_at", "-id")

    @extend_schema(operation_id="my_bookings", responses=BookingShape(many=True))
    def get(self, request: Request) -> Response:
        """One's own bookings, the latest first."""
        pages = Pages()
        rows = Booking.objects.visible_to(caller(request)).select_related("venue").prefetch_related("occupancies")
        return pages.get_paginated_response(BookingShape(pages.paginate_queryset(rows, request, self), many=True).data)


def _own(request: Request, booking_id: int) -> Booking:
    found = Booking.objects.visible_to(caller(request)).filter(pk=booking_id).first()
    if found is None:
        raise Http404
    return found


class OneBooking(Personal):
    board = "venues"
    refusals: ClassVar[dict[str, Any]] = {"DELETE": (refusals.TooLateToCancel, refusals.NotNow)}

    @extend_schema(operation_id="booking", responses=BookingShape)
    def get(self, request: Request, booking_id: int) -> Response:
        """One of one's own bookings."""
        return Response(BookingShape(_own(request, booking_id)).data)

    @extend_schema(operation_id="cancel_booking", request=None, responses={200: BookingShape})
    def delete(self, request: Request, booking_id: int) -> Response:
        """Cancel; the time goes to the next in line."""
        return Response(BookingShape(cancel(_own(request, booking_id).pk, by=caller(request))).data)


class KeptAccepted(Personal):
    board = "venues"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NotKept,)}

    @extend_schema(operation_id="accept_booking", request=None, responses=BookingShape)
    @idempotent
    def post(self, request: Request, booking_id: int) -> Response:
        """Take a time that is kept from the waiting list."""
        return Response(BookingShape(accept(_own(request, booking_id).pk, by=caller(request))).data)


class BookingAppealBody(serializers.Serializer[Any]):
    text = Text(max_length=200)


class Appealed(Personal):
    board = "venues"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NotNow, refusals.TextMissing)}

    @extend_schema(operation_id="appeal_booking", request=BookingAppealBody, responses=BookingShape)
    @idempotent
    def post(self, request: Request, booking_id: int) -> Response:
        """Say why one did not come."""
        body = BookingAppealBody(data=request.data)
        body.is_valid(raise_exception=True)
        found = _own(request, booking_id)
        return Response(BookingShape(appeal(found.pk, body.validated_data["text"], by=caller(request))).data)


class CheckInBody(serializers.Serializer[Any]):
    code = Text(max_length=40, help_text="The last part of the address behind the printed code")


class CheckedIn(Personal):
    board = "venues"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NothingBookedNow, refusals.NotNow)}

    @extend_schema(operation_id="check_in_booking", request=CheckInBody, responses=BookingShape)
    @idempotent
    def post(self, request: Request) -> Response:
        """Check in on the spot by the code that hangs there."""
        user = caller(request)
        body = CheckInBody(data=request.data)
        body.is_valid(raise_exception=True)
        venue = Venue.objects.shown().filter(code=body.validated_data["code"]).first()
        if venue is None:
            raise Http404
        return Response(BookingShape(arrive(venue, user, by=user)).data)


class WaitShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    venue = serializers.IntegerField(source="venue_id")
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


class WaitBody(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    how_many = Whole(min_value=1, max_value=MOST_UNITS, required=False, help_text="Units, by default one")


class WaitingLine(Personal):
    board = "venues"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.StillFree, refusals.WaitsAlready, *TIMES)}

    @extend_schema(operation_id="wait_for_venue", request=WaitBody, responses={201: WaitShape})
    @idempotent
    def post(self, request: Request, venue_id: int) -> Response:
        """Stand in line for a time that is taken."""
        user = caller(request)
        body = WaitBody(data=request.data)
        body.is_valid(raise_exception=True)
        times = body.validated_data["starts_at"], body.validated_data["ends_at"]
        how_many = body.validated_data.get("how_many", 1)
        return Response(WaitShape(wait(venue_id, *times, user, by=user, how_many=how_many)).data, status=201)


class OneWait(Personal):
    board = "venues"

    @extend_schema(operation_id="stop_waiting", responses={204: None})
    def delete(self, request: Request, entry_id: int) -> Response:
        """Wait no more."""
        user = caller(request)
        if not WaitEntry.objects.filter(pk=entry_id, resident=user).exists():
            raise Http404
        leave_line(entry_id, by=user)
        return Response(status=204)


routes: list[URLPattern] = [
    path("venues/", VenueList.as_view(), name="venues"),
    path("venues/<id:venue_id>/availability/", Availability.as_view(), name="availability"),
    path("venues/<id:venue_id>/waiting/", WaitingLine.as_view(), name="wait_for_venue"),
    path("venue-waiting/<id:entry_id>/", OneWait.as_view(), name="stop_waiting"),
    path("me/bookings/", MyBookings.as_view(), name="my_bookings"),
    path("bookings/", Bookings.as_view(), name="book"),
    path("bookings/check-in/", CheckedIn.as_view(), name="check_in_booking"),
    path("bookings/<id:booking_id>/", OneBooking.as_view(), name="booking"),
    path("bookings/<id:booking_id>/accept/", KeptAccepted.as_view(), name="accept_booking"),
    path("bookings/<id:booking_id>/appeal/", Appealed.as_view(), name="appeal_booking"),
]
