import datetime as dt
from collections.abc import Callable
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import IdempotencyKey, User
from linlingtong.core.turns import in_turn

KEPT = dt.timedelta(days=2)


class KeyOfAnotherCall(Exception):
    """The key was used before, for something else."""


@in_turn
def answer_once(key: str, fingerprint: str, effect: Callable[[], tuple[int, Any]], *, by: User) -> tuple[int, Any]:
    """Have the effect once for each key and answer a repeated call with what the first one was told.

    Key and effect are one transaction: both are there or neither is. A second call that comes while the first is
    still at work waits for it. What is refused or fails leaves no key behind and may be tried again.

    Raises `KeyOfAnotherCall` when the key belongs to a call with another fingerprint.
    """
    asked = IdempotencyKey(user=by, key=key, fingerprint=fingerprint)
    IdempotencyKey.objects.bulk_create([asked], ignore_conflicts=True)
    row = IdempotencyKey.objects.select_for_update(no_key=True).get(user=by, key=key)
    if row.fingerprint != fingerprint:
        raise KeyOfAnotherCall
    if not row.status:
        row.status, row.answer = effect()
        row.save(update_fields=["status", "answer"])
    return row.status, row.answer


def forget_old_keys() -> int:
    """Drop the keys of calls that nobody repeats any more."""
    return IdempotencyKey.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
