"""What staff of the desk do with a report."""

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.photos.actions import attach, set_hidden
from linlingtong.tickets.actions import tidings
from linlingtong.tickets.actions.moves import State, What, advance, for_desk, needed, not_now, note_event
from linlingtong.tickets.actions.refusals import CategoryGone, ExtendedAlready, NotOfDesk, OwnDuplicate, ProofMissing
from linlingtong.tickets.actions.reporting import AFTER, NEW, desk_for, put_aside, tell_desk
from linlingtong.tickets.deadlines import set_deadlines, start_clock, stop_clock
from linlingtong.tickets.models import Category, Follow, Ticket, TicketEvent
from linlingtong.tickets.permissions import may_handle, works_for

MOST_EXTRA_DAYS = 30
FOR_YOU = gettext_noop("For you: %(kind)s (%(number)s)")


@in_turn
def accept(ticket_id: int, *, by: User) -> Ticket:
    """We look after it. Raises NotNow or PermissionDenied, like every verb here."""
    ticket = for_desk(ticket_id, by)
    event = advance(ticket, State.ACCEPTED, What.ACCEPTED, by=by, accepted_at=timezone.now())
    tell(tidings.moved(ticket, event))
    return ticket


@in_turn
def assign(ticket_id: int, handler: User, *, by: User, text: str = "") -> Ticket:
    """Somebody of the area goes there. Raises NotOfDesk too."""
    ticket = for_desk(ticket_id, by)
    if not works_for(handler, ticket.area):
        raise NotOfDesk
    event = advance(ticket, State.ASSIGNED, What.ASSIGNED, by=by, handler=handler)
    if clean_text(text):
        note_event(ticket, What.NOTE, by=by, text=clean_text(text)[:400], is_internal=True)
    tell([*tidings.moved(ticket, event), *tidings.for_staff(ticket, event, [handler], FOR_YOU)])
    return ticket


@in_turn
def start(ticket_id: int, *, by: User) -> Ticket:
    """Work has begun, or what was passed on has come back."""
    ticket = _for_desk_or_handler(ticket_id, by)
    if ticket.state == State.WAITING:
        raise not_now(ticket)
    what = What.RETURNED if ticket.state == State.TRANSFERRED else What.STARTED
    event = advance(ticket, State.IN_PROGRESS, what, by=by, unit="")
    tell(tidings.moved(ticket, event))
    return ticket


def _for_desk_or_handler(ticket_id: int, by: User) -> Ticket:
    """Whoever it was assigned to may also work for a smaller area than the desk."""
    take_turns([("ticket", ticket_id)])
    ticket = Ticket.objects.select_related("reporter", "category", "area", "desk", "handler").get(pk=ticket_id)
    is_handler = ticket.handler_id == by.pk and works_for(by, ticket.area)
    if not is_handler and not may_handle(by, ticket):
        raise PermissionDenied
    return ticket


@in_turn
def ask_reporter(ticket_id: int, question: str, *, by: User) -> Ticket:
    """Ask what is missing; the clock stands until the answer. Raises TextMissing too."""
    ticket = _for_desk_or_handler(ticket_id, by)
    if ticket.state == State.WAITING:
        raise not_now(ticket)
    words, before = needed(question, 200), ticket.state
    columns = stop_clock(ticket)
    event = advance(
        ticket, State.WAITING, What.ASKED, by=by, text=words, columns=columns, question=words, resumes=before
    )
    tell(tidings.moved(ticket, event))
    return ticket


@in_turn
def transfer(ticket_id: int, unit: str, *, by: User) -> Ticket:
    """Pass it on to an office outside; the clock goes on. Raises TextMissing too."""
    ticket = for_desk(ticket_id, by)
    event = advance(ticket, State.TRANSFERRED, What.TRANSFERRED, by=by, unit=needed(unit, 40))
    tell(tidings.moved(ticket, event))
    return ticket


@in_turn
def extend(ticket_id: int, days: int, reason: str, *, by: User) -> Ticket:
    """So many working days more, once and with a reason that the reporter reads. Raises ExtendedAlready too."""
    ticket = for_desk(ticket_id, by)
    if ticket.state not in Ticket.TIMED:
        raise not_now(ticket)
    if ticket.extended_days:
        raise ExtendedAlready
    words = needed(reason)
    ticket.extended_days = max(1, min(days, MOST_EXTRA_DAYS))
    ticket.save(update_fields=["extended_days", *set_deadlines(ticket)])
    event = note_event(ticket, What.EXTENDED, by=by, text=words)
    tell(tidings.moved(ticket, event))
    return ticket


