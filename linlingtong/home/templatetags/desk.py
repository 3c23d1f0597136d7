import datetime as dt
from typing import Any, cast

from django import template
from django.db.models import F
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.core.time import day_bounds, today

register = template.Library()
SOON = dt.timedelta(days=3)


@register.simple_tag(takes_context=True)
def todays_work(context: dict[str, Any]) -> dict[str, Any]:
    """What staff have to look at today, in their own areas."""
    user = cast("User", cast("HttpRequest", context["request"]).user)
    now, (start, end) = timezone.now(), day_bounds(today())
    running = Session.objects.managed_by(user).filter(cancelled_at=None, activity__status=Activity.Status.PUBLISHED)
    todays = running.filter(starts_at__gte=start, starts_at__lt=end).select_related("activity").order_by("starts_at")
    rows = Registration.objects.managed_by(user)
    roster = reverse("admin:activities_registration_changelist")
    short = running.filter(starts_at__gt=now, starts_at__lt=now + SOON, taken__lt=F("minimum_needed"))
    drafts = Activity.objects.managed_by(user).filter(status=Activity.Status.DRAFT)
    cards = [
        (rows.filter(state="pending_review").count(), _("to approve"), f"{roster}?state__exact=pending_review"),
        (rows.filter(state="offered").count(), _("offers without an answer"), f"{roster}?state__exact=offered"),
        (
            rows.filter(clash_flagged=True, state="confirmed").count(),
            _("clash since a move"),
            f"{roster}?clash_flagged__exact=1",
        ),
        (short.count(), _("soon, and below the minimum"), reverse("admin:activities_session_changelist")),
        (drafts.count(), _("drafts"), reverse("admin:activities_activity_changelist") + "?status__exact=draft"),
    ]
    return {"sessions": list(todays[:20]), "cards": cards, "roster": roster}
