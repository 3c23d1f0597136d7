from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange, Jsonb
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.eligibility import (
    Guest,
    check_open,
    check_resident,
    checked_answers,
    checked_party,
)
from linlingtong.activities.actions.looking import look
from linlingtong.activities.actions.moves import State, counted
from linlingtong.activities.actions.queue import fill
from linlingtong.activities.actions.refusals import ClashingSession, QueueFull
from linlingtong.activities.models import Companion, Registration, Session
from linlingtong.activities.permissions import may_manage
from linlingtong.core.planned import planned
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import tell

# What the decision needs, read in the same round trip that waits for the turn. Another place at that time is found by
# the index of the exclusion constraint, which wants a bigint and knows no flagged rows; those are few.
STANDING = """
SELECT s.starts_at, s.ends_at, s.capacity, s.taken, s.held, s.waiting, s.cancelled_at, s.cancel_reason,
       (SELECT live.id FROM activities_registration live
         WHERE live.session_id = s.id AND live.resident_id = %(resident)s
           AND live.state IN ('pending_review', 'waitlisted', 'offered', 'confirmed')),
       (SELECT other.session_id FROM activities_registration other
         WHERE other.resident_id = %(resident)s::bigint AND other.state = 'confirmed' AND NOT other.clash_flagged
           AND other.during && tstzrange(s.starts_at, s.ends_at)
        UNION ALL
        SELECT flagged.session_id FROM activities_registration flagged
         WHERE flagged.resident_id = %(resident)s AND flagged.state = 'confirmed' AND flagged.clash_flagged
           AND flagged.during && tstzrange(s.starts_at, s.ends_at) LIMIT 1)
  FROM activities_session s WHERE s.id = %(session)s
"""
READ = ("starts_at", "ends_at", "capacity", "taken", "held", "waiting", "cancelled_at", "cancel_reason")

# The counter gives the number, the row takes it, the event tells of it: one round trip while others wait.
ARRIVE = """
WITH counted AS (
    UPDATE activities_session
       SET last_number = last_number + 1, taken = taken + %(taken)s, waiting = waiting + %(waiting)s,
           pending = pending + %(pending)s
     WHERE id = %(session)s RETURNING last_number
), placed AS (
    INSERT INTO activities_registration (
        session_id, resident_id, area_path, state, attendance, number, places, during, answers, note,
        may_be_photographed, passed_over, skip_reason, clash_flagged, ended_by, reason, was_late,
        created_at, confirmed_at, updated_at)
    SELECT %(session)s, %(resident)s, %(area_path)s, %(state)s, 'unknown', last_number, %(places)s, %(during)s,
           %(answers)s, %(note)s, %(may_be_photographed)s, 0, '', false, '', '', false,
           %(now)s, %(confirmed_at)s::timestamptz, %(now)s
      FROM counted RETURNING id, number
)
INSERT INTO activities_registrationevent (registration_id, by_id, from_state, to_state, reason, at)
SELECT id, %(by)s, '', %(state)s, '', %(now)s FROM placed
RETURNING id, registration_id, (SELECT number FROM placed)
"""


@dataclass(frozen=True)
class Placed:
    """The registration, and whether this call made it: the same wish twice finds the first one."""

    registration: Registration
    created: bool

    @property
    def position(self) -> int | None:
        """In the queue, of whoever has just joined it: the last, so nobody needs to be counted."""
        is_new = self.created and self.registration.state == State.WAITLISTED
        return self.registration.session.waiting if is_new else None


@dataclass(frozen=True)
class Wish:
    """What one resident asks for in one session, checked as far as it can be before the turn."""

    session: Session
    resident: User
    by: User
    party: Sequence[Guest]
    answers: dict[str, Any]
    note: str
    may_be_photographed: bool

    @property
    def places(self) -> int:
        return 1 + len(self.party)


