"""People whom nobody expected: with an account they get a place, without one a line on the roster."""

import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.attendance import enter, session_in_door_turn, tick
from linlingtong.activities.actions.check_in import check_moment
from linlingtong.activities.actions.door_refusals import NameMissing, NobodyByThatPhone, OwnArrival
from linlingtong.activities.actions.leaving import check_no_clash
from linlingtong.activities.actions.moves import State, advance, check_move, count, counted
from linlingtong.activities.actions.queue import fill
from linlingtong.activities.models import Registration, RegistrationEvent, Scan, Session, WalkIn
from linlingtong.activities.models.check_in import closes_at
from linlingtong.activities.permissions import check_runs_door
from linlingtong.core.phone import normal_phone
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.notifications.models import Kind

LET_IN = "let in at the door"


@in_turn
def let_in(
    session_id: int,
    resident_id: int,
    *,
    by: User,
    client_id: uuid.UUID | None = None,
    came_at: dt.datetime | None = None,
) -> Registration:
    """Somebody who is there gets a place, past the queue and over the capacity if need be, and is checked in.

    Who gave the place up, waits, or never registered. Raises OwnArrival, ClashingSession, SessionCancelled,
    CheckInNotOpen, CheckInOver.
    """
    take_turns([("person", resident_id)])
    session = session_in_door_turn(session_id, by)
    resident = User.objects.get(pk=resident_id)
    if by.pk == resident.pk:
        raise OwnArrival
    scan = _arrival(session, by, client_id, came_at)
    check_moment(scan, closes_at(session))
    registration = _placed(session, resident, by)
    enter(registration, scan)
    return registration


def _arrival(session: Session, by: User, client_id: uuid.UUID | None, came_at: dt.datetime | None) -> Scan:
    """A mark that somebody has come, perhaps noted by a device a while ago; never ahead of our clock."""
    scan = tick(session, Scan.Kind.IN, by, timezone.now(), client_id or uuid.uuid4())
    if came_at is not None:
        scan.scanned_at, scan.counts_at = min(came_at, scan.scanned_at), min(came_at, scan.counts_at)
    return scan


def let_in_by_phone(session_id: int, phone: str, *, by: User, **noted: Any) -> Registration:
    """The person with this verified phone; raises NobodyByThatPhone."""
    check_runs_door(by, Session.objects.select_related("activity").get(pk=session_id).activity)
    try:
        found = User.objects.residents().filter(phone=normal_phone(phone)).only("pk").first()
    except ValidationError:
        found = None
    if found is None:
        raise NobodyByThatPhone
    return let_in(session_id, found.pk, by=by, **noted)


def _placed(session: Session, resident: User, by: User) -> Registration:
    live = session.registrations.live().filter(resident=resident).first()
    if live is not None and live.state == State.CONFIRMED:
        live.session, live.resident = session, resident
        return live
    registration = live or _new(session, resident)
    registration.session, registration.resident = session, resident
    check_no_clash(registration)
    if live is None:
        registration.save(force_insert=True)
        count(session, counted(State.CONFIRMED, 1), over=True)
        event = RegistrationEvent.objects.create(
            registration=registration, by=by, to_state=State.CONFIRMED, reason=LET_IN
        )
    else:
        check_move(live, State.CONFIRMED)
        event = advance(session, [live], State.CONFIRMED, by=by, reason=LET_IN, over=True)[0]
        withdraw("registration", [live.pk])
        fill(session)
    tell(tidings.tidings([(event.pk, registration)], Kind.REGISTRATION, tidings.confirmed))
    return registration


def _new(session: Session, resident: User) -> Registration:
    session.last_number += 1
    session.save(update_fields=["last_number"])
    now = timezone.now()
    return Registration(
        session=session, resident=resident, area_path=session.activity.area_path, state=State.CONFIRMED,
        number=session.last_number, during=(session.starts_at, session.ends_at), created_at=now, confirmed_at=now,
    )  # fmt: skip


@in_turn
def add_walk_in(
    session_id: int, name: str, *, by: User, client_id: uuid.UUID | None = None, came_at: dt.datetime | None = None
) -> WalkIn:
    """A name on the roster for somebody without an account; sent twice it is one line."""
    session = session_in_door_turn(session_id, by)
    name = clean_text(name)[:30]
    if not name:
        raise NameMissing
    known = WalkIn.objects.filter(client_id=client_id, session=session).first() if client_id else None
    if known is not None:
        return known
    scan = _arrival(session, by, client_id, came_at)
    check_moment(scan)
    return WalkIn.objects.create(session=session, name=name, by=by, client_id=scan.client_id, came_at=scan.counts_at)


@in_turn
def change_walk_in(walk_in_id: int, *, by: User, has_left: bool) -> WalkIn:
    """The person without an account has left, or was written down by mistake."""
    walk_in = WalkIn.objects.get(pk=walk_in_id)
    session = session_in_door_turn(walk_in.session_id, by)
    if has_left:
        walk_in.left_at = walk_in.left_at or max(walk_in.came_at, min(timezone.now(), session.ends_at))
    else:
        walk_in.is_taken_back = True
    walk_in.save(update_fields=["left_at", "is_taken_back"])
    return walk_in
