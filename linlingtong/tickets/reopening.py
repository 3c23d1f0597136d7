import datetime as dt

from django.conf import settings

from linlingtong.tickets.models import Ticket

MOST_REOPENED = 2


def reopened_until(ticket: Ticket) -> dt.datetime | None:
    """Until when its reporter can open it again; None when that is over or was never possible."""
    if ticket.state not in Ticket.SETTLED or ticket.closed_at is None or ticket.reopened >= MOST_REOPENED:
        return None
    return ticket.closed_at + dt.timedelta(days=settings.TICKET_REOPEN_DAYS)
