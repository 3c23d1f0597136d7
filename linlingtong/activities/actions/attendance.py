"""What the counted scans of a registration add up to, in whatever order they arrive; call under the session's turn."""

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import no_shows
from linlingtong.activities.actions.door_credit import credit_presence
from linlingtong.activities.actions.door_refusals import NotStarted, OwnArrival
from linlingtong.activities.actions.moves import State, registration_in_turn, session_in_turn
from linlingtong.activities.actions.refusals import NotPossibleNow, SessionCancelled
from linlingtong.activities.models import Presence, Registration, Scan, Session
from linlingtong.activities.models.check_in import CLOSES_AFTER
from linlingtong.activities.permissions import check_runs_door
from linlingtong.core.turns import in_turn

Attendance, Kind, Verdict, Way = Registration.Attendance, Scan.Kind, Scan.Verdict, Scan.Way
MARKED = {Kind.ABSENT: Attendance.ABSENT, Kind.EXCUSED: Attendance.EXCUSED, Kind.UNDONE: Attendance.UNKNOWN}
MOST_AT_ONCE = 500


@dataclass(frozen=True)
class Stay:
    """How long somebody was there, and by which scans we know."""

    attendance: str
    came: Scan | None = None
    left: Scan | None = None
    left_at: dt.datetime | None = None

    @property
    def is_automatic(self) -> bool:
        return self.left_at is not None and self.left is None

    @property
    def facts(self) -> tuple[Any, ...]:
        """What a further scan changes, if it says anything new."""
        return self.attendance, self.came is None, self.left is None


def stay_of(scans: Iterable[Scan], session: Session, now: dt.datetime) -> Stay:
    """The earliest check-in and the latest check-out since staff last set the state by hand.

    Who checks in again after leaving is there again; who never checks out leaves when the session ends.
    """
    in_order = sorted(scans, key=lambda scan: (scan.scanned_at, str(scan.client_id)))
    marks = [at for at, scan in enumerate(in_order) if scan.kind in Scan.MARKS]
    since = in_order[marks[-1] + 1 :] if marks else in_order
    ins, outs = [s for s in since if s.kind == Kind.IN], [s for s in since if s.kind == Kind.OUT]
    if not since:
        return Stay(MARKED[Kind(in_order[marks[-1]].kind)] if marks else Attendance.UNKNOWN)
    came = min(ins, key=lambda scan: scan.counts_at, default=None)
    left = max(outs, key=lambda scan: scan.counts_at, default=None)
    if left and ins and max(scan.counts_at for scan in ins) > left.counts_at:
        left = None
    if left is None and now >= session.ends_at:
        return Stay(Attendance.CHECKED_OUT, came, None, max(session.ends_at, came.counts_at) if came else None)
    if left is None:
        return Stay(Attendance.CHECKED_IN, came)
    return Stay(Attendance.CHECKED_OUT, came, left, left.counts_at)


def enter(registration: Registration, scan: Scan) -> Scan:
    """Keep the scan and let attendance follow: accepted when it says something new, else noted already."""
    session, now = registration.session, timezone.now()
    known = list(registration.scans.counted())
    before, after = stay_of(known, session, now), stay_of([*known, scan], session, now)
    scan.registration = registration
    scan.verdict = Verdict.ACCEPTED if after.facts != before.facts else Verdict.DUPLICATE
    scan.save(force_insert=True)
    if after != before:
        write(registration, after)
    return scan


def write(registration: Registration, stay: Stay) -> Presence:
    """Attendance and presence as the scans say; hours that were credited already follow."""
    values: dict[str, Any] = {
        "session_id": registration.session_id,
        "came_at": stay.came and stay.came.counts_at,
        "came_way": stay.came.way if stay.came else "",
        "left_at": stay.left_at,
        "left_way": stay.left.way if stay.left else "",
        "left_automatically": stay.is_automatic,
        "recorded_by_id": recorder(registration, stay),
    }
    presence, _created = Presence.objects.update_or_create(registration=registration, defaults=values)
    if registration.attendance != stay.attendance:
        no_shows.follow(registration, stay.attendance)
        registration.attendance = stay.attendance
        registration.save(update_fields=["attendance", "updated_at"])
    if presence.settled_at:
        presence.registration = registration
        credit_presence(presence)
    return presence


def recorder(registration: Registration, stay: Stay) -> int | None:
    """Who of the staff noted it, the later one first; nobody when the resident scanned the screen both times."""
    people = [scan.by_id for scan in (stay.left, stay.came) if scan]
    return next((person for person in people if person and person != registration.resident_id), None)


