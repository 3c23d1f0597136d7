import datetime as dt
import math
import re
import uuid
from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.actions import door_refusals as refusals
from linlingtong.activities.actions.attendance import enter, session_in_door_turn, tick
from linlingtong.activities.actions.moves import State, session_in_turn
from linlingtong.activities.actions.refusals import SessionCancelled
from linlingtong.activities.actions.tidings import moment
from linlingtong.activities.models import Activity, Registration, Scan, Session, WalkIn, codes
from linlingtong.activities.models.check_in import closes_at, opens_at
from linlingtong.activities.permissions import may_run_door
from linlingtong.core.phone import holds_mobile
from linlingtong.core.refusal import Refusal
from linlingtong.core.turns import in_turn

Kind, Verdict, Way = Scan.Kind, Scan.Verdict, Scan.Way
CLOCK_TOLERANCE = dt.timedelta(minutes=2)
TRIES, TRIES_WITHIN = 10, dt.timedelta(minutes=10)
EARTH = 6_371_000


def new_id() -> uuid.UUID:
    """The number of something that is noted here and not on a device."""
    return uuid.uuid4()


@dataclass(frozen=True)
class Item:
    """One thing that a device noted, perhaps hours ago and without a network."""

    client_id: uuid.UUID
    session_id: int
    kind: str
    scanned_at: dt.datetime
    code: str = ""
    registration_id: int | None = None
    phone: str | None = None
    name: str | None = None


@dataclass(frozen=True)
class Answer:
    """What came of it. `scan` is missing only where the caller has no business."""

    client_id: uuid.UUID
    verdict: str
    scan: Scan | None = None
    refusal: Refusal | None = None
    guest: WalkIn | None = None

    @property
    def registration(self) -> Registration | None:
        return self.scan.registration if self.scan else None

    @property
    def code(self) -> str:
        if self.refusal:
            return self.refusal.code
        return self.scan.reason if self.scan else ""

    @property
    def detail(self) -> str:
        """One line to read out: who, what, when; or why not and what to do."""
        if self.refusal:
            return self.refusal.detail
        if self.guest:
            return _("%(name)s is on the roster") % {"name": self.guest.name}
        if self.verdict == Verdict.REFUSED:
            return said_of(self.code)
        return words_for(self)


def words_for(answer: Answer) -> str:
    registration = answer.registration
    if registration is None:
        return str(refusals.UnknownCode().detail)
    facts = {"name": str(registration.resident)}
    if answer.verdict == Verdict.UNRESOLVED:
        return _("%(name)s is waiting for the leader's tap") % facts
    words = {
        (Kind.IN, Verdict.ACCEPTED): _("%(name)s is checked in"),
        (Kind.IN, Verdict.DUPLICATE): _("%(name)s was checked in already"),
        (Kind.OUT, Verdict.ACCEPTED): _("%(name)s is checked out"),
        (Kind.OUT, Verdict.DUPLICATE): _("%(name)s was checked out already"),
    }
    kind = answer.scan.kind if answer.scan else Kind.IN
    return words.get((Kind(kind), Verdict(answer.verdict)), "%(name)s") % facts


def said_of(code: str) -> str:
    """A refusal that was kept by its code, in words that need no facts."""
    message = str(refusals.MESSAGES.get(code, ""))
    return message if message and "%(" not in message else _("This was refused when it came in first.")


@in_turn
def record(item: Item, *, by: User) -> Answer:
    """Check somebody in or out by a code that was scanned or typed, or by a tap on the roster.

    One of twenty scans of a code is accepted, the others were noted already. What is refused says why and stays in
    the log. The device's clock counts, within the hours of the session and never ahead of ours.
    """
    session = Session.objects.select_related("activity").filter(pk=item.session_id).first()
    if session is None or session.activity.status == Activity.Status.DRAFT or not may_run_door(by, session.activity):
        return Answer(item.client_id, Verdict.REFUSED, refusal=refusals.NotYours())
    session = session_in_turn(session.pk)
    if known := again(item.client_id, session):
        return known
    scan = _scan(item, session, by)
    try:
        registration = _meant(item, scan)
        scan.registration = registration
        check_moment(scan)
        check_place(registration, by)
    except refusals.UnknownCode as refusal:
        return _kept(scan, Verdict.UNRESOLVED, refusal)
    except Refusal as refusal:
        return _kept(scan, Verdict.REFUSED, refusal)
    enter(registration, scan)
    return Answer(item.client_id, scan.verdict, scan)


def again(client_id: uuid.UUID, session: Session) -> Answer | None:
    """The answer to an item that was sent before: it counted once. None for a new one."""
    rows = Scan.objects.filter(client_id=client_id)
    known = rows.select_related("registration__resident", "registration__session").first()
    if known is None:
        return None
    if known.session_id != session.pk:
        return Answer(client_id, Verdict.REFUSED, refusal=refusals.NotYours())
    was_counted = known.verdict in {Verdict.ACCEPTED, Verdict.DUPLICATE}
    return Answer(client_id, Verdict.DUPLICATE if was_counted else known.verdict, known)


