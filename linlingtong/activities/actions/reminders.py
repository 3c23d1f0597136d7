"""What the clock has to tell: reminders, merged changes, openings; and the last word before a text goes out."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.capacity import told_facts
from linlingtong.activities.models import Activity, Bookmark, ChangeNotice, Registration, Session
from linlingtong.core.dates import clock, date_words, near
from linlingtong.core.time import LOCAL, local
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind, Message, Notification, Preferences, Tick

SUBJECT = "registration"
REMINDERS = frozenset({Kind.REMINDER_DAY, Kind.REMINDER_SOON})
STILL_TRUE = {
    Kind.OFFER: (Registration.State.OFFERED, Registration.State.CONFIRMED),
    Kind.CHANGE: Registration.LIVE,
}
AHEAD = dt.timedelta(hours=24)
BEFORE_QUIET = dt.timedelta(minutes=30)
LONGEST_LOOK_BACK = dt.timedelta(days=1)
# Longer than a reminder is planned ahead, quiet hours included: an inbox that old speaks of other sessions.
MEMORY = dt.timedelta(days=4)
DATE_PATTERNS = {"zh-hans": 'FMMM"月"FMDD"日" FMHH24:MI', "en": "Dy FMDD Mon, FMHH24:MI"}
DAY_PATTERNS = {"zh-hans": 'FMMM"月"FMDD"日"', "en": "Dy FMDD Mon"}

_TABLES = {
    model.__name__: model._meta.db_table  # noqa: SLF001
    for model in (Activity, Session, Registration, User, Preferences, Message, Notification)
}
# A day reminder that falls into quiet hours moves before they begin. Rows are planned a day before they are due, so
# that all of one day can go out together; a dropped one that is true again waits again. New rows are sorted, so
# that all are found before the first is written: a search through a table that grows under it takes minutes.
# What one resident has on one day is one line of the inbox; its key names each of them, so that no later line repeats
# one. Four fit into a key, however large the numbers of the rows will be.
_PLAN = """
WITH slots AS MATERIALIZED (
    SELECT s.id AS session_id, s.starts_at, (s.starts_at - %(lead)s) AT TIME ZONE %(zone)s AS clock,
        s.starts_at - %(grace)s AS not_after, a.title,
        CASE WHEN strpos(a.meeting_point, a.place) > 0 THEN a.meeting_point
            ELSE concat_ws(' · ', a.place, NULLIF(a.meeting_point, '')) END AS place
    FROM {Session} s JOIN {Activity} a ON a.id = s.activity_id
    WHERE s.starts_at > %(since)s::timestamptz + %(grace)s AND s.starts_at <= %(now)s::timestamptz + %(horizon)s
        AND s.cancelled_at IS NULL AND a.status = 'published'
), people AS (
    SELECT slots.*, r.id, r.resident_id, COALESCE(r.confirmed_at, r.created_at) AS confirmed_at,
        CASE u.language WHEN 'en' THEN 'en' ELSE 'zh-hans' END AS language,
        COALESCE(p.quiet_from, %(quiet_from)s) AS quiet_from, COALESCE(p.quiet_until, %(quiet_until)s) AS quiet_until
    FROM slots JOIN {Registration} r ON r.session_id = slots.session_id AND r.state = 'confirmed'
    JOIN {User} u ON u.id = r.resident_id LEFT JOIN {Preferences} p ON p.resident_id = r.resident_id
), moments AS (
    SELECT *, id || '/' || extract(epoch FROM starts_at)::bigint AS member,
        %(kind)s || '/' || id || '/' || extract(epoch FROM starts_at)::bigint AS key, (CASE
        WHEN %(moves)s AND CASE WHEN quiet_from < quiet_until
            THEN clock::time >= quiet_from AND clock::time < quiet_until
            ELSE quiet_from <> quiet_until AND (clock::time >= quiet_from OR clock::time < quiet_until) END
        THEN clock::date - (clock::time < quiet_from)::int + quiet_from - %(before_quiet)s
        ELSE clock END) AT TIME ZONE %(zone)s AS due_at
    FROM people
), wanted AS MATERIALIZED (
    SELECT * FROM moments WHERE confirmed_at <= due_at - %(margin)s AND due_at <= %(now)s::timestamptz + %(ahead)s
), unplanned AS MATERIALIZED (
    SELECT * FROM wanted WHERE NOT EXISTS (SELECT FROM {Message} m WHERE m.key = wanted.key || '/sms'
        AND NOT (m.state = 'dropped' AND m.outcome IN ('withdrawn', 'no-longer-true')))
    ORDER BY due_at, id
), unshown AS MATERIALIZED (
    SELECT *, starts_at AT TIME ZONE %(zone)s AS starts, min(due_at) OVER one_day AS first_due,
        (row_number() OVER (one_day ORDER BY starts_at, id) - 1) / 4 AS part
    FROM (SELECT *, (starts_at AT TIME ZONE %(zone)s)::date AS day, CASE WHEN %(moves)s THEN 0 ELSE id END AS alone
        FROM wanted WHERE not_after > %(now)s AND (%(moves)s OR due_at <= %(now)s)) w
    WHERE NOT EXISTS (SELECT FROM {Notification} n WHERE n.resident_id = w.resident_id AND n.kind = %(kind)s
        AND n.created_at > %(now)s::timestamptz - %(memory)s
        AND strpos('+' || substr(n.key, length(%(kind)s) + 2) || '+', '+' || w.member || '+') > 0)
    WINDOW one_day AS (PARTITION BY resident_id, day, alone)
), lines AS MATERIALIZED (
    SELECT resident_id, language, day, count(*) AS many, min(starts) AS starts,
        (array_agg(id ORDER BY starts_at, id))[1] AS id, (array_agg(title ORDER BY starts_at, id))[1] AS title,
        (array_agg(place ORDER BY starts_at, id))[1] AS place,
        %(kind)s || '/' || string_agg(member, '+' ORDER BY starts_at, id) AS key,
        string_agg(concat_ws(' ', to_char(starts, 'FMHH24:MI'), title, NULLIF('· ' || place, '· ')), E'\n'
            ORDER BY starts_at, id) AS listed
    FROM unshown WHERE first_due <= %(now)s
    GROUP BY resident_id, language, day, alone, part
    ORDER BY resident_id, day
), planned AS (
    INSERT INTO {Message} (resident_id, channel, kind, key, subject, subject_id, for_start, text, url, due_at,
        not_after, state, attempt, failures, sent_as, outcome, created_at)
    SELECT resident_id, 'sms', %(kind)s, key || '/sms', %(subject)s, id, starts_at, '', %(url)s || id || '/', due_at,
        not_after, 'pending', 0, 0, '', '', %(now)s
    FROM unplanned
    ON CONFLICT (key) DO UPDATE SET state = 'pending', due_at = EXCLUDED.due_at, outcome = '', settled_at = NULL
    RETURNING 1
), shown AS (
    INSERT INTO {Notification} (resident_id, kind, key, title, body, url, subject, subject_id, created_at)
    SELECT resident_id, %(kind)s, key, left(CASE WHEN many = 1
            THEN format(v.words, to_char(starts, v.pattern), title)
            ELSE format(v.many_words, to_char(day, v.day_pattern), many) END, 120),
        CASE WHEN many = 1 THEN place ELSE listed END, %(url)s || CASE WHEN many = 1 THEN id || '/' ELSE '' END,
        %(subject)s, CASE WHEN many = 1 THEN id END, %(now)s
    FROM lines JOIN unnest(%(languages)s::text[], %(words)s::text[], %(patterns)s::text[], %(many_words)s::text[],
        %(day_patterns)s::text[]) AS v (code, words, pattern, many_words, day_pattern) ON v.code = lines.language
    ON CONFLICT DO NOTHING
)
SELECT count(*) FROM planned
""".format(**_TABLES)  # noqa: S608 - names of our own tables


def plan_reminders() -> int:
    """Plan what will be due within a day, and put what is due into the inboxes; answers how many were planned.

    Two beats at once plan each reminder once. What was missed while nothing ran is planned too, to be seen as missed.
    """
    day = _plan(
        Kind.REMINDER_DAY,
        lead=dt.timedelta(hours=settings.REMIND_DAY_HOURS),
        grace=dt.timedelta(hours=6),
        margin=dt.timedelta(hours=2),
        moves=True,
    )
    soon = _plan(
        Kind.REMINDER_SOON,
        lead=dt.timedelta(hours=settings.REMIND_SOON_HOURS),
        grace=dt.timedelta(minutes=20),
        margin=dt.timedelta(minutes=30),
        moves=False,
    )
    return day + soon


def _plan(kind: Kind, *, lead: dt.timedelta, grace: dt.timedelta, margin: dt.timedelta, moves: bool) -> int:
    now = timezone.now()
    facts: dict[str, Any] = {
        "kind": kind.value,
        "lead": lead,
        "grace": grace,
        "margin": margin,
        "moves": moves,
        "now": now,
        "since": _last_run("plan_reminders", now) or now,
        "ahead": AHEAD if moves else dt.timedelta(minutes=10),
        "horizon": lead + AHEAD + dt.timedelta(hours=12) if moves else lead + dt.timedelta(minutes=10),
        "zone": str(LOCAL()),
        "memory": MEMORY,
        "before_quiet": BEFORE_QUIET,
        "quiet_from": Preferences.QUIET_FROM,
        "quiet_until": Preferences.QUIET_UNTIL,
        "subject": SUBJECT,
        "url": reverse("activities:mine"),
        **_wordings(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, facts)
        return int(cursor.fetchone()[0])


def _wordings() -> dict[str, list[str]]:
    """The lines of the inbox in each language, as PostgreSQL's format() wants them."""
    one, many = [], []
    for language in DATE_PATTERNS:
        with translation.override(language):
            one.append(_("Reminder: {when} {title}").format(when="%1$s", title="%2$s"))
            many.append(_("Reminder: {day}, you have {count} activities").format(day="%1$s", count="%2$s"))
    return {
        "languages": list(DATE_PATTERNS), "words": one, "patterns": list(DATE_PATTERNS.values()),
        "many_words": many, "day_patterns": list(DAY_PATTERNS.values()),
    }  # fmt: skip


