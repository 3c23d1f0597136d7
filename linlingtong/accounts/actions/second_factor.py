"""The second factor of staff: a code of their authenticator app, or one of ten codes on paper."""

from typing import Any

import redis
import structlog
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, validate_totp_code
from django.core.exceptions import PermissionDenied
from django.db import transaction

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import is_whole, scope_for
from linlingtong.core.refusal import Busy

log = structlog.get_logger(__name__)
Type = Authenticator.Type
# Not the library's own `wrap`, which wants what passkeys need.
KINDS: dict[str, Any] = {Type.TOTP: TOTP, Type.RECOVERY_CODES: RecoveryCodes}


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


def _is_right(authenticator: Authenticator, digits: str) -> bool:
    """Fails closed: used codes are remembered in Valkey, and without it none is accepted."""
    try:
        return bool(KINDS[authenticator.type](authenticator).validate_code(digits))
    except (redis.RedisError, OSError) as error:
        raise Busy from error


def forget_second_factor(user: User, *, by: User) -> bool:
    """After a lost phone: the person sets it up anew at the next visit. Only staff of the whole subdistrict may."""
    if by.pk == user.pk or not is_whole(scope_for(by)):
        raise PermissionDenied
    gone, _rows = Authenticator.objects.filter(user=user).delete()
    log.info("second_factor_forgotten", user=user.pk, by=by.pk)
    return bool(gone)
