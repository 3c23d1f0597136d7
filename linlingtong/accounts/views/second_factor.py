from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from linlingtong.accounts.actions import (
    WrongSecondFactor,
    change_second_factor,
    codes_left,
    has_second_factor,
    is_second_factor,
    renew_codes,
    set_second_factor_up,
)
from linlingtong.accounts.models import User
from linlingtong.accounts.proof import forget_proof, is_proven, note_proof, note_wrong
from linlingtong.accounts.sign_in_forms import SecondFactorForm
from linlingtong.core.links import path_here
from linlingtong.core.qr import qr_svg

KEY = "second_factor_secret"


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Staff show the second factor, or set it up at the first visit; nobody else finds anything here.

    Who has shown it finds new codes on paper here, and the way to another phone.
    """
    user = request.user
    if not settings.STAFF_TOTP or not isinstance(user, User) or not user.is_staff:
        raise Http404
    is_new = not has_second_factor(user)
    form = SecondFactorForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        codes = _judge(request, user, form.cleaned_data["code"], is_new=is_new)
        if codes is not None:
            return _inside(request, user, codes)
        if note_wrong(request.session):
            logout(request)
            messages.error(request, _("That was wrong too often. Sign in again."))
            return redirect("accounts:login")
        form.add_error("code", WrongSecondFactor().detail)
    facts = {"form": form, "next": _target(request)} | _standing(request, user, is_new=is_new)
    return render(request, "accounts/second_factor.html", facts)


def _judge(request: HttpRequest, user: User, code: str, *, is_new: bool) -> list[str] | None:
    """None for a wrong code, else the codes on paper that are shown now: none but the first time."""
    if is_new:
        return set_second_factor_up(user, request.session.get(KEY, ""), code, by=user) or None
    return [] if is_second_factor(user, code) else None


def _inside(request: HttpRequest, user: User, codes: list[str]) -> HttpResponse:
    """The code was right: on to what was wanted, which for new codes and another phone was asked for with it."""
    wanted = request.POST.get("do")
    if wanted == "phone":
        change_second_factor(user, by=user)
        forget_proof(request.session)
        update_session_auth_hash(request, user)
        return redirect("accounts:second_factor")
    note_proof(request.session, user)
    request.session.pop(KEY, None)
    codes = renew_codes(user, by=user) if wanted == "codes" else codes
    if not codes:
        return redirect(_target(request))
    return render(request, "accounts/second_factor.html", {"codes": codes, "next": _target(request)})


def _standing(request: HttpRequest, user: User, *, is_new: bool) -> dict[str, Any]:
    if is_new:
        return _setup(request)
    return {"codes_left": codes_left(user)} if is_proven(request.session, user) else {}


def _setup(request: HttpRequest) -> dict[str, Any]:
    """What the app needs to know the first time; the same secret until it is confirmed."""
    secret = request.session.setdefault(KEY, generate_totp_secret())
    url = get_adapter().build_totp_url(request.user, secret)
    return {
        "picture": qr_svg(url, label=_("QR code for your authenticator app")),
        "secret": " ".join(secret[start : start + 4] for start in range(0, len(secret), 4)),
    }


def _target(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return path_here(request, wanted) or reverse("admin:index")
