from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.idempotency import idempotent
from linlingtong.accounts.signed_in import caller
from linlingtong.core.conditional import Personal
from linlingtong.core.fields import LARGEST_ID, Query, Whole
from linlingtong.core.pagination import Pages
from linlingtong.notifications.actions import mark_read, set_preferences
from linlingtong.notifications.models import MUTABLE, Kind, Notification, Preferences

COLUMNS = ("id", "kind", "title", "body", "url", "needs_answer_until", "created_at", "read_at")
MOST = 500


class NotificationShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    title = serializers.CharField()
    body = serializers.CharField()
    url = serializers.CharField(help_text="The page of the site that it speaks of")
    needs_answer_until = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class NotificationQuery(Query):
    unread = serializers.BooleanField(required=False, help_text="true: only what was not read yet")


class Inbox(Personal):
    board = "notifications"
    pagination_class = Pages
    page_order = ("-created_at", "-id")

    @extend_schema(
        operation_id="notifications", parameters=[NotificationQuery], responses=NotificationShape(many=True)
    )
    def get(self, request: Request) -> Response:
        """One's own inbox, the newest first."""
        query = NotificationQuery.read(request.query_params)
        lines = Notification.objects.visible_to(caller(request))
        if "unread" in query:
            lines = lines.filter(read_at__isnull=query["unread"])
        pages = Pages()
        return pages.get_paginated_response(pages.paginate_queryset(lines.values(*COLUMNS), request, self))


class ReadBody(serializers.Serializer[Any]):
    ids = serializers.ListField(
        child=Whole(min_value=1, max_value=LARGEST_ID),
        max_length=MOST,
        required=False,
        allow_null=True,
        help_text="Without ids: everything",
    )


class ReadAnswer(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="How many of them were unread until now")


class MarkRead(Personal):
    board = "notifications"

    @extend_schema(operation_id="read_notifications", request=ReadBody, responses={200: ReadAnswer})
    @idempotent
    def post(self, request: Request) -> Response:
        """These lines, or all of them, were read."""
        user = caller(request)
        body = ReadBody(data=request.data)
        body.is_valid(raise_exception=True)
        return Response({"read": mark_read(user, body.validated_data.get("ids"), by=user)})


@extend_schema_field({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"})
class Clock(serializers.TimeField):
    """Hours and minutes in the subdistrict: `22:00`."""


class PreferencesShape(serializers.Serializer[Any]):
    muted = serializers.ListField(
        child=serializers.ChoiceField(choices=sorted(MUTABLE)),
        required=False,
        max_length=len(MUTABLE),
        help_text="What leaves the inbox no more, as kind:channel",
    )
    quiet_from = Clock(format="%H:%M", required=False)
    quiet_until = Clock(format="%H:%M", required=False)


class MyPreferences(Personal):
    board = "notifications"

    @extend_schema(operation_id="preferences", responses=PreferencesShape)
    def get(self, request: Request) -> Response:
        """How one wants to be told."""
        user = caller(request)
        found = Preferences.objects.filter(resident=user).first()
        return Response(_row(found or Preferences(resident=user)))

    @extend_schema(operation_id="change_preferences", request=PreferencesShape, responses=PreferencesShape)
    def patch(self, request: Request) -> Response:
        """Change some of it; what is not named stays."""
        user = caller(request)
        body = PreferencesShape(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(_row(set_preferences(user, by=user, **body.validated_data)))


def _row(preferences: Preferences) -> dict[str, Any]:
    return {
        "muted": preferences.muted,
        "quiet_from": f"{preferences.quiet_from:%H:%M}",
        "quiet_until": f"{preferences.quiet_until:%H:%M}",
    }
