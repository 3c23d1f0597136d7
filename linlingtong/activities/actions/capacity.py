import datetime as dt
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.leaving import unflag
from linlingtong.activities.actions.moves import State, advance, needed_reason, session_in_turn
from linlingtong.activities.actions.publishing import activity_in_turns, settle_dates
from linlingtong.activities.actions.queue import fill
from linlingtong.activities.actions.refusals import EndsBeforeStart, SessionCancelled
from linlingtong.activities.models import Activity, ChangeNotice, Registration, Session
from linlingtong.activities.permissions import check_manages
from linlingtong.audit.actions import acting
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.notifications.models import Kind

ABOUT_TIME = (Kind.REMINDER_DAY, Kind.REMINDER_SOON)
ABOUT_PLACE = ("place", "address", "meeting_point", "contact_name", "contact_phone")


@in_turn
def change_capacity(
    session_id: int, *, by: User | None, capacity: int | None, keep_all: bool = True, reason: str = ""
) -> Session:
    """More places go to the queue at once. Fewer than there are people: keep all (nobody is promoted until the number
    has dropped) or, with a reason, move those who came last back to the queue. None means without limit.
    """
    session = session_in_turn(session_id)
    check_manages(by, session.activity)
    if session.cancelled_at:
        raise SessionCancelled(reason=session.cancel_reason)
    people = session.taken + session.held
    too_many = 0 if capacity is None else max(0, people - capacity)
    reason = needed_reason(reason) if too_many and not keep_all else reason
    session.capacity, session.is_unlimited = capacity, capacity is None
    session.overbooked_to = people if too_many else 0
    with acting(by, "change_capacity"):
        session.save(update_fields=["capacity", "is_unlimited", "overbooked_to"])
    if too_many and not keep_all:
        _move_back(session, too_many, by=by, reason=reason)
    fill(session)
    session.refresh_from_db()
    return session


def _move_back(session: Session, too_many: int, *, by: User | None, reason: str) -> None:
    """The last to come return to the queue; their numbers keep them ahead of everybody who came later."""
    seated = session.registrations.filter(state__in=[State.CONFIRMED, State.OFFERED])
    rows = _last_to_come(list(seated.select_related("resident").order_by("-number")), too_many)
    for row in rows:
        row.session = session
    events = advance(session, rows, State.WAITLISTED, by=by, reason=reason)
    withdraw("registration", [row.pk for row in rows])
    told = [(event.pk, row) for event, row in zip(events, rows, strict=True)]
    tell(tidings.tidings(told, Kind.CHANGE, tidings.back_in_queue))


def _last_to_come(rows: list[Registration], too_many: int) -> list[Registration]:
    """As few as free enough places, from the end; nobody is moved whose place a larger party behind frees anyway."""
    chosen: list[Registration] = []
    freed = 0
    for row in rows:
        if freed >= too_many:
            break
        chosen.append(row)
        freed += row.places
    for row in sorted(chosen, key=lambda row: row.number):
        if freed - row.places >= too_many:
            chosen.remove(row)
            freed -= row.places
    return chosen


def hit_by_move(session_id: int, starts_at: dt.datetime, ends_at: dt.datetime) -> QuerySet[Registration]:
    """Who of those with a place would be in two places at once if the session moved to that time."""
    other = Registration.objects.filter(
        resident_id=OuterRef("resident_id"), state=State.CONFIRMED, during__overlap=DateTimeTZRange(starts_at, ends_at)
    ).exclude(session=session_id)
    return Registration.objects.filter(Exists(other), session=session_id, state=State.CONFIRMED)


@in_turn
def reschedule(
    session_id: int, *, by: User | None, starts_at: dt.datetime, ends_at: dt.datetime, role: str | None = None
) -> Session:
    """Move a session. Everybody keeps the place; those who now clash are flagged and asked to choose.

    All are told once, ten minutes after the first of several edits; until the start they may cancel freely.
    """
    if ends_at <= starts_at:
        raise EndsBeforeStart
    session = session_in_turn(session_id)
    check_manages(by, session.activity)
    is_moved = (session.starts_at, session.ends_at) != (starts_at, ends_at)
    if is_moved:
        _notice(session)
    session.starts_at, session.ends_at, session.revision = starts_at, ends_at, session.revision + int(is_moved)
    session.role = session.role if role is None else role
    with acting(by, "reschedule"):
        session.save(update_fields=["starts_at", "ends_at", "revision", "role"])
        settle_dates(session.activity_id)
    if is_moved:
        _follow(session)
        fill(session)
        session.refresh_from_db()
    return session


def _follow(session: Session) -> None:
    """The rows take the session's new time; clashes are flagged and told, old reminders dropped."""
    during = DateTimeTZRange(session.starts_at, session.ends_at)
    hit = list(hit_by_move(session.pk, session.starts_at, session.ends_at).select_related("resident"))
    flagged = {row.pk for row in hit if not row.clash_flagged}
    rows = session.registrations.live()
    rows.filter(pk__in=[row.pk for row in hit]).update(during=during, clash_flagged=True)
    rows.exclude(pk__in=[row.pk for row in hit]).update(during=during, clash_flagged=False)
    unflag(list(rows.values_list("resident_id", flat=True)))
    withdraw("registration", list(rows.values_list("pk", flat=True)), ABOUT_TIME)
    tidings_due = []
    for row in hit:
        row.session = session
        if row.pk in flagged:
            key = f"clash/{row.pk}/{session.revision}"
            tidings_due.append(tidings.tiding(row, Kind.CHANGE, key, tidings.clashing))
    tell(tidings_due)


def _notice(session: Session) -> None:
    """Remember how it was before the first of several edits; the notice goes out some minutes after that one."""
    ChangeNotice.objects.bulk_create([_before(session)], ignore_conflicts=True)


def _before(session: Session) -> ChangeNotice:
    due_at = timezone.now() + dt.timedelta(minutes=settings.CHANGE_NOTICE_MINUTES)
    return ChangeNotice(session=session, before=told_facts(session), due_at=due_at)


def told_facts(session: Session) -> dict[str, str]:
    """What people are told about when it changes."""
    facts = {"starts_at": session.starts_at.isoformat(), "ends_at": session.ends_at.isoformat()}
    return facts | {name: getattr(session.activity, name) for name in ABOUT_PLACE}


@in_turn
def change_place(activity_id: int, *, by: User | None, **fields: Any) -> Activity:
    """Another place, address, meeting point or contact: told like a new time, and cancelling becomes free."""
    unknown = fields.keys() - set(ABOUT_PLACE)
    if unknown:
        raise TypeError(f"change_place() does not change {', '.join(sorted(unknown))}")
    activity = activity_in_turns(activity_id, by)
    changed = [name for name, value in fields.items() if getattr(activity, name) != value]
    if not changed:
        return activity
    sessions = list(activity.sessions.filter(ends_at__gt=timezone.now(), cancelled_at=None).order_by("pk"))
    for session in sessions:
        session.activity = activity
    ChangeNotice.objects.bulk_create([_before(session) for session in sessions], ignore_conflicts=True)
    for name in changed:
        setattr(activity, name, fields[name])
    with acting(by, "change_place"):
        activity.save(update_fields=[*changed, "updated_at"])
    Session.objects.filter(pk__in=[session.pk for session in sessions]).update(revision=F("revision") + 1)
    return activity
