from typing import Any, ClassVar

from django.http import Http404
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import Day, Text
from linlingtong.core.pagination import Pages
from linlingtong.volunteering.actions import dispute, make_sheet, refusals
from linlingtong.volunteering.actions.disputes import LONGEST
from linlingtong.volunteering.actions.sheets import LONGEST_NAME
from linlingtong.volunteering.models import Dispute, ServiceEntry, ServiceSheet, Standing, open_disputes
from linlingtong.volunteering.models.totals import summary_of


class ServiceRecordShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    title = serializers.CharField()
    place = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    minutes = serializers.IntegerField(help_text="What it counts for, or would once approved")
    source = serializers.ChoiceField(  # type: ignore[assignment] # a name that REST framework uses too
        choices=ServiceEntry.Source.choices
    )
    proof = serializers.ChoiceField(choices=ServiceEntry.Proof.choices)
    state = serializers.ChoiceField(choices=Standing.choices)
    reason = serializers.CharField(help_text="Why it was declined or taken back")
    dispute_due_at = serializers.DateTimeField(allow_null=True, help_text="An open dispute is answered by then")


def record_row(entry: Any, asked: Dispute | None) -> dict[str, Any]:
    return {
        "id": entry.pk,
        "title": entry.title,
        "place": entry.place,
        "starts_at": entry.starts_at,
        "ends_at": entry.ends_at,
        "minutes": entry.counted,
        "source": entry.source,
        "proof": entry.proof,
        "state": entry.standing,
        "reason": entry.last_reason,
        "dispute_due_at": asked and asked.due_at,
    }


class MyServiceRecords(Personal):
    board = "volunteering"
    pagination_class = Pages
    page_order = ("-starts_at", "-id")

    @extend_schema(operation_id="my_service_records", responses=ServiceRecordShape(many=True))
    def get(self, request: Request) -> Response:
        """One's own hours, line by line, the newest first."""
        pages = Pages()
        rows = pages.paginate_queryset(
            ServiceEntry.objects.visible_to(caller(request)).current().with_standing(), request, self
        )
        due = open_disputes(rows)
        return pages.get_paginated_response([record_row(entry, due.get(entry.pk)) for entry in rows])


class ServiceSummaryShape(serializers.Serializer[Any]):
    minutes = serializers.IntegerField()
    stars = serializers.IntegerField(help_text="The star level reached; 0: none yet")
    next_level_at = serializers.IntegerField(allow_null=True, help_text="Minutes of the next level; null: the highest")
    minutes_left = serializers.IntegerField()


class MyServiceSummary(Personal):
    board = "volunteering"

    @extend_schema(operation_id="my_service_summary", responses=ServiceSummaryShape)
    def get(self, request: Request) -> Response:
        """What the hours add up to."""
        summary = summary_of(caller(request))
        return Response(
            {
                "minutes": summary.minutes,
                "stars": summary.stars,
                "next_level_at": summary.next_at,
                "minutes_left": summary.minutes_left,
            }
        )


class DisputeBody(serializers.Serializer[Any]):
    reason = Text(max_length=LONGEST)


class DisputeShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    record = serializers.IntegerField()
    reason = serializers.CharField()
    opened_at = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    outcome = serializers.ChoiceField(choices=Dispute.Outcome.choices, allow_blank=True)
    answer = serializers.CharField()


