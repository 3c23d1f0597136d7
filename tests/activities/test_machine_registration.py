"""Made-up lives of sessions with their queue, against a small model of what residents were promised."""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    Guest,
    accept,
    approve,
    change_capacity,
    decline,
    drop_companion,
    give_up,
    lapse_offers,
    put_in,
    register,
    reject,
    remove,
)
from linlingtong.activities.models import Registration, Session
from tests.factories import ActivityFactory, AreaFactory, SessionFactory, UserFactory, staff_of
from tests.machines import MORNING, Life, live

PENDING, WAITING, OFFERED, CONFIRMED = "pending_review", "waitlisted", "offered", "confirmed"
LIVE = (PENDING, WAITING, OFFERED, CONFIRMED)
LARGEST_PARTY, PASSES = 2, 2
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
RESIDENTS = 8


@dataclass(frozen=True)
class Kind:
    """How far ahead a session lies, how many places it has, and whether staff look at each registration."""

    ahead: dt.timedelta
    capacity: int
    is_looked_at: bool = False


KINDS = {
    "far": Kind(10 * DAY, 4),
    "same hour": Kind(10 * DAY + HOUR, 2),
    "tomorrow": Kind(23 * HOUR, 4),
    "looked at": Kind(12 * DAY, 3, is_looked_at=True),
}
PLACES = (("far",), ("far", "same hour"), ("tomorrow",), ("looked at",))
SAME_TIME = {"far": "same hour", "same hour": "far"}
# A family behind singles, a family before singles, or anybody.
CROWDS = st.sampled_from([[0, 0, 0, 0, 2, 0, 0, 0], [2, 0, 1, 0, 0]]) | st.lists(
    st.integers(0, LARGEST_PARTY), min_size=5, max_size=RESIDENTS
)
people, names = st.integers(0, RESIDENTS - 1), st.integers(0, 1)


@dataclass
class Line:
    """One registration as the resident was told."""

    who: int
    number: int
    places: int
    state: str
    passed: int = 0


@dataclass
class Model:
    """One session: places, the queue, and who may pass whom."""

    name: str
    capacity: int
    lines: list[Line] = field(default_factory=list)

    def of(self, who: int) -> Line | None:
        return next((line for line in self.lines if line.who == who and line.state in LIVE), None)

    def last(self, who: int) -> Line | None:
        return next((line for line in reversed(self.lines) if line.who == who), None)

    @property
    def people(self) -> int:
        return sum(line.places for line in self.lines if line.state in {OFFERED, CONFIRMED})

    @property
    def queue(self) -> list[Line]:
        return [line for line in self.lines if line.state == WAITING]

    def fill(self, town: dict[str, "Model"]) -> None:
        """First come, first served; a party that does not fit is passed twice, near the start as often as need be."""
        free, is_near, passed = self.capacity - self.people, self.name == "tomorrow", list[Line]()
        for line in self.queue:
            if free <= 0 or (not is_near and any(one.passed >= PASSES for one in passed)):
                return
            if clashes(town, self.name, line.who):
                continue
            if line.places > free:
                passed.append(line)
                continue
            line.state, free = OFFERED if is_near else CONFIRMED, free - line.places
            for one in passed:
                one.passed += 1

    def move_back(self, places: int) -> None:
        """Those who came last return to the queue, and nobody in vain."""
        seated = sorted((one for one in self.lines if one.state in {OFFERED, CONFIRMED}), key=lambda one: -one.number)
        chosen, freed = list[Line](), 0
        for line in seated:
            if freed < places:
                chosen.append(line)
                freed += line.places
        for line in reversed(chosen):
            if freed - line.places >= places:
                freed -= line.places
            else:
                line.state = WAITING


def clashes(town: dict[str, Model], name: str, who: int) -> bool:
    other = SAME_TIME.get(name)
    found = town[other].of(who) if other in town else None
    return found is not None and found.state == CONFIRMED


