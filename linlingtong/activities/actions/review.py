import datetime as dt
import hashlib
from collections.abc import Sequence

from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.leaving import check_no_clash, end
from linlingtong.activities.actions.moves import (
    Ended,
    State,
    advance,
    check_move,
    count,
    counted,
    needed_reason,
    registration_in_turn,
)
from linlingtong.activities.actions.queue import fill
from linlingtong.activities.actions.refusals import AlreadyRegistered, NoPlaceLeft, SessionCancelled, TextMissing
from linlingtong.activities.models import Companion, Registration, RegistrationEvent, Session
from linlingtong.activities.permissions import check_manages
from linlingtong.core.text import clean_text
from linlingtong.core.time import today
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import Tiding, tell, withdraw
from linlingtong.notifications.models import Kind


@in_turn
def approve(registration_id: int, *, by: User | None) -> Registration:
    """Accept a pending registration: a place if one is free and nobody waits longer, else the queue at its number."""
    registration = _managed(registration_id, by)
    session = registration.session
    if registration.state in {State.CONFIRMED, State.WAITLISTED, State.OFFERED}:
        return registration
    check_move(registration, State.CONFIRMED)
    check_no_clash(registration)
    if _has_room(session, registration.places) and not _anybody_before(registration):
        _confirm(registration, by=by)
        return registration
    events = advance(session, [registration], State.WAITLISTED, by=by)
    chosen = {row.pk for row in fill(session)}
    if registration.pk in chosen:
        registration.refresh_from_db(fields=["state", "confirmed_at", "offered_until"])
    else:
        tell(tidings.tidings([(events[0].pk, registration)], Kind.REGISTRATION, tidings.waiting))
    return registration


def _has_room(session: Session, places: int) -> bool:
    return session.capacity is None or session.taken + session.held + places <= session.capacity


def _anybody_before(registration: Registration) -> bool:
    return registration.session.registrations.queue().filter(number__lt=registration.number).exists()


def _confirm(registration: Registration, *, by: User | None, reason: str = "", over: bool = False) -> None:
    events = advance(registration.session, [registration], State.CONFIRMED, by=by, reason=reason, over=over)
    withdraw("registration", [registration.pk])
    tell(tidings.tidings([(events[0].pk, registration)], Kind.REGISTRATION, tidings.confirmed))


def _managed(registration_id: int, by: User | None) -> Registration:
    """The registration in its turns; raises PermissionDenied, or SessionCancelled when there is nothing to join."""
    registration = registration_in_turn(registration_id)
    check_manages(by, registration.session.activity)
    if registration.session.cancelled_at:
        raise SessionCancelled(reason=registration.session.cancel_reason)
    return registration


@in_turn
def reject(registration_id: int, *, by: User | None, reason: str) -> Registration:
    """Decline a pending registration; the resident reads the reason."""
    reason = needed_reason(reason)
    registration = _managed(registration_id, by)
    if registration.state == State.REJECTED:
        return registration
    events = advance(
        registration.session, [registration], State.REJECTED, by=by, reason=reason, ended_by=Ended.BY_STAFF
    )
    tell(tidings.tidings([(events[0].pk, registration)], Kind.REGISTRATION, tidings.rejected))
    return registration


@in_turn
def put_in(registration_id: int, *, by: User | None, reason: str) -> Registration:
    """Staff give a place past the queue, over the capacity if need be; the reason stays in the story."""
    reason = needed_reason(reason)
    registration = _managed(registration_id, by)
    if registration.state == State.CONFIRMED:
        return registration
    check_move(registration, State.CONFIRMED)
    check_no_clash(registration)
    _confirm(registration, by=by, reason=reason, over=True)
    fill(registration.session)
    return registration


@in_turn
def remove(registration_id: int, *, by: User | None, reason: str) -> Registration:
    """Staff end a registration; the place goes to the first in line in the same transaction."""
    reason = needed_reason(reason)
    registration = registration_in_turn(registration_id)
    check_manages(by, registration.session.activity)
    if registration.state == State.CANCELLED:
        return registration
    return end(registration, by=by, ended_by=Ended.BY_STAFF, reason=reason)


@in_turn
def move(registration_id: int, session_id: int, *, by: User | None, reason: str) -> Registration:
    """Bring somebody over to another session with free places: the old row ends, a new one is confirmed there.

    Raises NoPlaceLeft, AlreadyRegistered, ClashingSession, SessionCancelled.
    """
    reason = needed_reason(reason)
    old, target = _both_in_turn(registration_id, session_id)
    check_manages(by, old.session.activity)
    check_manages(by, target.activity)
    check_move(old, State.CANCELLED)
    _check_target(old, target)
    advance(old.session, [old], State.CANCELLED, by=by, reason=reason, ended_by=Ended.BY_STAFF)
    withdraw("registration", [old.pk])
    new, event = _copied_to(old, target, by=by, reason=reason)
    tell(tidings.tidings([(event.pk, new)], Kind.REGISTRATION, tidings.confirmed))
    fill(old.session)
    return new


def _both_in_turn(registration_id: int, session_id: int) -> tuple[Registration, Session]:
    first = Registration.objects.only("session_id", "resident_id").get(pk=registration_id)
    sessions = sorted({first.session_id, session_id})
    take_turns([("person", first.resident_id), *(("session", number) for number in sessions)])
    old = Registration.objects.select_related("session__activity__area", "resident").get(pk=registration_id)
    return old, Session.objects.select_related("activity__area").get(pk=session_id)


def _check_target(old: Registration, target: Session) -> None:
    if target.cancelled_at:
        raise SessionCancelled(reason=target.cancel_reason)
    if target.registrations.live().filter(resident=old.resident_id).exists():
        raise AlreadyRegistered
    if not _has_room(target, old.places) or target.waiting:
        raise NoPlaceLeft
    check_no_clash(old, target)


def _copied_to(
    old: Registration, target: Session, *, by: User | None, reason: str
) -> tuple[Registration, RegistrationEvent]:
    now = timezone.now()
    target.last_number += 1
    target.save(update_fields=["last_number"])
    new = Registration.objects.create(
        session=target, resident=old.resident, area_path=target.activity.area_path, state=State.CONFIRMED,
        number=target.last_number, places=old.places, during=(target.starts_at, target.ends_at), answers=old.answers,
        note=old.note, may_be_photographed=old.may_be_photographed, created_at=now, confirmed_at=now,
    )  # fmt: skip
    count(target, counted(new.state, new.places))
    Companion.objects.filter(registration=old).update(registration=new)
    event = RegistrationEvent.objects.create(registration=new, by=by, to_state=new.state, reason=reason)
    return new, event


@in_turn
def write_to(registration_ids: Sequence[int], text: str, *, by: User | None) -> int:
    """Send residents a message about their registration; one text is told once a day. Answers how many people."""
    text = clean_text(text)
    if not text:
        raise TextMissing
    rows = list(
        Registration.objects.filter(pk__in=registration_ids).select_related("session__activity__area", "resident")
    )
    for activity in {row.session.activity for row in rows}:
        check_manages(by, activity)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    tell([_letter(row, text, f"letter/{row.pk}/{today():%y%m%d}/{digest}") for row in rows])
    return len(rows)


def _letter(row: Registration, text: str, key: str) -> Tiding:
    return tidings.tiding(
        row,
        Kind.MESSAGE,
        key,
        lambda registration: tidings.Words(
            _("From the organisers: %(title)s") % {"title": registration.session.activity.title},
            text,
            tidings.sms(text.replace("%", "%%"), title=""),
        ),
        for_start=None,
        not_after=timezone.now() + dt.timedelta(days=2),
    )
