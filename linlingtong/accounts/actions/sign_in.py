import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from enum import Enum

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from linlingtong.accounts.models import Consent, SignInCode, User, new_token
from linlingtong.core.refusal import Refusal
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.delivery.actions import send_sms
from linlingtong.delivery.channel import Result

APART = dt.timedelta(seconds=30)
TRY = """
    UPDATE accounts_signincode SET tries = tries + 1, used_at = CASE WHEN code_key = %s THEN %s::timestamptz END
    WHERE ref = %s AND used_at IS NULL AND expires_at > %s AND tries < %s
    RETURNING used_at IS NOT NULL, tries
"""


class TooManyCodes(Refusal):
    """The phone, or the network it is in, has asked for too many codes lately."""

    code = "too_many_codes"
    message = gettext_lazy("That was too often. Try again in %(minutes)d minutes, or call the community.")


class JustSent(Refusal):
    """The last code is only seconds old."""

    code = "code_just_sent"
    message = gettext_lazy("A code was sent just now. Wait %(seconds)d seconds before asking for another one.")


class NotSent(Refusal):
    """The gateway took nothing; the code that nobody got does not count."""

    code = "sms_not_sent"
    message = gettext_lazy("The SMS could not be sent. Try again in a minute, or call the community.")


class Verdict(Enum):
    """What became of a typed code."""

    RIGHT = "right"
    WRONG = "wrong"
    SPENT = "spent"


@dataclass(frozen=True)
class Tried:
    verdict: Verdict
    tries_left: int


def key_of(purpose: str, text: str) -> str:
    """A fingerprint that nobody can turn back or recompute without the installation's secret."""
    return hmac.new(settings.SECRET_KEY.encode(), f"{purpose}:{text}".encode(), hashlib.sha256).hexdigest()


def send_code(phone: str, *, language: str, address: str = "", ref: str = "") -> str:
    """Send six digits to the phone and answer the reference under which they can be tried.

    The row is committed before the gateway is asked, and the gateway is asked outside any transaction. Known and
    unknown phones take the same path. Raises TooManyCodes, JustSent or NotSent.
    """
    ref, digits = ref or new_token(), f"{secrets.randbelow(1_000_000):06d}"
    _write_code(phone, digits, ref, address)
    with override(language):
        text = _("[Linlingtong] %(code)s is your sign-in code, valid for 5 minutes. Tell it to nobody.") % {
            "code": digits
        }
    outcome = send_sms(phone, "code", {"code": digits}, text, key=f"code/{ref}")
    if outcome.result in {Result.FAILED, Result.REFUSED}:
        SignInCode.objects.filter(ref=ref).delete()
        raise NotSent
    return ref


def send_word(phone: str, text: str, *, address: str = "") -> None:
    """Send a text about an account where no code may be sent; it counts like a code.

    Raises TooManyCodes or JustSent.
    """
    ref = new_token()
    _write_code(phone, new_token(), ref, address)
    send_sms(phone, "notice", {"text": text}, text, key=f"account/{ref}")


def check_may_send(phone: str, *, address: str = "") -> None:
    """Whether a code could be sent now. Raises TooManyCodes or JustSent."""
    _check_limits(key_of("phone", phone), key_of("address", address) if address else "")


@in_turn
def _write_code(phone: str, digits: str, ref: str, address: str) -> None:
    phone_key, address_key = key_of("phone", phone), key_of("address", address) if address else ""
    take_turn(f"sign-in {phone_key}", 0)
    _check_limits(phone_key, address_key)
    now = timezone.now()
    SignInCode.objects.filter(phone_key=phone_key, used_at=None, expires_at__gt=now).update(expires_at=now)
    SignInCode.objects.create(
        ref=ref,
        phone_key=phone_key,
        address_key=address_key,
        code_key=key_of(f"code {ref}", digits),
        sent_at=now,
        expires_at=now + SignInCode.VALID_FOR,
    )


def _check_limits(phone_key: str, address_key: str) -> None:
    now = timezone.now()
    hour_ago, day_ago = now - dt.timedelta(hours=1), now - dt.timedelta(days=1)
    lately = SignInCode.objects.filter(phone_key=phone_key, sent_at__gt=day_ago).order_by("sent_at")
    sent = list(lately.values_list("sent_at", flat=True))
    for since, most in (
        (hour_ago, settings.SIGN_IN_CODES_PER_PHONE_AN_HOUR),
        (day_ago, settings.SIGN_IN_CODES_PER_PHONE_A_DAY),
    ):
        if sum(moment > since for moment in sent) >= most:
            raise TooManyCodes(minutes=_minutes_until(sent[-most] - since))
    if sent and now - sent[-1] < APART:
        raise JustSent(seconds=(APART - (now - sent[-1])).seconds + 1)
    if address_key:
        near = SignInCode.objects.filter(address_key=address_key, sent_at__gt=hour_ago)[
            : settings.SIGN_IN_CODES_PER_ADDRESS_AN_HOUR
        ]
        if len(near) >= settings.SIGN_IN_CODES_PER_ADDRESS_AN_HOUR:
            raise TooManyCodes(minutes=60)


def _minutes_until(left: dt.timedelta) -> int:
    return int(left.total_seconds() // 60) + 1


def try_code(ref: str, typed: str) -> Tried:
    """Whether these are the digits of this code: at most five answers are ever given, and "right" only once.

    Counting and judging are one UPDATE that names its own condition, so threads that come together cannot share a
    try; a reference that does not exist costs the same statement.
    """
    digits = "".join(str(int(c)) for c in typed[:40] if c.isdecimal())
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(TRY, [key_of(f"code {ref}", digits), now, ref, now, SignInCode.TRIES])
        row = cursor.fetchone()
    if row is None:
        return Tried(Verdict.SPENT, 0)
    is_right, tries = row
    return Tried(Verdict.RIGHT, 0) if is_right else Tried(Verdict.WRONG, SignInCode.TRIES - tries)


def resident_of(phone: str, *, language: str) -> User:
    """The person behind a phone whose code was right; somebody new the first time."""
    known: User | None = User.objects.filter(phone=phone).first()
    if known is None:
        try:
            with transaction.atomic():
                return User.objects.create_user(phone, phone_verified_at=timezone.now(), language=language)
        except IntegrityError:
            known = User.objects.get(phone=phone)
    if known.phone_verified_at is None:
        known.phone_verified_at = timezone.now()
        known.save(update_fields=["phone_verified_at"])
    return known


def keep_phone(user: User, phone: str, *, is_verified: bool) -> None:
    """The person's phone, and whether a code sent there came back."""
    user.phone = phone
    if is_verified:
        user.phone_verified_at = timezone.now()
    if user.pk:
        user.save(update_fields=["phone", "phone_verified_at"])


def give_consent(user: User, *, by: User, source: str = Consent.Source.PAGE) -> None:
    """Record agreement to the texts in their present version; nobody agrees for somebody else."""
    if by.pk != user.pk:
        raise PermissionDenied
    given = [Consent(user=user, kind=kind, version=settings.TERMS_VERSION, source=source) for kind in Consent.Kind]
    Consent.objects.bulk_create(given, ignore_conflicts=True)


def forget_old_codes() -> int:
    """Delete codes older than a day; returns how many."""
    return SignInCode.objects.filter(sent_at__lt=timezone.now() - dt.timedelta(days=1)).delete()[0]
