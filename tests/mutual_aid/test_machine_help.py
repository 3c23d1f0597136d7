"""Made-up lives of a help post with one or two helpers, against a small model of what both sides were promised."""

import datetime as dt
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from linlingtong.accounts.models import User
from linlingtong.mutual_aid.actions import (
    accept,
    claim,
    confirm,
    decline,
    dispute,
    done,
    release,
    reveal_contact,
    settle,
    withdraw_post,
)
from linlingtong.mutual_aid.actions.clock import confirm_silent, expire_posts, lapse_claims
from linlingtong.mutual_aid.models import Claim, HelpPost
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.machines import MORNING, Life, live
from tests.mutual_aid.factories import HelpPostFactory

APPLIED, ACCEPTED, DONE, COMPLETED, ENDED = "applied", "accepted", "done", "completed", "ended"
HELD, LIVE, SEATED = (ACCEPTED, DONE), (APPLIED, ACCEPTED, DONE), (ACCEPTED, DONE, COMPLETED)
OPEN, OFFERED, CLAIMED, AWAITING, DISPUTED, WITHDRAWN, EXPIRED = (
    "open", "offered", "claimed", "awaiting_confirm", "disputed", "withdrawn", "expired",
)  # fmt: skip
HOUR, HELPERS, LAPSES = dt.timedelta(hours=1), 3, 2
helpers, anybody = st.integers(0, HELPERS - 1), st.integers(-1, HELPERS - 1)


@dataclass
class Helping:
    """One claim: what each side has said of it."""

    who: int
    state: str
    asker_said: bool = False
    is_in_touch: bool = False
    until: dt.datetime | None = None
    said_at: dt.datetime | None = None

    @property
    def is_said(self) -> bool:
        return self.state == DONE or (self.asker_said and self.state in HELD)


@dataclass
class Model:
    """A post; where it stands follows from its claims, unless it is `fixed`."""

    needed: int
    lets_choose: bool
    claims: list[Helping] = field(default_factory=list)
    fixed: str = ""
    lapses: dict[int, int] = field(default_factory=dict)
    rests: dict[int, dt.datetime] = field(default_factory=dict)

    def of(self, *states: str) -> list[Helping]:
        return [one for one in self.claims if one.state in states]

    def last(self, who: int, *states: str) -> Helping | None:
        return next(
            (one for one in reversed(self.claims) if one.who == who and (not states or one.state in states)), None
        )

    @property
    def taken(self) -> int:
        return len(self.of(*SEATED))

    @property
    def is_taking(self) -> bool:
        return not self.fixed and self.taken < self.needed

    @property
    def state(self) -> str:
        """`claimed` stands for under way too."""
        if self.fixed:
            return self.fixed
        if self.taken < self.needed:
            return OFFERED if self.of(APPLIED) else OPEN
        held = self.of(*HELD)
        return COMPLETED if not held else AWAITING if all(one.is_said for one in held) else CLAIMED

    def settled(self) -> None:
        """What is over stays over; when all seats are taken nobody waits any more."""
        if not self.fixed and self.taken >= self.needed:
            for one in self.of(APPLIED):
                one.state = "declined"
        if self.state == COMPLETED:
            self.fixed = COMPLETED

    def says(self, meant: list[Helping], is_helper: bool, now: dt.datetime) -> None:
        for one in meant:
            if is_helper:
                one.state = DONE
            else:
                one.asker_said = True
            one.said_at = one.said_at or now
            if one.state == DONE and one.asker_said:
                one.state = COMPLETED
        self.settled()


