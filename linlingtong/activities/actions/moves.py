"""Where a registration may go from where it stands, and the one way to move it."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.refusals import NotPossibleNow, ReasonMissing
from linlingtong.activities.models import Registration, RegistrationEvent, Session
from linlingtong.core.text import clean_text
from linlingtong.core.turns import take_turns

State, Ended = Registration.State, Registration.Ended

MOVES: dict[str, frozenset[str]] = {
    "": frozenset({State.PENDING_REVIEW, State.WAITLISTED, State.CONFIRMED}),
    State.PENDING_REVIEW: frozenset({State.WAITLISTED, State.CONFIRMED, State.REJECTED, State.CANCELLED}),
    State.WAITLISTED: frozenset({State.OFFERED, State.CONFIRMED, State.CANCELLED}),
    State.OFFERED: frozenset({State.CONFIRMED, State.WAITLISTED, State.CANCELLED, State.LAPSED}),
    State.CONFIRMED: frozenset({State.WAITLISTED, State.CANCELLED}),
    State.REJECTED: frozenset(),
    State.CANCELLED: frozenset(),
    State.LAPSED: frozenset(),
}

# `overbooked_to` only grows when staff say so (%(over)s) and shrinks with the people, so the CHECK stays tight.
COUNT = """
UPDATE activities_session
   SET taken = taken + %(taken)s, held = held + %(held)s, waiting = waiting + %(waiting)s,
       pending = pending + %(pending)s,
       overbooked_to = CASE
           WHEN is_unlimited OR taken + %(taken)s + held + %(held)s <= capacity THEN 0
           WHEN %(over)s THEN taken + %(taken)s + held + %(held)s
           ELSE LEAST(overbooked_to, taken + %(taken)s + held + %(held)s) END
 WHERE id = %(session)s
RETURNING taken, held, waiting, pending, overbooked_to
"""


def counted(state: str, places: int) -> dict[str, int]:
    """What one registration in this state adds to its session's counters."""
    return {
        "taken": places if state == State.CONFIRMED else 0,
        "held": places if state == State.OFFERED else 0,
        "waiting": int(state == State.WAITLISTED),
        "pending": int(state == State.PENDING_REVIEW),
    }


def count(session: Session, change: dict[str, int], *, over: bool = False) -> None:
    """Add to the session's counters, in the database and on the object at hand; call under its turn."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT, change | {"session": session.pk, "over": over})
        row = cursor.fetchone()
    session.taken, session.held, session.waiting, session.pending, session.overbooked_to = row


def advance(
    session: Session,
    rows: Sequence[Registration],
    to: str,
    *,
    by: User | None,
    reason: str = "",
    over: bool = False,
    **fields: Any,
) -> list[RegistrationEvent]:
    """Move registrations of one session to another state, with an event each and the counters: three statements."""
    change = dict.fromkeys(("taken", "held", "waiting", "pending"), 0)
    for row in rows:
        check_move(row, to)
        for counter, after in counted(to, row.places).items():
            change[counter] += after - counted(row.state, row.places)[counter]
    now = timezone.now()
    events = [
        RegistrationEvent(registration=row, by=by, from_state=row.state, to_state=to, reason=reason, at=now)
        for row in rows
    ]
    values = _values(to, reason, now) | fields
    Registration.objects.filter(pk__in=[row.pk for row in rows]).update(**values)
    for row in rows:
        for name, value in values.items():
            setattr(row, name, value)
    count(session, change, over=over)
    return RegistrationEvent.objects.bulk_create(events)


def check_move(row: Registration, to: str) -> None:
    """Raises NotPossibleNow for a move that the table does not know."""
    if to not in MOVES[row.state]:
        raise NotPossibleNow(state=row.get_state_display())


def _values(to: str, reason: str, now: dt.datetime) -> dict[str, Any]:
    values: dict[str, Any] = {"state": to, "reason": reason, "updated_at": now, "skip_reason": ""}
    if to != State.OFFERED:
        values["offered_until"] = None
    if to == State.CONFIRMED:
        values["confirmed_at"] = now
    if to == State.WAITLISTED:
        values |= {"confirmed_at": None, "clash_flagged": False}
    if to == State.CANCELLED:
        values["clash_flagged"] = False
    return values


def session_in_turn(session_id: int, *, people: Sequence[int] = ()) -> Session:
    """The session with its activity, read when it is our turn; people's turns come first, by their ids."""
    take_turns([*(("person", person) for person in sorted(people)), ("session", session_id)])
    return Session.objects.select_related("activity", "activity__area").get(pk=session_id)


def registration_in_turn(registration_id: int) -> Registration:
    """A registration with resident, session and activity, read in the turns of its resident and its session."""
    ids = Registration.objects.filter(pk=registration_id).values_list("session_id", "resident_id").first()
    if ids is None:
        raise Registration.DoesNotExist
    take_turns([("person", ids[1]), ("session", ids[0])])
    return Registration.objects.select_related("session__activity__area", "resident").get(pk=registration_id)


def needed_reason(reason: str) -> str:
    """The reason without invisible characters, at most 200; raises ReasonMissing when nothing is left."""
    reason = clean_text(reason)[:200]
    if not reason:
        raise ReasonMissing
    return reason