def _scan(item: Item, session: Session, by: User | None) -> Scan:
    """The row, with the device's time where ours says that it can be."""
    now = timezone.now()
    noted = item.scanned_at
    if noted > now and noted - now <= CLOCK_TOLERANCE:
        noted = now
    scan = tick(session, item.kind, by, noted, item.client_id)
    scan.received_at = now
    return scan


def _kept(scan: Scan, verdict: str, refusal: Refusal) -> Answer:
    scan.verdict, scan.reason = verdict, refusal.code
    scan.save(force_insert=True)
    return Answer(scan.client_id, verdict, scan, refusal)


def _meant(item: Item, scan: Scan) -> Registration:
    """Whose code or line this is; raises the Refusal that fits best."""
    session = scan.session
    rows = Registration.objects.select_related("resident", "session__activity")
    if item.registration_id is not None:
        found = rows.filter(pk=item.registration_id).first()
        return _of_session(found, session)
    entry = codes.read(item.code)
    if entry.digits:
        scan.way, scan.typed = Way.DIGITS, entry.digits
        number = codes.spoken_number(session.pk, entry.digits)
        found = rows.filter(session=session, number=number).first()
        return _of_session(found, session)
    check_digits(entry.name)
    if entry.code is None or entry.code.kind != codes.PASS:
        raise refusals.CodeForged if entry.code is None else refusals.UnknownCode
    scan.way = Way.PASS
    found = rows.filter(pk=entry.code.number).first()
    if found is None or not entry.code.is_genuine(found.session_id):
        raise refusals.CodeForged
    registration = _of_session(found, session)
    if not entry.code.is_fresh(scan.scanned_at):
        raise refusals.CodeExpired
    return registration


def check_digits(typed: str) -> None:
    """Raises PhoneTyped or NotSixDigits for a number that is no code."""
    digits = re.sub(r"[\s+-]", "", typed)
    if holds_mobile(typed) or holds_mobile(digits.removeprefix("86")):
        raise refusals.PhoneTyped
    if digits.isdecimal():
        raise refusals.NotSixDigits(number=len(digits))


def _of_session(found: Registration | None, session: Session) -> Registration:
    if found is None:
        raise refusals.UnknownCode
    if found.session_id != session.pk:
        other = found.session
        raise refusals.OtherSession(title=other.activity.title, starts=moment(other.starts_at))
    found.session = session
    return found


def check_moment(scan: Scan, last: dt.datetime | None = None) -> None:
    """Raises SessionCancelled, ClockWrong, CheckInNotOpen or CheckInOver; a tick of the roster is never too late."""
    session = scan.session
    if session.cancelled_at or session.activity.status == Activity.Status.CANCELLED:
        raise SessionCancelled(reason=session.cancel_reason or session.activity.cancel_reason)
    if scan.scanned_at > scan.received_at:
        raise refusals.ClockWrong
    if scan.scanned_at < opens_at(session):
        raise refusals.CheckInNotOpen(opens=moment(opens_at(session)))
    last = last or (session.ends_at if scan.kind == Kind.IN else closes_at(session))
    if scan.way != Way.STAFF and scan.scanned_at > last:
        raise refusals.CheckInOver


def check_place(registration: Registration, by: User) -> None:
    """Raises OwnArrival, NoPlaceYet or RegistrationEnded, in words for staff."""
    if by.pk == registration.resident_id:
        raise refusals.OwnArrival
    facts = {"name": str(registration.resident), "state": registration.get_state_display()}
    if registration.state not in Registration.LIVE:
        raise refusals.RegistrationEnded(**facts)
    if registration.state != State.CONFIRMED:
        raise refusals.NoPlaceYet(**facts)


def check_own_place(registration: Registration) -> None:
    """Raises NoPlaceOfYours or YoursEnded, in words for the resident."""
    if registration.state not in Registration.LIVE:
        raise refusals.YoursEnded(state=registration.get_state_display())
    if registration.state != State.CONFIRMED:
        raise refusals.NoPlaceOfYours(state=registration.get_state_display())


@dataclass(frozen=True)
class Pass:
    """What a resident shows at the door: an address to scan, and six digits to say."""

    code: str
    digits: str
    expires_at: dt.datetime

    @property
    def url(self) -> str:
        return address_of(self.code)


def address_of(code: str) -> str:
    """The plain address that a QR code holds, so that any scanner can open it."""
    return f"{settings.SITE_URL}/c/{code}"


def pass_of(registration: Registration, now: dt.datetime) -> Pass:
    """The code of this minute. Raises NoPlaceOfYours, YoursEnded, SessionCancelled, or CheckInOver."""
    session = registration.session
    if session.cancelled_at:
        raise SessionCancelled(reason=session.cancel_reason)
    check_own_place(registration)
    if now > closes_at(session):
        raise refusals.CheckInOver
    code = codes.pass_code(registration.pk, session.pk, now)
    return Pass(code.text, codes.spoken_digits(session.pk, registration.number), code.ends_at)