def _last_run(job: str, now: dt.datetime) -> dt.datetime | None:
    ran_at = Tick.objects.filter(name=job).values_list("ran_at", flat=True).first()
    return max(ran_at, now - LONGEST_LOOK_BACK) if ran_at else None


def words(messages: Sequence[Message]) -> dict[int, str]:
    """The texts of those messages about registrations that are still true, by the id of the message.

    Reminders of one resident's day share one text, which makes them one message.
    """
    standings = _standings({message.subject_id for message in messages if message.subject_id})
    texts: dict[int, str] = {}
    together: dict[tuple[int, str, dt.date, str], list[tuple[int, Session]]] = {}
    for message in messages:
        standing = standings.get(message.subject_id or 0)
        if standing is None or not _is_true(message, standing):
            continue
        if message.kind in REMINDERS:
            group = together.setdefault((message.resident_id, message.kind, standing.day, standing.language), [])
            group.append((message.pk, standing.session))
        else:
            texts[message.pk] = message.text
    said: dict[tuple[Any, ...], str] = {}
    for (_resident, _kind, _day, language), group in together.items():
        what = (language, *(session.pk for _pk, session in group))
        if what not in said:
            with translation.override(language or User.Language.CHINESE):
                said[what] = _reminder([session for _pk, session in group])
        texts |= dict.fromkeys((pk for pk, _session in group), said[what])
    return texts


