"""Until when a report has to be accepted and finished, in working time of the statutory calendar."""

import datetime as dt

from django.utils import timezone

from linlingtong.areas.working_time import after_working_time, end_of_working_day, working_time_between
from linlingtong.tickets.models import Ticket

# At these parts of the time to finish: whoever handles it, then the community, then the subdistrict.
WARNINGS = (0.8, 1.0, 1.5)


def shifted(moment: dt.datetime, paused: dt.timedelta) -> dt.datetime:
    return after_working_time(moment, paused) if paused else moment


def finish_base(ticket: Ticket) -> dt.datetime:
    """When it would be due if nobody had waited for the reporter."""
    return end_of_working_day(ticket.clock_from, ticket.category.finish_days + ticket.extended_days)


def next_warning(ticket: Ticket) -> dt.datetime | None:
    """When the next warning goes out; none after the third."""
    if ticket.escalation >= len(WARNINGS):
        return None
    share = WARNINGS[ticket.escalation]
    base = finish_base(ticket)
    if share == 1:
        return shifted(base, ticket.paused)
    total = working_time_between(ticket.clock_from, base)
    return shifted(after_working_time(ticket.clock_from, total * share), ticket.paused)


def set_deadlines(ticket: Ticket) -> list[str]:
    """Compute them again from the same start; answers the names of the columns that changed."""
    accept = after_working_time(ticket.clock_from, dt.timedelta(hours=ticket.category.accept_hours))
    ticket.accept_due_at = accept
    ticket.finish_due_at = shifted(finish_base(ticket), ticket.paused)
    ticket.escalates_at = None if ticket.paused_at else next_warning(ticket)
    return ["accept_due_at", "finish_due_at", "escalates_at"]


def stop_clock(ticket: Ticket) -> list[str]:
    """The reporter was asked: nothing is due until the answer."""
    ticket.paused_at, ticket.escalates_at = timezone.now(), None
    return ["paused_at", "escalates_at"]


def start_clock(ticket: Ticket) -> list[str]:
    """The answer is there: the working time of the wait does not count."""
    if ticket.paused_at is not None:
        ticket.paused += working_time_between(ticket.paused_at, timezone.now())
    ticket.paused_at = None
    return ["paused", "paused_at", *set_deadlines(ticket)]


def used_share(ticket: Ticket) -> int:
    """How much of the time to finish is used up, in percent."""
    total = working_time_between(ticket.clock_from, finish_base(ticket))
    until = ticket.paused_at or timezone.now()
    used = working_time_between(ticket.clock_from, until) - ticket.paused
    return round(100 * used / total) if total else 100
