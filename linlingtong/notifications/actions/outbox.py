"""The outbox's rows: claimed by one worker at a time, settled only by the one that still holds them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.time import LOCAL
from linlingtong.delivery.actions import email_deduplicates, sms_deduplicates
from linlingtong.notifications.models import Channel, Kind, Message, Preferences

LEASE = dt.timedelta(seconds=90)
TRIES = 8
FIRST_LOOK = dt.timedelta(minutes=1)
SENDING = "sending"
State = Message.State
Fate = tuple[str, str, dt.datetime | None, dt.datetime | None, bool, bool]

# What sending needs of a message; the rest stays where it is.
_NAMES = (
    "id", "resident_id", "channel", "kind", "key", "subject", "subject_id", "for_start", "text", "url", "due_at",
    "not_after", "attempt", "failures", "sent_as",
)  # fmt: skip
_TABLE, _PEOPLE, _WISHES = (model._meta.db_table for model in (Message, User, Preferences))  # noqa: SLF001
# `mates` are what else is due to the same resident, and day reminders of the same day before their own moment:
# three sessions tomorrow are one message.
_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT id, resident_id, channel, kind, (for_start AT TIME ZONE %(zone)s)::date AS day
    FROM {_TABLE} WHERE settled_at IS NULL AND state = 'pending' AND due_at <= %(now)s
    ORDER BY due_at, id LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
), mates AS MATERIALIZED (
    SELECT m.id FROM (SELECT DISTINCT resident_id, channel, kind, day FROM due) d
    JOIN {_TABLE} m ON m.resident_id = d.resident_id AND m.settled_at IS NULL AND m.state = 'pending'
        AND m.channel = d.channel AND m.kind = d.kind AND (m.due_at <= %(now)s
            OR m.kind = %(by_day)s AND (m.for_start AT TIME ZONE %(zone)s)::date = d.day)
    FOR NO KEY UPDATE OF m SKIP LOCKED
)
UPDATE {_TABLE} m SET state = 'claimed', attempt = m.attempt + 1, outcome = '',
    lease_until = clock_timestamp() + %(lease)s
FROM (SELECT id FROM due UNION SELECT id FROM mates) mine,
    {_PEOPLE} u LEFT JOIN {_WISHES} p ON p.resident_id = u.id
WHERE m.id = mine.id AND u.id = m.resident_id
RETURNING {", ".join(f"m.{name}" for name in _NAMES)},
    m.sent_as <> '', u.phone, u.email, u.language, u.is_active, p.muted::text, p.quiet_from, p.quiet_until
"""  # noqa: S608 - names of our own tables and columns
# CASE, because the planner has never seen a claimed row: it would expect one and compare each with each.
_BEGIN = f"""
UPDATE {_TABLE} m SET outcome = %(sending)s, sent_as = v.sent_as, channel = v.channel
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(keys)s::text[], %(channels)s::text[])
    AS v (id, attempt, sent_as, channel)
WHERE m.id = v.id AND m.attempt = v.attempt
    AND CASE m.state WHEN 'claimed' THEN m.lease_until > clock_timestamp() END
RETURNING m.id
"""  # noqa: S608 - the same
# Who comes late may still tell what became of a message whose lease ran out, as long as nobody else has taken it.
_SETTLE = f"""
UPDATE {_TABLE} m SET state = v.state, outcome = v.outcome, due_at = COALESCE(v.due_at, m.due_at),
    failures = m.failures + v.has_failed::int, lease_until = v.look_at,
    sent_as = CASE WHEN v.is_clean THEN '' ELSE m.sent_as END,
    settled_at = CASE WHEN v.state = 'pending' THEN NULL
        WHEN v.state = 'unknown' AND m.state = 'unknown' THEN m.settled_at ELSE %(now)s END
FROM unnest(%(ids)s::bigint[], %(attempts)s::int[], %(fates)s::int[]) AS c (id, attempt, fate)
JOIN unnest(%(states)s::text[], %(outcomes)s::text[], %(dues)s::timestamptz[], %(looks)s::timestamptz[],
    %(failed)s::bool[], %(clean)s::bool[]) WITH ORDINALITY
    AS v (state, outcome, due_at, look_at, has_failed, is_clean, fate) ON v.fate = c.fate
WHERE m.id = c.id AND m.attempt = c.attempt AND (
    m.state IN ('claimed', 'unknown', 'pending') OR m.state = 'dropped' AND v.state IN ('sent', 'unknown'))
"""  # noqa: S608 - the same
_EXPIRE = f"""
UPDATE {_TABLE} m SET state = v.state, outcome = 'lease-expired', lease_until = %(now)s + %(look)s,
    failures = failures + (outcome = %(sending)s)::int,
    settled_at = CASE WHEN v.state = 'pending' THEN NULL ELSE %(now)s END
FROM (
    SELECT id, CASE WHEN outcome <> %(sending)s OR channel = ANY(%(safe)s) AND failures < %(tries)s
        THEN 'pending' ELSE 'unknown' END AS state
    FROM {_TABLE} WHERE settled_at IS NULL AND state = 'claimed' AND lease_until <= clock_timestamp()
    FOR NO KEY UPDATE SKIP LOCKED
) v WHERE m.id = v.id
"""  # noqa: S608 - the same