class DisputeRecord(Personal):
    board = "volunteering"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.AlreadyDisputed, refusals.DisputeTooLate)}

    @extend_schema(operation_id="dispute_service_record", request=DisputeBody, responses={201: DisputeShape})
    @idempotent
    def post(self, request: Request, entry_id: int) -> Response:
        """Say that a line is wrong; the same words again answer the open dispute."""
        body = DisputeBody(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            asked = dispute(entry_id, body.validated_data["reason"], by=caller(request))
        except ServiceEntry.DoesNotExist as error:
            raise NotFound from error
        names = ("id", "reason", "opened_at", "due_at", "outcome", "answer")
        return Response({"record": asked.entry_id, **{name: getattr(asked, name) for name in names}}, 201)


class SheetBody(serializers.Serializer[Any]):
    name = Text(max_length=LONGEST_NAME, help_text="As it is to stand on the sheet")
    first_on = Day()
    last_on = Day()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["last_on"] < attrs["first_on"]:
            raise serializers.ValidationError({"last_on": [_("The last day lies before the first one.")]})
        return attrs


class OwnSheetShape(serializers.Serializer[Any]):
    serial = serializers.CharField()
    name = serializers.CharField()
    minutes = serializers.IntegerField()
    issuer = serializers.CharField()
    first_on = serializers.DateField()
    last_on = serializers.DateField()
    issued_at = serializers.DateTimeField()
    is_certificate = serializers.BooleanField()
    is_live = serializers.BooleanField(help_text="false: revoked")
    pdf = serializers.CharField(help_text="Address of the PDF for a signed-in browser")
    check = serializers.CharField(help_text="Address at which anybody checks the sheet")


def own_sheet_row(sheet: ServiceSheet) -> dict[str, Any]:
    return {
        "serial": sheet.serial,
        "name": sheet.holder_name,
        "minutes": sheet.minutes,
        "issuer": sheet.issuer_name,
        "first_on": sheet.first_on.isoformat(),
        "last_on": sheet.last_on.isoformat(),
        "issued_at": sheet.issued_at,
        "is_certificate": sheet.is_certificate,
        "is_live": sheet.is_live,
        "pdf": reverse("volunteering:pdf", args=[sheet.serial]),
        "check": reverse("volunteering:check", args=[sheet.serial]),
    }


class MySheets(Personal):
    board = "volunteering"
    pagination_class = Pages
    page_order = ("-issued_at", "-id")
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (refusals.NothingToPrint, refusals.TooManySheets, refusals.NameMissing)
    }

    @extend_schema(operation_id="my_service_sheets", responses=OwnSheetShape(many=True))
    def get(self, request: Request) -> Response:
        """One's own sheets, the newest first."""
        pages = Pages()
        sheets = ServiceSheet.objects.visible_to(caller(request)).with_validity()
        rows = pages.paginate_queryset(sheets, request, self)
        return pages.get_paginated_response([own_sheet_row(sheet) for sheet in rows])

    @extend_schema(operation_id="make_service_sheet", request=SheetBody, responses={201: OwnSheetShape})
    @idempotent
    def post(self, request: Request) -> Response:
        """A sheet of everything credited between two days."""
        body = SheetBody(data=request.data)
        body.is_valid(raise_exception=True)
        wish = body.validated_data
        resident = caller(request)
        sheet = make_sheet(
            resident, by=resident, first_on=wish["first_on"], last_on=wish["last_on"], holder_name=wish["name"]
        )
        return Response(own_sheet_row(sheet), 201)


class SheetCheckShape(serializers.Serializer[Any]):
    serial = serializers.CharField()
    state = serializers.ChoiceField(choices=["valid", "revoked"])
    initials = serializers.CharField(help_text="The holder's name, masked")
    minutes = serializers.IntegerField()
    issuer = serializers.CharField()
    issued_at = serializers.DateTimeField()
    is_certificate = serializers.BooleanField()


class SheetCheck(APIView):
    """Never kept by anybody on the way: a sheet may be revoked this moment."""

    board = "volunteering"
    permission_classes = [AllowAny]

    @extend_schema(
        operation_id="check_service_sheet",
        responses={200: SheetCheckShape, 404: OpenApiResponse(description="No such serial number")},
    )
    def get(self, request: Request, serial: str) -> Response:  # noqa: ARG002 - REST framework's signature
        """Open to everybody: whether a sheet is valid or revoked; an unknown serial number is 404."""
        found = ServiceSheet.objects.with_validity().filter(serial=serial.upper()).first()
        if found is None:
            raise Http404
        return Response(
            {
                "serial": found.serial,
                "state": "valid" if found.is_live else "revoked",
                "initials": found.masked_name,
                "minutes": found.minutes,
                "issuer": found.issuer_name,
                "issued_at": found.issued_at,
                "is_certificate": found.is_certificate,
            },
            headers={"Cache-Control": "no-store"},
        )


routes: list[URLPattern] = [
    path("me/service-records/", MyServiceRecords.as_view(), name="service_records"),
    path("me/service-summary/", MyServiceSummary.as_view(), name="service_summary"),
    path("me/service-records/<id:entry_id>/dispute/", DisputeRecord.as_view(), name="service_dispute"),
    path("me/service-sheets/", MySheets.as_view(), name="my_service_sheets"),
    path("service-sheets/<slug:serial>/", SheetCheck.as_view(), name="service_sheet"),
]
