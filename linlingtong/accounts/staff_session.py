import time
from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.accounts.proof import is_proven

STAFF_PAGES = ("/admin/", "/check-in/")
SEEN = "staff_seen"
# Written once a minute at most: a session is a row.
STEP = 60
SIGNED_IN = "signed_in_at"
# What leads whole phone numbers out of the house asks for a sign-in of this quarter of an hour.
RECENT = 15 * 60


class StaffSessionMiddleware:
    """Staff pages close after STAFF_IDLE_MINUTES without a call, also those of a browser that stays signed in.

    A session knows when its owner signed in or last worked in the admin; one that does not know counts as idle.
    Signing in again leads back to the same page.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not settings.STAFF_IDLE_MINUTES or not request.path.startswith("/admin/") or not request.user.is_staff:
            return self.get_response(request)
        idle = time.time() - request.session.get(SEEN, 0)
        if idle > settings.STAFF_IDLE_MINUTES * 60:
            words = _("You were signed out, because nothing happened for a while. Sign in again.")
            return sign_in_again(request, words, request.get_full_path() if request.method == "GET" else request.path)
        if idle > STEP:
            note_presence(request)
        return self.get_response(request)


class SecondFactorMiddleware:
    """With STAFF_TOTP on, pages that only staff have ask for the second factor before anything else.

    On all others staff without it are residents (`lacks_proof`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        is_staff_page = settings.STAFF_TOTP and request.path.startswith(STAFF_PAGES) and request.user.is_staff
        if not is_staff_page or is_proven(request.session, cast("User", request.user)):
            return self.get_response(request)
        wanted = request.get_full_path() if request.method == "GET" else request.path
        return redirect_to_login(wanted, reverse("accounts:second_factor"))


def note_sign_in(request: HttpRequest) -> None:
    """Whoever holds this session has just shown who they are."""
    request.session[SIGNED_IN] = int(time.time())
    note_presence(request)


def has_just_signed_in(request: HttpRequest) -> bool:
    return bool(time.time() - request.session.get(SIGNED_IN, 0) <= RECENT)


def sign_in_again(request: HttpRequest, words: str, then: str) -> HttpResponse:
    """Close the session; signing in, with the second factor where it is on, leads to `then`."""
    logout(request)
    messages.info(request, words)
    return redirect_to_login(then)


def note_presence(request: HttpRequest) -> None:
    """Whoever holds this session has just signed in or done something."""
    request.session[SEEN] = int(time.time())