def arrive(
    session_id: int,
    resident: User,
    *,
    by: User,
    code: str,
    kind: str = Kind.IN,
    seen_at: dt.datetime | None = None,
    spot: tuple[float, float] | None = None,
) -> Answer:
    """The resident checks in or out by the code on the venue's screen; a printed one waits for the leader's tap.

    `seen_at` is when this site saw the code, if that was before signing in. What was wrong stays in the log, and the
    Refusal that says so is raised afterwards.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    answer = _arrive(Item(uuid.uuid4(), session_id, kind, timezone.now(), code), resident, seen_at, spot)
    if answer.refusal:
        raise answer.refusal
    return answer


@in_turn
def _arrive(item: Item, resident: User, seen_at: dt.datetime | None, spot: tuple[float, float] | None) -> Answer:
    session = session_in_turn(item.session_id)
    if session.activity.status == Activity.Status.DRAFT:
        raise Session.DoesNotExist
    scan = _scan(item, session, resident)
    scan.distance = _metres(session.activity, spot)
    mine = session.registrations.filter(resident=resident).select_related("resident").order_by("-number").first()
    try:
        if mine is None:
            raise refusals.NotOnTheList
        mine.session = session
        scan.registration = mine
        scan.way = _way_of(item.code, scan, seen_at)
        check_moment(scan)
        check_own_place(mine)
    except Refusal as refusal:
        return _kept(scan, Verdict.REFUSED, refusal)
    if scan.way == Way.PRINTED:
        return _pending(mine, scan)
    enter(mine, scan)
    return Answer(scan.client_id, scan.verdict, scan)


def _way_of(code: str, scan: Scan, seen_at: dt.datetime | None) -> str:
    """By which of the venue's codes; raises the Refusal that fits."""
    session, entry = scan.session, codes.read(code)
    if entry.digits:
        scan.typed = entry.digits
        _check_tries(scan)
        if not codes.are_venue_digits(entry.digits, session.pk, scan.scanned_at):
            raise refusals.UnknownVenueDigits
        return Way.VENUE
    if entry.code is None:
        raise refusals.CodeForged
    if entry.code.kind == codes.PASS:
        raise refusals.OwnPass
    if not entry.code.is_genuine(entry.code.number):
        raise refusals.CodeForged
    if entry.code.number != session.pk:
        other = Session.objects.select_related("activity").get(pk=entry.code.number)
        raise refusals.OtherSession(title=other.activity.title, starts=moment(other.starts_at))
    if not entry.code.is_fresh(seen_at or scan.scanned_at):
        raise refusals.VenueCodeExpired
    if seen_at:
        scan.scanned_at = scan.counts_at = max(seen_at, opens_at(session))
    return Way.PRINTED if entry.code.kind == codes.PRINTED else Way.VENUE


def _check_tries(scan: Scan) -> None:
    """Nobody finds six digits by trying."""
    wrong = Scan.objects.filter(by=scan.by_id, reason=refusals.UnknownCode.code)
    if wrong.filter(received_at__gt=scan.received_at - TRIES_WITHIN).count() >= TRIES:
        raise refusals.TooManyTries


def _pending(mine: Registration, scan: Scan) -> Answer:
    """One waiting arrival of each kind is enough."""
    waiting = mine.scans.pending().filter(kind=scan.kind).first()
    if waiting is None:
        scan.verdict, scan.reason = Verdict.UNRESOLVED, "printed_code"
        scan.save(force_insert=True)
    return Answer(scan.client_id, Verdict.UNRESOLVED, waiting or scan)


def _metres(activity: Activity, spot: tuple[float, float] | None) -> int | None:
    """How far from the place, when both are known."""
    if spot is None or activity.latitude is None or activity.longitude is None:
        return None
    here = [math.radians(one) for one in spot]
    there = [math.radians(one) for one in (activity.latitude, activity.longitude)]
    rise = math.sin((there[0] - here[0]) / 2) ** 2
    turn = math.cos(here[0]) * math.cos(there[0]) * math.sin((there[1] - here[1]) / 2) ** 2
    return round(2 * EARTH * math.asin(math.sqrt(rise + turn)))


@in_turn
def confirm_arrival(scan_id: int, *, by: User, is_here: bool) -> Answer:
    """Staff have looked: whoever scanned the printed code is there, or is not. Raises NothingToSettle."""
    asked = Scan.objects.select_related("session__activity").get(pk=scan_id)
    session_in_door_turn(asked.session_id, by)
    pending = Scan.objects.pending().filter(pk=scan_id).select_related("registration__resident").first()
    if pending is None or pending.registration is None:
        raise refusals.NothingToSettle
    registration = pending.registration
    registration.session = asked.session
    check_place(registration, by)
    scan = Scan(
        client_id=uuid.uuid4(), session=asked.session, registration=registration, kind=pending.kind, way=Way.PRINTED,
        by=by, scanned_at=timezone.now(), counts_at=pending.counts_at, settles=pending,
    )  # fmt: skip
    if is_here:
        enter(registration, scan)
    else:
        scan.verdict, scan.reason = Verdict.REFUSED, "not_here"
        scan.save(force_insert=True)
    return Answer(scan.client_id, scan.verdict, scan)
