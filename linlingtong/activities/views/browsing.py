import calendar
import datetime as dt
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import caches
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.accounts.signed_in import reader
from linlingtong.activities.forms import Filters
from linlingtong.activities.models import Activity, Bookmark, Registration, Session
from linlingtong.activities.models.standing import LATE, Phase
from linlingtong.activities.views.cards import (
    KIND_ICONS,
    Group,
    cover_of,
    date_card,
    days_of,
    gauge,
    group_gauge,
    groups_of,
    how_many,
)
from linlingtong.activities.views.listing import (
    STRIP_DAYS,
    Listing,
    next_day_with_some,
    parse_filters,
    still_shown,
)
from linlingtong.activities.views.review import looked_back
from linlingtong.areas.models import Area
from linlingtong.core.dates import MONTHS, WEEKDAYS, date_words, near, weekday
from linlingtong.core.time import day_bounds, local, today

OPEN_CONTACT = dt.timedelta(hours=24)
OFTEN_ASKED = {"", *(f"kind={kind}" for kind in Activity.Kind.values)}
COMMUNITY_CARDS = 12


@dataclass(frozen=True)
class Page:
    """A rendered list, and the sessions that stand in it."""

    content: SafeString
    total: int
    sessions: tuple[int, ...]


@require_safe
def activity_list(request: HttpRequest) -> HttpResponse:
    """What is on. Who has nothing of their own on the page gets it as it was a moment ago for somebody like them."""
    user = reader(request)
    key = _shared(request, user)
    page: Page | None = caches["process"].get(key) if key else None
    if page is None or _has_own(user, page):
        page = _list_page(request, user)
        if key and not _has_own(user, page):
            caches["process"].set(key, page, settings.PUBLIC_ANSWER_SECONDS)
    return render(request, "activities/list.html", {"content": page.content, "total": page.total})


def _shared(request: HttpRequest, user: User | None) -> str:
    """Names the page for all who ask for it like this reader; empty for what hardly anybody asks for."""
    query = request.GET.urlencode()
    return f"activities/{get_language()}/{user is not None}/{query}" if query in OFTEN_ASKED else ""


def _has_own(user: User | None, page: Page) -> bool:
    return user is not None and Registration.objects.filter(resident=user, session__in=page.sessions).exists()


def _list_page(request: HttpRequest, user: User | None) -> Page:
    filters, listing = parse_filters(request.GET)
    first = today()
    counts = listing.counts(first, STRIP_DAYS)
    groups, next_page = listing.page(user, request.GET.get("after", ""))
    strip = [first + dt.timedelta(days=n) for n in range(STRIP_DAYS)]
    context = _filter_context(request, filters, listing) | {
        "days": [_strip_day(day, counts.get(day, 0), request.GET, listing.chosen.get("date", first)) for day in strip],
        "total": sum(counts.values()),
        "groups": days_of(groups, counts),
        "next_url": _with(request.GET, after=next_page) if next_page else "",
        "empty": None if groups else _empty(request, listing),
    }
    sessions = tuple(session.pk for group in groups for session, _its in group.pairs)
    return Page(render_to_string("activities/_list.html", context), context["total"], sessions)


@require_safe
def month(request: HttpRequest) -> HttpResponse:
    filters, listing = parse_filters(request.GET)
    user = reader(request)
    day: dt.date = listing.chosen.get("date") or today()
    weeks = calendar.Calendar().monthdatescalendar(day.year, day.month)
    counts = listing.counts(weeks[0][0], len(weeks) * 7)
    listing.chosen["date"] = day
    groups, _next = listing.page(user)
    mine = _my_days(request, weeks[0][0], weeks[-1][-1])
    context = _filter_context(request, filters, listing) | {
        "month": {
            "title": _month_title(day),
            "previous_url": _with(request.GET, date=_first_of(day, -1)),
            "next_url": _with(request.GET, date=_first_of(day, 1)),
            "weekdays": [str(name) for name in WEEKDAYS],
            "weeks": [[_month_day(d, day, counts, mine, request.GET) for d in week] for week in weeks],
        },
        "day": day,
        "groups": days_of(groups, counts),
        "empty": None if groups else _empty(request, listing),
    }
    return render(request, "activities/month.html", context)


