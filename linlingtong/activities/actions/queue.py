import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone

from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.moves import State, advance, session_in_turn
from linlingtong.activities.models import Registration, Session
from linlingtong.core.time import at, local
from linlingtong.core.turns import in_turn
from linlingtong.notifications.actions import tell, withdraw
from linlingtong.notifications.models import Kind

QUIET_FROM, QUIET_UNTIL = dt.time(22, 0), dt.time(7, 30)
FIRST_LOOK = 8  # mostly one place is free and the first in line takes it
CLASH, TOO_FEW = "clash", "too_few_places"


def elsewhere() -> QuerySet[Registration]:
    """Inside a query over registrations: another confirmed place of the same resident at the same time."""
    return Registration.objects.filter(
        resident_id=OuterRef("resident_id"), state=State.CONFIRMED, during__overlap=OuterRef("during")
    ).exclude(pk=OuterRef("pk"))


@dataclass
class Round:
    """One walk along the queue: who gets a place, who is passed and why."""

    free: int | None
    may_pass: bool
    chosen: list[Registration] = field(default_factory=list)
    passed: list[Registration] = field(default_factory=list)
    clashing: list[Registration] = field(default_factory=list)

    def look_at(self, row: Registration, *, clashes: bool) -> bool:
        """Choose or pass the next in line; False when nobody behind may be looked at."""
        if clashes:
            self.clashing.append(row)
        elif self.free is None or row.places <= self.free:
            self._choose(row)
        else:
            self.passed.append(row)
        return self.free is None or (self.free > 0 and self._may_go_on())

    def _choose(self, row: Registration) -> None:
        self.chosen.append(row)
        if self.free is not None:
            self.free -= row.places
        for party in self.passed:
            party.passed_over += 1

    def _may_go_on(self) -> bool:
        return self.may_pass or all(party.passed_over < settings.PARTY_PASSES for party in self.passed)


def fill(session: Session) -> list[Registration]:
    """Give the free places of a session, read in its turn and still in its turn, to the first in line who fit.

    More than a day before the start they are confirmed at once, later the place is offered until a deadline, and two
    hours before the start nobody is moved any more: the queue is then a list of phones for staff. Answers who got
    something.
    """
    now = timezone.now()
    free = None if session.capacity is None else session.capacity - session.taken - session.held
    if not session.waiting or session.cancelled_at or (free is not None and free <= 0):
        return []
    left = session.starts_at - now
    at_once = left > dt.timedelta(hours=settings.CONFIRM_AT_ONCE_HOURS)
    begins = awake_from(now)
    if not at_once and session.starts_at - begins < dt.timedelta(hours=settings.NO_PROMOTION_HOURS):
        return []
    walk = Round(free, may_pass=not at_once)
    for row, clashes in _in_line(session):
        if not walk.look_at(row, clashes=clashes):
            break
    _remember_skips(walk)
    if at_once:
        _confirm(session, walk.chosen, begins)
    else:
        _offer(session, walk.chosen, begins)
    return walk.chosen


def _in_line(session: Session) -> Iterator[tuple[Registration, bool]]:
    """The waiting list from its head, a chunk at a time, and whether each one is busy elsewhere at that hour."""
    last, chunk = 0, FIRST_LOOK
    while True:
        queue = session.registrations.queue().filter(number__gt=last).select_related("resident")
        rows = list(queue.annotate(is_elsewhere=Exists(elsewhere()))[:chunk])
        for row in rows:
            row.session = session
            yield row, vars(row)["is_elsewhere"]
        if len(rows) < chunk:
            return
        last, chunk = rows[-1].number, chunk * 4


def _remember_skips(walk: Round) -> None:
    """Staff see why somebody was not promoted; what stays the same is not written again."""
    clashing = [row.pk for row in walk.clashing if row.skip_reason != CLASH]
    if clashing:
        Registration.objects.filter(pk__in=clashing).update(skip_reason=CLASH)
    if walk.passed and walk.chosen:
        for row in walk.passed:
            row.skip_reason = TOO_FEW
        Registration.objects.bulk_update(walk.passed, ["passed_over", "skip_reason"])


