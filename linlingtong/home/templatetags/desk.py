from typing import Any, cast

from django import template
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import is_whole, scope_for
from linlingtong.activities.admin.sessions import short_of_people
from linlingtong.activities.models import Activity, ChangeNotice, Registration, Session
from linlingtong.areas.working_time import last_known_day
from linlingtong.core.board import Work
from linlingtong.core.time import day_bounds, today
from linlingtong.home.boards import BOARDS
from linlingtong.notifications.models import Message
from linlingtong.notifications.permissions import may_see_outbox

register = template.Library()
SHOWN = 20
DECEMBER = 12


@register.simple_tag(takes_context=True)
def todays_work(context: dict[str, Any]) -> dict[str, Any]:
    """What staff have to look at today, in their own areas."""
    user = cast("User", cast("HttpRequest", context["request"]).user)
    start, end = day_bounds(today())
    sessions = Session.objects.managed_by(user).filter(activity__status__in=["published", "finished", "cancelled"])
    todays = sessions.filter(starts_at__gte=start, starts_at__lt=end).select_related("activity").order_by("starts_at")
    cards = [
        *_about_people(user),
        *_about_activities(user, sessions),
        *_of_boards(user),
        *_about_messages(user),
        *_about_calendar(user),
    ]
    return {
        "sessions": list(todays[:SHOWN]),
        "cards": sorted(cards, key=lambda card: not card[0]),
        "roster": reverse("admin:activities_registration_changelist"),
    }


def _about_people(user: User) -> list[Work]:
    now = timezone.now()
    rows = Registration.objects.managed_by(user).filter(session__ends_at__gt=now)
    roster = reverse("admin:activities_registration_changelist")
    coming = f"{roster}?session__ends_at__gt={now:%Y-%m-%dT%H:%MZ}"
    return [
        (rows.filter(state="pending_review").count(), _("to approve"), f"{coming}&state__exact=pending_review"),
        (rows.filter(state="offered").count(), _("offers without an answer"), f"{coming}&state__exact=offered"),
        (
            rows.filter(clash_flagged=True, state="confirmed").count(),
            _("clash since a move"),
            f"{coming}&clash_flagged__exact=1&state__exact=confirmed",
        ),
    ]


def _about_activities(user: User, sessions: QuerySet[Session]) -> list[Work]:
    activities = reverse("admin:activities_activity_changelist")
    untold = ChangeNotice.objects.filter(told_at=None, session__in=sessions)
    told = untold.values("session__activity").distinct().count()
    drafts = Activity.objects.managed_by(user).filter(status=Activity.Status.DRAFT).count()
    short = reverse("admin:activities_session_changelist") + "?short=1"
    return [
        (short_of_people(sessions).count(), _("soon, and below the minimum"), short),
        (told, _("changed, told within ten minutes"), f"{activities}?told=soon"),
        (drafts, _("drafts"), f"{activities}?status__exact=draft"),
    ]


def _about_messages(user: User) -> list[Work]:
    """Those who look after the outbox see what did not arrive."""
    if not may_see_outbox(user):
        return []
    outbox = reverse("admin:notifications_message_changelist")
    counts = {state: Message.objects.in_trouble(state).count() for state in ("unknown", "failed")}
    return [
        (counts["unknown"], _("messages that may not have arrived"), f"{outbox}?state__exact=unknown"),
        (counts["failed"], _("messages that failed"), f"{outbox}?state__exact=failed"),
    ]


def _of_boards(user: User) -> list[Work]:
    return [card for board in BOARDS for card in board.work(user)]


def _about_calendar(user: User) -> list[Work]:
    """In December somebody has to see to it that the working days of the next year are known: deadlines need them."""
    known_until = last_known_day()
    is_december = today().month == DECEMBER
    if not (is_december and is_whole(scope_for(user))) or (known_until and known_until.year > today().year):
        return []
    return [(1, _("year without a calendar of working days"), reverse("admin:areas_calendarday_changelist"))]
