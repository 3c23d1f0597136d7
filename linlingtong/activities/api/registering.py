from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller
from linlingtong.activities.actions import (
    Guest,
    accept,
    decline,
    door_refusals,
    drop_companion,
    give_up,
    refusals,
    register,
)
from linlingtong.activities.api.shapes import OwnRegistration, RegistrationShape, registration_row
from linlingtong.activities.models import Companion, Question, Registration, Session
from linlingtong.activities.models.standing import with_position
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import LARGEST_ID, Query, Text, Whole, YesNo
from linlingtong.core.pagination import Pages

MOST_COMPANIONS = 50
MOST_ANSWERS = 50


class CompanionBody(serializers.Serializer[Any]):
    name = Text(max_length=30)
    age = Whole(min_value=0, max_value=130, required=False, allow_null=True)


@extend_schema_field({"type": "object", "additionalProperties": {"oneOf": [{"type": "string"}, {"type": "boolean"}]}})
class Answers(serializers.Field[Any, Any, Any, Any]):
    """Answers by the id of the question: text, or true and false."""

    default_error_messages = {
        "invalid": gettext_lazy("Answers are an object of texts and booleans, named by question ids."),
        "unknown": gettext_lazy("This activity does not ask the question %(key)s."),
    }

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if not isinstance(data, dict) or len(data) > MOST_ANSWERS:
            self.fail("invalid")
        errors = {key: [self.unknown(key)] for key in data if not _is_key(key)}
        if errors:
            raise serializers.ValidationError(errors)
        return {key: self._answer(value) for key, value in data.items()}

    @classmethod
    def unknown(cls, key: str) -> ErrorDetail:
        return ErrorDetail(cls.default_error_messages["unknown"] % {"key": key[:20]}, "unknown_question")

    def _answer(self, value: Any) -> Any:
        if isinstance(value, bool) or value is None:
            return value
        return Text(max_length=500, allow_blank=True).run_validation(value)

    def to_representation(self, value: Any) -> Any:
        return value


def _is_key(key: str) -> bool:
    return key.isascii() and key.isdigit() and 0 < int(key[:20]) <= LARGEST_ID


def check_questions(session_id: int, answers: Mapping[str, Any]) -> None:
    """Raises a validation error for answers that this session's activity did not ask for; a typo must not get lost."""
    if not answers:
        return
    activity = Session.objects.filter(pk=session_id).values_list("activity", flat=True).first()
    asked = set(Question.objects.filter(activity=activity).values_list("pk", flat=True))
    unknown = {key: [Answers.unknown(key)] for key in answers if int(key) not in asked}
    if unknown and activity:
        raise serializers.ValidationError({"answers": unknown})


class RegistrationBody(serializers.Serializer[Any]):
    party = serializers.ListField(child=CompanionBody(), required=False, max_length=MOST_COMPANIONS)
    answers = Answers(required=False)
    note = Text(max_length=200, required=False, allow_blank=True)
    may_be_photographed = YesNo(required=False)


