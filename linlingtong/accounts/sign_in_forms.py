from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.core.phone import PhoneField


class PhoneForm(forms.Form):
    """Step one: where to send the code. Consent is asked once in each browser, of everybody alike."""

    phone = PhoneField(
        error_messages={"required": _("Enter your mobile number, for example 138 0000 0000.")},
    )
    consent = forms.BooleanField(
        required=True,
        label=_("consent"),
        error_messages={"required": _("Tick the box, so that we may use your number to sign you in.")},
    )

    def __init__(self, *args: Any, needs_consent: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not needs_consent:
            del self.fields["consent"]


class CodeInput(forms.PasswordInput):
    """Shows what is typed, but a page never repeats it."""

    input_type = "text"


class SecondFactorForm(forms.Form):
    """What the authenticator app shows, or a code on paper."""

    code = forms.CharField(
        label=_("Code of your authenticator app"),
        max_length=40,
        widget=CodeInput(attrs={"class": "input input-code", "inputmode": "numeric", "autocomplete": "one-time-code"}),
        error_messages={"required": _("Type the six digits that the app shows.")},
    )


class CodeForm(forms.Form):
    """Step two: the six digits."""

    code = forms.CharField(
        label=_("Code from the SMS"),
        max_length=40,
        widget=CodeInput(
            attrs={
                "class": "input input-code",
                "inputmode": "numeric",
                "autocomplete": "one-time-code",
                "autofocus": True,
            }
        ),
        error_messages={"required": _("Type the six digits from the SMS.")},
    )
