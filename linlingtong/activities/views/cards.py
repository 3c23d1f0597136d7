"""What activities look like in lists: sessions become cards, grouped by day."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.activities.models.standing import Phase, Standing, leading, standings, with_position
from linlingtong.core.dates import clock, date_words, hours_words, month, near, near_moment, span_words, weekday
from linlingtong.core.time import local

KIND_ICONS = {
    Activity.Kind.VOLUNTEER.value: "leaf",
    Activity.Kind.CULTURE.value: "palette",
    Activity.Kind.SPORTS.value: "ball-football",
    Activity.Kind.TRAINING.value: "school",
    Activity.Kind.CARE.value: "stethoscope",
    Activity.Kind.MARKET.value: "building-store",
    Activity.Kind.COUNCIL.value: "users-group",
    Activity.Kind.FESTIVAL.value: "confetti",
    Activity.Kind.SOCIAL.value: "friends",
}
NO_COVER_OF_ITS_OWN = {Activity.Kind.SOCIAL.value: "festival"}
OFF = {Phase.CANCELLED, Phase.OVER}


@dataclass(frozen=True)
class Group:
    """The sessions of one activity on one day: what one card stands for."""

    activity: Activity
    pairs: list[tuple[Session, Standing]]

    @property
    def session(self) -> Session:
        return leading(self.pairs)[0]

    @property
    def standing(self) -> Standing:
        return leading(self.pairs)[1]

    @property
    def going(self) -> list[Session]:
        """The sessions that take place; all of them when none does."""
        return [s for s, its in self.pairs if its.state != Phase.CANCELLED] or [s for s, _its in self.pairs]

    @property
    def when(self) -> str:
        """From the first start to the last end when all is on one day, else the time of the leading session."""
        first, last = self.going[0], max(self.going, key=lambda s: s.ends_at)
        is_one_day = local(first.starts_at).date() == local(last.ends_at).date()
        return span_words(first.starts_at, last.ends_at) if is_one_day else span_words(*_span(self.session))


def _span(session: Session) -> tuple[dt.datetime, dt.datetime]:
    return session.starts_at, session.ends_at


@dataclass(frozen=True)
class Day:
    """The cards of one day under its header."""

    near: str
    words: str
    count: str
    cards: list[dict[str, Any]]


def own_registrations(user: User | None, sessions: Iterable[Session]) -> dict[int, Registration]:
    """The reader's newest registration in each session, with the place in the queue."""
    if user is None:
        return {}
    mine = with_position(Registration.objects.visible_to(user).filter(session__in=[s.pk for s in sessions]))
    return {registration.session_id: registration for registration in mine.order_by("pk")}


def groups_of(sessions: list[Session], user: User | None) -> list[Group]:
    """Sessions in their order, those of one activity on one day together."""
    mine = own_registrations(user, sessions)
    pairs = standings(sessions, mine, timezone.now(), is_authenticated=user is not None)
    found: dict[tuple[int, dt.date], Group] = {}
    for session, its in pairs:
        key = session.activity_id, local(session.starts_at).date()
        found.setdefault(key, Group(session.activity, [])).pairs.append((session, its))
    return list(found.values())


def days_of(groups: list[Group], counts: Mapping[dt.date, int]) -> list[Day]:
    """Cards under day headers: 今天 11月22日 周日 · 2 场."""
    by_day: dict[dt.date, list[Group]] = {}
    for group in groups:
        by_day.setdefault(local(group.going[0].starts_at).date(), []).append(group)
    return [
        Day(
            near=near(day),
            words=date_words(day),
            count=how_many(counts.get(day, len(its))),
            cards=[time_card(group) for group in its],
        )
        for day, its in by_day.items()
    ]


def how_many(number: int) -> str:
    return ngettext("%(number)d activity", "%(number)d activities", number) % {"number": number}


def time_card(group: Group) -> dict[str, Any]:
    """A card in a list that is grouped by day."""
    going = group.going
    start, end = min(s.starts_at for s in going), max(s.ends_at for s in going)
    return card(group) | {"time_block": {"start": clock(start), "end": clock(end)}}


