from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from linlingtong.accounts.signed_in import reader
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.mutual_aid.views.cards import cards

TABS = ("helping", "asked", "past")
MOST = 50
State = HelpPost.State
OVER = (State.COMPLETED, State.WITHDRAWN, State.EXPIRED, State.REJECTED)


@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """我的互助: where I help, what I asked for, and what is over."""
    me = reader(request)
    if me is None:
        raise Http404
    tab = request.GET.get("tab", "")
    tab = tab if tab in TABS else "helping"
    posts = HelpPost.objects.select_related("author").defer("search")
    helping = posts.filter(pk__in=Claim.objects.live().filter(helper=me).values("post")).order_by("-id")
    asked = posts.filter(author=me).exclude(state__in=(State.COMPLETED, State.WITHDRAWN, State.REJECTED))
    helped = Claim.objects.filter(helper=me).exclude(state__in=Claim.LIVE).values("post")
    past = posts.filter(author=me, state__in=OVER) | posts.filter(pk__in=helped)
    chosen = {"helping": helping, "asked": asked.order_by("-id"), "past": past.order_by("-id")}[tab]
    context = {
        "tab": tab,
        "tabs": [
            {"key": "helping", "label": _("I help"), "count": helping.count()},
            {"key": "asked", "label": _("I asked"), "count": asked.count()},
            {"key": "past", "label": _("Over"), "count": ""},
        ],
        "cards": cards(chosen[:MOST], me),
    }
    return render(request, "mutual_aid/mine.html", context)


@login_required
@require_safe
def who_looked(request: HttpRequest) -> HttpResponse:
    """谁看过我的电话: every look at one's own number."""
    me = reader(request)
    if me is None:
        raise Http404
    response = render(request, "mutual_aid/who_looked.html", {"reveals": actions.reveals_to(me)})
    response["Cache-Control"] = "no-store"
    return response
