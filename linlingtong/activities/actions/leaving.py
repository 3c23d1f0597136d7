import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db.models import Exists
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.door_refusals import CheckedInAlready
from linlingtong.activities.actions.moves import (
    Ended,
    State,
    advance,
    count,
    counted,
    registration_in_turn,
    session_in_turn,
)
from linlingtong.activities.actions.queue import elsewhere, fill
from linlingtong.activities.actions.refusals import (
    NothingOffered,
    NotRegistered,
    OfferExpired,
    SessionCancelled,
    TooLateToCancel,
)
from linlingtong.activities.actions.registration import clash_with
from linlingtong.activities.models import ChangeNotice, Companion, Registration, RegistrationEvent, Session
from linlingtong.activities.models.standing import LATE
from linlingtong.activities.permissions import check_speaks_for, may_manage
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.notifications.models import Kind

PARTY_SHRANK = "-1"


@in_turn
def give_up(session_id: int, resident: User, *, by: User, reason: str = "") -> Registration:
    """Free the resident's place or leave the queue; the place goes to the first in line in the same transaction.

    Doing it twice is harmless. Giving up a confirmed place less than twelve hours before the start is remembered as
    late. Raises TooLateToCancel, NotRegistered, or PermissionDenied.
    """
    session = session_in_turn(session_id, people=[resident.pk])
    if by.pk != resident.pk and not may_manage(by, session.activity):
        raise PermissionDenied
    registration = session.registrations.filter(resident=resident).order_by("-number").first()
    if registration is None:
        raise NotRegistered
    registration.session, registration.resident = session, resident
    if registration.state == State.CANCELLED and registration.ended_by == Ended.BY_SELF:
        return registration
    if registration.state not in Registration.LIVE:
        raise NotRegistered
    was_late = _check_in_time(registration)
    return end(registration, by=by, ended_by=Ended.BY_SELF, reason=clean_text(reason)[:200], was_late=was_late)


def _check_in_time(registration: Registration) -> bool:
    """Whether giving up now counts as late; raises TooLateToCancel. Who has no place yet may always go."""
    session, now = registration.session, timezone.now()
    if registration.state != State.CONFIRMED:
        return False
    if registration.attendance in {Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT}:
        raise CheckedInAlready
    hours = dt.timedelta(hours=session.activity.cancel_hours)
    is_moved = registration.clash_flagged or _changed_since(registration)
    if now >= session.starts_at or (now > session.starts_at - hours and not is_moved):
        contact = " ".join(filter(None, [session.activity.contact_name, session.activity.contact_phone]))
        raise TooLateToCancel(contact=contact or session.activity.host_name)
    return now > session.starts_at - LATE and not is_moved


def _changed_since(registration: Registration) -> bool:
    return ChangeNotice.objects.filter(
        session=registration.session_id, due_at__gt=registration.confirmed_at or registration.created_at
    ).exists()


def end(
    registration: Registration, *, by: User | None, ended_by: str, reason: str, was_late: bool = False
) -> Registration:
    """Cancel one registration under its turn: counters, silence for what was still to be sent, the next in line."""
    session = registration.session
    events = advance(
        session, [registration], State.CANCELLED, by=by, reason=reason, ended_by=ended_by, was_late=was_late
    )
    unflag([registration.resident_id])
    withdraw("registration", [registration.pk])
    words = tidings.given_up if ended_by == Ended.BY_SELF else tidings.removed
    tell(tidings.tidings([(events[0].pk, registration)], Kind.REGISTRATION, words))
    fill(session)
    return registration


def unflag(residents: list[int]) -> None:
    """Nobody who has no clash any more is asked to choose."""
    flagged = Registration.objects.filter(resident__in=residents, state=State.CONFIRMED, clash_flagged=True)
    flagged.filter(~Exists(elsewhere())).update(clash_flagged=False)


@in_turn
def drop_companion(registration_id: int, companion_id: int, *, by: User | None) -> Registration:
    """One companion stays at home: exactly one place is freed and given on. Twice is harmless."""
    registration = registration_in_turn(registration_id)
    check_speaks_for(by, registration)
    if registration.state not in Registration.LIVE:
        raise NotRegistered
    _check_in_time(registration)
    gone, _ = Companion.objects.filter(pk=companion_id, registration=registration).delete()
    if not gone:
        return registration
    before = counted(registration.state, registration.places)
    registration.places -= 1
    registration.save(update_fields=["places", "updated_at"])
    after = counted(registration.state, registration.places)
    count(registration.session, {counter: after[counter] - before[counter] for counter in after})
    RegistrationEvent.objects.create(
        registration=registration,
        by=by,
        from_state=registration.state,
        to_state=registration.state,
        reason=PARTY_SHRANK,
    )
    fill(registration.session)
    registration.refresh_from_db(fields=["state", "confirmed_at", "offered_until"])
    return registration


@in_turn
def accept(registration_id: int, *, by: User | None) -> Registration:
    """Take the offered place. Twice is harmless; raises OfferExpired, NothingOffered, ClashingSession."""
    registration = registration_in_turn(registration_id)
    check_speaks_for(by, registration)
    session = registration.session
    if registration.state == State.CONFIRMED:
        return registration
    if session.cancelled_at:
        raise SessionCancelled(reason=session.cancel_reason)
    _check_offer(registration)
    check_no_clash(registration)
    withdraw("registration", [registration.pk])
    events = advance(session, [registration], State.CONFIRMED, by=by)
    tell(tidings.tidings([(events[0].pk, registration)], Kind.REGISTRATION, tidings.confirmed))
    return registration


def _check_offer(registration: Registration) -> None:
    if registration.state == State.LAPSED:
        raise OfferExpired
    if registration.state != State.OFFERED:
        raise NothingOffered
    if registration.offered_until and registration.offered_until <= timezone.now():
        raise OfferExpired


def check_no_clash(registration: Registration, session: Session | None = None) -> None:
    """Raises ClashingSession when the resident is confirmed elsewhere at that time."""
    session = session or registration.session
    other = (
        Registration.objects.filter(
            resident=registration.resident_id,
            state=State.CONFIRMED,
            during__overlap=(session.starts_at, session.ends_at),
        )
        .exclude(pk=registration.pk)
        .values_list("session_id", flat=True)
        .first()
    )
    if other is not None:
        raise clash_with(other)


@in_turn
def decline(registration_id: int, *, by: User | None) -> Registration:
    """Pass the offered place on at once, without a mark. Twice is harmless; raises NothingOffered."""
    registration = registration_in_turn(registration_id)
    check_speaks_for(by, registration)
    if registration.state == State.CANCELLED and registration.ended_by == Ended.BY_SELF:
        return registration
    if registration.state == State.LAPSED:
        return registration
    if registration.state != State.OFFERED:
        raise NothingOffered
    return end(registration, by=by, ended_by=Ended.BY_SELF, reason="")
