import datetime as dt

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
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
from linlingtong.core.dates import date_words
from linlingtong.core.search import Found
from linlingtong.core.subject import Subject
from linlingtong.core.time import local

MOST_FOUND = 30


def find(text: str, _user: User | None) -> list[Found]:
    """Activities that contain every word: what comes, the nearest first, then what has been."""
    now, found = timezone.now(), Activity.objects.visible_to().matching(text)
    coming = list(found.filter(ends_at__gte=now).order_by("starts_at", "id")[:MOST_FOUND])
    past = found.exclude(ends_at__gte=now).order_by("-starts_at", "-id")[: MOST_FOUND - len(coming)]
    return [_found(one, now) for one in [*coming, *past]]


def _found(one: Activity, now: dt.datetime) -> Found:
    """Those of one name are told apart by their dates."""
    is_over = one.ends_at is not None and one.ends_at < now and one.status != Activity.Status.CANCELLED
    said = _("over") if is_over else one.get_status_display() if one.status != Activity.Status.PUBLISHED else ""
    when = date_words(local(one.starts_at).date()) if one.starts_at else ""
    excerpt = " · ".join(str(part) for part in (when, said, one.summary) if part)
    return Found(
        "activity", one.pk, one.title, excerpt, reverse("activities:detail", args=[one.slug]), "calendar-event"
    )


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
