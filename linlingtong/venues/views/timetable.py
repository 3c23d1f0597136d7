import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import reader
from linlingtong.areas.models import Organization
from linlingtong.core.dates import date_words, near, span_words, weekday
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import local, today
from linlingtong.venues.actions import book, wait
from linlingtong.venues.actions.refusals import SlotTaken
from linlingtong.venues.forms import BookForm, read_day, read_moment
from linlingtong.venues.grid import Cell, Day, Grid, Standing
from linlingtong.venues.models import Venue, WaitEntry

WEEK = 7
NOON, EVENING = 12, 18
LAST_DAY = dt.timedelta(days=400)


@require_safe
def venues(request: HttpRequest) -> HttpResponse:
    """Every place that can be booked, with how much is free today."""
    rows = list(Venue.objects.shown().order_by("name", "pk"))
    shown = [{"venue": one, "free": Grid(one, today(), 1, None).days[0].free_count} for one in rows]
    return render(request, "venues/list.html", {"rows": shown})


@require_http_methods(["GET", "HEAD", "POST"])
def venue(request: HttpRequest, slug: str) -> HttpResponse:
    """The week of a venue. A tap on a green cell chooses it, a second one books it."""
    found = get_object_or_404(Venue.objects.shown().select_related("area"), slug=slug)
    if request.method == "POST":
        return _book(request, found)
    chosen = read_moment(request.GET.get("at", ""))
    return _page(request, found, chosen)


@login_required
def _book(request: HttpRequest, found: Venue) -> HttpResponse:
    me = reader(request)
    if me is None:
        raise PermissionDenied
    chosen = read_moment(request.POST.get("at", ""))
    cell = _cell_at(found, chosen, me)
    form = BookForm(request.POST, venue=found, cell=cell, teams=teams_of(me))
    if not form.is_valid():
        return _page(request, found, chosen, form=form)
    try:
        booking = book(form.order(), me, by=me)
    except Refusal as refusal:
        form.add_error(None, refusal.detail)
        return _page(request, found, chosen, form=form, others=_others(found, refusal))
    messages.success(request, _("Booked: %(when)s") % {"when": span_words(booking.starts_at, booking.ends_at)})
    return redirect("venues:booking", booking.pk)


def _cell_at(found: Venue, chosen: dt.datetime | None, me: User | None) -> Cell | None:
    if chosen is None or abs(chosen.date() - today()) > LAST_DAY:
        return None
    return Grid(found, local(chosen).date(), 1, me).find(chosen)


def teams_of(me: User | None) -> list[Organization]:
    """Teams and companies that somebody can book for: where staff confirmed the membership."""
    if me is None:
        return []
    mine = me.memberships.current().filter(confirmed_at__isnull=False).select_related("organization")
    return [one.organization for one in mine.order_by("pk") if one.organization.kind != Organization.Kind.DORMITORY]


def _others(found: Venue, refusal: Refusal) -> list[dict[str, str]]:
    if not isinstance(refusal, SlotTaken):
        return []
    return [{"label": span_words(start, end), "url": address(found, at=start)} for start, end in refusal.alternatives]


def address(found: Venue, **query: Any) -> str:
    """A state of the page as an address that can be shared."""
    told = {
        name: local(value).isoformat(timespec="minutes") if isinstance(value, dt.datetime) else str(value)
        for name, value in query.items()
    }
    return f"{reverse('venues:venue', args=[found.slug])}?{urlencode(told)}"


def _page(
    request: HttpRequest,
    found: Venue,
    chosen: dt.datetime | None,
    *,
    form: BookForm | None = None,
    others: list[dict[str, str]] | None = None,
) -> HttpResponse:
    me = reader(request)
    day = read_day(request.GET.get("date", "")) or (local(chosen).date() if chosen else today())
    day = min(max(day, today()), today() + LAST_DAY)
    first = day - dt.timedelta(days=(day - today()).days % WEEK)
    grid = Grid(found, first, WEEK, me)
    cell = grid.find(chosen) if chosen else None
    context = {
        "venue": found,
        "days": [_strip_day(found, one, one.day == day) for one in grid.days],
        "rows": _phone_rows(found, grid, day, chosen),
        "gone_until": _gone_until(grid, day),
        "table": _table(found, grid, chosen),
        "span": f"{date_words(grid.days[0].day)} – {date_words(grid.days[-1].day)}",
        "previous_url": address(found, date=first - dt.timedelta(days=WEEK)) if first > today() else "",
        "next_url": address(found, date=first + dt.timedelta(days=WEEK)),
        "cell": cell,
        "chosen_words": span_words(cell.slot.starts_at, cell.slot.ends_at) if cell else "",
        "form": form or (_form(found, cell, me) if cell else None),
        "others": others or [],
        "next_free": _next_free(found, grid, cell) if cell else None,
        "can_book": bool(cell and (cell.is_free or _has_room_for_team(cell, grid, me))),
        "can_wait": bool(cell and cell.can_wait),
        "entry": _entry(found, cell, me),
        "is_over": bool(cell and cell.standing == Standing.TAKEN and not cell.can_wait),
        "login_url": f"{reverse('accounts:login')}?{urlencode({'next': address(found, at=chosen)})}" if chosen else "",
        "paused_until": grid.paused_until,
    }
    status = 409 if form is not None and others is not None else 200
    return render(request, "venues/venue.html", context, status=status)


def _entry(found: Venue, cell: Cell | None, me: User | None) -> WaitEntry | None:
    """Where the reader stands in line for this time already."""
    if cell is None or me is None:
        return None
    return WaitEntry.objects.filter(venue=found, resident=me, starts_at=cell.slot.starts_at).first()


