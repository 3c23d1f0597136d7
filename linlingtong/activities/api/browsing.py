from collections import defaultdict
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, FilteredRelation, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject
from django.http import Http404
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.activities import calendar
from linlingtong.activities.api.shapes import ActivityRow, WholeActivity, cover_of, session_row
from linlingtong.activities.models import Activity, Question, Registration, Session
from linlingtong.activities.models.standing import moved, standing
from linlingtong.areas.api import path_of
from linlingtong.core.conditional import Public
from linlingtong.core.fields import Day, Key, Query
from linlingtong.core.pagination import Pages
from linlingtong.core.rendering import CalendarRenderer, JSONRenderer
from linlingtong.core.search import LONGEST_QUERY
from linlingtong.core.time import at, day_bounds

COLUMNS = (
    "id",
    "slug",
    "title",
    "summary",
    "kind",
    "channel",
    "area",
    "place",
    "status",
    "starts_at",
    "ends_at",
    "opens_at",
    "closes_at",
)
WHOLE = (
    *COLUMNS,
    "body",
    "bring",
    "address",
    "meeting_point",
    "latitude",
    "longitude",
    "contact_name",
    "contact_phone",
    "cancel_hours",
    "eligible_area",
    "eligible_organization",
    "minimum_age",
    "needs_confirmed_membership",
    "needs_approval",
    "largest_party",
    "longest_queue",
    "risks",
    "protection",
    "insurance",
    "credited_minutes",
    "cancel_reason",
)
NAMES = ("cover", "area__name", "host__name")
RULES = ("cancel_hours", "longest_queue")
JUDGED = ("id", "slug", "kind", "status", "opens_at", "closes_at", *RULES)
SESSION = (
    "id",
    "activity_id",
    "role",
    "starts_at",
    "ends_at",
    "capacity",
    "taken",
    "held",
    "waiting",
    "cancelled_at",
)
MINE = ("id", "state", "attendance", "offered_until", "clash_flagged")


class ActivityQuery(Query):
    kind = serializers.ChoiceField(choices=Activity.Kind.choices, required=False)
    area = Key(required=False, help_text="For residents of this area and everything inside it")
    to = Day(required=False, help_text="Last day")
    open = serializers.BooleanField(required=False, help_text="true: only what can be registered for right now")
    q = serializers.CharField(required=False, max_length=LONGEST_QUERY, help_text="Every word must be found")

    def get_fields(self) -> dict[str, Any]:
        first = Day(required=False, help_text="First day; by default what is not over yet")
        return super().get_fields() | {"from": first}


class ActivityList(Public):
    board = "activities"
    pagination_class = Pages
    page_order = ("ends_at", "id")

    @extend_schema(operation_id="activities", parameters=[ActivityQuery], responses=ActivityRow(many=True))
    def get(self, request: Request) -> Response:
        """Published activities in the order in which they end, by default those that are not over yet."""
        pages = Pages()
        chosen = _chosen(ActivityQuery.read(request.query_params))
        rows = pages.paginate_queryset(chosen.values(*COLUMNS, *NAMES, *RULES), request, self)
        sessions = _sessions_of([row["id"] for row in rows], request.user)
        is_known = request.user.is_authenticated
        answers = [_row(row, sessions[row["id"]], is_authenticated=is_known) for row in rows]
        for answer in answers:
            for name in RULES:
                del answer[name]
        return pages.get_paginated_response(answers)


class ActivityDetail(Public):
    board = "activities"

    @extend_schema(operation_id="activity", responses=WholeActivity)
    def get(self, request: Request, activity_id: int) -> Response:
        """The whole activity, with what the caller can do in each session."""
        questions = Question.objects.filter(activity=OuterRef("pk")).order_by("position", "id")
        shape = JSONObject(**{name: name for name in ("id", "text", "kind", "choices", "is_required")})
        row = (
            Activity.objects.visible_to(request.user)
            .filter(pk=activity_id)
            .values(*WHOLE, *NAMES, asked=ArraySubquery(questions.values(shape=shape)))
            .first()
        )
        if row is None:
            raise Http404
        sessions = _sessions_of([row["id"]], request.user)[row["id"]]
        return Response(_whole(row, sessions, is_authenticated=request.user.is_authenticated))


