from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from linlingtong.accounts.actions import change_profile
from linlingtong.accounts.display import Display, remember
from linlingtong.accounts.forms import DisplayForm
from linlingtong.accounts.middleware import COOKIE as LANGUAGE_COOKIE
from linlingtong.accounts.models import User
from linlingtong.core.links import path_here

WISHES = ("size", "elder_mode", "theme")


@require_http_methods(["GET", "HEAD", "POST"])
def display(request: HttpRequest) -> HttpResponse:
    """Text size, large-text edition and colours, with or without an account."""
    form = DisplayForm(request.POST if request.method == "POST" else None, chosen=Display.of(request))
    if request.method == "POST" and form.is_valid():
        messages.success(request, _("Saved. Every page looks like this now."))
        return _wear(request, reverse("accounts:display"))
    return render(request, "accounts/display.html", {"form": form})


@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """One wish from any page, then back to that page; what is not sent stays."""
    return _wear(request, came_from(request))


def _wear(request: HttpRequest, url: str) -> HttpResponse:
    wishes = {name: request.POST[name] for name in WISHES if name in request.POST}
    chosen = Display.of(request).with_wishes(**wishes)
    if isinstance(request.user, User):
        change_profile(request.user, by=request.user, **chosen.as_profile())
    response = redirect(url)
    chosen.remember(response)
    return response


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Chinese or English, kept in the profile and in this browser."""
    response = redirect(came_from(request))
    wanted = request.POST.get("language", "")
    if wanted in User.Language.values:
        speak(request, response, wanted)
    return response


def speak(request: HttpRequest, response: HttpResponse, wanted: str) -> None:
    """From the next page on, in this language."""
    if isinstance(request.user, User):
        change_profile(request.user, by=request.user, language=wanted)
    remember(response, LANGUAGE_COOKIE, wanted)
    translation.activate(wanted)


def came_from(request: HttpRequest) -> str:
    """Where to go back to: only ever a page of this site."""
    return path_here(request, request.POST.get("next", "")) or "/"