class Standing(NamedTuple):
    state: str
    language: str
    session: Session
    day: dt.date


# One array instead of a parameter for each row, which takes the ORM longer than PostgreSQL needs for the answer.
_STANDINGS = """
SELECT r.id, r.state, u.language, r.session_id FROM {Registration} r JOIN {User} u ON u.id = r.resident_id
WHERE r.id = ANY(%s)
""".format(**_TABLES)


def _standings(ids: Collection[int]) -> dict[int, Standing]:
    with connection.cursor() as cursor:
        cursor.execute(_STANDINGS, [list(ids)])
        rows = cursor.fetchall()
    sessions = Session.objects.select_related("activity").in_bulk({session_id for *_facts, session_id in rows})
    days = {pk: local(session.starts_at).date() for pk, session in sessions.items()}
    return {pk: Standing(state, language, sessions[key], days[key]) for pk, state, language, key in rows}


def _is_true(message: Message, row: Standing) -> bool:
    if message.kind in REMINDERS:
        session = row.session
        return (
            row.state == Registration.State.CONFIRMED
            and session.cancelled_at is None
            and session.activity.status == Activity.Status.PUBLISHED
            and session.starts_at == message.for_start
            and session.starts_at > timezone.now()
        )
    return message.kind not in STILL_TRUE or row.state in STILL_TRUE[Kind(message.kind)]


