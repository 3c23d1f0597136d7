from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.accounts.signed_in import caller
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.photos.reading import photos_by_subject
from linlingtong.tickets import showing
from linlingtong.tickets.actions import AFTER, KIND, REPLY, has_left, rate, reopen, reply, take_back
from linlingtong.tickets.actions.moves import MOVES
from linlingtong.tickets.forms import ReplyForm, StarsForm, WordsForm
from linlingtong.tickets.models import Follow, Ticket
from linlingtong.tickets.reopening import reopened_until
from linlingtong.tickets.views.reading import public_address

State = Ticket.State
SHOWN = 100


@login_required
@require_safe
def tickets(request: HttpRequest) -> HttpResponse:
    """What one has reported, and what one has seen as well."""
    mine = Ticket.objects.filter(reporter=caller(request)).select_related("category", "area").defer("search")
    rows = [showing.cell(one, reverse("tickets:ticket", args=[one.pk])) for one in mine.order_by("-pk")[:SHOWN]]
    follows = Follow.objects.filter(resident=caller(request), via=None, ticket__in=Ticket.objects.public())
    followed = [
        showing.cell(one.ticket, public_address(one.ticket))
        for one in follows.select_related("ticket__category", "ticket__area").order_by("-pk")[:SHOWN]
    ]
    running = [row for row in rows if row["ticket"].state in (*Ticket.RUNNING, State.CLOSED)]
    past = [row for row in rows if row not in running]
    context = {"heading": _("My reports"), "running": running, "past": past, "followed": followed}
    return render(request, "tickets/mine.html", context)


@login_required
@require_safe
def ticket(request: HttpRequest, pk: int) -> HttpResponse:
    return _page(request, pk)


def _own(request: HttpRequest, pk: int) -> Ticket:
    rows = Ticket.objects.filter(reporter=caller(request)).select_related("category", "area__parent", "merged_into")
    return get_object_or_404(rows.defer("search"), pk=pk)


def _page(request: HttpRequest, pk: int, **forms_: Any) -> HttpResponse:
    """The number, where it stands, what has happened, and the one thing to do next."""
    found = _own(request, pk)
    until = reopened_until(found)
    context: dict[str, Any] = {
        "ticket": found,
        "badge": showing.badge(found),
        "steps": showing.steps(found),
        "story": showing.story(found.events.order_by("pk")),
        "due": showing.due_words(found),
        "place": showing.place_words(found),
        "photos": photos_by_subject(KIND, [pk])[pk] + photos_by_subject(REPLY, [pk])[pk],
        "after": photos_by_subject(AFTER, [pk])[pk],
        "is_new": request.session.pop("ticket_sent", None) == pk,
        "can_reply": found.state == State.WAITING,
        "can_rate": found.state == State.CLOSED,
        "can_reopen": until is not None and timezone.now() < until,
        "reopened_until": until,
        "can_withdraw": State.WITHDRAWN in MOVES[found.state] and not has_left(found),
        "is_in_public": Ticket.objects.public().filter(pk=pk).exists(),
        "goes_on_in_public": Ticket.objects.public().filter(pk=found.merged_into_id or 0).exists(),
        "reply_form": ReplyForm(by=caller(request)),
        "stars_form": StarsForm(),
        "reopen_form": WordsForm(auto_id="id_reopen_%s"),
    }
    return render(request, "tickets/ticket.html", context | forms_)


def _try(
    request: HttpRequest, pk: int, named: tuple[str, forms.Form], verb: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    """Ask the verb with what the form found; a refusal stands at the form, everything typed stays."""
    name, form = named
    if not form.is_valid():
        return _page(request, pk, **{name: form})
    try:
        messages.success(request, verb(form.cleaned_data))
    except Refusal as refusal:
        form.add_error(None, refusal.detail)
        return _page(request, pk, **{name: form})
    return redirect("tickets:ticket", pk)


@posted_from("tickets:ticket", "pk")
@login_required
def answer(request: HttpRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    me = caller(request)

    def send(found: dict[str, Any]) -> str:
        reply(pk, found["text"], by=me, photos=found["photos"])
        return _("Thank you. It goes on now.")

    return _try(request, pk, ("reply_form", ReplyForm(request.POST, request.FILES, by=me)), send)


@posted_from("tickets:ticket", "pk")
@login_required
def give_stars(request: HttpRequest, pk: int) -> HttpResponse:
    _own(request, pk)

    def give(found: dict[str, Any]) -> str:
        rate(pk, found["stars"], found["text"], by=caller(request))
        return _("Thank you for looking.")

    return _try(request, pk, ("stars_form", StarsForm(request.POST)), give)


@posted_from("tickets:ticket", "pk")
@login_required
def open_again(request: HttpRequest, pk: int) -> HttpResponse:
    _own(request, pk)

    def go_on(found: dict[str, Any]) -> str:
        reopen(pk, found["text"], by=caller(request))
        return _("Opened again. Somebody looks at it anew.")

    return _try(request, pk, ("reopen_form", WordsForm(request.POST, auto_id="id_reopen_%s")), go_on)


@posted_from("tickets:ticket", "pk")
@login_required
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    _own(request, pk)
    try:
        left = take_back(pk, by=caller(request))
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        is_over = left.state == State.WITHDRAWN
        messages.success(
            request,
            _("Taken back.")
            if is_over
            else _("Noted. Neighbours wait for it too, so whoever handles it looks before it ends."),
        )
    return redirect("tickets:ticket", pk)
