"""The doors of allauth's API that lead somewhere here: joining and signing in by phone code, and the session.

Its other doors (passwords, e-mail, changing the phone) have no address: nobody needs them, and passwords could be
tried there without limit.
"""

from typing import Any

import orjson
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.account import inputs, views
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from django.conf import settings
from django.core.exceptions import RequestDataTooBig, ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from linlingtong.accounts.actions import Verdict, give_consent, try_code
from linlingtong.accounts.adapter import AccountAdapter
from linlingtong.accounts.models import Consent, User

TERMS = "terms"


class Door:
    """Reads JSON of bounded depth, without lone surrogates."""

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        try:
            if request.method == "GET" or not request.body:
                return None
        except RequestDataTooBig as error:
            raise ImmediateHttpResponse(JsonResponse({"status": 413}, status=413)) from error
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            wrong = {"message": _("Send an object, for example {}."), "code": "parse_error"}
            raise ImmediateHttpResponse(JsonResponse({"status": 400, "errors": [wrong]}, status=400))
        return found


def checked(ref: str | None, typed: str) -> str:
    """The typed digits when they are right; otherwise allauth's own code, after as much work for an unknown phone."""
    if not ref:
        User.objects.filter(pk=0).first()
    if try_code(ref or "", typed).verdict is not Verdict.RIGHT:
        text = _("That is not the code, or it is too old. Check the six digits, or ask for a new code.")
        raise ValidationError(text, code="incorrect_code")
    return typed


def terms_of(request: HttpRequest, body: dict[str, Any] | None) -> str:
    """The version of the texts that the client says the person agreed to; raises the answer to a wrong one."""
    stated = str((body or {}).get(TERMS) or request.headers.get("X-Terms-Version", ""))
    if stated and stated != settings.TERMS_VERSION:
        text = _("Terms and privacy notice have changed: show the version %(version)s and ask again.")
        raise refused("terms_changed", text % {"version": settings.TERMS_VERSION})
    return stated


def refused(code: str, message: str) -> ImmediateHttpResponse:
    """400 in the shape of allauth's errors."""
    error = {"message": message, "code": code, "param": TERMS}
    return ImmediateHttpResponse(JsonResponse({"status": 400, "errors": [error]}, status=400))


def note_consent(request: HttpRequest, stated: str) -> None:
    """Whoever has just come in agreed: as the client stated, or, the first time, by signing up."""
    user = request.user
    if not isinstance(user, User):
        return
    stated = stated or request.session.pop(TERMS, "")
    if stated:
        give_consent(user, by=user, source=Consent.Source.APP)
    elif not user.consents.exists():
        give_consent(user, by=user, source=Consent.Source.API)


class LoginCodeInput(inputs.ConfirmLoginCodeInput):  # type: ignore[misc]
    def clean_code(self) -> str:
        return checked(self.expected_code, self.cleaned_data["code"])


class PhoneCodeInput(inputs.VerifyPhoneInput):  # type: ignore[misc]
    def clean_code(self) -> str:
        return checked(self.expected_code, self.cleaned_data["code"])


class SignUp(Door, views.SignupView):  # type: ignore[misc]
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuses before anybody is stored: allauth would swallow a refusal for one kind of phone only."""
        stated = terms_of(request, self.data)
        if not stated and settings.SIGN_UP_STATES_TERMS:
            raise refused("terms_required", _("Show terms and privacy notice, and send the version agreed to."))
        AccountAdapter(request).refuse_if_too_often(self.input.cleaned_data["phone"])
        request.session[TERMS] = stated
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


class Entry(Door):
    """The step that lets somebody in: what they agreed to is recorded with it."""

    data: dict[str, Any] | None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        stated = terms_of(request, self.data)
        answer: HttpResponse = super().post(request, *args, **kwargs)  # type: ignore[misc]
        note_consent(request, stated)
        return answer


class VerifyPhone(Entry, views.VerifyPhoneView):  # type: ignore[misc]
    input_class = PhoneCodeInput


class ResendPhoneCode(Door, views.ResendPhoneVerificationCodeView):  # type: ignore[misc]
    """Another code while joining."""


class RequestLoginCode(Door, views.RequestLoginCodeView):  # type: ignore[misc]
    """A code for signing in."""


class ResendLoginCode(Door, views.ResendLoginCodeView):  # type: ignore[misc]
    """Another code while signing in."""


class ConfirmLoginCode(Entry, views.ConfirmLoginCodeView):  # type: ignore[misc]
    input_class = LoginCodeInput


class Config(ConfigView):  # type: ignore[misc]
    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """The library's answer, and which texts a client has to show before somebody joins."""
        answer: JsonResponse = super().get(request, *args, **kwargs)
        found = orjson.loads(answer.content)
        found["data"][TERMS] = {
            "version": settings.TERMS_VERSION,
            "is_required": settings.SIGN_UP_STATES_TERMS,
            "terms_url": f"{settings.SITE_URL}{reverse('home:terms')}",
            "privacy_url": f"{settings.SITE_URL}{reverse('home:privacy')}",
        }
        return JsonResponse(found)


class Session(Door, views.SessionView):  # type: ignore[misc]
    """Who is signed in; DELETE signs out."""


DOORS: dict[str, Any] = {
    "config": Config,
    "auth/session": Session,
    "auth/signup": SignUp,
    "auth/phone/verify": VerifyPhone,
    "auth/phone/verify/resend": ResendPhoneCode,
    "auth/code/request": RequestLoginCode,
    "auth/code/confirm": ConfirmLoginCode,
    "auth/code/resend": ResendLoginCode,
}
urlpatterns: list[URLPattern] = [
    path(f"app/v1/{address}", view.as_api_view(client=Client.APP)) for address, view in DOORS.items()
]