def _confirm(session: Session, rows: list[Registration], due_at: dt.datetime) -> None:
    if not rows:
        return
    events = advance(session, rows, State.CONFIRMED, by=None)
    told = [(event.pk, row) for event, row in zip(events, rows, strict=True)]
    tell(tidings.tidings(told, Kind.OFFER, tidings.promoted, due_at=due_at))


def _offer(session: Session, rows: list[Registration], begins: dt.datetime) -> None:
    if not rows:
        return
    until = deadline(begins, session.starts_at)
    events = advance(session, rows, State.OFFERED, by=None, offered_until=until)
    told = [(event.pk, row) for event, row in zip(events, rows, strict=True)]
    tell(
        tidings.tidings(
            told, Kind.OFFER, tidings.offered, due_at=begins, not_after=until, needs_answer_until=until
        )
    )  # fmt: skip


def deadline(begins: dt.datetime, starts_at: dt.datetime) -> dt.datetime:
    """Twelve waking hours to answer, but never more than half of those that are left, nor less than half an hour."""
    least = dt.timedelta(minutes=settings.OFFER_MINUTES_AT_LEAST)
    span = min(dt.timedelta(hours=settings.OFFER_HOURS), awake_between(begins, starts_at) / 2)
    last = starts_at - dt.timedelta(hours=settings.NO_PROMOTION_HOURS)
    return max(begins + least, min(awake_after(begins, span), last))


def awake_from(moment: dt.datetime) -> dt.datetime:
    """The moment itself, or the end of the quiet hours it falls into."""
    here = local(moment)
    if here.time() < QUIET_UNTIL:
        return at(here.date(), QUIET_UNTIL)
    if here.time() >= QUIET_FROM:
        return at(here.date() + dt.timedelta(days=1), QUIET_UNTIL)
    return moment


def awake_after(moment: dt.datetime, span: dt.timedelta) -> dt.datetime:
    """So much later on a clock that stands still in the quiet hours."""
    moment = awake_from(moment)
    evening = at(local(moment).date(), QUIET_FROM)
    while moment + span > evening:
        span -= evening - moment
        moment = awake_from(evening)
        evening = at(local(moment).date(), QUIET_FROM)
    return moment + span


def awake_between(begins: dt.datetime, ends: dt.datetime) -> dt.timedelta:
    """How much time lies between, without the quiet hours."""
    total, moment = dt.timedelta(), awake_from(begins)
    while moment < ends:
        evening = at(local(moment).date(), QUIET_FROM)
        total += min(evening, ends) - moment
        moment = awake_from(evening)
    return total


def lapse_offers() -> int:
    """End the offers that nobody answered and pass their places on; answers how many ended.

    Also looks at sessions where somebody waits beside a free place: a clash may be over, or a party's hold.
    """
    return sum(_lapse(session) for session in sorted(_sessions_to_settle()))


def _sessions_to_settle() -> set[int]:
    now = timezone.now()
    ended = Registration.objects.filter(state=State.OFFERED, offered_until__lte=now)
    soonest = now + dt.timedelta(hours=settings.NO_PROMOTION_HOURS)
    idle = Session.objects.filter(waiting__gt=0, cancelled_at=None, starts_at__gt=soonest).exclude(
        capacity__lte=F("taken") + F("held")
    )
    return {*ended.values_list("session_id", flat=True), *idle.values_list("pk", flat=True)}


@in_turn
def _lapse(session_id: int) -> int:
    session = session_in_turn(session_id)
    ended = session.registrations.filter(state=State.OFFERED, offered_until__lte=timezone.now())
    rows = list(ended.select_related("resident").order_by("number"))
    if rows:
        for row in rows:
            row.session = session
        events = advance(session, rows, State.LAPSED, by=None)
        withdraw("registration", [row.pk for row in rows])
        told = [(event.pk, row) for event, row in zip(events, rows, strict=True)]
        tell(tidings.tidings(told, Kind.REGISTRATION, tidings.lapsed, due_at=awake_from(timezone.now())))
    fill(session)
    return len(rows)