def date_card(group: Group) -> dict[str, Any]:
    """A card in a list that is not grouped by day, as on the home page."""
    day = local(group.going[0].starts_at).date()
    block = {"month": month(day), "day": day.day, "weekday": weekday(day)}
    return card(group, with_clock=True) | {"date_block": block}


def card(group: Group, *, with_clock: bool = False) -> dict[str, Any]:
    activity, its = group.activity, group.standing
    return {
        "url": reverse("activities:detail", args=[activity.slug]),
        "title": activity.title,
        "kind_label": activity.get_kind_display(),
        "badge": its.badge,
        "hours_label": hours_label(group, with_clock=with_clock),
        "place": activity.place or (_("Online") if activity.channel == Activity.Channel.ONLINE else ""),
        "gauge": None if its.state in OFF | {Phase.NOT_OPEN} else group_gauge(group),
        "note": card_note(group),
        "action": card_action(its),
        "is_off": its.state in OFF,
    }


def card_action(its: Standing) -> dict[str, Any] | None:
    """The one button: solid only for what the page wants most."""
    action = its.action
    if action is None:
        return None
    return {
        "url": action.url,
        "label": action.short or action.label,
        "kind": "solid" if action.is_primary else "line",
        "icon": {"remind": "bell"}.get(action.kind, ""),
        "is_post": action.is_post,
    }


def hours_label(group: Group, *, with_clock: bool = False) -> str:
    start = group.going[0].starts_at
    when = clock(start) if with_clock else near_moment(start)
    return " · ".join(part for part in (when, duration_words(group)) if part)


def duration_words(group: Group) -> str:
    minutes = group.activity.credited_minutes
    if minutes:
        return _("%(hours)s of service") % {"hours": hours_words(minutes)}
    length = group.going[0].ends_at - group.going[0].starts_at
    return hours_words(int(length.total_seconds() // 60))


def card_note(group: Group) -> str:
    """Words instead of a gauge where nobody can take a place."""
    its, session = group.standing, group.session
    if its.state == Phase.CANCELLED:
        return session.cancel_reason or group.activity.cancel_reason
    if its.state == Phase.OVER:
        return ngettext("%(number)d person was there", "%(number)d people were there", session.taken) % {
            "number": session.taken
        }
    if its.state == Phase.NOT_OPEN:
        if session.capacity is None:
            return _("Room for everybody")
        return ngettext("%(number)d place", "%(number)d places", session.capacity) % {"number": session.capacity}
    return ""


def group_gauge(group: Group) -> dict[str, Any]:
    going = group.going
    if len(going) == 1:
        return gauge(going[0], group.standing)
    capacity = None if any(s.capacity is None for s in going) else sum(s.capacity or 0 for s in going)
    return {
        "confirmed": sum(s.taken for s in going),
        "held": sum(s.held for s in going),
        "capacity": capacity,
        "minimum": sum(s.minimum_needed for s in going),
        "note": ngettext("%(number)d group", "%(number)d groups", len(going)) % {"number": len(going)},
        "tone": "few" if group.standing.is_few else "",
    }


def gauge(session: Session, its: Standing) -> dict[str, Any]:
    """How full a session is; a full one tells how many wait."""
    return {
        "confirmed": session.taken,
        "held": session.held,
        "capacity": session.capacity,
        "minimum": session.minimum_needed,
        "label": _gauge_label(session),
        "note": "",
        "tone": "few" if its.is_few else "full" if its.places_left == 0 else "",
    }


def _gauge_label(session: Session) -> str:
    if not session.waiting:
        return ""
    words = _("<b>{taken}</b> of {capacity} places taken")
    taken = format_html(words, taken=session.taken, capacity=session.capacity)
    waiting = ngettext("%(number)d waiting", "%(number)d waiting", session.waiting) % {"number": session.waiting}
    return format_html("{} · {}", taken, waiting)


def cover_of(activity: Activity) -> str:
    name = activity.cover or NO_COVER_OF_ITS_OWN.get(activity.kind, activity.kind)
    return f"covers/{name}.svg"
