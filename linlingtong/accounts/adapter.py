from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from django.http import HttpRequest, JsonResponse
from django.utils import translation
from django.utils.translation import gettext as _

from linlingtong.accounts.actions import (
    JustSent,
    NotSent,
    TooManyCodes,
    check_may_send,
    keep_phone,
    send_code,
    send_word,
)
from linlingtong.accounts.models import User, new_token
from linlingtong.core.phone import PhoneField, normal_phone
from linlingtong.core.refusal import Refusal


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Joins django-allauth to our residents: one spelling of phones, our codes with their limits, our texts.

    Where allauth keeps "the code" in its session, it keeps our reference; the digits exist in the SMS only.
    """

    def get_login_stages(self) -> list[str]:
        """The second factor guards the pages of staff, not the sign-in: `staff_session` asks for it."""
        stages: list[str] = super().get_login_stages()
        return [stage for stage in stages if not stage.startswith("allauth.mfa")]

    def phone_form_field(self, **kwargs: Any) -> PhoneField:
        return PhoneField(**kwargs)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        # allauth stores the phone in a second step; a person without any address cannot be stored at all.
        user.phone, user.language = form.cleaned_data["phone"], translation.get_language() or user.language
        saved: User = super().save_user(request, user, form, commit)
        return saved

    def clean_phone(self, phone: str) -> str:
        return normal_phone(phone)

    def generate_phone_verification_code(self, *, user: User, phone: str) -> str:  # noqa: ARG002 - allauth's signature
        return new_token()

    def send_verification_code_sms(self, user: User, phone: str, code: str, **_kwargs: Any) -> None:
        language = translation.get_language() or user.language
        try:
            send_code(phone, language=language, address=self.address(), ref=code)
        except (TooManyCodes, JustSent, NotSent) as refusal:
            raise too_often(refusal) from refusal

    def send_unknown_account_sms(self, phone: str, **_kwargs: Any) -> None:
        User.objects.filter(pk=0).first()  # allauth reads a known person once more
        self._say(phone, _("[Linlingtong] Somebody wanted to sign in with this number. To join, sign up in the app."))

    def send_account_already_exists_sms(self, phone: str) -> None:
        self._say(phone, _("[Linlingtong] This number has an account already. Sign in with it in the app."))

    def refuse_if_too_often(self, phone: str) -> None:
        try:
            check_may_send(phone, address=self.address())
        except (TooManyCodes, JustSent, NotSent) as refusal:
            raise too_often(refusal) from refusal

    def _say(self, phone: str, text: str) -> None:
        try:
            send_word(phone, text, address=self.address())
        except (TooManyCodes, JustSent, NotSent) as refusal:
            raise too_often(refusal) from refusal

    def address(self) -> str:
        return str(self.request.META.get("REMOTE_ADDR", "")) if self.request else ""

    def set_phone(self, user: User, phone: str, verified: bool) -> None:
        keep_phone(user, phone, is_verified=verified)

    def get_phone(self, user: User) -> tuple[str, bool] | None:
        return (user.phone, user.phone_verified_at is not None) if user.phone else None

    def set_phone_verified(self, user: User, phone: str) -> None:
        keep_phone(user, phone, is_verified=True)

    def get_user_by_phone(self, phone: str) -> User | None:
        found: User | None = User.objects.active().filter(phone=phone).first()
        return found


def too_often(refusal: Refusal) -> ImmediateHttpResponse:
    """429 in the shape of allauth's errors, the same for known and unknown phones."""
    error = {"code": refusal.code, "param": "phone", "message": refusal.detail}
    seconds = refusal.facts.get("seconds", 60 * refusal.facts.get("minutes", 1))
    answer = JsonResponse({"status": 429, "errors": [error]}, status=429, headers={"Retry-After": str(seconds)})
    return ImmediateHttpResponse(answer)
