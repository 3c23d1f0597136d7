"""The verbs of one post, each a POST; a refusal is shown on the page of the post."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from linlingtong.accounts.models import User
from linlingtong.accounts.signed_in import caller, reader
from linlingtong.core.posting import posted_from
from linlingtong.core.refusal import Refusal
from linlingtong.mutual_aid import actions
from linlingtong.mutual_aid.actions.refusals import AlreadyClaimed
from linlingtong.mutual_aid.forms import DoneForm, SayForm
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.mutual_aid.views.browsing import detail_page, readable

Verb = Callable[[int, User, dict[str, Any]], object]
PLAIN: dict[str, tuple[Verb, Any]] = {
    "send": (lambda pk, me, _f: actions.send(pk, by=me), gettext_lazy("Sent. We tell you what comes of it.")),
    "renew": (lambda pk, me, _f: actions.renew(pk, by=me), gettext_lazy("It stays open.")),
    "pause": (
        lambda pk, me, _f: actions.set_paused(pk, by=me, is_paused=True),
        gettext_lazy("Paused. Nobody claims it until you go on."),
    ),
    "resume": (
        lambda pk, me, _f: actions.set_paused(pk, by=me, is_paused=False),
        gettext_lazy("Neighbours can claim it again."),
    ),
    "release": (
        lambda pk, me, _f: actions.release(pk, me, by=me),
        gettext_lazy("Thank you for saying so. It is back with the neighbours."),
    ),
    "done": (
        lambda pk, me, facts: actions.done(pk, by=me, minutes=facts.get("minutes"), claim_id=facts.get("claim")),
        gettext_lazy("Noted. The other side is asked to confirm."),
    ),
    "confirm": (
        lambda pk, me, facts: actions.confirm(pk, by=me, minutes=facts.get("minutes"), claim_id=facts.get("claim")),
        gettext_lazy("Thank you, it is confirmed."),
    ),
}


@posted_from("mutual_aid:detail", "pk")
def claim(request: HttpRequest, pk: int) -> HttpResponse:
    """Take it on. Signed out, the post is shown again after signing in."""
    me = reader(request)
    if me is None:
        return redirect_to_login(reverse("mutual_aid:detail", args=[pk]))
    post = readable(request, pk)
    try:
        claimed = actions.claim(pk, me, by=me, note=request.POST.get("note", ""))
    except AlreadyClaimed as refusal:
        others = refusal.beside["alternatives"]
        return detail_page(request, readable(request, pk), refused=refusal.detail, alternatives=others)
    except Refusal as refusal:
        return detail_page(request, readable(request, pk), refused=refusal.detail)
    except HelpPost.DoesNotExist as error:
        raise Http404 from error
    if claimed.claim.state == Claim.State.APPLIED:
        messages.success(request, _("Thank you! The neighbour chooses who helps; you hear either way."))
    elif post.is_through_desk:
        messages.success(request, _("It is yours. Bring it to the community desk within seven days."))
    else:
        messages.success(request, _("It is yours. Look up the phone number and get in touch."))
    return redirect("mutual_aid:detail", pk=pk)


@posted_from("mutual_aid:detail", "pk")
@login_required
def plain(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A verb that needs no more words."""
    verb, said = PLAIN[name]
    readable(request, pk)
    form = DoneForm(request.POST)
    facts = form.cleaned_data if form.is_valid() else {}
    return _asked(request, pk, lambda me: verb(pk, me, facts), str(said))


@posted_from("mutual_aid:detail", "pk")
@login_required
def contact(request: HttpRequest, pk: int) -> HttpResponse:
    """The other side's phone, once, on this answer; each look is written down."""
    readable(request, pk)
    try:
        found = actions.reveal_contact(pk, by=caller(request))
    except PermissionDenied:
        refused = _("The number is only for accepted helpers and the asker, until seven days after the end.")
        response = detail_page(request, readable(request, pk), refused=refused)
        response.status_code = 403
        return response
    return detail_page(request, readable(request, pk), contacts=found)


@posted_from("mutual_aid:detail", "pk")
@login_required
def choose(request: HttpRequest, pk: int, claim_id: int, name: str) -> HttpResponse:
    """Yes or no to somebody who wants to help."""
    readable(request, pk)
    row = get_object_or_404(Claim, pk=claim_id, post=pk)
    if name == "accept":
        return _asked(request, pk, lambda me: actions.accept(row.pk, by=me), _("Chosen. We have told them."))
    return _asked(request, pk, lambda me: actions.decline(row.pk, by=me), _("We have told them kindly."))


SAYING: dict[str, dict[str, Any]] = {
    "withdraw": {
        "title": gettext_lazy("Not needed any more?"),
        "label": gettext_lazy("Why (neighbours who helped read it)"),
        "button": gettext_lazy("Withdraw it"),
        "said": gettext_lazy("Withdrawn. Helpers have been told."),
        "is_required": False,
        "is_grave": True,
        "verb": lambda pk, me, text: actions.withdraw_post(pk, by=me, reason=text),
    },
    "dispute": {
        "title": gettext_lazy("What went wrong?"),
        "label": gettext_lazy("What happened (staff and the other side read it)"),
        "button": gettext_lazy("Ask staff to look into it"),
        "said": gettext_lazy("Staff of the community look into it and ring you."),
        "verb": lambda pk, me, text: actions.dispute(pk, by=me, reason=text),
    },
    "thanks": {
        "title": gettext_lazy("Say thanks"),
        "label": gettext_lazy("Your words (neighbours read them)"),
        "button": gettext_lazy("Say thanks"),
        "said": gettext_lazy("Your thanks have arrived."),
        "verb": lambda pk, me, text: actions.thank(pk, by=me, text=text),
    },
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def say(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """A verb with a few words."""
    post, what = readable(request, pk), SAYING[name]
    form = SayForm(
        request.POST or None,
        label=what["label"],
        is_required=what.get("is_required", True),
        initial={"text": post.thanks if name == "thanks" else ""},
    )
    if request.method == "POST" and form.is_valid():
        try:
            what["verb"](pk, caller(request), form.cleaned_data["text"])
        except Refusal as refusal:
            form.add_error("text", refusal.detail)
        else:
            messages.success(request, str(what["said"]))
            return redirect("mutual_aid:detail", pk=pk)
    return render(request, "mutual_aid/say.html", {"post": post, "form": form, "what": what})


def _asked(request: HttpRequest, pk: int, verb: Callable[[User], object], said: str) -> HttpResponse:
    """Run the verb; a refusal is shown on the page of the post."""
    try:
        verb(caller(request))
    except Refusal as refusal:
        return detail_page(request, readable(request, pk), refused=refusal.detail)
    except Claim.DoesNotExist as error:
        raise Http404 from error
    messages.success(request, said)
    return redirect("mutual_aid:detail", pk=pk)
