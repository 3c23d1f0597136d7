"""What happens by itself: warnings before and after a deadline, and rest after a week of silence."""

import datetime as dt

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.models import Area
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import tell
from linlingtong.tickets.actions import tidings
from linlingtong.tickets.actions.moves import State, What, advance, note_event, ticket_in_turn
from linlingtong.tickets.deadlines import WARNINGS, next_warning
from linlingtong.tickets.models import Ticket
from linlingtong.tickets.permissions import staff_ids

AT_ONCE = 500
TITLES = (
    gettext_noop("Due soon: %(kind)s (%(number)s)"),
    gettext_noop("Overdue: %(kind)s (%(number)s)"),
    gettext_noop("Long overdue: %(kind)s (%(number)s)"),
)


def warn_of_deadlines() -> int:
    """Every report whose warning is due gets it, each once; answers how many."""
    due = Ticket.objects.filter(state__in=Ticket.TIMED, escalates_at__lte=timezone.now()).order_by("escalates_at")
    return sum(_warn(pk) for pk in due.values_list("pk", flat=True)[:AT_ONCE])


@in_turn
def _warn(ticket_id: int) -> bool:
    ticket = ticket_in_turn(ticket_id)
    now = timezone.now()
    if ticket.state not in Ticket.TIMED or ticket.escalates_at is None or ticket.escalates_at > now:
        return False
    step = ticket.escalation
    people, reason = _whom(ticket, step), f"{round(WARNINGS[step] * 100)} %"
    ticket.escalation += 1
    ticket.escalates_at = next_warning(ticket)
    ticket.save(update_fields=["escalation", "escalates_at"])
    event = note_event(ticket, What.WARNED, by=None, text=reason, is_internal=True)
    tell(tidings.for_staff(ticket, event, people, TITLES[step]))
    return True


def _whom(ticket: Ticket, step: int) -> QuerySet[User]:
    """First whoever handles it, then the managers of the community, then those of the subdistrict."""
    if step == 0:
        found = [ticket.handler_id] if ticket.handler_id else staff_ids(ticket.desk)
    else:
        level = Area.Level.COMMUNITY if step == 1 else Area.Level.SUBDISTRICT
        area = Area.objects.filter(pk__in=ticket.area.ancestor_ids, level=level).first()
        found = staff_ids(area, (Appointment.Role.MANAGER,)) if area else []
    people: QuerySet[User] = User.objects.filter(pk__in=found)
    return people


def let_rest() -> int:
    """Settled a week ago and nobody said anything: at rest."""
    before = timezone.now() - dt.timedelta(days=settings.TICKET_REOPEN_DAYS)
    due = Ticket.objects.filter(state=State.CLOSED, closed_at__lt=before).order_by("closed_at")
    return sum(_rest(pk, before) for pk in due.values_list("pk", flat=True)[:AT_ONCE])


@in_turn
def _rest(ticket_id: int, before: dt.datetime) -> bool:
    ticket = ticket_in_turn(ticket_id)
    if ticket.state != State.CLOSED or ticket.closed_at is None or ticket.closed_at >= before:
        return False
    advance(ticket, State.AUTO_CLOSED, What.AUTO_CLOSED, by=None)
    return True