def _reminder(sessions: Sequence[Session]) -> str:
    first = sessions[0]
    day = local(first.starts_at).date()
    when = near(day) or date_words(day)
    if len(sessions) == 1:
        facts = {"day": when, "time": clock(first.starts_at)}
        text = _("%(day)s %(time)s %(title)s, %(place)s. Cannot come? Give it up.")
        return tidings.sms(text, title=first.activity.title, where=tidings.where(first), **facts)
    ordered = sorted(sessions, key=lambda session: session.starts_at)
    listed = [f"{clock(session.starts_at)} {session.activity.title}" for session in ordered]
    return _listed(_("%(day)s you have %(count)d activities: ") % {"day": when, "count": len(listed)}, listed)


def _listed(head: str, entries: Sequence[str]) -> str:
    """All entries in one SMS, each cut as much as the others."""
    room = tidings.LONGEST - len(tidings.SIGNATURE) - len(head) - len(entries)
    each = max(room // len(entries), 6)
    return tidings.SIGNATURE + head + "；".join(e if len(e) <= each else e[: each - 1] + "…" for e in entries)


def tell_changes() -> int:
    """Tell everybody whose session changed, once for all edits of the last minutes; answers how many were told."""
    told = 0
    now = timezone.now()
    for pk, session_id in ChangeNotice.objects.filter(told_at=None, due_at__lte=now).values_list("pk", "session_id"):
        told += _tell_change(pk, session_id)
    return told


@in_turn
def _tell_change(pk: int, session_id: int) -> int:
    """Under the locks of those who edit, so that no edit falls between what is told and the next notice."""
    take_turn("session", session_id)
    Activity.objects.select_for_update(no_key=True).get(sessions=session_id)
    notice = ChangeNotice.objects.select_related("session__activity").filter(pk=pk, told_at=None).first()
    if notice is None:
        return 0
    notice.told_at = timezone.now()
    notice.save(update_fields=["told_at"])
    session = notice.session
    if session.cancelled_at or not _changes(notice.before, session):
        return 0
    rows = session.registrations.live().select_related("resident")
    tidings_ = [_change(notice, session, row) for row in rows]
    tell(tidings_)
    return len(tidings_)


def _changes(before: Mapping[str, Any], session: Session) -> list[tuple[str, Any, Any]]:
    """(field, before, now) of what is different now; moments as moments."""
    found = []
    for name in ("starts_at", "ends_at", "place", "address", "meeting_point", "contact_name", "contact_phone"):
        if name not in before:
            continue
        old, new = before[name], getattr(session if name.endswith("_at") else session.activity, name)
        if name.endswith("_at"):
            old = dt.datetime.fromisoformat(old) if isinstance(old, str) else old
        if old != new:
            found.append((name, old, new))
    return found


def _change(notice: ChangeNotice, session: Session, row: Registration) -> Tiding:
    with translation.override(tidings.language_of(row.resident)):
        lines = list(_lines(_changes(notice.before, session), session))
        title = session.activity.title
        return Tiding(
            resident_id=row.resident_id,
            kind=Kind.CHANGE,
            key=f"change/{notice.pk}/{row.pk}",
            title=(_("Changed: %(title)s") % {"title": title})[:120],
            body="\n".join([*lines, _("Does it not suit you any more? You can give the place up free of any mark.")]),
            url=tidings.page(row),
            short=_change_text(lines, title),
            subject=SUBJECT,
            subject_id=row.pk,
            for_start=session.starts_at,
            not_after=session.ends_at,
        )


def _change_text(lines: Iterable[str], title: str) -> str:
    return tidings.sms(_("Changed: %(title)s. %(change)s"), title=title, change="；".join(lines))


def change_preview(session_id: int, **new: Any) -> str:
    """The text that people of the session would get if these facts of it or its activity changed; nothing is sent.

    Edits of the last minutes that nobody was told of yet are part of it.
    """
    session = Session.objects.select_related("activity").get(pk=session_id)
    notice = ChangeNotice.objects.filter(session=session, told_at=None).first()
    before = notice.before if notice else told_facts(session)
    for name, value in new.items():
        setattr(session if name.endswith("_at") else session.activity, name, value)
    return _change_text(_lines(_changes(before, session), session), session.activity.title)


def _lines(changes: Iterable[tuple[str, Any, Any]], session: Session) -> Iterable[str]:
    """`时间：10月18日8:30–11:00 → 10月19日9:00–11:30`, and so on."""
    names = {name: (old, new) for name, old, new in changes}
    if "starts_at" in names or "ends_at" in names:
        starts, _now = names.get("starts_at", (session.starts_at, None))
        ends, _now = names.get("ends_at", (session.ends_at, None))
        yield _("Time: %(old)s → %(new)s") % {
            "old": f"{tidings.moment(starts)}–{clock(ends)}",
            "new": f"{tidings.moment(session.starts_at)}–{clock(session.ends_at)}",
        }
    labels = {
        "place": _("Place: %(old)s → %(new)s"),
        "address": _("Address: %(old)s → %(new)s"),
        "meeting_point": _("Meeting point: %(old)s → %(new)s"),
        "contact_name": _("Contact: %(old)s → %(new)s"),
        "contact_phone": _("Contact phone: %(old)s → %(new)s"),
    }
    for name, text in labels.items():
        if name in names:
            old, new = names[name]
            yield text % {"old": old or "–", "new": new or "–"}


def tell_openings() -> int:
    """Tell those who keep an activity in sight that registration has just opened; answers how many were told."""
    now = timezone.now()
    since = (_last_run("tell_openings", now) or now) - dt.timedelta(minutes=10)
    opened = Bookmark.objects.filter(
        activity__status=Activity.Status.PUBLISHED, activity__opens_at__gt=since, activity__opens_at__lte=now
    )
    keys = [f"opening/{b.activity_id}/{b.resident_id}" for b in opened]
    known = set(Notification.objects.filter(key__in=keys).values_list("key", flat=True))
    new = [
        tiding
        for bookmark in opened.select_related("activity", "resident")
        if (tiding := _opening(bookmark)).key not in known
    ]
    tell(new)
    return len(new)


def _opening(bookmark: Bookmark) -> Tiding:
    activity = bookmark.activity
    with translation.override(tidings.language_of(bookmark.resident)):
        return Tiding(
            resident_id=bookmark.resident_id,
            kind=Kind.OPENING,
            key=f"opening/{activity.pk}/{bookmark.resident_id}",
            title=(_("Registration is open: %(title)s") % {"title": activity.title})[:120],
            body=activity.summary,
            url=reverse("activities:detail", args=[activity.slug]),
            short=tidings.sms(_("Registration is open: %(title)s."), title=activity.title),
            not_after=activity.closes_at or activity.ends_at,
        )
