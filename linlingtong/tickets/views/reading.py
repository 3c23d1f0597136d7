from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.accounts.signed_in import reader
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.photos.reading import photos_by_subject
from linlingtong.tickets.actions import AFTER, KIND, me_too
from linlingtong.tickets.models import Follow, Ticket
from linlingtong.tickets.showing import badge, place_words, steps


def public_address(ticket: Ticket) -> str:
    return reverse("tickets:public", args=[ticket.number])


@require_safe
def public(request: HttpRequest, number: str) -> HttpResponse:
    """What everybody may read of a report that its reporter made public: never who, never what staff asked."""
    rows = Ticket.objects.public().select_related("category", "area__parent").defer("search")
    ticket = get_object_or_404(rows, number=number)
    me = reader(request)
    followers = Follow.objects.filter(ticket=ticket)
    context = {
        "ticket": ticket,
        "badge": badge(ticket),
        "steps": steps(ticket),
        "place": place_words(ticket),
        "photos": photos_by_subject(KIND, [ticket.pk])[ticket.pk],
        "after": photos_by_subject(AFTER, [ticket.pk])[ticket.pk],
        "followers": followers.count(),
        "is_mine": me is not None and me.pk == ticket.reporter_id,
        "is_followed": me is not None and followers.filter(resident=me).exists(),
        "is_running": ticket.state in Ticket.RUNNING,
    }
    return render(request, "tickets/public.html", context)


@posted_from("tickets:public", "number")
@login_required
def join(request: HttpRequest, number: str) -> HttpResponse:
    """I have seen it too."""
    me = reader(request)
    ticket = get_object_or_404(Ticket.objects.public(), number=number)
    try:
        if me is not None:
            me_too(ticket.pk, by=me)
    except Refusal as refusal:
        messages.warning(request, refusal.detail)
    else:
        request.session.pop("ticket_draft", None)
        messages.success(request, _("Noted. We tell you of every step."))
    return redirect("tickets:public", number)
