import datetime as dt
from typing import Any, cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import scope_for
from linlingtong.accounts.proof import lacks_proof
from linlingtong.accounts.signed_in import reader
from linlingtong.core.time import local, today
from linlingtong.home import search as searching
from linlingtong.home.actions import leave_feedback
from linlingtong.home.boards import BOARDS
from linlingtong.home.daylight import lunar_day, sunrise_on
from linlingtong.home.figures import figure_labels, figures
from linlingtong.home.forms import FeedbackForm, SearchForm


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """What concerns the reader first, then what is on, then the numbers of the place."""
    counted = figures()
    context = {
        "greeting": _greeting(local(timezone.now()), request.user),
        "day": today(),
        "lunar_day": lunar_day(today()),
        "sunrise": sunrise_on(today()),
        "figures": [{"number": f"{counted[name]:,}", "label": label} for name, label in figure_labels().items()],
        **{board.name: board.card(request) for board in BOARDS},
    }
    return render(request, "home/home.html", context)


def _greeting(now: dt.datetime, user: Any) -> str:
    hour = now.hour
    if 5 <= hour < 11:
        words, named = _("Good morning"), _("Good morning, %(name)s")
    elif 11 <= hour < 18:
        words, named = _("Good afternoon"), _("Good afternoon, %(name)s")
    else:
        words, named = _("Good evening"), _("Good evening, %(name)s")
    return named % {"name": user} if user.is_authenticated and user.nickname else words


@login_required
@require_GET
def mine(request: HttpRequest) -> HttpResponse:
    """Everything of one's own, one tap away."""
    user = cast("User", request.user)
    is_staff_now = user.is_staff and (lacks_proof(user) or bool(scope_for(user)))
    return render(request, "home/mine.html", {"is_staff_now": is_staff_now})


@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """One box over every board, and over the names people use for the site's own pages."""
    form = SearchForm(request.GET or None)
    wanted = form.cleaned_data["q"] if form.is_valid() else ""
    context = {
        "form": form,
        "wanted": wanted,
        "found": searching.find(wanted, reader(request)),
        "pages": searching.find_pages(wanted),
    }
    return render(request, "home/search.html", context)


@require_GET
def privacy(request: HttpRequest) -> HttpResponse:
    return render(request, "home/privacy.html", {"version": settings.TERMS_VERSION})


@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    return render(request, "home/terms.html", {"version": settings.TERMS_VERSION})


@require_GET
def accessibility(request: HttpRequest) -> HttpResponse:
    return render(request, "home/accessibility.html")


@require_http_methods(["GET", "POST"])
def feedback(request: HttpRequest) -> HttpResponse:
    """A word about the platform itself, with or without an account."""
    came_from = request.headers.get("Referer", "")
    form = FeedbackForm(
        request.POST or None, initial={"page": came_from[:200] if _is_ours(request, came_from) else ""}
    )
    if request.method == "POST" and form.is_valid():
        by = reader(request)
        leave_feedback(form.cleaned_data["text"], form.cleaned_data["page"], by=by)
        messages.success(request, _("Thank you. We read every line."))
        return redirect(reverse("home:home"))
    return render(request, "home/feedback.html", {"form": form})


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(url, {request.get_host()})