@require_safe
def detail(request: HttpRequest, slug: str) -> HttpResponse:
    activity = shown_activity(request, slug)
    user = reader(request)
    sessions = list(activity.sessions.order_by("starts_at", "pk"))
    for session in sessions:
        session.activity = activity
    group = whole(activity, sessions, request)
    context = {
        "activity": activity,
        "group": group,
        "its": group.standing if group else None,
        "session": group.session if group else None,
        "rows": [(s, its, gauge(s, its)) for s, its in group.pairs] if group else [],
        "gauge": group_gauge(group) if group else None,
        "is_one_day": bool(group and len({local(s.starts_at).date() for s, _its in group.pairs}) == 1),
        "cover": cover_of(activity),
        "is_bookmarked": bool(user and Bookmark.objects.filter(resident=user, activity=activity).exists()),
        "contact": contact_of(activity, group),
        "bring": [line.strip("-•· ") for line in activity.bring.splitlines() if line.strip("-•· ")],
        "is_preview": activity.status == Activity.Status.DRAFT,
        "reason": cancel_reason(group),
        "late_hours": LATE // dt.timedelta(hours=1),
    }
    if group and group.standing.state == Phase.OVER:
        context |= looked_back(activity, reader(request))
    return render(request, "activities/detail.html", context)


@require_safe
def community(request: HttpRequest, slug: str) -> HttpResponse:
    area = get_object_or_404(Area.objects.communities().active(), slug=slug)
    sessions = still_shown(Session.objects.visible_to()).filter(
        activity__area_path__startswith=area.path, ends_at__gte=timezone.now()
    )
    coming = list(sessions.select_related("activity").order_by("starts_at", "pk")[:COMMUNITY_CARDS])
    cards = [date_card(group) for group in groups_of(coming, reader(request))]
    return render(request, "activities/community.html", {"area": area, "cards": cards})


def shown_activity(request: HttpRequest, slug: str) -> Activity:
    """A published activity, or a draft for the staff of its area; a draft's existence is private."""
    found = Activity.objects.select_related("area", "host", "eligible_area", "eligible_organization")
    activity = get_object_or_404(found, slug=slug)
    if activity.status != Activity.Status.DRAFT:
        return activity
    user = reader(request)
    if user is None or not user.is_staff or not in_scope(activity.area_path, scope_for(user)):
        raise Http404
    return activity


def whole(activity: Activity, sessions: list[Session], request: HttpRequest) -> Group | None:
    """All sessions of an activity with the reader's standing in each."""
    groups = groups_of(sessions, reader(request))
    if not groups:
        return None
    return Group(activity, [pair for group in groups for pair in group.pairs])


def contact_of(activity: Activity, group: Group | None) -> dict[str, str]:
    """Who leads and how to reach them: an office for everybody, a person's own phone for those who come soon."""
    phone, name = activity.contact_phone, activity.contact_name
    if not _is_mobile(phone):
        return {"name": name, "phone": phone, "hint": ""}
    if group and any(_may_call(session, its.mine) for session, its in group.pairs):
        return {"name": name, "phone": phone, "hint": ""}
    return {"name": name, "phone": "", "hint": _("Those who come see the phone number one day before.")}


def _may_call(session: Session, mine: str) -> bool:
    return mine in {"joined", "checked_in", "done"} and session.starts_at - timezone.now() <= OPEN_CONTACT


def _is_mobile(phone: str) -> bool:
    digits = "".join(c for c in phone if c.isdigit()).removeprefix("86")
    return len(digits) == 11 and digits.startswith("1")


def cancel_reason(group: Group | None) -> str:
    if group is None or group.standing.state != Phase.CANCELLED:
        return ""
    return group.session.cancel_reason or group.activity.cancel_reason