class Street(Life):
    """One who asks, three who may help, and staff; the post needs one or two, and lets choose or not."""

    @initialize(needed=st.integers(1, 2), lets_choose=st.booleans())
    def begin(self, needed: int, lets_choose: bool) -> None:
        self.area = AreaFactory.create()
        self.staff, self.asker = staff_of(self.area), UserFactory.create()
        self.helpers: list[User] = [UserFactory.create() for _ in range(HELPERS)]
        self.lapses: dict[int, int] = {}
        self.rests: dict[int, dt.datetime] = {}
        self.ask(needed, lets_choose)

    @precondition(lambda self: self.model.fixed in {COMPLETED, WITHDRAWN, EXPIRED})
    @rule(needed=st.integers(1, 2), lets_choose=st.booleans())
    def ask(self, needed: int, lets_choose: bool) -> None:
        """The next post, when the last one is over; two neighbours come at once."""
        self.post: HelpPost = HelpPostFactory.create(
            author=self.asker, area=self.area, helpers_needed=needed, lets_choose=lets_choose,
            expires_at=self.now + 5 * 24 * HOUR,
        )  # fmt: skip
        self.model = Model(needed, lets_choose, lapses=self.lapses, rests=self.rests)
        for who in range(2):
            self.claim(who)

    def person(self, who: int) -> User:
        """-1 is the one who asks."""
        return self.asker if who < 0 else self.helpers[who]

    def row(self, who: int) -> Claim | None:
        return Claim.objects.filter(post=self.post, helper=self.helpers[who]).order_by("-pk").first()

    @rule(who=helpers)
    def claim(self, who: int) -> None:
        model, said = self.model, self.said(claim, self.post.pk, self.helpers[who], by=self.helpers[who])
        if not model.last(who) and model.state in {DISPUTED, WITHDRAWN, EXPIRED}:
            assert said == "DoesNotExist"
        elif model.last(who, *LIVE, COMPLETED):
            assert said == "ok"
        elif model.state in {CLAIMED, AWAITING, COMPLETED}:
            assert said == "AlreadyClaimed"
        elif not model.is_taking:
            assert said == "NotNow"
        elif model.rests.get(who, self.now) > self.now:
            assert said == "Resting"
        else:
            assert said == "ok"
            state = APPLIED if model.lets_choose else ACCEPTED
            model.claims.append(Helping(who, state, until=self.now + 24 * HOUR))
            model.settled()

    @rule(who=helpers, is_welcome=st.booleans())
    def choose(self, who: int, is_welcome: bool) -> None:
        model, row, mine = self.model, self.row(who), self.model.last(who)
        if row is None or mine is None:
            return
        said = self.said(accept if is_welcome else decline, row.pk, by=self.asker)
        if mine.state == APPLIED:
            assert said == ("ok" if model.is_taking or not is_welcome else "AlreadyClaimed")
            if said == "ok":
                mine.state, mine.until = (ACCEPTED if is_welcome else "declined"), self.now + 24 * HOUR
                model.settled()
        else:
            assert said == ("ok" if mine.state in (HELD if is_welcome else ("declined",)) else "NobodyToChoose")

    @rule(who=helpers)
    def release(self, who: int) -> None:
        mine, said = self.model.last(who), self.said(release, self.post.pk, self.helpers[who], by=self.helpers[who])
        if mine is None:
            assert said == "DoesNotExist"
        elif mine.state == "released":
            assert said == "ok"
        elif mine.state not in LIVE or mine.is_said or self.model.fixed == DISPUTED:
            assert said == "NotNow"
        else:
            assert said == "ok"
            mine.state = "released"

    @rule(who=anybody, about=anybody, confirms=st.booleans())
    def say_done(self, who: int, about: int, confirms: bool) -> None:
        """A helper speaks of the own claim; the asker of one, or of all and then needs nobody else."""
        model, verb = self.model, confirm if confirms else done
        named = self.row(about) if who < 0 <= about else None
        if who < 0 <= about and named is None:
            return
        said = self.said(verb, self.post.pk, by=self.person(who), **({"claim_id": named.pk} if named else {}))
        if who >= 0 and not model.last(who, *SEATED):
            assert said == "PermissionDenied"
            return
        claims = self._spoken_of(who, about if named else -1)
        if not confirms and who < 0 and named is None and model.is_taking and model.taken:
            model.needed = model.taken
            model.settled()
        held = [one for one in claims if one.state in HELD]
        meant = [one for one in held if one.is_said] if confirms else held
        if not meant and claims and not held:
            assert said == "ok"
        elif not meant or model.fixed:
            assert said == "NotNow"
        else:
            assert said == "ok"
            model.says(meant, is_helper=who >= 0, now=self.now)

    def _spoken_of(self, who: int, about: int) -> list[Helping]:
        if who >= 0:
            own = self.model.last(who, *SEATED)
            return [own] if own else []
        if about < 0:
            return self.model.of(*SEATED)
        newest = self.model.last(about)
        return [newest] if newest and newest.state in SEATED else []

    @rule(who=anybody)
    def dispute(self, who: int) -> None:
        model, said = self.model, self.said(dispute, self.post.pk, by=self.person(who), reason="没有来")
        if who >= 0 and not model.last(who, *SEATED):
            assert said == "PermissionDenied"
        elif model.fixed == DISPUTED:
            assert said == "ok"
        elif not [one for one in self._spoken_of(who, -1) if one.state in HELD]:
            assert said == "NotNow"
        else:
            assert said == "ok"
            model.fixed = DISPUTED

    @rule(outcome=st.sampled_from([COMPLETED, OPEN, WITHDRAWN]))
    def staff_settle(self, outcome: str) -> None:
        model, said = self.model, self.said(settle, self.post.pk, outcome, by=self.staff, reason="问过双方")
        assert said == ("ok" if model.fixed == DISPUTED else "NotNow")
        if said == "ok":
            model.fixed = "" if outcome == OPEN else outcome
            for one in model.of(*LIVE):
                one.state = ENDED if outcome != COMPLETED else COMPLETED if one.state in HELD else "declined"

    @rule(chance=st.integers(0, 3))
    def withdraw(self, chance: int) -> None:
        """Seldom, or nothing else would happen."""
        if chance:
            return
        model, said = self.model, self.said(withdraw_post, self.post.pk, by=self.asker)
        if model.fixed == WITHDRAWN:
            assert said == "ok"
        elif model.fixed or any(one.is_said for one in model.of(*HELD)):
            assert said == "NotNow"
        else:
            assert said == "ok"
            model.fixed = WITHDRAWN
            for one in model.of(*LIVE):
                one.state = ENDED

    @rule(who=helpers)
    def get_in_touch(self, who: int) -> None:
        mine = self.model.last(who, *HELD)
        if mine is not None:
            assert self.said(reveal_contact, self.post.pk, by=self.helpers[who]) == "ok"
            mine.is_in_touch = True

    @precondition(lambda self: self.now < MORNING + 30 * 24 * HOUR)
    @rule(hours=st.sampled_from([3, 25, 50]))
    def time_goes_by(self, hours: int) -> None:
        """Who is in touch with nobody loses the seat; a word is confirmed by silence; an open post ends."""
        self.clock.shift(hours * HOUR)
        lapse_claims()
        self._lapse()
        confirm_silent()
        for one in self.model.of(*HELD):
            if self.model.fixed != DISPUTED and one.said_at and one.said_at <= self.now - 7 * 24 * HOUR:
                one.state = COMPLETED
                self.model.settled()
        self.post.refresh_from_db()
        is_over = self.post.expires_at is not None and self.post.expires_at <= self.now
        expire_posts()
        if is_over and self.model.is_taking:
            self._end()

    def _lapse(self) -> None:
        model = self.model
        for one in model.of(ACCEPTED):
            late = one.until is not None and one.until <= self.now and not one.is_in_touch and not one.asker_said
            if late and model.fixed != DISPUTED:
                one.state = "lapsed"
                model.lapses[one.who] = model.lapses.get(one.who, 0) + 1
                if model.lapses[one.who] >= LAPSES:
                    model.lapses[one.who], model.rests[one.who] = 0, self.now + 7 * 24 * HOUR

    def _end(self) -> None:
        model = self.model
        model.needed = model.taken or model.needed
        model.fixed = "" if model.taken else EXPIRED
        for one in model.of(APPLIED):
            one.state = "declined"
        model.settled()

    @invariant()
    def both_sides_stand_where_they_were_told(self) -> None:
        if not hasattr(self, "model"):
            return
        self.post.refresh_from_db()
        state = CLAIMED if self.post.state == "in_progress" else self.post.state
        rows = Claim.objects.filter(post=self.post).order_by("pk")
        assert (state, self.post.taken) == (self.model.state, self.model.taken)
        told = [(self.helpers[one.who].pk, one.state, one.asker_said) for one in self.model.claims]
        assert [(row.helper_id, row.state, row.asker_done_at is not None) for row in rows] == told
        seats = [row.seat for row in rows if row.state in HELD]
        assert len(set(seats)) == len(seats) <= self.post.helpers_needed


@pytest.mark.django_db
def test_no_life_of_a_help_post_breaks_what_both_sides_were_promised() -> None:
    live(Street)
