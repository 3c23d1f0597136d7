from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from linlingtong.accounts.models import User
from linlingtong.activities import actions
from linlingtong.activities.actions import feedback, reminders
from linlingtong.activities.actions.attendance import close_past_sessions
from linlingtong.activities.actions.claiming import claim_lately
from linlingtong.activities.actions.counting import people_who_served
from linlingtong.activities.actions.forgetting import forget, own_registrations
from linlingtong.activities.models import Activity
from linlingtong.activities.views.home import home_card
from linlingtong.core.board import Board
from linlingtong.core.search import Found
from linlingtong.core.subject import Subject

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
    them, by check-in or on paper; `participants` (人数): the different persons, without account by phone or name."""
    published = Q(status__in=[Activity.Status.PUBLISHED, Activity.Status.FINISHED])
    activities = Activity.objects.filter(published, kind=Activity.Kind.VOLUNTEER, area_path__startswith=path).count()
    return {"activities": activities, **people_who_served(path)}


def story_url(review_id: int) -> str:
    slug = Activity.objects.filter(review=review_id).values_list("slug", flat=True).first()
    return reverse("activities:review", args=[slug]) if slug else reverse("activities:list")


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
        "close_past_sessions": close_past_sessions,
        "tell_changes": reminders.tell_changes,
        "tell_openings": reminders.tell_openings,
        "plan_reminders": reminders.plan_reminders,
        "claim_rosters": claim_lately,
        "ask_how_it_was": feedback.ask_how_it_was,
    },
    words={"registration": reminders.words},
    subjects=(
        Subject(
            kind=feedback.PICTURES,
            name=gettext_lazy("look back"),
            url=story_url,
            show=feedback.show_story,
            hide=feedback.hide_story,
            may_see=feedback.may_see_story,
            facts=feedback.story_facts,
        ),
    ),
)
