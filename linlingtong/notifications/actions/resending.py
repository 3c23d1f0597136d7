from collections.abc import Collection

import structlog
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.notifications.models import Message
from linlingtong.notifications.permissions import may_see_outbox

log = structlog.get_logger(__name__)
State = Message.State


def send_again(ids: Collection[int], *, by: User) -> int:
    """Let messages that failed or whose fate is unknown go out once more; answers how many.

    What is too late, no longer true or already sent stays as it is. An unknown one goes under its old key, so that a
    gateway that knows keys sends it once; another may send it twice, which staff decide with open eyes. Who did it
    stands on the row.
    """
    if not may_see_outbox(by):
        raise PermissionDenied
    now = timezone.now()
    stuck = Message.objects.filter(pk__in=ids, state__in=(State.FAILED, State.UNKNOWN))
    stuck = stuck.filter(Q(not_after=None) | Q(not_after__gt=now))
    fresh = {
        "state": State.PENDING, "due_at": now, "failures": 0, "lease_until": None, "settled_at": None,
        "outcome": "sent-again", "sent_again_at": Now(), "sent_again_by": by,
    }  # fmt: skip
    failed = stuck.filter(state=State.FAILED).update(**fresh, sent_as="")
    unknown = stuck.filter(state=State.UNKNOWN).update(**fresh)
    log.info("messages_sent_again", by=by.pk, failed=failed, unknown=unknown)
    return failed + unknown
