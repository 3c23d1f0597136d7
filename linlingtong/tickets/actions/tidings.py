"""What residents and staff are told about reports, in their language."""

from collections.abc import Iterable

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.dates import moment_words
from linlingtong.notifications.actions import Tiding
from linlingtong.notifications.models import Kind
from linlingtong.tickets.models import Follow, Ticket, TicketEvent

State = Ticket.State
SUBJECT = "ticket"


def _tiding(user: User, event: TicketEvent, title: str, body: str, url: str, *, is_short: bool = False) -> Tiding:
    return Tiding(
        user.pk,
        Kind.TICKET,
        f"ticket/{event.ticket_id}/{event.pk}/{user.pk}",
        title,
        body,
        url,
        f"【临灵通】{title}"[:70] if is_short else "",
        SUBJECT,
        event.ticket_id,
    )


def own_url(ticket: Ticket) -> str:
    return reverse("tickets:ticket", args=[ticket.pk])


def public_url(ticket: Ticket) -> str:
    return reverse("tickets:public", args=[ticket.number])


def _words(ticket: Ticket, event: TicketEvent) -> tuple[str, str]:
    """Headline and text for the reporter, in the language that is on."""
    facts = {"kind": ticket.category.name, "number": ticket.number, "unit": ticket.unit}
    titles = {
        State.ACCEPTED: _("Accepted: your report %(kind)s (%(number)s)"),
        State.ASSIGNED: _("On its way: your report %(kind)s (%(number)s)"),
        State.IN_PROGRESS: _("Being handled: your report %(kind)s (%(number)s)"),
        State.WAITING: _("A question about your report %(kind)s (%(number)s)"),
        State.TRANSFERRED: _("Passed on to %(unit)s: your report %(kind)s (%(number)s)"),
        State.CLOSED: _("Settled: your report %(kind)s (%(number)s)"),
        State.AUTO_CLOSED: _("At rest: your report %(kind)s (%(number)s)"),
        State.REFUSED: _("Not taken up: your report %(kind)s (%(number)s)"),
        State.DUPLICATE: _("Others have reported it too: %(kind)s (%(number)s)"),
    }
    title = titles.get(State(event.to_state), _("News of your report %(kind)s (%(number)s)")) % facts
    if event.to_state == State.ACCEPTED:
        return title, _("It is to be settled by %(when)s.") % {"when": moment_words(ticket.finish_due_at)}
    if event.to_state == State.CLOSED:
        return title, event.text or _("Look at it, and say whether it is all right.")
    return title, event.text


def moved(ticket: Ticket, event: TicketEvent) -> list[Tiding]:
    """The reporter, and everybody who has the same trouble."""
    is_short = event.to_state in {State.WAITING, State.CLOSED, State.REFUSED}
    with translation.override(ticket.reporter.language):
        found = [_tiding(ticket.reporter, event, *_words(ticket, event), own_url(ticket), is_short=is_short)]
    if event.to_state in {State.WAITING, State.RATED}:
        return found
    follows = Follow.objects.filter(ticket=ticket).exclude(resident=ticket.reporter_id)
    return found + [_followed(ticket, event, one) for one in follows.select_related("resident", "via")]


def _followed(ticket: Ticket, event: TicketEvent, follow: Follow) -> Tiding:
    """Somebody else's report may be private: of it nothing but where it stands is said."""
    with translation.override(follow.resident.language):
        facts = {"kind": ticket.category.name, "state": ticket.get_state_display()}
        title = _("What you have seen too (%(kind)s): %(state)s") % facts
        url = own_url(follow.via) if follow.via else public_url(ticket) if ticket.is_public else ""
        return _tiding(follow.resident, event, title, "", url)


def for_staff(ticket: Ticket, event: TicketEvent, staff: Iterable[User], title: str) -> list[Tiding]:
    """A line for those who have to look at it; `title` is a source text with %(kind)s and %(number)s."""
    found = []
    for one in staff:
        with translation.override(one.language):
            facts = {"kind": ticket.category.name, "number": ticket.number}
            url = reverse("admin:tickets_ticket_change", args=[ticket.pk])
            found.append(_tiding(one, event, _(title) % facts, ticket.area.name, url))
    return found
