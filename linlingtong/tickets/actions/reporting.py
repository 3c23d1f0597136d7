"""What residents do: report, join, answer, take back, rate, open again."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_noop

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.moderation.actions import drop, submit
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.photos.actions import attach, set_hidden, set_public
from linlingtong.tickets.actions import tidings
from linlingtong.tickets.actions.drafting import MOST_PHOTOS
from linlingtong.tickets.actions.moves import (
    State,
    What,
    advance,
    can,
    for_reporter,
    needed,
    not_now,
    note_event,
    ticket_in_turn,
)
from linlingtong.tickets.actions.refusals import (
    AreaUnfit,
    CategoryGone,
    EnoughForToday,
    NothingToSee,
    PlaceMissing,
    ReopenedEnough,
    TooLateToReopen,
)
from linlingtong.tickets.deadlines import set_deadlines, start_clock
from linlingtong.tickets.models import Category, Follow, Ticket, TicketEvent
from linlingtong.tickets.permissions import staff_ids
from linlingtong.tickets.reopening import MOST_REOPENED

# Photos of what is wrong, of an answer to staff (which no board shows to anybody else), and of what was done.
KIND, REPLY, AFTER = "ticket", "ticket_reply", "ticket_after"
DAY = dt.timedelta(days=1)
SAME_WITHIN = dt.timedelta(minutes=10)
NEARBY_WITHIN = 14 * DAY
MOST_NEARBY = 3
PLACES = (Area.Level.COMMUNITY, Area.Level.GRID, Area.Level.MICRO_GRID, Area.Level.BUILDING)
NEW = gettext_noop("New report: %(kind)s (%(number)s)")
ANSWERED = gettext_noop("Answered: %(kind)s (%(number)s)")
RATED = gettext_noop("Rated: %(kind)s (%(number)s)")
REOPENED = gettext_noop("Opened again: %(kind)s (%(number)s)")
LEFT = gettext_noop("Settled, says the reporter; neighbours still wait: %(kind)s (%(number)s)")


@dataclass(frozen=True, kw_only=True)
class Report:
    """What somebody saw: what kind of thing, where, in words or photos."""

    category: Category
    area: Area
    place: str = ""
    text: str = ""
    is_public: bool = False


@in_turn
def report(given: Report, *, by: User, photos: Sequence[Any] = ()) -> Ticket:
    """Report something. The same words within ten minutes are the same report.

    Raises NothingToSee, PlaceMissing, AreaUnfit, CategoryGone, EnoughForToday, or a refusal of photos.
    """
    take_turns([("person", by.pk)])
    place, text = clean_text(given.place)[:80], clean_text(given.text)[:600]
    now = timezone.now()
    mine = Ticket.objects.filter(reporter=by, category=given.category, place=place, text=text, area=given.area)
    same = mine.filter(created_at__gt=now - SAME_WITHIN).first()
    if same is not None:
        return same
    _check(given, place, text, photos, by)
    ticket = Ticket(
        reporter=by, category=given.category, area=given.area, area_path=given.area.path, place=place, text=text,
        is_public=given.is_public, desk=desk_for(given.area, given.category.level), created_at=now, clock_from=now,
    )  # fmt: skip
    set_deadlines(ticket)
    ticket.save()
    event = TicketEvent.objects.create(ticket=ticket, by=by, what=What.REPORTED, to_state=State.RECEIVED)
    attach(
        photos, subject=KIND, subject_id=ticket.pk, area_path=ticket.area_path, is_public=ticket.is_public, by=by,
        most=MOST_PHOTOS,
    )  # fmt: skip
    if ticket.is_public:
        _submit(ticket, by)
    tell_desk(ticket, event, NEW)
    return ticket


def _check(given: Report, place: str, text: str, photos: Sequence[Any], by: User) -> None:
    if not given.category.is_active:
        raise CategoryGone
    if not given.area.is_active or given.area.level not in PLACES:
        raise AreaUnfit
    if not text and not photos:
        raise NothingToSee
    if given.area.level == Area.Level.COMMUNITY and not place:
        raise PlaceMissing
    most = settings.TICKETS_A_DAY
    if Ticket.objects.filter(reporter=by, created_at__gt=timezone.now() - DAY).count() >= most:
        raise EnoughForToday(most=most)


def _submit(ticket: Ticket, by: User) -> None:
    case = submit(
        KIND, ticket.pk, author=ticket.reporter, text=f"{ticket.place}\n{ticket.text}", area_path=ticket.area_path,
        has_minors=False, by=by,
    )  # fmt: skip
    ticket.is_visible = case.is_visible
    ticket.save(update_fields=["is_visible"])


def desk_for(area: Area, level: str) -> Area:
    """The area above (or this one) whose staff handle reports of that level; the nearest there is above it."""
    above = list(Area.objects.filter(pk__in=area.ancestor_ids).order_by("path"))
    levels = list(Area.Level.values)
    fit = [one for one in above if levels.index(one.level) <= levels.index(level)]
    return max(fit, key=lambda one: len(one.ancestor_ids))


def tell_desk(ticket: Ticket, event: TicketEvent, title: str) -> None:
    """Those who work for the desk; where nobody does, those of the area above."""
    area: Area | None = ticket.desk
    while area is not None:
        staff = staff_ids(area)
        if staff:
            people = User.objects.filter(pk__in=staff).exclude(pk=ticket.reporter_id)
            tell(tidings.for_staff(ticket, event, people, title))
            return
        area = area.parent


def nearby(category: Category, area: Area) -> list[Ticket]:
    """Open public reports of the same kind in the same grid (or, above the grids, area) within two weeks."""
    since = timezone.now() - NEARBY_WITHIN
    rows = Ticket.objects.public().running().filter(category=category, created_at__gt=since)
    grid = Area.objects.filter(pk__in=area.ancestor_ids, level=Area.Level.GRID).first()
    rows = rows.filter(area_path__startswith=grid.path) if grid else rows.filter(area=area)
    return list(rows.select_related("category", "area").order_by("-created_at", "-pk")[:MOST_NEARBY])


@in_turn
def me_too(ticket_id: int, *, by: User) -> int:
    """I have seen it as well: told of every step. Twice is harmless; answers how many they are. Raises NotNow."""
    ticket = ticket_in_turn(ticket_id)
    if not Ticket.objects.public().filter(pk=ticket_id).exists():
        raise Ticket.DoesNotExist
    if ticket.state not in Ticket.RUNNING:
        raise not_now(ticket)
    if by.pk != ticket.reporter_id:
        Follow.objects.get_or_create(ticket=ticket, resident=by)
    return Follow.objects.filter(ticket=ticket).count()


@in_turn
def reply(ticket_id: int, text: str, *, by: User, photos: Sequence[Any] = ()) -> Ticket:
    """Answer what was asked: the clock goes on. Raises NotNow, TextMissing, or PermissionDenied."""
    ticket = for_reporter(ticket_id, by)
    if ticket.state != State.WAITING:
        raise not_now(ticket)
    words = needed(text)
    columns = start_clock(ticket)
    event = advance(ticket, ticket.resumes, What.REPLIED, by=by, text=words, columns=columns, question="", resumes="")
    attach(photos, subject=REPLY, subject_id=ticket.pk, area_path=ticket.area_path, is_public=False, by=by)
    tell_handler(ticket, event, ANSWERED)
    return ticket


def tell_handler(ticket: Ticket, event: TicketEvent, title: str) -> None:
    if ticket.handler is None:
        tell_desk(ticket, event, title)
    else:
        tell(tidings.for_staff(ticket, event, [ticket.handler], title))


@in_turn
def take_back(ticket_id: int, *, by: User) -> Ticket:
    """It is settled by itself. Where neighbours wait for it too it goes on, and who handles it is told.

    Twice is harmless; raises NotNow or PermissionDenied.
    """
    ticket = for_reporter(ticket_id, by)
    if ticket.state == State.WITHDRAWN or has_left(ticket):
        return ticket
    if can(ticket, State.WITHDRAWN) and Follow.objects.filter(ticket=ticket).exists():
        leave_it(ticket, by)
        return ticket
    advance(ticket, State.WITHDRAWN, What.WITHDRAWN, by=by)
    put_aside(ticket, by)
    return ticket


def has_left(ticket: Ticket) -> bool:
    """Whether the reporter has said that it is settled while others still wait for it."""
    return ticket.events.filter(what=What.LEFT, created_at__gte=ticket.clock_from).exists()


def leave_it(ticket: Ticket, by: User | None) -> None:
    """The reporter wants nothing more; neighbours who have seen it too do, so it goes on."""
    tell_handler(ticket, note_event(ticket, What.LEFT, by=by), LEFT)


def put_aside(ticket: Ticket, by: User | None) -> None:
    """It is no longer in public, and nobody waits for an answer."""
    withdraw(tidings.SUBJECT, [ticket.pk])
    if ticket.is_public:
        drop(KIND, [ticket.pk], by=by)
        set_public(KIND, ticket.pk, is_public=False, by=by)
        set_public(AFTER, ticket.pk, is_public=False, by=by)


@in_turn
def rate(ticket_id: int, stars: int, text: str = "", *, by: User) -> Ticket:
    """Say how it went, once. Raises NotNow or PermissionDenied."""
    ticket = for_reporter(ticket_id, by)
    if not 1 <= stars <= 5:
        raise ValueError(stars)
    words = clean_text(text)[:200]
    event = advance(ticket, State.RATED, What.RATED, by=by, text=words, rating=stars, rating_text=words)
    tell_handler(ticket, event, RATED)
    return ticket


@in_turn
def reopen(ticket_id: int, reason: str, *, by: User) -> Ticket:
    """It is not all right: within seven days, twice; the second time the desk above takes over.

    Raises NotNow, TooLateToReopen, ReopenedEnough, TextMissing, or PermissionDenied.
    """
    ticket = for_reporter(ticket_id, by)
    if ticket.state not in Ticket.SETTLED or ticket.closed_at is None:
        raise not_now(ticket)
    now, days = timezone.now(), settings.TICKET_REOPEN_DAYS
    if ticket.reopened >= MOST_REOPENED:
        raise ReopenedEnough
    if now > ticket.closed_at + days * DAY:
        raise TooLateToReopen(days=days)
    words = needed(reason)
    ticket.reopened += 1
    ticket.clock_from, ticket.paused, ticket.extended_days, ticket.escalation = now, dt.timedelta(), 0, 0
    if ticket.reopened == MOST_REOPENED and ticket.desk.parent is not None:
        ticket.desk, ticket.handler = ticket.desk.parent, None
    columns = ["reopened", "clock_from", "paused", "extended_days", "escalation", "desk", "handler"]
    columns += set_deadlines(ticket)
    event = advance(
        ticket, State.ACCEPTED, What.REOPENED, by=by, text=words, columns=columns, outcome="", answer="",
        closed_at=None, was_in_time=None, rating=None, rating_text="",
    )  # fmt: skip
    tell_desk(ticket, event, REOPENED)
    return ticket


def show_ticket(ticket_id: int) -> None:
    Ticket.objects.filter(pk=ticket_id).update(is_visible=True)
    set_hidden(AFTER, ticket_id, is_hidden=False)


def hide_ticket(ticket_id: int) -> None:
    """Moderation holds it back; the photos of what was done go along with it."""
    Ticket.objects.filter(pk=ticket_id).update(is_visible=False)
    set_hidden(AFTER, ticket_id, is_hidden=True)
