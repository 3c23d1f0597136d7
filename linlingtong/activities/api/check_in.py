from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.permissions import scope_for
from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import door_refusals, refusals
from linlingtong.activities.actions.check_in import Answer, Item, arrive, pass_of
from linlingtong.activities.actions.syncing import record_all
from linlingtong.activities.models import Activity, Registration, Scan, Session
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import LARGEST_ID, Text, Whole
from linlingtong.core.qr import qr_svg

MOST_ITEMS = 500
WAYS = [(kind.value, kind.label) for kind in (Scan.Kind.IN, Scan.Kind.OUT)]


class PassShape(serializers.Serializer[Any]):
    code = serializers.CharField(help_text="What the QR code says after the last slash of its address")
    url = serializers.CharField(help_text="The address that the QR code holds")
    digits = serializers.CharField(help_text="Six digits to say aloud; they stay the same")
    expires_at = serializers.DateTimeField(help_text="Ask again by then; a little later still counts")
    svg = serializers.CharField(help_text="The QR code as an SVG picture")


class RegistrationCode(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {
        "GET": (door_refusals.NoPlaceOfYours, door_refusals.YoursEnded, door_refusals.CheckInOver,
                refusals.SessionCancelled),
    }  # fmt: skip

    @extend_schema(operation_id="check_in_code", responses={200: PassShape})
    def get(self, request: Request, registration_id: int) -> Response:
        """The resident's own code of this minute, for the leader to scan, and the digits to say instead."""
        mine = Registration.objects.visible_to(caller(request)).select_related("session__activity", "resident")
        shown = pass_of(mine.get(pk=registration_id), timezone.now())
        facts = {"code": shown.code, "url": shown.url, "digits": shown.digits, "expires_at": shown.expires_at}
        return Response(facts | {"svg": qr_svg(shown.url)})


class ArrivalBody(serializers.Serializer[Any]):
    code = Text(max_length=200, help_text="The venue's code, its address, or the six digits on its screen")
    kind = serializers.ChoiceField(choices=WAYS, default=Scan.Kind.IN)
    latitude = serializers.FloatField(min_value=-90, max_value=90, required=False)
    longitude = serializers.FloatField(min_value=-180, max_value=180, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        spot = attrs.pop("latitude", None), attrs.pop("longitude", None)
        attrs["spot"] = spot if None not in spot else None
        return attrs


class ArrivalShape(serializers.Serializer[Any]):
    verdict = serializers.ChoiceField(choices=Scan.Verdict.choices, help_text="unresolved: the leader has to confirm")
    detail = serializers.CharField()
    registration = serializers.IntegerField()
    session = serializers.IntegerField()
    attendance = serializers.ChoiceField(choices=Registration.Attendance.choices)
    scanned_at = serializers.DateTimeField()


class SessionCheckIn(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (
            door_refusals.CheckInNotOpen, door_refusals.CheckInOver, door_refusals.CodeForged,
            door_refusals.VenueCodeExpired, door_refusals.OtherSession, door_refusals.UnknownVenueDigits,
            door_refusals.TooManyTries, door_refusals.NotOnTheList, door_refusals.NoPlaceOfYours,
            door_refusals.YoursEnded, door_refusals.OwnPass, refusals.SessionCancelled,
        ),
    }  # fmt: skip

    @extend_schema(operation_id="check_in", request=ArrivalBody, responses={200: ArrivalShape})
    @idempotent
    def post(self, request: Request, session_id: int) -> Response:
        """Check oneself in or out by the code or the digits on the venue's screen; twice changes nothing."""
        user = caller(request)
        body = ArrivalBody(data=request.data)
        body.is_valid(raise_exception=True)
        if not Session.objects.visible_to(user).filter(pk=session_id).exists():
            raise NotFound
        answer = arrive(session_id, user, by=user, **body.validated_data)
        return Response(_arrival(answer))


class ScanBody(serializers.Serializer[Any]):
    client_id = serializers.UUIDField(help_text="Made by the device, once for each thing it notes")
    session = Whole(min_value=1, max_value=LARGEST_ID)
    code = Text(max_length=200, required=False, help_text="What was scanned, or the six digits that were said")
    registration = Whole(min_value=1, max_value=LARGEST_ID, required=False, help_text="A line of the roster, ticked")
    phone = Text(
        max_length=40, required=False, allow_blank=True, help_text="Somebody unexpected, by the phone they joined with"
    )
    name = Text(max_length=60, required=False, allow_blank=True, help_text="Somebody unexpected without an account")
    kind = serializers.ChoiceField(choices=WAYS)
    scanned_at = serializers.DateTimeField(help_text="By the device's own clock")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if sum(name in attrs for name in ("code", "registration", "phone", "name")) != 1:
            raise serializers.ValidationError({"code": [door_refusals.EITHER_OR]})
        if attrs["kind"] != Scan.Kind.IN and ("phone" in attrs or "name" in attrs):
            raise serializers.ValidationError({"kind": [door_refusals.WALK_INS_COME]})
        return attrs


class Batch(serializers.Serializer[Any]):
    items = serializers.ListField(child=ScanBody(), allow_empty=False, max_length=MOST_ITEMS)


class VerdictShape(serializers.Serializer[Any]):
    client_id = serializers.UUIDField()
    verdict = serializers.ChoiceField(choices=Scan.Verdict.choices)
    code = serializers.CharField(help_text="Why it was refused or is unresolved; empty otherwise")
    detail = serializers.CharField(help_text="One line to read out")
    registration = serializers.IntegerField(allow_null=True)
    resident = serializers.IntegerField(allow_null=True)
    attendance = serializers.ChoiceField(choices=Registration.Attendance.choices, allow_null=True)
    walk_in = serializers.IntegerField(allow_null=True, help_text="The line of somebody without an account")


class CheckIns(Personal):
    board = "activities"

    @extend_schema(
        operation_id="sync_check_ins", request=ScanBody(many=True), responses={200: VerdictShape(many=True)}
    )
    def post(self, request: Request) -> Response:
        """What a check-in console noted, perhaps without a network: one verdict for each item.

        For staff of the area and the session's leader. In any order and any number of times it comes to the same.
        """
        user = caller(request)
        if not scope_for(user) and not Activity.objects.filter(leader=user).exists():
            raise PermissionDenied
        body = Batch(data={"items": request.data})
        body.is_valid(raise_exception=True)
        items = [
            Item(one["client_id"], one["session"], one["kind"], one["scanned_at"], one.get("code", ""),
                 one.get("registration"), one.get("phone"), one.get("name"))
            for one in body.validated_data["items"]
        ]  # fmt: skip
        return Response([_verdict(answer) for answer in record_all(items, by=user)])


def _arrival(answer: Answer) -> dict[str, Any]:
    scan, registration = answer.scan, answer.registration
    assert scan is not None and registration is not None  # noqa: PT018, S101 - `arrive` raises otherwise
    return {
        "verdict": answer.verdict,
        "detail": answer.detail,
        "registration": registration.pk,
        "session": scan.session_id,
        "attendance": registration.attendance,
        "scanned_at": scan.scanned_at,
    }


def _verdict(answer: Answer) -> dict[str, Any]:
    registration = answer.registration
    return {
        "client_id": answer.client_id,
        "verdict": answer.verdict,
        "code": answer.code,
        "detail": answer.detail,
        "registration": registration.pk if registration else None,
        "resident": registration.resident_id if registration else None,
        "attendance": registration.attendance if registration else None,
        "walk_in": answer.guest.pk if answer.guest else None,
    }
