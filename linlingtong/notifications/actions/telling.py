import datetime as dt
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.utils import timezone

from linlingtong.core.planned import planned
from linlingtong.notifications.models import Channel, Message, Notification

# By hand, because others wait in line while this is written: the ORM takes two round trips and ten times the time.
TELL = """
WITH told AS (
    SELECT * FROM jsonb_to_recordset(%(rows)s::jsonb) AS t (
        resident_id bigint, kind text, key text, title text, body text, url text, short text, subject text,
        subject_id bigint, for_start timestamptz, due_at timestamptz, not_after timestamptz,
        needs_answer_until timestamptz)
), inbox AS (
    INSERT INTO notifications_notification (
        resident_id, kind, key, title, body, url, needs_answer_until, subject, subject_id, created_at)
    SELECT resident_id, kind, key, title, body, url, needs_answer_until, subject, subject_id, %(now)s FROM told
    ON CONFLICT DO NOTHING
)
INSERT INTO notifications_message (
    resident_id, channel, kind, key, subject, subject_id, for_start, text, url, due_at, not_after,
    state, attempt, failures, sent_as, outcome, created_at)
SELECT resident_id, %(channel)s::text, kind, key || '/' || %(channel)s::text, subject, subject_id, for_start, short,
       url, coalesce(due_at, %(now)s), not_after, 'pending', 0, 0, '', '', %(now)s
  FROM told WHERE short <> ''
ON CONFLICT DO NOTHING
"""


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

    One statement for any number of tidings. What somebody does not want is left out when it is sent, not here.
    """
    if not tidings:
        return
    rows = json.dumps([vars(one) for one in tidings], default=str)
    with planned() as cursor:
        cursor.execute(TELL, {"rows": rows, "now": timezone.now(), "channel": Channel.SMS})


def withdraw(subject: str, subject_ids: Collection[int], kinds: Collection[str] = ()) -> None:
    """Drop what has not left the house about these rows: it is no longer true. Nothing of it waits for an answer.

    Also what a worker holds already: it looks once more right before it hands a text over.
    """
    waiting = Message.objects.live().filter(subject=subject, subject_id__in=subject_ids)
    if kinds:
        waiting = waiting.filter(kind__in=kinds)
    waiting.update(state=Message.State.DROPPED, outcome="withdrawn", settled_at=timezone.now())
    told = Notification.objects.filter(subject=subject, subject_id__in=subject_ids, needs_answer_until__isnull=False)
    if kinds:
        told = told.filter(kind__in=kinds)
    told.update(needs_answer_until=None)


def retract(subject: str, subject_ids: Collection[int]) -> None:
    """These rows have lost their words, so the lines and texts that repeat them go as well, whoever received them."""
    withdraw(subject, subject_ids)
    Notification.objects.filter(subject=subject, subject_id__in=subject_ids).delete()
    Message.objects.filter(subject=subject, subject_id__in=subject_ids).update(text="")


def unsay(key_prefix: str) -> None:
    """What somebody took back is not quoted in other people's inboxes any more; that something happened stays."""
    Notification.objects.filter(key__startswith=key_prefix).exclude(body="").update(body="")


def collapse(tidings: Sequence[Tiding]) -> None:
    """Write one line for each key and renew it when the same thing happens again: unread once more, and on top."""
    lines = [
        Notification(
            resident_id=one.resident_id,
            kind=one.kind,
            key=one.key,
            title=one.title,
            body=one.body,
            url=one.url,
            subject=one.subject,
            subject_id=one.subject_id,
            created_at=timezone.now(),
            read_at=None,
        )
        for one in tidings
    ]
    renewed = ["title", "body", "created_at", "read_at"]
    Notification.objects.bulk_create(lines, update_conflicts=True, unique_fields=["key"], update_fields=renewed)
