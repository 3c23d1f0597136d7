import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils import timezone

from linlingtong.notifications.models import Channel, Message, Notification


@dataclass(frozen=True)
class Tiding:
    """Something one resident is to know. `key` names the event: the same key is told once.

    `title` and `body` go to the inbox, `short` (at most 70 characters with the signature: one SMS) to the phone and
    the mailbox; without `short` nothing leaves the inbox. The words are in the resident's language.
    """

    resident_id: int
    kind: str
    key: str
    title: str
    body: str = ""
    url: str = ""
    short: str = ""
    subject: str = ""
    subject_id: int | None = None
    for_start: dt.datetime | None = None
    due_at: dt.datetime | None = None
    not_after: dt.datetime | None = None
    needs_answer_until: dt.datetime | None = None


def tell(tidings: Sequence[Tiding]) -> None:
    """Write the inbox lines and the outbox rows, in the transaction of the verb that has something to tell.

    Two statements for any number of tidings. What somebody does not want is left out when it is sent, not here.
    """
    now = timezone.now()
    Notification.objects.bulk_create(
        [
            Notification(
                resident_id=t.resident_id,
                kind=t.kind,
                key=t.key,
                title=t.title,
                body=t.body,
                url=t.url,
                needs_answer_until=t.needs_answer_until,
                subject=t.subject,
                subject_id=t.subject_id,
                created_at=now,
            )
            for t in tidings
        ],
        ignore_conflicts=True,
    )
    Message.objects.bulk_create(
        [_message(t, now) for t in tidings if t.short],
        ignore_conflicts=True,
    )


def _message(tiding: Tiding, now: dt.datetime) -> Message:
    return Message(
        resident_id=tiding.resident_id,
        channel=Channel.SMS,
        kind=tiding.kind,
        key=f"{tiding.key}/{Channel.SMS}",
        subject=tiding.subject,
        subject_id=tiding.subject_id,
        for_start=tiding.for_start,
        text=tiding.short,
        url=tiding.url,
        due_at=tiding.due_at or now,
        not_after=tiding.not_after,
        created_at=now,
    )


def withdraw(subject: str, subject_ids: Collection[int], kinds: Collection[str] = ()) -> None:
    """Drop what has not left the house about these rows: it is no longer true. Nothing of it waits for an answer.

    Also what a worker holds already: it looks once more right before it hands a text over.
    """
    live = (Message.State.PENDING, Message.State.CLAIMED)
    waiting = Message.objects.filter(subject=subject, subject_id__in=subject_ids, state__in=live)
    if kinds:
        waiting = waiting.filter(kind__in=kinds)
    waiting.update(state=Message.State.DROPPED, outcome="withdrawn", settled_at=timezone.now())
    told = Notification.objects.filter(subject=subject, subject_id__in=subject_ids, needs_answer_until__isnull=False)
    if kinds:
        told = told.filter(kind__in=kinds)
    told.update(needs_answer_until=None)
