from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from linlingtong.accounts.actions import has_second_factor, is_second_factor, set_second_factor_up
from linlingtong.accounts.models import User
from linlingtong.accounts.sign_in_forms import SecondFactorForm
from linlingtong.accounts.staff_session import note_proof
from linlingtong.core.links import path_here
from linlingtong.core.qr import qr_svg

SECRET, WRONG = "second_factor_secret", "second_factor_wrong"
# Then another code by SMS is needed, and those are few.
TRIES = 5


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Staff show the second factor, or set it up at the first visit; nobody else finds anything here."""
    user = request.user
    if not settings.STAFF_TOTP or not isinstance(user, User) or not user.is_staff:
        raise Http404
    is_new = not has_second_factor(user)
    form = SecondFactorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = _judge(request, user, form.cleaned_data["code"], is_new=is_new)
        if codes is not None:
            return _inside(request, codes)
        request.session[WRONG] = request.session.get(WRONG, 0) + 1
        if request.session[WRONG] >= TRIES:
            logout(request)
            messages.error(request, _("That was wrong too often. Sign in again."))
            return redirect("accounts:login")
        form.add_error("code", _("That is not the code the app shows now. Wait for the next one and type it again."))
    facts = {"form": form, "next": _target(request)} | _setup(request, is_new=is_new)
    return render(request, "accounts/second_factor.html", facts)


def _judge(request: HttpRequest, user: User, code: str, *, is_new: bool) -> list[str] | None:
    """None for a wrong code, else the codes on paper that are shown now: none but the first time."""
    if is_new:
        return set_second_factor_up(user, request.session.get(SECRET, ""), code, by=user) or None
    return [] if is_second_factor(user, code) else None


def _inside(request: HttpRequest, codes: list[str]) -> HttpResponse:
    note_proof(request)
    for name in (SECRET, WRONG):
        request.session.pop(name, None)
    if not codes:
        return redirect(_target(request))
    return render(request, "accounts/second_factor.html", {"codes": codes, "next": _target(request)})


def _setup(request: HttpRequest, *, is_new: bool) -> dict[str, Any]:
    """What the app needs to know the first time; the same secret until it is confirmed."""
    if not is_new:
        return {}
    secret = request.session.setdefault(SECRET, generate_totp_secret())
    url = get_adapter().build_totp_url(request.user, secret)
    return {
        "picture": qr_svg(url, label=_("QR code for your authenticator app")),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return path_here(request, wanted) or reverse("admin:index")
