"""How a report is spoken of: where it stands, what has happened, and what can be done. Never who reported it."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.areas.models import Area
from linlingtong.areas.places import community_name
from linlingtong.core.dates import moment_words
from linlingtong.tickets.models import Ticket, TicketEvent

State, What = Ticket.State, TicketEvent.What
TONES = {
    State.RECEIVED: ("neutral", "hourglass"),
    State.ACCEPTED: ("open", "circle-check"),
    State.ASSIGNED: ("open", "user-check"),
    State.IN_PROGRESS: ("open", "tools"),
    State.WAITING: ("offer", "bell"),
    State.TRANSFERRED: ("pending", "send"),
    State.CLOSED: ("mine", "circle-check-f"),
    State.RATED: ("done", "star"),
    State.AUTO_CLOSED: ("done", "check"),
    State.REFUSED: ("off", "ban"),
    State.DUPLICATE: ("neutral", "copy"),
    State.WITHDRAWN: ("off", "arrow-back-up"),
}
# How far along each state is on the way: accepted, assigned, settled, rated.
ALONG = {
    State.RECEIVED: 0, State.ACCEPTED: 1, State.ASSIGNED: 2, State.IN_PROGRESS: 2, State.WAITING: 2,
    State.TRANSFERRED: 2, State.CLOSED: 3, State.AUTO_CLOSED: 4, State.RATED: 4,
}  # fmt: skip


def badge(ticket: Ticket) -> dict[str, str]:
    tone, icon = TONES[State(ticket.state)]
    return {"tone": tone, "icon": icon, "label": ticket.get_state_display()}


def steps(ticket: Ticket) -> list[dict[str, str]]:
    """The four steps of the way; empty for what left it."""
    if ticket.state in Ticket.ASIDE:
        return []
    along = ALONG[State(ticket.state)]
    if ticket.state == State.WAITING:
        along = ALONG.get(State(ticket.resumes), along)
    labels = (_("Accept"), _("Assign"), _("Settle"), _("Rate"))
    return [
        {"label": label, "state": "done" if at < along else "now" if at == along else ""}
        for at, label in enumerate(labels)
    ]


def story(events: Iterable[TicketEvent]) -> list[dict[str, str]]:
    """What has happened, the latest first; what is for staff alone is not here."""
    shown = [one for one in events if not one.is_internal]
    rows = []
    for event in reversed(shown):
        text = " · ".join(part for part in (moment_words(event.created_at), event.text) if part)
        tone = "bad" if event.what == What.REFUSED else "done"
        rows.append({"title": event.get_what_display(), "text": text, "state": tone})
    return rows


def due_words(ticket: Ticket) -> str:
    """What is due next and when; empty when nothing is."""
    if ticket.state == State.WAITING:
        return _("The clock stands until you answer")
    if ticket.state not in Ticket.TIMED:
        return ""
    facts = {"when": moment_words(ticket.due_at)}
    if ticket.due_at < timezone.now():
        return _("Was due %(when)s; the community has been told") % facts
    if ticket.state == State.RECEIVED:
        return _("Somebody accepts it by %(when)s") % facts
    return _("To be settled by %(when)s") % facts


def place_words(ticket: Ticket) -> str:
    is_community = ticket.area.level == Area.Level.COMMUNITY
    above = "" if is_community else community_name(ticket.area_path)
    return " · ".join(part for part in (above, ticket.area.name, ticket.place) if part)


def title(ticket: Ticket) -> str:
    """A line of a list: the kind, and where."""
    return f"{ticket.category.name} · {ticket.place or ticket.area.name}"


def cell(ticket: Ticket, url: str) -> dict[str, Any]:
    return {"ticket": ticket, "url": url, "title": title(ticket), "badge": badge(ticket), "due": due_words(ticket)}
