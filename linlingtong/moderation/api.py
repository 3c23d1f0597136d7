from typing import Any, ClassVar

from django.urls import URLPattern, path
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import Key, Text
from linlingtong.core.subject import subject_of
from linlingtong.moderation.actions import appeal, refusals, report
from linlingtong.moderation.models import Case, Report

MOST = 50


class ReportBody(serializers.Serializer[Any]):
    kind = serializers.CharField(max_length=20, help_text="praise, praise_comment, help_post, nickname, …")
    object = Key(help_text="The id of the object; of a nickname: the id of its owner")
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    note = Text(max_length=300, required=False, allow_blank=True)


class ReportShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    object = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    created_at = serializers.DateTimeField()


class CaseShape(serializers.Serializer[Any]):
    """Something of one's own that staff looked at, are looking at or will look at."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    object = serializers.IntegerField()
    name = serializers.CharField(help_text="The kind in the caller's language")
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=Case.State.choices)
    is_visible = serializers.BooleanField()
    reason = serializers.CharField(help_text="What staff wrote to its author")
    may_appeal = serializers.BooleanField()
    submitted_at = serializers.DateTimeField()


class AppealBody(serializers.Serializer[Any]):
    text = Text(max_length=500)


class Reports(Personal):
    board = "moderation"
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (refusals.OwnContent, refusals.ReportsOfToday, refusals.ReportsPaused),
    }

    @extend_schema(
        operation_id="report",
        request=ReportBody,
        responses={
            201: OpenApiResponse(ReportShape, "Noted"),
            200: OpenApiResponse(ReportShape, "The caller reported it before: the same report"),
        },
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Say that something should be looked at by staff; only they see who said it."""
        body = ReportBody(data=request.data)
        body.is_valid(raise_exception=True)
        given = dict(body.validated_data)
        kind, object_id = given.pop("kind"), given.pop("object")
        reported = report(kind, object_id, by=caller(request), **given)
        row = reported.row
        answer = {"id": row.pk, "kind": kind, "object": object_id, "reason": row.reason, "created_at": row.created_at}
        return Response(answer, 201 if reported.is_new else 200)


class OwnReviews(Personal):
    board = "moderation"

    @extend_schema(operation_id="my_reviews", responses=CaseShape(many=True))
    def get(self, request: Request) -> Response:
        """One's own things that are or were looked at, the newest first, fifty at most."""
        return Response([case_row(row) for row in Case.objects.reviewed_of(caller(request))[:MOST]])


class Appeal(Personal):
    board = "moderation"
    refusals: ClassVar[dict[str, Any]] = {
        "POST": (refusals.NothingToAppeal, refusals.AlreadyAppealed, refusals.AppealEmpty),
    }

    @extend_schema(operation_id="appeal", request=AppealBody, responses={200: CaseShape})
    @idempotent
    def post(self, request: Request, case_id: int) -> Response:
        """Ask for another person's decision, once."""
        body = AppealBody(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(case_row(appeal(case_id, body.validated_data["text"], by=caller(request))))


def case_row(case: Case) -> dict[str, Any]:
    """A case as its author sees it."""
    subject = subject_of(case.kind)
    facts = ("id", "kind", "text", "state", "is_visible", "reason", "submitted_at")
    return {name: getattr(case, name) for name in facts} | {
        "object": case.object_id,
        "name": str(subject.name if subject else case.kind),
        "may_appeal": case.may_be_appealed,
    }


routes: list[URLPattern] = [
    path("reports/", Reports.as_view(), name="reports"),
    path("me/reviews/", OwnReviews.as_view(), name="reviews"),
    path("me/reviews/<id:case_id>/appeal/", Appeal.as_view(), name="appeal"),
]