@in_turn
def mark(registration_id: int, kind: str, *, by: User, client_id: uuid.UUID | None = None) -> Registration:
    """Staff tick the roster: came, left, absent, excused, or take the last mark back; the last word counts.

    After the session a tick counts from its start or until its end. Raises PermissionDenied, OwnArrival, NotStarted,
    SessionCancelled, or NotPossibleNow for somebody without a place.
    """
    registration = registration_in_turn(registration_id)
    session, now = registration.session, timezone.now()
    check_runs_door(by, session.activity)
    check_may_be_marked(registration, kind, by, now)
    client_id = client_id or uuid.uuid4()
    if not Scan.objects.filter(client_id=client_id).exists():
        enter(registration, tick(session, kind, by, now, client_id))
    return registration


def check_may_be_marked(registration: Registration, kind: str, by: User, now: dt.datetime) -> None:
    session = registration.session
    if session.cancelled_at:
        raise SessionCancelled(reason=session.cancel_reason)
    if registration.state != State.CONFIRMED:
        raise NotPossibleNow(state=registration.get_state_display())
    if by.pk == registration.resident_id:
        raise OwnArrival
    if kind == Kind.ABSENT and now < session.starts_at:
        raise NotStarted


def tick(
    session: Session, kind: str, by: User | None, now: dt.datetime, client_id: uuid.UUID, *, way: str = Way.STAFF
) -> Scan:
    """A mark of the roster; filled in afterwards it counts for the whole session."""
    late = session.starts_at if kind == Kind.IN else session.ends_at
    counts_at = now if now <= session.ends_at else late
    return Scan(
        client_id=client_id, session=session, kind=kind, way=way, by=by, scanned_at=now, counts_at=counts_at,
        received_at=now,
    )  # fmt: skip


@in_turn
def check_out_everybody(session_id: int, *, by: User) -> int:
    """Everybody who is still there leaves now, except whoever says so; answers how many people."""
    rows = _still_there(session_id, by)
    for row in rows:
        now = timezone.now()
        enter(row, tick(row.session, Kind.OUT, by, now, uuid.uuid4(), way=Way.EVERYBODY))
    session = Session.objects.get(pk=session_id)
    left = min(timezone.now(), session.ends_at)
    here = session.walk_ins.filter(left_at=None, is_taken_back=False, came_at__lte=left)
    return len(rows) + here.update(left_at=left)


def _still_there(session_id: int, by: User) -> list[Registration]:
    session = session_in_door_turn(session_id, by)
    rows = session.registrations.filter(attendance=Attendance.CHECKED_IN, state=State.CONFIRMED)
    return list(rows.exclude(resident=by).select_related("session__activity", "resident"))


def session_in_door_turn(session_id: int, by: User) -> Session:
    """The session in its turn, for somebody who runs its door; raises SessionCancelled when nothing takes place."""
    session = session_in_turn(session_id)
    check_runs_door(by, session.activity)
    if session.cancelled_at:
        raise SessionCancelled(reason=session.cancel_reason)
    return session


def close_past_sessions(moment: dt.datetime | None = None) -> int:
    """Whoever forgot to check out left when the session ended; hours are credited once nothing more can come in.

    Runs each minute and may run again. Answers how many stays it closed or settled.
    """
    now = moment or timezone.now()
    waits = Presence.objects.filter(settled_at=None, session__ends_at__lte=now, session__cancelled_at=None)
    is_open = Q(came_at__isnull=False, left_at=None)
    is_known = Q(left_at__isnull=False, left_automatically=False) | Q(session__ends_at__lte=now - CLOSES_AFTER)
    due = waits.filter(is_open | is_known).order_by("pk").values_list("pk", flat=True)
    rows: Sequence[int] = list(due[:MOST_AT_ONCE])
    for registration_id in rows:
        settle(registration_id)
    return len(rows)


@in_turn
def settle(registration_id: int) -> Presence:
    """Close the stay if it is open, and credit it once it is certain; doing it twice changes nothing."""
    registration = registration_in_turn(registration_id)
    session, now = registration.session, timezone.now()
    stay = stay_of(registration.scans.counted(), session, now)
    presence = write(registration, stay)
    is_certain = (stay.left is not None and now >= session.ends_at) or now >= session.ends_at + CLOSES_AFTER
    if presence.settled_at is None and is_certain:
        Presence.objects.filter(pk=presence.pk).update(settled_at=now)
        presence.settled_at, presence.registration = now, registration
        credit_presence(presence)
    return presence
