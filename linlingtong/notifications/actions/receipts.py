"""Messages that nobody knows the fate of: the channel is asked, and only a proven absence is sent again."""

import datetime as dt
import time

from django.conf import settings
from django.utils import timezone

from linlingtong.core.time import local
from linlingtong.delivery import actions as delivery
from linlingtong.delivery.channel import Result
from linlingtong.notifications.actions.outbox import LEASE, State, Verdict, settle
from linlingtong.notifications.models import Channel, Message

PAUSE = dt.timedelta(minutes=5)
GIVE_UP = dt.timedelta(days=2)


def ask_for_receipts(*, seconds: float = 10, limit: int = 200) -> int:
    """Look up what became of unknown texts; answers how many are known now. The rest stays visible to staff."""
    stop = time.monotonic() + seconds
    asked = Message.objects.in_trouble(State.UNKNOWN).filter(channel=Channel.SMS, lease_until__lte=timezone.now())
    known = 0
    for message in asked.select_related("resident").order_by("lease_until")[:limit]:
        if time.monotonic() > stop:
            break
        verdict = _fate(message)
        settle([verdict])
        known += verdict.state != State.UNKNOWN
    return known


def _fate(message: Message) -> Verdict:
    now, since = timezone.now(), message.settled_at or message.due_at
    outcome = delivery.receipt(message.sent_as, message.resident.phone or "", local(since - LEASE / 2).date())
    if outcome is None and delivery.missing_receipt_is_proof() and now - since >= _proof_after():
        return Verdict(message, State.PENDING, "not-accepted", due_at=now, is_clean=True)
    if outcome is not None and outcome.result is Result.SENT:
        return Verdict(message, State.SENT, outcome.code)
    if outcome is not None and outcome.result in {Result.REFUSED, Result.FAILED}:
        return Verdict(message, State.FAILED, outcome.code)
    return Verdict(message, State.UNKNOWN, message.outcome, look_at=now + PAUSE if now - since < GIVE_UP else None)


def _proof_after() -> dt.timedelta:
    return dt.timedelta(minutes=settings.RECEIPT_MINUTES)
