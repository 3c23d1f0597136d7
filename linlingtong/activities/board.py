from django.db.models import Count, Q
from django.urls import reverse

from linlingtong.accounts.models import User
from linlingtong.activities import actions
from linlingtong.activities.actions import reminders
from linlingtong.activities.actions.forgetting import forget, own_registrations
from linlingtong.activities.models import Activity, Registration
from linlingtong.activities.views.home import home_card
from linlingtong.core.board import Board
from linlingtong.core.search import Found

MOST_FOUND = 30


def find(text: str, _user: User | None) -> list[Found]:
    """Activities that contain every word, newest dates first."""
    rows = (
        Activity.objects.visible_to()
        .matching(text)
        .order_by("-starts_at", "-id")
        .values("id", "slug", "title", "summary")[:MOST_FOUND]
    )
    return [
        Found(
            "activity",
            row["id"],
            row["title"],
            row["summary"],
            reverse("activities:detail", args=[row["slug"]]),
            "calendar-event",
        )
        for row in rows
    ]


def figures(path: str) -> dict[str, int]:
    """`activities`: published volunteer activities, past and to come; `participations` (人次): who was there at one of
    them; `participants` (人数): the different persons."""
    service = Registration.objects.filter(
        session__activity__kind=Activity.Kind.VOLUNTEER,
        attendance__in=[Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT],
        area_path__startswith=path,
    ).aggregate(participations=Count("pk"), participants=Count("resident", distinct=True))
    published = Q(status__in=[Activity.Status.PUBLISHED, Activity.Status.FINISHED])
    activities = Activity.objects.filter(published, kind=Activity.Kind.VOLUNTEER, area_path__startswith=path).count()
    return {"activities": activities, **service}


board = Board(
    "activities",
    card=home_card,
    find=find,
    figures=figures,
    export=own_registrations,
    forget=forget,
    steps={
        "lapse_offers": actions.lapse_offers,
        "finish_past": actions.finish_past,
        "tell_changes": reminders.tell_changes,
        "tell_openings": reminders.tell_openings,
        "plan_reminders": reminders.plan_reminders,
    },
    words={"registration": reminders.words},
)
