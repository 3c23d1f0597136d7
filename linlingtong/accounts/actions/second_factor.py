"""The second factor of staff: a code of their authenticator app, or one of ten codes on paper."""

from typing import Any

import redis
import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, validate_totp_code
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import is_whole, scope_for
from linlingtong.core.refusal import Busy, Refusal

log = structlog.get_logger(__name__)
Type = Authenticator.Type
# Not the library's own `wrap`, which wants what passkeys need.
KINDS: dict[str, Any] = {Type.TOTP: TOTP, Type.RECOVERY_CODES: RecoveryCodes}


class WrongSecondFactor(Refusal):
    code = "wrong_code"
    message = _("That is not the code the app shows now. Wait for the next one and type it again.")


class NoSecondFactor(Refusal):
    code = "no_second_factor"
    message = _("Set up your authenticator app first: open the staff pages in a browser.")


def has_second_factor(user: User) -> bool:
    return bool(Authenticator.objects.filter(user=user, type=Type.TOTP).exists())


@transaction.atomic
def set_second_factor_up(user: User, secret: str, code: str, *, by: User) -> list[str]:
    """From now on the app that knows the secret is needed; answers the codes on paper, or nothing for a wrong code.

    Nobody sets it up for somebody else, and what is set up already stays.
    """
    if by.pk != user.pk or not user.is_staff:
        raise PermissionDenied
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if has_second_factor(user) or not validate_totp_code(secret, code):
        return []
    TOTP.activate(user, secret)
    log.info("second_factor_set_up", user=user.pk)
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    return codes


def is_second_factor(user: User, code: str) -> bool:
    """Whether the code is right; each is accepted once. Where the app's is wrong, one on paper may be meant."""
    digits = "".join(sign for sign in code[:40] if sign.isascii() and sign.isdigit())
    for authenticator in Authenticator.objects.filter(user=user, type__in=KINDS):
        if digits and _is_right(authenticator, digits):
            authenticator.record_usage()
            return True
    return False


def codes_left(user: User) -> int:
    """How many of the ten codes on paper have not been used."""
    found = Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).first()
    return len(RecoveryCodes(found).get_unused_codes()) if found else 0


@transaction.atomic
def renew_codes(user: User, *, by: User) -> list[str]:
    """Ten new codes on paper; the old ones open nothing any more. Only for oneself."""
    if by.pk != user.pk:
        raise PermissionDenied
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    Authenticator.objects.filter(user=user, type=Type.RECOVERY_CODES).delete()
    codes: list[str] = RecoveryCodes.activate(user).generate_codes()
    log.info("second_factor_codes_renewed", user=user.pk)
    return codes


@transaction.atomic
def change_second_factor(user: User, *, by: User) -> None:
    """Somebody with another phone: the old app, codes and sessions open nothing, the next visit sets a new one up."""
    if by.pk != user.pk:
        raise PermissionDenied
    _start_anew(user)
    log.info("second_factor_changed", user=user.pk)


def _start_anew(user: User) -> bool:
    """Nothing is set up any more, and every session is over: they are signed with what changes here."""
    gone, _rows = Authenticator.objects.filter(user=user).delete()
    user.set_unusable_password()
    user.save(update_fields=["password"])
    return bool(gone)


def _is_right(authenticator: Authenticator, digits: str) -> bool:
    """Fails closed: used codes are remembered in Valkey, and without it none is accepted."""
    try:
        return bool(KINDS[authenticator.type](authenticator).validate_code(digits))
    except (redis.RedisError, OSError) as error:
        raise Busy from error


@transaction.atomic
def forget_second_factor(user: User, *, by: User) -> bool:
    """After a lost phone: the person is signed out everywhere and sets it up anew at the next visit.

    Only staff of the whole subdistrict may.
    """
    if by.pk == user.pk or not is_whole(scope_for(by)):
        raise PermissionDenied
    was_set_up = _start_anew(user)
    log.info("second_factor_forgotten", user=user.pk, by=by.pk)
    return was_set_up
