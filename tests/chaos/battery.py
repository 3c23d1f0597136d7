"""The rush: many residents want few places of one session while web workers and PostgreSQL are killed."""

import random
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from tests.chaos import crowd
from tests.chaos.house import House, eventually

FACTS = """
SELECT count(*) FILTER (WHERE state = 'confirmed'), count(*) FILTER (WHERE state = 'waitlisted'),
       count(*) - count(DISTINCT number), max(number) - count(*), count(*) - count(DISTINCT resident_id),
       coalesce(max(number) FILTER (WHERE state = 'confirmed'), 0)
  FROM activities_registration WHERE session_id = %s
"""
INVERSIONS = """
SELECT count(*) FROM activities_registration a JOIN activities_registration b ON b.session_id = a.session_id
    AND b.state = 'confirmed' AND a.state = 'waitlisted' AND b.number > a.number WHERE a.session_id = %s
"""
OVERSOLD_RULE = "a_session_is_never_oversold"


@dataclass
class Rush:
    residents: int
    places: int
    confirmed: int
    queued: int
    same_number: int
    gaps: int
    twice: int
    inversions: int
    false_answers: int
    no_answer: dict[str, int]
    asked_again: dict[str, int]
    web_kills: int
    postgres_restarts: int
    seconds: float
    longest_silence: float

    def is_exact(self) -> bool:
        wrong = self.same_number + self.gaps + self.twice + self.inversions + self.false_answers
        whole = self.confirmed == self.places and self.queued == self.residents - self.places
        return whole and not wrong and not self.no_answer

    def table(self) -> str:
        return "\n".join(f"  {name.replace('_', ' '):18} {value}" for name, value in asdict(self).items())


class Trouble(threading.Thread):
    """Kills a web worker, then restarts PostgreSQL, in turn; each time after so many more were answered."""

    def __init__(self, home: House, session: int, residents: int, web_kills: int, restarts: int) -> None:
        super().__init__(daemon=True)
        self.home, self.session = home, session
        todo = ["web", "postgres"] * max(web_kills, restarts)
        self.plan = [*_first(todo, "web", web_kills), *_first(todo, "postgres", restarts)]
        self.plan.sort(key=lambda each: each[0])
        self.step = residents // (len(self.plan) + 1)
        self.done: list[str] = []

    def run(self) -> None:
        for number, (_, kind) in enumerate(self.plan, 1):
            eventually(lambda n=number: self._registered() >= n * self.step, 120, "the rush went on")  # type: ignore[misc]
            if kind == "web":
                eventually(self.home.web_workers, 30, "a web worker to kill")
                self.home.kill(random.choice(self.home.web_workers()))  # noqa: S311
            else:
                self.home.restart_postgres()
            self.done.append(kind)
            time.sleep(0.5)

    def _registered(self) -> int:
        try:
            query = "SELECT last_number FROM activities_session WHERE id = %s"
            return int(self.home.rows(query, self.session)[0][0])
        except Exception:  # noqa: BLE001 - it is down because of us
            return 0


def _first(todo: list[str], kind: str, amount: int) -> list[tuple[int, str]]:
    return [(at, each) for at, each in enumerate(todo) if each == kind][:amount]


def run_rush(home: House, world: dict[str, Any], places: int, kills: tuple[int, int], at_once: int) -> Rush:
    """Everybody of the world at once; the house is open. `kills`: of web workers, and restarts of PostgreSQL."""
    session, tokens = world["hot_session"], world["tokens"]
    trouble = Trouble(home, session, len(tokens), *kills)
    trouble.start()
    told = crowd.played(crowd.rush(home.port, f"/api/v1/sessions/{session}/registration/", tokens, at_once))
    trouble.join(10)
    confirmed, queued, same, gaps, twice, _last = home.rows(FACTS, session)[0]
    return Rush(
        residents=len(tokens), places=places, confirmed=confirmed, queued=queued, same_number=same, gaps=gaps,
        twice=twice, inversions=home.rows(INVERSIONS, session)[0][0], false_answers=_false(home, session, told),
        no_answer=dict(told.refused), asked_again=dict(told.again), web_kills=trouble.done.count("web"),
        postgres_restarts=trouble.done.count("postgres"), seconds=round(told.seconds, 1),
        longest_silence=round(told.longest_silence(), 1),
    )  # fmt: skip


def _false(home: House, session: int, told: crowd.Told) -> int:
    """Answers that differ from their row."""
    query = "SELECT id, state FROM activities_registration WHERE session_id = %s"
    stored = dict(home.rows(query, session))
    return sum(stored.get(answer["id"]) != answer["state"] for answer in told.answers.values())


def differing_taps(home: House, world: dict[str, Any], amount: int) -> tuple[int, int]:
    """Everybody taps twice at once: how many rows that makes, and how many pairs of answers differ."""
    session = world["spread_sessions"][1]
    taps = [token for token in world["tokens"][:amount] for _ in range(2)]
    told = crowd.played(crowd.rush(home.port, f"/api/v1/sessions/{session}/registration/", taps, 40))
    facts = [told.answers.get(at, {}) for at in range(len(taps))]
    pairs = zip(facts[::2], facts[1::2], strict=True)
    differing = sum(not a or (a["id"], a["state"]) != (b.get("id"), b.get("state")) for a, b in pairs)
    return home.rows("SELECT count(*) FROM activities_registration WHERE session_id = %s", session)[0][0], differing