class SessionRegistration(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {
        "PUT": (
            refusals.RegistrationNotOpen,
            refusals.RegistrationClosed,
            refusals.OutsideArea,
            refusals.ClashingSession,
            refusals.TooYoung,
            refusals.AgeUnknown,
            refusals.PartyTooLarge,
            refusals.QueueFull,
            refusals.SessionCancelled,
            refusals.Suspended,
            refusals.AnswerMissing,
        ),
        "DELETE": (refusals.TooLateToCancel, refusals.NotRegistered, door_refusals.CheckedInAlready),
    }

    @extend_schema(
        operation_id="register",
        request=RegistrationBody,
        responses={
            201: OpenApiResponse(RegistrationShape, "Registered, waiting or awaiting approval"),
            200: OpenApiResponse(RegistrationShape, "Was registered already: the same registration"),
        },
    )
    def put(self, request: Request, session_id: int) -> Response:
        """Register for the session, or join its waiting list; sending it again changes nothing.

        Also not with another party: who stays at home is taken off by DELETE on the companion, who comes along later
        needs a registration anew.
        """
        user = caller(request)
        body = RegistrationBody(data=request.data)
        body.is_valid(raise_exception=True)
        wishes = dict(body.validated_data)
        check_questions(session_id, wishes.get("answers", {}))
        party = [Guest(one["name"], one.get("age")) for one in wishes.pop("party", ())]
        placed = register(session_id, user, by=user, party=party, **wishes)
        return Response(as_its_resident_sees(placed.registration, placed.position), 201 if placed.created else 200)

    @extend_schema(operation_id="give_up", request=None, responses={200: RegistrationShape})
    def delete(self, request: Request, session_id: int) -> Response:
        """Give the place or the place in the queue up; the answer is the registration, cancelled."""
        user = caller(request)
        return Response(as_its_resident_sees(give_up(session_id, user, by=user)))


class CompanionOff(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {
        "DELETE": (refusals.TooLateToCancel, refusals.NotRegistered, door_refusals.CheckedInAlready)
    }

    @extend_schema(operation_id="take_companion_off", request=None, responses={200: RegistrationShape})
    def delete(self, request: Request, registration_id: int, companion_id: int) -> Response:
        """One companion stays at home, and one place goes to the next in line. Sending it again changes nothing."""
        mine = Registration.objects.visible_to(caller(request)).only("id").get(pk=registration_id)
        return Response(as_its_resident_sees(drop_companion(mine.pk, companion_id, by=caller(request))))


class MyRegistrationsQuery(Query):
    state = serializers.ChoiceField(choices=Registration.State.choices, required=False)
    upcoming = serializers.BooleanField(required=False, help_text="true: not over yet, false: over")


class MyRegistrations(Personal):
    board = "activities"
    pagination_class = Pages
    page_order = ("-created_at", "-id")

    @extend_schema(
        operation_id="my_registrations", parameters=[MyRegistrationsQuery], responses=OwnRegistration(many=True)
    )
    def get(self, request: Request) -> Response:
        """One's own registrations, the newest first; ended ones too."""
        chosen = _chosen(
            Registration.objects.visible_to(caller(request)), MyRegistrationsQuery.read(request.query_params)
        )
        pages = Pages()
        rows: list[Any] = pages.paginate_queryset(
            with_position(chosen).select_related("session__activity").prefetch_related("companions"), request, self
        )
        return pages.get_paginated_response([_own(row) for row in rows])


class OfferAccepted(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (refusals.OfferExpired, refusals.NothingOffered, refusals.ClashingSession),
    }

    @extend_schema(operation_id="accept_offer", request=None, responses={200: RegistrationShape})
    @idempotent
    def post(self, request: Request, registration_id: int) -> Response:
        """Take the place that is offered."""
        mine = Registration.objects.visible_to(caller(request)).only("id").get(pk=registration_id)
        return Response(as_its_resident_sees(accept(mine.pk, by=caller(request))))


class OfferDeclined(Personal):
    board = "activities"
    refusals: ClassVar[dict[str, Any]] = {"POST": (refusals.NothingOffered,)}

    @extend_schema(operation_id="decline_offer", request=None, responses={200: RegistrationShape})
    @idempotent
    def post(self, request: Request, registration_id: int) -> Response:
        """Leave the offered place to the next in the queue."""
        mine = Registration.objects.visible_to(caller(request)).only("id").get(pk=registration_id)
        return Response(as_its_resident_sees(decline(mine.pk, by=caller(request))))


def as_its_resident_sees(registration: Registration, position: int | None = None) -> dict[str, Any]:
    """One registration; asks the database only for what this one has: companions, a place in the queue."""
    party: Iterable[Companion] = registration.companions.order_by("id") if registration.places > 1 else ()
    if registration.state == Registration.State.WAITLISTED and position is None:
        ahead = Registration.objects.filter(session=registration.session_id, number__lte=registration.number)
        position = ahead.filter(state=Registration.State.WAITLISTED).count()
    return registration_row(registration, position, party)


def _chosen(registrations: QuerySet[Registration], query: dict[str, Any]) -> QuerySet[Registration]:
    if "state" in query:
        registrations = registrations.filter(state=query["state"])
    if "upcoming" in query:
        side = "gte" if query["upcoming"] else "lt"
        registrations = registrations.filter(**{f"session__ends_at__{side}": timezone.now()})
    return registrations


def _own(registration: Any) -> dict[str, Any]:
    activity, session = registration.session.activity, registration.session
    is_waiting = registration.state == Registration.State.WAITLISTED
    position = registration.position if is_waiting else None
    return registration_row(registration, position, registration.companions.all()) | {
        "activity": {name: getattr(activity, name) for name in ("id", "slug", "title", "kind", "place", "status")},
        "starts_at": session.starts_at,
        "ends_at": session.ends_at,
    }