class ActivityCalendar(Public):
    board = "activities"
    renderer_classes = [CalendarRenderer, JSONRenderer]

    @extend_schema(
        operation_id="activity_calendar",
        responses={(200, "text/calendar"): OpenApiResponse(OpenApiTypes.STR, "The sessions as iCalendar")},
    )
    def get(self, request: Request, activity_id: int) -> Response:
        """The sessions as iCalendar."""
        activity = Activity.objects.visible_to(request.user).filter(pk=activity_id).first()
        if activity is None:
            raise Http404
        sessions = activity.sessions.order_by("starts_at", "id")
        return Response(calendar.of_activity(activity, sessions), content_type=calendar.CONTENT_TYPE)


def _chosen(query: dict[str, Any]) -> QuerySet[Activity]:
    now = timezone.now()
    activities = Activity.objects.visible_to().filter(ends_at__gte=at(query["from"]) if "from" in query else now)
    if "to" in query:
        activities = activities.filter(starts_at__lt=day_bounds(query["to"])[1])
    if "kind" in query:
        activities = activities.filter(kind=query["kind"])
    if "area" in query:
        activities = activities.filter(area_path__startswith=path_of(query["area"]))
    if "q" in query:
        activities = activities.matching(query["q"])
    if query.get("open"):
        ahead = Session.objects.filter(activity=OuterRef("pk"), starts_at__gt=now, cancelled_at=None)
        activities = activities.published().filter(
            Q(opens_at=None) | Q(opens_at__lte=now), Q(closes_at=None) | Q(closes_at__gt=now), Exists(ahead)
        )
    return activities


def _sessions_of(activity_ids: list[int], user: Any) -> dict[int, list[dict[str, Any]]]:
    """The sessions by activity, each with the caller's live registration."""
    sessions = Session.objects.filter(activity__in=activity_ids).order_by("starts_at", "id")
    columns: tuple[str, ...] = SESSION
    if user.is_authenticated:
        live = Q(registrations__resident=user.pk, registrations__state__in=Registration.LIVE)
        sessions = sessions.annotate(mine=FilteredRelation("registrations", condition=live))
        sessions = sessions.annotate(is_moved=moved("mine__"))
        columns += (*(f"mine__{name}" for name in MINE), "is_moved")
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in sessions.values(*columns) if activity_ids else ():
        found[row["activity_id"]].append(row)
    return found


def _row(row: dict[str, Any], sessions: list[dict[str, Any]], *, is_authenticated: bool) -> dict[str, Any]:
    activity = Activity(
        **{name: row[name] for name in ("id", "slug", "kind", "status", "opens_at", "closes_at", *RULES)}
    )
    area_name, host_name = row.pop("area__name"), row.pop("host__name")
    row["host"] = host_name or area_name
    row["cover"] = cover_of(row["cover"], row["kind"])
    row["sessions"] = [
        session_row(session) | _what_can_be_done(activity, session, is_authenticated=is_authenticated)
        for session in sessions
    ]
    return row


def _whole(row: dict[str, Any], sessions: list[dict[str, Any]], *, is_authenticated: bool) -> dict[str, Any]:
    answer = _row(row, sessions, is_authenticated=is_authenticated) | {"questions": row.pop("asked")}
    for name in ("latitude", "longitude"):
        answer[name] = None if row[name] is None else float(row[name])
    return answer


def _what_can_be_done(activity: Activity, row: dict[str, Any], *, is_authenticated: bool) -> dict[str, Any]:
    session = Session(activity=activity, **{name: row[name] for name in SESSION if name != "activity_id"})
    registration = Registration(**{name: row[f"mine__{name}"] for name in MINE}) if row.get("mine__id") else None
    if registration:
        vars(registration)["is_moved"] = row["is_moved"]
    stands = standing(session, registration, timezone.now(), is_authenticated=is_authenticated)
    first = stands.action
    return {
        "phase": stands.state,
        "action": first
        and {"kind": first.kind, "label": first.label, "url": first.url, "is_primary": first.is_primary},
    }
