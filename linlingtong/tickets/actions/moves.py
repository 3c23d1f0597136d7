"""Where a report may go from where it stands, and the one way to move it."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import take_turns
from linlingtong.tickets.actions.refusals import NotNow, TextMissing
from linlingtong.tickets.models import Ticket, TicketEvent
from linlingtong.tickets.permissions import may_handle

State, What = Ticket.State, TicketEvent.What

MOVES: dict[str, frozenset[str]] = {
    "": frozenset({State.RECEIVED}),
    State.RECEIVED: frozenset({State.ACCEPTED, State.REFUSED, State.DUPLICATE, State.WITHDRAWN}),
    State.ACCEPTED: frozenset(
        {State.ASSIGNED, State.WAITING, State.TRANSFERRED, State.REFUSED, State.DUPLICATE, State.WITHDRAWN}
    ),
    State.ASSIGNED: frozenset(
        {State.ASSIGNED, State.IN_PROGRESS, State.WAITING, State.TRANSFERRED, State.DUPLICATE, State.WITHDRAWN}
    ),
    State.IN_PROGRESS: frozenset(
        {State.ASSIGNED, State.WAITING, State.TRANSFERRED, State.CLOSED, State.DUPLICATE, State.WITHDRAWN}
    ),
    State.WAITING: frozenset(
        {State.ACCEPTED, State.ASSIGNED, State.IN_PROGRESS, State.CLOSED, State.DUPLICATE, State.WITHDRAWN}
    ),
    State.TRANSFERRED: frozenset({State.IN_PROGRESS, State.CLOSED, State.DUPLICATE, State.WITHDRAWN}),
    State.CLOSED: frozenset({State.RATED, State.AUTO_CLOSED, State.ACCEPTED}),
    State.RATED: frozenset({State.ACCEPTED}),
    State.AUTO_CLOSED: frozenset({State.ACCEPTED}),
    State.REFUSED: frozenset(),
    State.DUPLICATE: frozenset(),
    State.WITHDRAWN: frozenset(),
}


def not_now(ticket: Ticket) -> NotNow:
    return NotNow(state=ticket.get_state_display())


def can(ticket: Ticket, to: str) -> bool:
    return to in MOVES[ticket.state]


def advance(
    ticket: Ticket,
    to: str,
    what: str,
    *,
    by: User | None,
    text: str = "",
    columns: Sequence[str] = (),
    **values: Any,
) -> TicketEvent:
    """Move the report and write the event; call under its turn. Raises NotNow for what the table does not know.

    `columns` names what the caller has set already.
    """
    if not can(ticket, to):
        raise not_now(ticket)
    before, now = ticket.state, timezone.now()
    values = {"state": to, "moved_at": now} | values
    if to not in Ticket.RUNNING:
        values |= {"escalates_at": None, "paused_at": None}
    for name, value in values.items():
        setattr(ticket, name, value)
    ticket.save(update_fields={*values, *columns})
    return TicketEvent.objects.create(
        ticket=ticket, by=by, what=what, from_state=before, to_state=to, text=text, created_at=now
    )


def note_event(
    ticket: Ticket, what: str, *, by: User | None, text: str = "", is_internal: bool = False
) -> TicketEvent:
    """Something that moves nothing."""
    return TicketEvent.objects.create(
        ticket=ticket,
        by=by,
        what=what,
        from_state=ticket.state,
        to_state=ticket.state,
        text=text,
        is_internal=is_internal,
    )


def ticket_in_turn(ticket_id: int) -> Ticket:
    """The report, read when it is our turn. Raises DoesNotExist."""
    take_turns([("ticket", ticket_id)])
    return Ticket.objects.select_related("reporter", "category", "area", "desk").get(pk=ticket_id)


def for_desk(ticket_id: int, by: User) -> Ticket:
    """The report in our turn, for those who handle it. Raises PermissionDenied."""
    ticket = ticket_in_turn(ticket_id)
    if not may_handle(by, ticket):
        raise PermissionDenied
    return ticket


def for_reporter(ticket_id: int, by: User) -> Ticket:
    ticket = ticket_in_turn(ticket_id)
    if ticket.reporter_id != by.pk:
        raise PermissionDenied
    return ticket


def needed(text: str, most: int = 400) -> str:
    """Words that somebody will read. Raises TextMissing."""
    text = clean_text(text)[:most]
    if not text:
        raise TextMissing
    return text
