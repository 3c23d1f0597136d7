import re
import unicodedata

import phonenumbers
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

REGION = "CN"
MOBILE_DIGITS = 11


def normal_phone(typed: str) -> str:
    """The one E.164 form (`+8613800000000`) of a phone typed in any way: full width, +86, 0086, spaces, dashes.

    Raises ValidationError with words that say what is wrong.
    """
    try:
        number = phonenumbers.parse(typed[:40], REGION)
    except phonenumbers.NumberParseException as error:
        raise ValidationError(
            _("Enter your mobile number, for example 138 0000 0000."), code="invalid_phone"
        ) from error
    if number.country_code == 86:
        _check_length(str(number.national_number))
    # `possible` and not `valid`: new number ranges appear faster than libraries learn of them.
    if not phonenumbers.is_possible_number(number):
        raise ValidationError(_("Enter your mobile number, for example 138 0000 0000."), code="invalid_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _check_length(digits: str) -> None:
    missing = MOBILE_DIGITS - len(digits)
    if missing > 0:
        message = ngettext(
            "%(missing)d digit is missing. Enter 11 digits, for example 138 0000 0000.",
            "%(missing)d digits are missing. Enter 11 digits, for example 138 0000 0000.",
            missing,
        )
        raise ValidationError(message, code="invalid_phone", params={"missing": missing})
    if missing < 0:
        message = ngettext(
            "There is %(extra)d digit too many. Enter 11 digits, for example 138 0000 0000.",
            "There are %(extra)d digits too many. Enter 11 digits, for example 138 0000 0000.",
            -missing,
        )
        raise ValidationError(message, code="invalid_phone", params={"extra": -missing})
    if not digits.startswith("1"):
        raise ValidationError(_("A mobile number starts with 1, for example 138 0000 0000."), code="invalid_phone")


class PhoneField(forms.CharField):
    """A mobile number in any spelling; its value is E.164."""

    def __init__(self, **kwargs: object) -> None:
        attrs = {"class": "input", "type": "tel", "inputmode": "tel", "autocomplete": "tel"}
        kwargs.setdefault("label", gettext_lazy("Mobile number"))
        super().__init__(max_length=40, widget=forms.TextInput(attrs=attrs), **kwargs)  # type: ignore[arg-type]

    def clean(self, value: object) -> str:
        typed = super().clean(value)
        return normal_phone(typed) if typed else ""


# A mobile number in any spelling, also with spaces or dashes between the digits.
MOBILE = re.compile(r"(?<!\d)1[\s\-‐-―.·_]*[3-9](?:[\s\-‐-―.·_]*\d){9}(?!\d)")
CHINESE_DIGITS = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖幺", "001234567891234567891")


def holds_mobile(text: str) -> bool:
    """Whether somebody could ring a number that is written in the text, in whatever spelling."""
    plain = unicodedata.normalize("NFKC", text)
    return bool(MOBILE.search(plain) or MOBILE.search(plain.translate(CHINESE_DIGITS)))


def dialled(phone: str) -> str:
    """A number as it stands in `tel:`: digits and a plus; what comes after 转 is dialled after a pause."""
    number, _extension, rest = str(phone).partition("转")
    signs = [
        "".join(sign for sign in part if sign.isascii() and (sign.isdigit() or sign == "+")) for part in (number, rest)
    ]
    return ",".join(part for part in signs if part)


def in_groups(phone: str) -> str:
    """`138 0000 6027`: a whole number as people read it aloud."""
    digits = phone.removeprefix("+86")
    return f"{digits[:3]} {digits[3:7]} {digits[7:]}" if len(digits) == MOBILE_DIGITS else phone