@in_turn
def register(
    session_id: int,
    resident: User,
    *,
    by: User,
    party: Sequence[Guest] = (),
    answers: Mapping[str, Any] = {},
    note: str = "",
    may_be_photographed: bool = False,
) -> Placed:
    """Give the resident a place, a number in the queue, or a line on the list to be approved.

    Raises a Refusal that says why not, Session.DoesNotExist for what nobody may see, PermissionDenied when somebody
    else's staff registers. However many come at once, nobody is let in beyond the capacity and nobody overtakes.
    """
    seen = look(session_id, resident)
    session = seen.session
    if by.pk != resident.pk and not may_manage(by, session.activity):
        raise PermissionDenied
    if seen.live_id:
        return _already(seen.live_id)
    now = timezone.now()
    check_open(session, now)
    check_resident(session, resident, now)
    guests = checked_party(session, party)
    questions = list(session.activity.questions.all()) if seen.is_asking else []
    kept = checked_answers(questions, answers)
    wish = Wish(session, resident, by, guests, kept, clean_text(note)[:200], may_be_photographed)
    return _place(wish)


def _already(registration_id: int) -> Placed:
    found = Registration.objects.select_related("session__activity", "resident").get(pk=registration_id)
    return Placed(found, created=False)


def _place(wish: Wish) -> Placed:
    """In the turns of the resident and the session: decide, write, tell."""
    session = wish.session
    turns = [("person", wish.resident.pk), ("session", session.pk)]
    row = take_turns(turns, STANDING, {"resident": wish.resident.pk, "session": session.pk})
    for name, value in zip(READ, row, strict=False):
        setattr(session, name, value)
    live_id, clash_id = row[len(READ) :]
    if live_id:
        return _already(live_id)
    check_open(session, timezone.now())
    if clash_id:
        raise clash_with(clash_id)
    registration, event = _arrive(wish, _state_for(session, wish.places))
    if registration.state == State.WAITLISTED and _has_free_places(session):
        chosen = {row.pk for row in fill(session)}
        if registration.pk in chosen:
            registration.refresh_from_db(fields=["state", "confirmed_at", "offered_until"])
            return Placed(registration, created=True)
    tell([tidings.on_arrival(registration, event, position=session.waiting)])
    return Placed(registration, created=True)


def _state_for(session: Session, places: int) -> str:
    """A place for whoever comes first; nobody passes a queue. Raises QueueFull."""
    activity = session.activity
    if activity.needs_approval:
        return State.PENDING_REVIEW
    if session.capacity is None or (not session.waiting and session.taken + session.held + places <= session.capacity):
        return State.CONFIRMED
    if activity.longest_queue is not None and session.waiting >= activity.longest_queue:
        raise QueueFull
    return State.WAITLISTED


def _has_free_places(session: Session) -> bool:
    return session.capacity is not None and session.taken + session.held < session.capacity


def _arrive(wish: Wish, state: str) -> tuple[Registration, int]:
    """The new registration and the id of its event."""
    session, now = wish.session, timezone.now()
    fields: dict[str, Any] = {
        "area_path": session.activity.area_path, "state": state, "places": wish.places, "note": wish.note,
        "may_be_photographed": wish.may_be_photographed, "confirmed_at": now if state == State.CONFIRMED else None,
        "during": DateTimeTZRange(session.starts_at, session.ends_at),
    }  # fmt: skip
    change = counted(state, wish.places)
    values = fields | change | {
        "session": session.pk, "resident": wish.resident.pk, "by": wish.by.pk, "now": now,
        "answers": Jsonb(wish.answers),
    }  # fmt: skip
    with planned() as cursor:
        cursor.execute(ARRIVE, values)
        event, registration_id, number = cursor.fetchone()
    for counter, amount in change.items():
        setattr(session, counter, getattr(session, counter) + amount)
    registration = Registration(
        pk=registration_id, session=session, resident=wish.resident, number=number, answers=wish.answers,
        created_at=now, updated_at=now, **fields,
    )  # fmt: skip
    registration._state.adding, registration._state.db = False, connection.alias  # noqa: SLF001
    if wish.party:
        Companion.objects.bulk_create(
            [Companion(registration=registration, name=guest.name, age=guest.age) for guest in wish.party]
        )
    return registration, event


def clash_with(session_id: int) -> ClashingSession:
    """The refusal that names the other session."""
    other = Session.objects.select_related("activity").get(pk=session_id)
    return ClashingSession(
        title=other.activity.title, starts=tidings.moment(other.starts_at), session=other.pk, slug=other.activity.slug
    )