def _form(found: Venue, cell: Cell, me: User | None) -> BookForm:
    return BookForm(venue=found, cell=cell, teams=teams_of(me), initial={"at": _iso(cell)})


def _has_room_for_team(cell: Cell, grid: Grid, me: User | None) -> bool:
    """Somebody's own share of the week is used up, that of the team may not be."""
    return cell.standing == Standing.OVER_QUOTA and grid.paused_until is None and bool(teams_of(me))


def _next_free(found: Venue, grid: Grid, cell: Cell) -> dict[str, Any] | None:
    """The next time that somebody who is over the limit can book; None when nothing is free so far ahead."""
    if cell.standing != Standing.OVER_QUOTA:
        return None
    day = local(cell.slot.starts_at).date()
    ahead = Grid(found, day, max(1, found.days_ahead - (day - today()).days + 1), grid.reader)
    free = next((one for each in ahead.days for one in each.cells if one.is_free), None)
    if free is None:
        return None
    start = free.slot.starts_at
    return {"at": start, "label": span_words(start, free.slot.ends_at), "url": address(found, at=start) + "#chosen"}


def _iso(cell: Cell) -> str:
    return local(cell.slot.starts_at).isoformat(timespec="minutes")


def _strip_day(found: Venue, day: Day, is_current: bool) -> dict[str, Any]:
    return {
        "url": address(found, date=day.day),
        "weekday": near(day.day) or weekday(day.day),
        "day": day.day.day,
        "count_label": _("%(number)d free") % {"number": day.free_count},
        "is_current": is_current,
        "is_rest": day.day.weekday() >= WEEK - 2,
        "is_none": not day.free_count,
        "full_label": date_words(day.day),
    }


def _shown(found: Venue, cell: Cell, chosen: dt.datetime | None) -> dict[str, Any]:
    start = local(cell.slot.starts_at)
    can_choose = cell.standing in {Standing.FREE, Standing.TAKEN, Standing.OVER_QUOTA}
    return {
        "clock": f"{start.hour}:{start.minute:02}",
        "until": f"{local(cell.slot.ends_at):%H:%M}".lstrip("0"),
        "label": cell.label,
        "standing": cell.standing.value,
        "tone": "blocked" if cell.is_blocked else cell.standing.value,
        "is_chosen": chosen == cell.slot.starts_at,
        "url": address(found, at=cell.slot.starts_at) + "#chosen" if can_choose else "",
        "words": span_words(cell.slot.starts_at, cell.slot.ends_at),
        "can_wait": cell.can_wait,
    }


def _part_of_day(clock: dt.datetime) -> int:
    hour = local(clock).hour
    return (hour >= NOON) + (hour >= EVENING)


def _phone_rows(found: Venue, grid: Grid, day: dt.date, chosen: dt.datetime | None) -> list[dict[str, Any]]:
    """The cells of one day under morning, afternoon and evening; what is gone by is left out."""
    cells = next((one.cells for one in grid.days if one.day == day), ())
    groups: list[dict[str, Any]] = []
    for cell in cells:
        if cell.standing == Standing.PAST:
            continue
        label = _parts()[_part_of_day(cell.slot.starts_at)]
        if not groups or groups[-1]["label"] != label:
            groups.append({"label": label, "cells": []})
        groups[-1]["cells"].append(_shown(found, cell, chosen))
    return groups


def _gone_until(grid: Grid, day: dt.date) -> str:
    """Where the list of the day begins when something of it has gone by."""
    cells = next((one.cells for one in grid.days if one.day == day), ())
    left = [cell for cell in cells if cell.standing != Standing.PAST]
    return f"{local(left[0].slot.starts_at):%H:%M}".lstrip("0") if left and len(left) < len(cells) else ""


def _parts() -> tuple[str, str, str]:
    return _("Morning"), _("Afternoon"), _("Evening")


def _table(found: Venue, grid: Grid, chosen: dt.datetime | None) -> dict[str, Any]:
    """The week as rows of clock times: {heads, groups: [{label, rows: [{clock, cells}]}]}."""
    clocks = sorted({local(cell.slot.starts_at).time() for day in grid.days for cell in day.cells})
    cells = {
        (day.day, local(cell.slot.starts_at).time()): _shown(found, cell, chosen)
        for day in grid.days
        for cell in day.cells
    }
    groups: list[dict[str, Any]] = []
    for clock in clocks:
        label = _parts()[(clock.hour >= NOON) + (clock.hour >= EVENING)]
        if not groups or groups[-1]["label"] != label:
            groups.append({"label": label, "rows": []})
        row = [cells.get((day.day, clock)) for day in grid.days]
        groups[-1]["rows"].append({"clock": f"{clock.hour}:{clock.minute:02}", "cells": row})
    heads = [
        {"label": near(day.day) or weekday(day.day), "day": day.day.day, "is_rest": day.day.weekday() >= WEEK - 2}
        for day in grid.days
    ]
    return {"heads": heads, "groups": groups}


@posted_from("venues:venue", "slug")
@login_required
def join_line(request: HttpRequest, slug: str) -> HttpResponse:
    """Wait for a time that is taken."""
    found = get_object_or_404(Venue.objects.shown(), slug=slug)
    start, me = read_moment(request.POST.get("at", "")), reader(request)
    if start is None or me is None:
        raise Http404
    try:
        wait(found.pk, start, start + found.slot, me, by=me)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
        return redirect(address(found, at=start))
    messages.success(request, _("You are in line. When it becomes free we tell you, and keep it for 20 minutes."))
    return redirect("venues:bookings")
