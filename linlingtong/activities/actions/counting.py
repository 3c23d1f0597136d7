"""How many came: participations and persons, counted apart."""

from typing import Any

from django.db.models import Case, CharField, Count, F, QuerySet, Value, When
from django.db.models.functions import Cast, Concat

from linlingtong.activities.models import Activity, Participant, Registration

ATTENDED = (Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT)


def people_who_served(path: str) -> dict[str, int]:
    """`participations` (人次) at volunteer activities of an area, `participants` (人数) the different persons.

    Somebody without an account is one person for each phone; without a phone, for each name in a community.
    """
    volunteering = {"session__activity__kind": Activity.Kind.VOLUNTEER, "area_path__startswith": path}
    registered = Registration.objects.filter(attendance__in=ATTENDED, **volunteering)
    listed = Participant.objects.filter(**volunteering)
    counted = registered.aggregate(number=Count("pk"))["number"] + listed.aggregate(number=Count("pk"))["number"]
    accounts = _accounts(registered).union(_accounts(listed.filter(resident__isnull=False))).count()
    others = listed.filter(resident=None).aggregate(number=Count(_stranger(), distinct=True))["number"]
    return {"participations": counted, "participants": accounts + others}


def _accounts(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.order_by().values_list("resident", flat=True)


def _stranger() -> Case:
    by_name = Concat(Cast(F("session__activity__area"), CharField()), Value("/"), F("name"))
    return Case(When(phone_key="", then=by_name), default=F("phone_key"), output_field=CharField())