class Town(Life):
    """Eight residents and a session, or two at the same hour; tomorrow, in some days, or one that staff look at."""

    @initialize(place=st.sampled_from(PLACES), parties=CROWDS)
    def begin(self, place: tuple[str, ...], parties: list[int]) -> None:
        """Some have registered already, more than fit."""
        area = AreaFactory.create()
        self.staff = staff_of(area)
        self.residents: list[User] = [UserFactory.create() for _ in range(RESIDENTS)]
        self.sessions: dict[str, Session] = {}
        self.town: dict[str, Model] = {}
        for name in place:
            kind = KINDS[name]
            activity = ActivityFactory.create(
                area=area, largest_party=LARGEST_PARTY, needs_approval=kind.is_looked_at, cancel_hours=2
            )
            facts: dict[str, Any] = {"starts_at": MORNING + kind.ahead, "ends_at": MORNING + kind.ahead + 2 * HOUR}
            self.sessions[name] = SessionFactory.create(activity=activity, capacity=kind.capacity, **facts)
            self.town[name] = Model(name, kind.capacity)
        for who, party in enumerate(parties):
            self.arrive(0, who, party)

    def named(self, number: int) -> str:
        return list(self.town)[number % len(self.town)]

    def row(self, name: str, who: int) -> Registration | None:
        mine = Registration.objects.filter(session=self.sessions[name], resident=self.residents[who])
        return mine.order_by("-number").first()

    @rule(number=names, who=people, party=st.integers(0, LARGEST_PARTY + 1))
    def arrive(self, number: int, who: int, party: int) -> None:
        model, resident = self.town[self.named(number)], self.residents[who]
        session, guests = self.sessions[model.name], [Guest(f"同伴{n}") for n in range(party)]
        said = self.said(register, session.pk, resident, by=resident, party=guests)
        if model.of(who):
            assert said == "ok"
        elif party > min(LARGEST_PARTY, model.capacity - 1):
            assert said == "PartyTooLarge"
        elif clashes(self.town, model.name, who):
            assert said == "ClashingSession"
        else:
            assert said == "ok"
            self._place(model, who, 1 + party)

    def _place(self, model: Model, who: int, places: int) -> None:
        is_free = not model.queue and model.people + places <= model.capacity
        state = PENDING if KINDS[model.name].is_looked_at else CONFIRMED if is_free else WAITING
        model.lines.append(Line(who, len(model.lines) + 1, places, state))
        if state == WAITING:
            model.fill(self.town)

    @rule(number=names, who=people)
    def give_up(self, number: int, who: int) -> None:
        name = self.named(number)
        model, last = self.town[name], self.town[name].last(who)
        said = self.said(give_up, self.sessions[name].pk, self.residents[who], by=self.residents[who])
        if last is None or last.state not in {*LIVE, "cancelled"}:
            assert said == "NotRegistered"
        elif last.state in LIVE:
            assert said == "ok"
            last.state = "cancelled"
            model.fill(self.town)

    @rule(number=names, who=people, takes=st.booleans())
    def answer_offer(self, number: int, who: int, takes: bool) -> None:
        name = self.named(number)
        row, last = self.row(name, who), self.town[name].last(who)
        if row is None or last is None:
            return
        said = self.said(accept if takes else decline, row.pk, by=self.residents[who])
        if last.state != OFFERED:
            assert said in {"ok", "NothingOffered", "OfferExpired"}
        elif takes and clashes(self.town, name, who):
            assert said == "ClashingSession"
        else:
            assert said == "ok"
            last.state = CONFIRMED if takes else "cancelled"
            if not takes:
                self.town[name].fill(self.town)

    @rule(number=names, who=people)
    def leave_a_companion_at_home(self, number: int, who: int) -> None:
        name = self.named(number)
        row, line = self.row(name, who), self.town[name].of(who)
        companion = row.companions.first() if row else None
        if row is None or line is None or companion is None:
            return
        assert self.said(drop_companion, row.pk, companion.pk, by=self.residents[who]) == "ok"
        line.places -= 1
        self.town[name].fill(self.town)

    @rule(number=names, capacity=st.integers(1, 6), keeps_all=st.booleans())
    def change_capacity(self, number: int, capacity: int, keeps_all: bool) -> None:
        name = self.named(number)
        model, pk = self.town[name], self.sessions[name].pk
        facts: dict[str, Any] = {"keep_all": keeps_all, "reason": "场地小了"}
        assert self.said(change_capacity, pk, by=self.staff, capacity=capacity, **facts) == "ok"
        model.capacity = capacity
        if not keeps_all and model.people > capacity:
            model.move_back(model.people - capacity)
        model.fill(self.town)

    @rule(who=people, is_welcome=st.booleans())
    def look_at(self, who: int, is_welcome: bool) -> None:
        name = self.named(0)
        model, row, line = self.town[name], self.row(name, who), self.town[name].last(who)
        if row is None or line is None or not KINDS[name].is_looked_at:
            return
        if not is_welcome:
            said = self.said(reject, row.pk, by=self.staff, reason="人满了")
            if line.state == PENDING:
                line.state = "rejected"
            assert said == ("ok" if line.state == "rejected" else "NotPossibleNow")
            return
        said = self.said(approve, row.pk, by=self.staff)
        if line.state == PENDING:
            is_first = not any(one.number < line.number for one in model.queue)
            fits = model.people + line.places <= model.capacity
            line.state = CONFIRMED if is_first and fits else WAITING
            model.fill(self.town) if line.state == WAITING else None
        assert said == ("ok" if line.state in LIVE else "NotPossibleNow")

    @rule(number=names, who=people, comes_in=st.booleans())
    def staff_decide(self, number: int, who: int, comes_in: bool) -> None:
        name = self.named(number)
        model, row, line = self.town[name], self.row(name, who), self.town[name].of(who)
        if row is None or line is None:
            return
        said = self.said(put_in if comes_in else remove, row.pk, by=self.staff, reason="特殊情况")
        if not comes_in:
            line.state = "cancelled"
        elif clashes(self.town, name, who) and line.state != CONFIRMED:
            assert said == "ClashingSession"
            return
        elif line.state == CONFIRMED:
            return
        else:
            line.state = CONFIRMED
        assert said == "ok"
        model.fill(self.town)

    @precondition(lambda self: self.now < MORNING + 10 * HOUR)
    @rule()
    def nobody_answers(self) -> None:
        """The clock goes on to the end of the next offer."""
        offered = Registration.objects.filter(state=OFFERED).order_by("offered_until").first()
        if offered is None or offered.offered_until is None:
            return
        starts = offered.session.starts_at
        assert self.now + HOUR / 2 <= offered.offered_until <= starts - 2 * HOUR
        self.clock.move_to(offered.offered_until)
        lapsed = set(
            Registration.objects.filter(state=OFFERED, offered_until__lte=self.now).values_list("number", flat=True)
        )
        lapse_offers()
        for line in self.town[self.named(0)].lines:
            line.state = "lapsed" if line.state == OFFERED and line.number in lapsed else line.state
        for name in self.town:
            self.town[name].fill(self.town)

    @invariant()
    def everybody_stands_where_they_were_told(self) -> None:
        for name, model in getattr(self, "town", {}).items():
            rows = Registration.objects.filter(session=self.sessions[name]).order_by("number")
            found = [(row.resident_id, row.number, row.places, row.state) for row in rows]
            told = [(self.residents[one.who].pk, one.number, one.places, one.state) for one in model.lines]
            assert found == told, name
            session = Session.objects.get(pk=self.sessions[name].pk)
            assert session.taken + session.held == model.people
            assert (session.waiting, session.capacity) == (len(model.queue), model.capacity)
            assert all(row.companions.count() == row.places - 1 for row in rows if row.state in LIVE)


@pytest.mark.django_db
def test_no_life_of_a_session_breaks_what_residents_were_promised() -> None:
    live(Town)
