from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login as open_session
from django.contrib.auth import logout as close_session
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from linlingtong.accounts.actions import (
    JustSent,
    NotSent,
    TooManyCodes,
    Verdict,
    change_profile,
    give_consent,
    resident_of,
    send_code,
    try_code,
)
from linlingtong.accounts.display import Display
from linlingtong.accounts.sign_in_forms import CodeForm, PhoneForm
from linlingtong.accounts.staff_session import note_sign_in
from linlingtong.core.links import path_here

PENDING = "sign_in"
CONSENT_COOKIE = "llt_consent"
BACKEND = "linlingtong.accounts.knowing.KnownPerson"
YEAR = 365 * 24 * 60 * 60


@never_cache
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Phone, then code, on one page; somebody new has an account afterwards."""
    if request.user.is_authenticated:
        return redirect(_target(request))
    if request.method == "POST" and "code" in request.POST and PENDING in request.session:
        return _confirm(request)
    if request.method == "POST" and "phone" in request.POST:
        return _request_code(request)
    if "change" in request.GET:
        request.session.pop(PENDING, None)
    return _page(request)


def _request_code(request: HttpRequest) -> HttpResponse:
    form = PhoneForm(request.POST, needs_consent=_needs_consent(request))
    if not form.is_valid():
        return _page(request, phone_form=form)
    phone = form.cleaned_data["phone"]
    try:
        ref = send_code(phone, language=_language(), address=request.META.get("REMOTE_ADDR", ""))
    except JustSent as refusal:
        if request.session.get(PENDING, {}).get("phone") != phone:
            form.add_error("phone", refusal.detail)
            return _page(request, phone_form=form)
        messages.info(request, refusal.detail)
        return _again(request)
    except (TooManyCodes, NotSent) as refusal:
        form.add_error("phone", refusal.detail)
        return _page(request, phone_form=form)
    request.session[PENDING] = {"phone": phone, "ref": ref}
    return _again(request)


def _confirm(request: HttpRequest) -> HttpResponse:
    form, pending = CodeForm(request.POST), request.session[PENDING]
    if not form.is_valid():
        return _page(request, code_form=form)
    tried = try_code(pending["ref"], form.cleaned_data["code"])
    if tried.verdict is not Verdict.RIGHT:
        form.add_error("code", _wrong(tried.tries_left))
        return _page(request, code_form=form)
    user = resident_of(pending["phone"], language=_language())
    if not user.is_active:
        form.add_error("code", _("This account is closed. Call the community if you think that is wrong."))
        return _page(request, code_form=form)
    del request.session[PENDING]
    if user.last_login is None:
        change_profile(user, by=user, **Display.remembered(request).as_profile())
    open_session(request, user, backend=BACKEND)
    note_sign_in(request)
    give_consent(user, by=user)
    response = redirect(_target(request))
    response.set_cookie(CONSENT_COOKIE, settings.TERMS_VERSION, max_age=YEAR, samesite="Lax", httponly=True)
    return response


def _wrong(tries_left: int) -> str:
    if not tries_left:
        return _("This code is used up or too old. Ask for a new one below.")
    return ngettext(
        "That is not the code. You have %(left)d try left.",
        "That is not the code. You have %(left)d tries left.",
        tries_left,
    ) % {"left": tries_left}


def _page(
    request: HttpRequest, *, phone_form: PhoneForm | None = None, code_form: CodeForm | None = None
) -> HttpResponse:
    pending: dict[str, str] = request.session.get(PENDING, {})
    asks_code = bool(pending) and phone_form is None
    phone_form = phone_form or PhoneForm(initial=pending, needs_consent=_needs_consent(request))
    context: dict[str, Any] = {
        "form": (code_form or CodeForm()) if asks_code else phone_form,
        "asks_code": asks_code,
        "phone": pending.get("phone", ""),
        "masked": _masked(pending.get("phone", "")),
        "next": _target(request),
    }
    return render(request, "accounts/login.html", context)


def _masked(phone: str) -> str:
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}"


def _again(request: HttpRequest) -> HttpResponse:
    return redirect(f"{reverse('accounts:login')}?{urlencode({'next': _target(request)})}")


def _target(request: HttpRequest) -> str:
    """Where to go afterwards; only inside this site."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return path_here(request, wanted) or reverse("home:home")


def _needs_consent(request: HttpRequest) -> bool:
    return request.COOKIES.get(CONSENT_COOKIE) != settings.TERMS_VERSION


def _language() -> str:
    return translation.get_language() or settings.LANGUAGE_CODE


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    close_session(request)
    messages.success(request, _("You are signed out."))
    return redirect("home:home")


def nothing_here(request: HttpRequest, **_place: str) -> HttpResponse:  # noqa: ARG001 - Django's signature
    raise Http404


def admin_login(request: HttpRequest) -> HttpResponse:
    """Staff sign in where everybody does; whoever is signed in and no staff finds nothing here."""
    if request.user.is_authenticated:
        raise Http404
    wanted = request.GET.get("next", reverse("admin:index"))
    return redirect(f"{reverse('accounts:login')}?{urlencode({'next': wanted})}")
