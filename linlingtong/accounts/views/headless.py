"""The doors of allauth's API that lead somewhere here: joining and signing in by phone code, and the session.

Its other doors (passwords, e-mail, changing the phone) have no address: nobody needs them, and passwords could be
tried there without limit.
"""

from typing import Any

import orjson
from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.headless.account import inputs, views
from allauth.headless.base.views import ConfigView
from allauth.headless.constants import Client
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path

from linlingtong.accounts.actions import Verdict, try_code
from linlingtong.accounts.adapter import AccountAdapter
from linlingtong.accounts.models import User


class Door:
    """Reads JSON of bounded depth, without lone surrogates."""

    def _parse_json(self, request: HttpRequest) -> dict[str, Any] | None:
        if request.method == "GET" or not request.body:
            return None
        try:
            found = orjson.loads(request.body)
        except orjson.JSONDecodeError:
            found = None
        if not isinstance(found, dict):
            raise ImmediateHttpResponse(JsonResponse({"status": 400}, status=400))
        return found


def checked(ref: str | None, typed: str) -> str:
    """The typed digits when they are right; otherwise allauth's own error, after as much work for an unknown phone."""
    if not ref:
        User.objects.filter(pk=0).first()
    if try_code(ref or "", typed).verdict is not Verdict.RIGHT:
        error: ValidationError = get_adapter().validation_error("incorrect_code")
        raise error
    return typed


class LoginCodeInput(inputs.ConfirmLoginCodeInput):  # type: ignore[misc]
    def clean_code(self) -> str:
        return checked(self.expected_code, self.cleaned_data["code"])


class PhoneCodeInput(inputs.VerifyPhoneInput):  # type: ignore[misc]
    def clean_code(self) -> str:
        return checked(self.expected_code, self.cleaned_data["code"])


class SignUp(Door, views.SignupView):  # type: ignore[misc]
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Refuses before anybody is stored: allauth would swallow a refusal for one kind of phone only."""
        AccountAdapter(request).refuse_if_too_often(self.input.cleaned_data["phone"])
        answer: HttpResponse = super().post(request, *args, **kwargs)
        return answer


class VerifyPhone(Door, views.VerifyPhoneView):  # type: ignore[misc]
    input_class = PhoneCodeInput


class ResendPhoneCode(Door, views.ResendPhoneVerificationCodeView):  # type: ignore[misc]
    """Another code while joining."""


class RequestLoginCode(Door, views.RequestLoginCodeView):  # type: ignore[misc]
    """A code for signing in."""


class ResendLoginCode(Door, views.ResendLoginCodeView):  # type: ignore[misc]
    """Another code while signing in."""


class ConfirmLoginCode(Door, views.ConfirmLoginCodeView):  # type: ignore[misc]
    input_class = LoginCodeInput


class Session(Door, views.SessionView):  # type: ignore[misc]
    """Who is signed in; DELETE signs out."""


DOORS: dict[str, Any] = {
    "config": ConfigView,
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
