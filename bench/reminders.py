"""Plans and drains many reminders beside one UPDATE of as many rows; prints two rows as JSON."""

import datetime as dt
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any, ClassVar

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

import django

django.setup()

from django.db import connection  # noqa: E402 - Django is set up first
from django.utils import timezone  # noqa: E402

from linlingtong.activities.actions import reminders  # noqa: E402
from linlingtong.delivery.channel import Outcome, Sms, sent  # noqa: E402
from linlingtong.notifications.actions import deliver  # noqa: E402

WORLD = """
INSERT INTO accounts_user (password, phone, nickname, language, elder_mode, text_size, theme, calendar_token,
    is_active, is_staff, is_superuser, date_joined)
SELECT '!', '+8619' || lpad((600000000 + n)::text, 9, '0'), 'bench', 'zh-hans', false, '', '', 'bench' || n, true,
    false, false, now() FROM generate_series(1, %(amount)s) AS n;
INSERT INTO notifications_preferences (resident_id, muted, quiet_from, quiet_until)
SELECT id, '[]', '00:00', '00:00' FROM accounts_user WHERE nickname = 'bench';
WITH session AS (
    INSERT INTO activities_session (activity_id, role, starts_at, ends_at, capacity, is_unlimited, minimum_needed,
        cancel_reason, revision, taken, held, waiting, pending, last_number, overbooked_to)
    SELECT id, '', %(start)s, %(start)s::timestamptz + interval '1 hour', NULL, true, 0,
        '', 0, %(amount)s, 0, 0, 0, %(amount)s, 0
    FROM activities_activity WHERE title LIKE 'Spread%%' ORDER BY id LIMIT 1
    RETURNING id, activity_id, starts_at, ends_at
)
INSERT INTO activities_registration (session_id, resident_id, area_path, state, attendance, number, places, during,
    answers, note, may_be_photographed, passed_over, skip_reason, clash_flagged, ended_by, reason, was_late,
    created_at, confirmed_at, updated_at)
SELECT s.id, u.id, a.area_path, 'confirmed', 'unknown', row_number() OVER (), 1, tstzrange(s.starts_at, s.ends_at),
    '{}', '', false, 0, '', false, '', '', false, now() - interval '3 days', now() - interval '3 days', now()
FROM session s JOIN activities_activity a ON a.id = s.activity_id, accounts_user u WHERE u.nickname = 'bench';
DROP TABLE IF EXISTS floor_reminder;
CREATE TABLE floor_reminder AS
    SELECT n AS id, 'pending'::text AS state, now() AS due_at FROM generate_series(1, %(amount)s) AS n;
ALTER TABLE floor_reminder ADD PRIMARY KEY (id);
"""


class NullBackend:
    """A gateway that accepts everything and keeps nothing."""

    deduplicates: ClassVar[bool] = True
    absence_is_proof: ClassVar[bool] = True

    def send(self, sms: Sms) -> Outcome:
        return sent(sms.key)

    def look_up(self, _key: str, _phone: str, _sent_on: dt.date, /) -> Outcome | None:
        return None


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def execute(query: str, **facts: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, facts or None)


def main(amount: int) -> None:
    # Planned ten minutes ahead and due two hours before: the only reminder that quiet hours do not move.
    start = timezone.now().replace(microsecond=0) + dt.timedelta(hours=2, minutes=5)
    reminders.plan_reminders()  # a worker has long loaded every address of the site when a reminder is due
    execute("DELETE FROM notifications_message")
    execute(WORLD, amount=amount, start=start)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    floor = min(timed(lambda: execute("UPDATE floor_reminder SET state = 'sent'")) for _ in range(3))
    plan = timed(reminders.plan_reminders)
    execute("UPDATE notifications_message SET due_at = now(), not_after = NULL WHERE state = 'pending'")
    counts: list[Any] = []
    drain = timed(lambda: counts.append(deliver({"registration": reminders.words}, seconds=600)))
    rows = [
        {"job": name, "product": seconds, "floor": floor, "ratio": round(seconds / floor, 1), "amount": amount}
        for name, seconds in (("plan", plan), ("drain", drain))
    ]
    print(json.dumps(rows))
    print(f"delivered: {dict(counts[0])}", file=sys.stderr)
    if counts[0]["sent"] < amount:
        raise SystemExit(f"{amount} were to be sent.")


if __name__ == "__main__":
    main(int(sys.argv[1]))
