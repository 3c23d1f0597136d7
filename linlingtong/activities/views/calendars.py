import datetime as dt
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from linlingtong.accounts.models import User
from linlingtong.activities import calendar
from linlingtong.activities.models import Activity, Registration

KEPT_DAYS = 90


@require_safe
def activity_ics(_request: HttpRequest, slug: str) -> HttpResponse:
    """The activity as a calendar file."""
    activity = get_object_or_404(Activity.objects.visible_to().select_related("area", "host"), slug=slug)
    sessions = activity.sessions.order_by("starts_at", "pk")
    return _file(calendar.of_activity(activity, sessions), f"{activity.slug}.ics")


@require_safe
def feed(_request: HttpRequest, token: str) -> HttpResponse:
    """A resident's own calendar, read by a calendar program that knows the secret address."""
    resident = get_object_or_404(User.objects.active(), calendar_token=token)
    recent = timezone.now() - dt.timedelta(days=KEPT_DAYS)
    mine = Registration.objects.visible_to(resident).filter(session__ends_at__gte=recent)
    mine = mine.select_related("session__activity__area", "session__activity__host").order_by("session_id", "-pk")
    return _file(calendar.of_resident(mine), "linlingtong.ics")


@login_required
@require_safe
def subscribe(request: HttpRequest) -> HttpResponse:
    """How to get one's activities into the calendar of the phone, for where a file cannot be opened."""
    user: Any = request.user
    address = request.build_absolute_uri(reverse("activities:feed", args=[user.calendar_token]))
    webcal = "webcal://" + address.split("://", 1)[1]
    return render(request, "activities/subscribe.html", {"address": address, "webcal": webcal})


def _file(content: bytes, name: str) -> HttpResponse:
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{name}"'
    patch_cache_control(response, no_cache=True, private=True)
    return response
