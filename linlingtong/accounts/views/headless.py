"""The two places where a client of allauth's API types a code, with our rule: five tries, used once, under any load."""

from allauth.account.adapter import get_adapter
from allauth.headless.account import inputs, views
from allauth.headless.constants import Client
from django.core.exceptions import ValidationError
from django.urls import URLPattern, path

from linlingtong.accounts.actions import Verdict, try_code


def checked(ref: str | None, typed: str) -> str:
    """The typed digits when they are right; otherwise allauth's own error."""
    if not ref or try_code(ref, typed).verdict is not Verdict.RIGHT:
        error: ValidationError = get_adapter().validation_error("incorrect_code")
        raise error
    return typed


class LoginCodeInput(inputs.ConfirmLoginCodeInput):  # type: ignore[misc]
    def clean_code(self) -> str:
        return checked(self.expected_code, self.cleaned_data["code"])


class PhoneCodeInput(inputs.VerifyPhoneInput):  # type: ignore[misc]
    def clean_code(self) -> str:
        return checked(self.expected_code, self.cleaned_data["code"])


class ConfirmLoginCode(views.ConfirmLoginCodeView):  # type: ignore[misc]
    input_class = LoginCodeInput


class VerifyPhone(views.VerifyPhoneView):  # type: ignore[misc]
    input_class = PhoneCodeInput


urlpatterns: list[URLPattern] = [
    pattern
    for client in (Client.APP, Client.BROWSER)
    for pattern in (
        path(f"{client.value}/v1/auth/code/confirm", ConfirmLoginCode.as_api_view(client=client)),
        path(f"{client.value}/v1/auth/phone/verify", VerifyPhone.as_api_view(client=client)),
    )
]
