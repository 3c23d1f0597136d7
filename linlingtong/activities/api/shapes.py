"""What the board's calls answer. The hot lists build plain dicts; the serializers only describe them."""

from collections.abc import Iterable
from typing import Any

from django.templatetags.static import static
from rest_framework import serializers

from linlingtong.activities.models import Activity, Question, Registration
from linlingtong.activities.models.standing import Phase


class ActionShape(serializers.Serializer[Any]):
    kind = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # a field, not the serializer's label
    url = serializers.CharField(help_text="The page of the site where the same can be done")
    is_primary = serializers.BooleanField()


class SessionShape(serializers.Serializer[Any]):
    """Where a session stands for the caller, and what can be done about it."""

    id = serializers.IntegerField()
    role = serializers.CharField()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    capacity = serializers.IntegerField(allow_null=True, help_text="null: without limit")
    places_left = serializers.IntegerField(allow_null=True, help_text="What a newcomer gets at once; null: no limit")
    waiting = serializers.IntegerField(help_text="Entries in the waiting list")
    is_cancelled = serializers.BooleanField()
    state_for_me = serializers.ChoiceField(choices=[s.value for s in Registration.LIVE], allow_null=True)
    registration = serializers.IntegerField(allow_null=True, help_text="The caller's live registration")
    phase = serializers.ChoiceField(
        choices=[phase.value for phase in Phase], help_text="Where it stands for everybody"
    )
    action = ActionShape(allow_null=True, help_text="The one button that the pages of the site show")


class ActivityRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    kind = serializers.ChoiceField(choices=Activity.Kind.choices)
    channel = serializers.ChoiceField(choices=Activity.Channel.choices)
    host = serializers.CharField(help_text="A community, a volunteer team or a company")
    area = serializers.IntegerField()
    place = serializers.CharField()
    cover = serializers.CharField(help_text="Address of the picture on this site")
    status = serializers.ChoiceField(choices=Activity.Status.choices, help_text="Never draft")
    starts_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    opens_at = serializers.DateTimeField(allow_null=True)
    closes_at = serializers.DateTimeField(allow_null=True)
    sessions = SessionShape(many=True)


class QuestionShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    text = serializers.CharField()
    kind = serializers.ChoiceField(choices=Question.Kind.choices)
    choices = serializers.ListField(child=serializers.CharField())
    is_required = serializers.BooleanField()


class WholeActivity(ActivityRow):
    body = serializers.CharField()
    bring = serializers.CharField()
    address = serializers.CharField()
    meeting_point = serializers.CharField()
    latitude = serializers.FloatField(allow_null=True)
    longitude = serializers.FloatField(allow_null=True)
    contact_name = serializers.CharField()
    contact_phone = serializers.CharField()
    cancel_hours = serializers.IntegerField()
    eligible_area = serializers.IntegerField(allow_null=True)
    eligible_organization = serializers.IntegerField(allow_null=True)
    minimum_age = serializers.IntegerField(allow_null=True)
    needs_confirmed_membership = serializers.BooleanField()
    needs_approval = serializers.BooleanField()
    largest_party = serializers.IntegerField()
    longest_queue = serializers.IntegerField(allow_null=True)
    risks = serializers.CharField()
    protection = serializers.CharField()
    insurance = serializers.CharField()
    credited_minutes = serializers.IntegerField(allow_null=True)
    cancel_reason = serializers.CharField()
    questions = QuestionShape(many=True)


class CompanionShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    age = serializers.IntegerField(allow_null=True)


class RegistrationShape(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    session = serializers.IntegerField()
    state = serializers.ChoiceField(choices=Registration.State.choices)
    attendance = serializers.ChoiceField(choices=Registration.Attendance.choices)
    queue_position = serializers.IntegerField(allow_null=True, help_text="From 1; only while waitlisted")
    places = serializers.IntegerField(help_text="The resident and the companions")
    party = CompanionShape(many=True)
    answers = serializers.DictField()
    note = serializers.CharField()
    may_be_photographed = serializers.BooleanField()
    offered_until = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)


class WhatRegistered(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    slug = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=Activity.Kind.choices)
    place = serializers.CharField()
    status = serializers.ChoiceField(choices=Activity.Status.choices)


class OwnRegistration(RegistrationShape):
    activity = WhatRegistered()
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()


DRAWN = {"volunteer", "culture", "sports", "training", "care", "market", "council", "festival"}


def cover_of(cover: str, kind: str) -> str:
    """The address of the picture; kinds without a drawing of their own share the market's."""
    name = cover or (kind if kind in DRAWN else "market")
    return static(f"covers/{name}.svg")


def session_row(row: dict[str, Any]) -> dict[str, Any]:
    """One session from its columns and, for a signed-in caller, `mine__id` and `mine__state`."""
    capacity = row["capacity"]
    left = None if capacity is None else 0 if row["waiting"] else max(0, capacity - row["taken"] - row["held"])
    return {
        "id": row["id"],
        "role": row["role"],
        "starts_at": row["starts_at"],
        "ends_at": row["ends_at"],
        "capacity": capacity,
        "places_left": left,
        "waiting": row["waiting"],
        "is_cancelled": row["cancelled_at"] is not None,
        "state_for_me": row.get("mine__state"),
        "registration": row.get("mine__id"),
    }


def registration_row(registration: Registration, position: int | None, party: Iterable[Any]) -> dict[str, Any]:
    """One registration as its resident sees it."""
    return {
        "id": registration.pk,
        "session": registration.session_id,
        "state": registration.state,
        "attendance": registration.attendance,
        "queue_position": position,
        "places": registration.places,
        "party": [{"id": one.pk, "name": one.name, "age": one.age} for one in party],
        "answers": registration.answers,
        "note": registration.note,
        "may_be_photographed": registration.may_be_photographed,
        "offered_until": registration.offered_until,
        "ended_by": registration.ended_by,
        "reason": registration.reason,
        "created_at": registration.created_at,
        "confirmed_at": registration.confirmed_at,
    }
