"""What the activity center shows on the home screen."""

import datetime as dt
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import reader
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.activities.models.check_in import opens_at
from linlingtong.activities.models.standing import Phase, is_soon, with_position
from linlingtong.activities.views.cards import Group, date_card, groups_of
from linlingtong.core.dates import left_words, near_moment, span_words
from linlingtong.core.memory import kept
from linlingtong.core.time import local, today

CARDS = 4
LOOK_AHEAD = dt.timedelta(days=7)
FIRST_CANDIDATES, MOST_CANDIDATES = 12, 40


def home_card(request: HttpRequest) -> dict[str, Any]:
    """The reader's next appointment, how much is open, and what fits this week."""
    user = reader(request)
    mine = _mine(user) if user else []
    still_open = _still_open(user, FIRST_CANDIDATES)
    if len(still_open) < CARDS:
        still_open = _still_open(user, MOST_CANDIDATES)
    return {
        "next": _next(mine, still_open, signed_in=user is not None),
        "mine_count": len(mine),
        "open_count": kept("open-activities", _open_count),
        "cards": [date_card(group) for group in still_open[:CARDS]],
    }


def _mine(user: User) -> list[Registration]:
    """Live registrations of sessions to come: offers first, then by start."""
    rows = with_position(Registration.objects.visible_to(user).live())
    rows = rows.filter(session__ends_at__gt=timezone.now()).select_related("session__activity")
    return sorted(rows.order_by("session__starts_at")[:50], key=lambda r: r.state != Registration.State.OFFERED)


def _still_open(user: User | None, most: int) -> list[Group]:
    """What the reader can still join this week, among the next so many sessions."""
    groups = groups_of(kept(f"sessions-of-the-week/{most}", lambda: _this_week(most)), user)
    return [group for group in groups if group.standing.state == Phase.OPEN and not group.standing.is_mine]


def _this_week(most: int) -> list[Session]:
    now = timezone.now()
    return list(
        Session.objects.visible_to()
        .filter(starts_at__gt=now, starts_at__lt=now + LOOK_AHEAD, cancelled_at=None)
        .filter(activity__status=Activity.Status.PUBLISHED)
        .select_related("activity")
        .order_by("starts_at", "pk")[:most]
    )


def _open_count() -> int:
    """Activities of the next four weeks in which one can register now."""
    now = timezone.now()
    is_open = Activity.objects.published().filter(starts_at__gt=now, starts_at__lt=now + 4 * LOOK_AHEAD)
    return is_open.exclude(opens_at__gt=now).exclude(closes_at__lte=now).count()


def _next(mine: list[Registration], still_open: list[Group], *, signed_in: bool) -> dict[str, Any]:
    """The card on top: what one is awaited at, an offer, the next appointment, something that fits, or how to join."""
    offers = [r for r in mine if r.state == Registration.State.OFFERED]
    booked = [r for r in mine if r.state == Registration.State.CONFIRMED]
    booked = [r for r in booked if r.attendance != Registration.Attendance.CHECKED_OUT]
    is_awaited = bool(booked) and opens_at(booked[0].session) <= timezone.now()
    if offers and not is_awaited:
        return _about(offers[0]) | _offer(offers[0])
    if booked:
        return _about(booked[0]) | _booked(booked[0])
    if not signed_in:
        return {"kind": "join", "url": reverse("accounts:login")}
    if still_open:
        group = still_open[0]
        label = _("This week, for you")
        return _facts(group.session) | {"kind": "suggested", "label": label, "action": group.standing.action}
    return {"kind": "none", "url": reverse("activities:month")}


def _facts(session: Session) -> dict[str, Any]:
    activity = session.activity
    return {
        "title": activity.title,
        "when": " ".join(
            p for p in (near_moment(session.starts_at), span_words(session.starts_at, session.ends_at)) if p
        ),
        "place": " · ".join(activity.whereabouts),
        "details_url": reverse("activities:detail", args=[activity.slug]),
    }


def _about(registration: Registration) -> dict[str, Any]:
    url = reverse("activities:registration", args=[registration.pk])
    return _facts(registration.session) | {"url": url, "registration": registration}


def _offer(registration: Registration) -> dict[str, Any]:
    left = left_words(registration.offered_until) if registration.offered_until else ""
    label = _("A place is yours for another %(left)s") % {"left": left}
    return {"kind": "offer", "label": label, "accept_url": reverse("activities:accept", args=[registration.pk])}


def _booked(registration: Registration) -> dict[str, Any]:
    session, now = registration.session, timezone.now()
    code = {"pass_url": reverse("activities:pass", args=[registration.pk])} if is_soon(session, now) else {}
    if session.starts_at <= now:
        return code | {"kind": "today", "label": _("Under way now")}
    if local(session.starts_at).date() == today():
        return code | {"kind": "today", "label": _("Starts in %(left)s") % {"left": left_words(session.starts_at)}}
    near = near_moment(session.starts_at)
    return code | {
        "kind": "booked",
        "label": _("You are going %(near)s") % {"near": near} if near else _("Your next activity"),
    }
