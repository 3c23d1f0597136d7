from typing import Any

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn
from linlingtong.moderation.actions import drop
from linlingtong.photos.actions import remove
from linlingtong.tickets.actions.moves import MOVES, State, What, advance, ticket_in_turn
from linlingtong.tickets.actions.reporting import AFTER, KIND, REPLY, leave_it
from linlingtong.tickets.models import Follow, Ticket, TicketEvent


def own_tickets(resident: User) -> dict[str, Any]:
    """Everything a person reported or said about it, in plain values; never the notes of staff."""
    rows = Ticket.objects.filter(reporter=resident).order_by("pk").values(
        "number", "category__name", "area__name", "place", "text", "is_public", "state", "outcome", "answer",
        "rating", "rating_text", "created_at", "accepted_at", "closed_at",
    )  # fmt: skip
    said = TicketEvent.objects.filter(by=resident, is_internal=False, ticket__reporter=resident).order_by("pk")
    followed = Follow.objects.filter(resident=resident).order_by("pk")
    return {
        "tickets": list(rows),
        "ticket_steps": list(said.values("ticket__number", "what", "text", "created_at")),
        "followed_tickets": list(followed.values("ticket__number", "created_at")),
    }


def forget(resident: User) -> None:
    """Open reports are taken back unless neighbours wait for them too, words and photos disappear.

    That there was a report stays.
    """
    mine = Ticket.objects.filter(reporter=resident)
    for pk in mine.running().order_by("pk").values_list("pk", flat=True):
        _end(pk)
    ids = list(mine.values_list("pk", flat=True))
    drop(KIND, ids, by=None)
    for subject in (KIND, REPLY, AFTER):
        remove(subject, ids, by=None)
    mine.update(text="", place="", question="", answer="", rating_text="", is_public=False, is_visible=False)
    TicketEvent.objects.filter(ticket__in=ids).update(text="")
    TicketEvent.objects.filter(by=resident).update(text="")
    Follow.objects.filter(resident=resident).delete()


@in_turn
def _end(ticket_id: int) -> None:
    ticket = ticket_in_turn(ticket_id)
    if Follow.objects.filter(ticket=ticket).exclude(resident=ticket.reporter_id).exists():
        leave_it(ticket, by=None)
    elif State.WITHDRAWN in MOVES[ticket.state]:
        advance(ticket, State.WITHDRAWN, What.WITHDRAWN, by=None)