class Person(NamedTuple):
    """What sending needs to know of a resident."""

    phone: str | None
    email: str | None
    language: str
    is_active: bool
    muted: str | None
    quiet_from: dt.time | None
    quiet_until: dt.time | None

    def can_get(self, kind: str, channel: str) -> bool:
        address = self.phone if channel == Channel.SMS else self.email
        return bool(address) and (self.muted is None or f'"{kind}:{channel}"' not in self.muted)


class Claim(NamedTuple):
    """A message in our hands. A repeat was sent before with unknown outcome: only under the same key again."""

    message: Message
    is_repeat: bool
    person: Person


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a message. `is_clean`: certainly nothing was accepted, so the next try is like a first."""

    message: Message
    state: str
    outcome: str = ""
    due_at: dt.datetime | None = None
    look_at: dt.datetime | None = None
    has_failed: bool = False
    is_clean: bool = False

    @property
    def fate(self) -> Fate:
        """What many messages share, and is written once for all of them."""
        return (str(self.state), self.outcome[:60], self.due_at, self.look_at, self.has_failed, self.is_clean)


def claim_due(limit: int) -> list[Claim]:
    """Take up to `limit` due messages, and what goes with them, for as long as the lease lasts; commits at once."""
    facts: dict[str, Any] = {
        "now": timezone.now(),
        "limit": limit,
        "lease": LEASE,
        "zone": str(LOCAL()),
        "by_day": Kind.REMINDER_DAY.value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, facts)
        rows = cursor.fetchall()
    claims = [_claim(row) for row in rows]
    return sorted(claims, key=lambda claim: (claim.message.due_at, claim.message.pk))


def _claim(row: tuple[Any, ...]) -> Claim:
    width = len(_NAMES)
    return Claim(Message.from_db("default", _NAMES, row[:width]), row[width], Person(*row[width + 1 :]))


def begin(messages: Sequence[Message]) -> set[int]:
    """Note what is handed over this very moment, and answer which of it is still ours and still wanted."""
    facts: dict[str, Any] = {
        "sending": SENDING,
        "ids": [message.pk for message in messages],
        "attempts": [message.attempt for message in messages],
        "keys": [message.sent_as for message in messages],
        "channels": [str(message.channel) for message in messages],
    }
    with connection.cursor() as cursor:
        cursor.execute(_BEGIN, facts)
        return {row[0] for row in cursor.fetchall()}


def settle(verdicts: Sequence[Verdict]) -> int:
    """Write down what became of messages, in one statement; those that others claimed since stay as they are."""
    if not verdicts:
        return 0
    fates: dict[Fate, int] = {}
    for verdict in verdicts:
        fates.setdefault(verdict.fate, len(fates) + 1)
    states, outcomes, dues, looks, failed, clean = (list(column) for column in zip(*fates, strict=True))
    facts: dict[str, Any] = {
        "now": timezone.now(),
        "ids": [v.message.pk for v in verdicts],
        "attempts": [v.message.attempt for v in verdicts],
        "fates": [fates[v.fate] for v in verdicts],
        "states": states,
        "outcomes": outcomes,
        "dues": dues,
        "looks": looks,
        "failed": failed,
        "clean": clean,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, facts)
        return int(cursor.rowcount)


def expire_leases() -> int:
    """Take back what a worker held when it died: what it had begun to send is unknown, the rest waits again.

    On a channel that recognises the key of a message, the unknown ones wait again too.
    """
    safe = [
        channel.value
        for channel, is_safe in ((Channel.SMS, sms_deduplicates), (Channel.EMAIL, email_deduplicates))
        if is_safe()
    ]
    facts: dict[str, Any] = {
        "sending": SENDING,
        "safe": safe,
        "now": timezone.now(),
        "look": FIRST_LOOK,
        "tries": TRIES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, facts)
        return int(cursor.rowcount)