@in_turn
def change_category(ticket_id: int, category: Category, *, by: User) -> Ticket:
    """Another kind: the deadlines are computed again from the original time, the desk may be another one."""
    ticket = for_desk(ticket_id, by)
    if ticket.state not in Ticket.RUNNING:
        raise not_now(ticket)
    if not category.is_active:
        raise CategoryGone
    if category.pk == ticket.category_id:
        return ticket
    before, ticket.category = ticket.category.name, category
    ticket.desk = desk_for(ticket.area, category.level)
    ticket.save(update_fields=["category", "desk", *set_deadlines(ticket)])
    event = note_event(ticket, What.CATEGORY, by=by, text=f"{before} → {category.name}")
    tell_desk(ticket, event, NEW)
    return ticket


@in_turn
def refuse(ticket_id: int, reason: str, *, by: User) -> Ticket:
    """It is not for us, with the reason. Raises TextMissing too."""
    ticket = for_desk(ticket_id, by)
    words = needed(reason)
    event = advance(ticket, State.REFUSED, What.REFUSED, by=by, text=words, answer=words)
    put_aside(ticket, by)
    tell(tidings.moved(ticket, event))
    return ticket


@in_turn
def merge(ticket_id: int, into_id: int, *, by: User) -> Ticket:
    """It was reported already: its reporter and followers go along with the other one. Raises OwnDuplicate too."""
    take_turns([("ticket", number) for number in sorted({ticket_id, into_id})])
    ticket, target = for_desk(ticket_id, by), for_desk(into_id, by)
    if ticket.pk == target.pk or target.state not in Ticket.RUNNING:
        raise OwnDuplicate
    event = advance(ticket, State.DUPLICATE, What.MERGED, by=by, merged_into=target)
    put_aside(ticket, by)
    told = tidings.moved(ticket, event)
    follows = [Follow(ticket=target, resident=ticket.reporter, via=ticket)]
    follows += [Follow(ticket=target, resident=one.resident, via=one.via) for one in _followers(ticket)]
    Follow.objects.bulk_create(
        [one for one in follows if one.resident_id != target.reporter_id], ignore_conflicts=True
    )
    Follow.objects.filter(ticket=ticket).delete()
    Ticket.objects.filter(merged_into=ticket).update(merged_into=target)
    note_event(target, What.NOTE, by=by, text=f"+ {ticket.number}", is_internal=True)
    tell(told)
    return ticket


def _followers(ticket: Ticket) -> QuerySet[Follow]:
    return Follow.objects.filter(ticket=ticket).select_related("resident", "via")


@in_turn
def close(ticket_id: int, outcome: str, *, by: User, explanation: str = "", photos: Sequence[Any] = ()) -> Ticket:
    """Settle it, with a photo of how it is now or an explanation. Raises ProofMissing too.

    What was not put right needs an explanation in any case.
    """
    ticket = _for_desk_or_handler(ticket_id, by)
    words, outcome = clean_text(explanation)[:400], Ticket.Outcome(outcome)
    if not words and (outcome != Ticket.Outcome.FIXED or not photos):
        raise ProofMissing
    columns = start_clock(ticket)
    event = advance(
        ticket, State.CLOSED, What.CLOSED, by=by, text=words, columns=columns, outcome=outcome, answer=words,
        question="", closed_at=timezone.now(), was_in_time=timezone.now() <= ticket.finish_due_at,
    )  # fmt: skip
    attach(photos, subject=AFTER, subject_id=ticket.pk, area_path=ticket.area_path, is_public=ticket.is_public, by=by)
    set_hidden(AFTER, ticket.pk, is_hidden=ticket.is_public and not ticket.is_visible)
    withdraw(tidings.SUBJECT, [ticket.pk])
    tell(tidings.moved(ticket, event))
    return ticket


@in_turn
def add_note(ticket_id: int, text: str, *, by: User) -> TicketEvent:
    """Words for colleagues; residents never see them. Raises TextMissing too."""
    ticket = _for_desk_or_handler(ticket_id, by)
    return note_event(ticket, What.NOTE, by=by, text=needed(text), is_internal=True)