def _filter_context(request: HttpRequest, filters: Filters, listing: Listing) -> dict[str, Any]:
    chosen = listing.chosen
    return {
        "filters": filters,
        "chosen": chosen,
        "query": request.GET,
        "communities": listing.communities,
        "times": Filters.TIMES,
        "date_value": chosen["date"].isoformat() if chosen.get("date") else "",
        "filter_count": len(chosen.get("community", ())) + len(chosen.get("time", ())),
        "list_url": f"{reverse('activities:list')}{_with(request.GET)}",
        "month_url": f"{reverse('activities:month')}{_with(request.GET)}",
        "all_kinds_url": _with(request.GET, kind=""),
        "clear_search_url": _with(request.GET, q=""),
        "kinds": [
            {
                "url": _with(request.GET, kind=value),
                "label": label,
                "icon": KIND_ICONS[value],
                "is_current": chosen.get("kind") == value,
            }
            for value, label in Activity.Kind.choices
        ],
    }


def _with(query: QueryDict, **changes: Any) -> str:
    """The same address with other values; paging starts afresh."""
    fresh = query.copy()
    for name, value in {"after": "", **changes}.items():
        fresh[name] = str(value)
    pairs = [(name, value) for name, values in fresh.lists() for value in values if value]
    return f"?{urlencode(pairs)}"


def _strip_day(day: dt.date, number: int, query: QueryDict, current: dt.date | None) -> dict[str, Any]:
    is_chosen = day.isoformat() == query.get("date")
    return {
        "url": _with(query, date="" if is_chosen else day.isoformat()),
        "weekday": capfirst(near(day)) if day == today() else weekday(day),
        "day": day.day,
        "count_label": _("%(number)d on") % {"number": number} if number else _("none"),
        "is_current": day == current,
        "is_rest": day.weekday() >= calendar.SATURDAY,
        "is_none": not number,
        "full_label": _read_out(_day_in_front(day), number),
    }


def _month_day(
    day: dt.date, current: dt.date, counts: dict[dt.date, int], mine: set[dt.date], query: QueryDict
) -> dict[str, Any]:
    number = counts.get(day, 0)
    return {
        "url": _with(query, date=day.isoformat()),
        "day": day.day,
        "count": number,
        "is_outside": day.month != current.month,
        "is_today": day == today(),
        "is_current": day == current,
        "is_mine": day in mine,
        "full_label": _read_out(date_words(day), number),
    }


def _read_out(day: str, number: int) -> str:
    return _("%(day)s, %(count)s") % {"day": day, "count": how_many(number)}


def _my_days(request: HttpRequest, first: dt.date, last: dt.date) -> set[dt.date]:
    user = reader(request)
    if user is None:
        return set()
    mine = Registration.objects.visible_to(user).filter(
        state=Registration.State.CONFIRMED,
        session__starts_at__gte=day_bounds(first)[0],
        session__starts_at__lt=day_bounds(last)[1],
    )
    return {local(moment).date() for moment in mine.values_list("session__starts_at", flat=True)}


def _month_title(day: dt.date) -> str:
    return _("%(month)s %(year)d") % {"month": MONTHS[day.month - 1], "year": day.year}


def _first_of(day: dt.date, months: int) -> str:
    """The first day of a month nearby; today when it lies in that month."""
    year, number = divmod(day.year * 12 + day.month - 1 + months, 12)
    first = dt.date(year, number + 1, 1)
    return (today() if (today().year, today().month) == (first.year, first.month) else first).isoformat()


def _empty(request: HttpRequest, listing: Listing) -> dict[str, Any]:
    """Nothing matches: say so, and lead to the nearest day that has some."""
    day: dt.date | None = listing.chosen.get("date")
    nearest = next_day_with_some(listing, day or today())
    clear = {"url": request.path, "label": _("Show everything")}
    title = _("Nothing on %(day)s yet") % {"day": date_words(day)} if day else _("Nothing fits these filters yet")
    if nearest is None or day is None:
        return {"title": title, "text": _("Try fewer filters or other words."), "action": clear, "second": None}
    number = listing.counts(nearest, 1).get(nearest, 0)
    text = _("The nearest day with activities is %(day)s.") % {"day": _day_in_front(nearest)}
    go = {"url": _with(request.GET, date=nearest.isoformat()), "label": _see(nearest, number)}
    return {"title": title, "text": text, "action": go, "second": clear}


def _day_in_front(day: dt.date) -> str:
    return f"{near(day)} {date_words(day)}".strip()


def _see(day: dt.date, number: int) -> str:
    return _("See %(day)s (%(count)s)") % {"day": near(day) or weekday(day), "count": how_many(number)}
