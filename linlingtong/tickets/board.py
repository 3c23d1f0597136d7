from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.board import Board, Work
from linlingtong.core.search import Found
from linlingtong.core.subject import Facts, Subject
from linlingtong.tickets import actions
from linlingtong.tickets.models import Ticket
from linlingtong.tickets.permissions import may_see
from linlingtong.tickets.showing import badge, title
from linlingtong.tickets.views.reading import public_address

MOST_FOUND = 30
State = Ticket.State


def card(request: HttpRequest) -> dict[str, Any]:
    """What waits for the reader: a question first, then something to rate."""
    if not isinstance(request.user, User):
        return {"ticket": None}
    waiting = Ticket.objects.filter(reporter=request.user, state__in=(State.WAITING, State.CLOSED))
    rows = list(waiting.select_related("category", "area").defer("search").order_by("-state", "-pk")[:1])
    return {"ticket": {"row": rows[0], "title": title(rows[0]), "badge": badge(rows[0])} if rows else None}


def find(text: str, user: User | None) -> list[Found]:
    """One's own reports, and what others made public, the newest first."""
    rows = Ticket.objects.visible_to(user).matching(text).select_related("category", "area").defer("search")
    return [_found(one, user) for one in rows.order_by("-pk")[:MOST_FOUND]]


def _found(ticket: Ticket, user: User | None) -> Found:
    is_mine = user is not None and user.pk == ticket.reporter_id
    url = reverse("tickets:ticket", args=[ticket.pk]) if is_mine else public_address(ticket)
    return Found("ticket", ticket.pk, title(ticket), ticket.text, url, "message-report")


def figures(path: str) -> dict[str, int]:
    """`tickets_closed`: settled reports, and how many of them in time."""
    closed = Ticket.objects.filter(state__in=Ticket.SETTLED, area_path__startswith=path)
    return {"tickets_closed": closed.count(), "tickets_in_time": closed.filter(was_in_time=True).count()}


def work(user: User) -> list[Work]:
    rows, listing = Ticket.objects.managed_by(user), reverse("admin:tickets_ticket_changelist")
    found = [
        (rows.overdue().count(), gettext("reports overdue"), f"{listing}?due=overdue"),
        (
            rows.filter(state=State.RECEIVED).count(),
            gettext("reports to accept"),
            f"{listing}?state__exact={State.RECEIVED.value}",
        ),
    ]
    return [one for one in found if one[0]]


def ticket_facts(ticket_id: int) -> Facts | None:
    row: Any = Ticket.objects.filter(pk=ticket_id).select_related("reporter").first()
    return row and Facts(row.reporter, f"{row.place}\n{row.text}", row.area_path)


def _url(ticket_id: int) -> str:
    number = Ticket.objects.filter(pk=ticket_id).values_list("number", flat=True).first()
    return reverse("tickets:public", args=[number]) if number else reverse("tickets:new")


def _subject(kind: str, name: Any) -> Subject:
    return Subject(
        kind=kind,
        name=name,
        url=_url,
        show=actions.show_ticket,
        hide=actions.hide_ticket,
        may_see=may_see,
        facts=ticket_facts,
    )


board = Board(
    "tickets",
    card=card,
    find=find,
    figures=figures,
    work=work,
    export=actions.own_tickets,
    forget=actions.forget,
    steps={"warn_of_deadlines": actions.warn_of_deadlines, "let_reports_rest": actions.let_rest},
    subjects=(_subject(actions.KIND, _("report of something")), _subject(actions.AFTER, _("photos after the work"))),
)
