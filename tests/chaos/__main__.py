"""`make chaos`: the promises at full size, with everything killed; prints the figures and fails when one is broken.

`make chaos PART=rush` runs one part: rush, control, taps, writers, reminders, nodes, fuzz.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.chaos.battery import OVERSOLD_RULE, differing_taps, run_rush
from tests.chaos.calls import calls_by_role
from tests.chaos.house import house
from tests.chaos.nodes import run_nodes
from tests.chaos.reminders import run_reminders
from tests.chaos.writers import run_writers

RESIDENTS, PLACES, AT_ONCE = 2000, 100, 200
LEDGER = "tests.notifications.ledger.Ledger"
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%(queue{at})s, %(number{at})s));"
CHECK = f"ALTER TABLE activities_session DROP CONSTRAINT {OVERSOLD_RULE}"


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def rush() -> bool:
    """2,000 residents, 100 places; three web workers killed -9, PostgreSQL restarted at once three times."""
    with house() as home:
        world = home.world(RESIDENTS, PLACES)
        home.open()
        figures = run_rush(home, world, PLACES, kills=(3, 3), at_once=AT_ONCE)
        ended = home.close()
        say(f"{figures.table()}\n  end in seconds     {ended:.1f}")
        return figures.is_exact() and figures.web_kills == figures.postgres_restarts == 3


def taps() -> bool:
    """500 residents tap twice at the same moment."""
    with house() as home:
        world = home.world(500, 10)
        home.open()
        rows, differing = differing_taps(home, world, 500)
        say(f"  rows               {rows}\n  differing answers  {differing}")
        return (rows, differing) == (500, 0)


def control() -> bool:
    """Without the lock and the database's own check the same product must fail, or the rush proves nothing."""
    with house() as home:
        turns = home.root / "linlingtong" / "core" / "turns.py"
        source = turns.read_text()
        assert LOCK in source
        turns.write_text(source.replace(LOCK, "SELECT 1;"))
        world = home.world(RESIDENTS // 4, PLACES // 4)
        home.change(CHECK)
        home.open()
        figures = run_rush(home, world, PLACES // 4, kills=(0, 0), at_once=AT_ONCE)
        say(figures.table())
        return figures.confirmed > figures.places


def writers() -> bool:
    """The postmaster killed -9 three times under four writers."""
    with house() as home:
        world = home.world(1000, 10)
        home.open()
        figures = run_writers(home, world, kills=3)
        say(figures.table())
        return not figures.missing and figures.acknowledged == 1000 and figures.kills == 3


def reminders() -> bool:
    """2,000 due, two beats, workers killed -9 ten times, the broker once."""
    with tempfile.TemporaryDirectory() as place, house(LEDGER=f"{place}/book", SMS_BACKEND=LEDGER) as home:
        home.world(RESIDENTS, PLACES)
        home.open()
        figures = run_reminders(home, Path(place) / "book", kills=10)
        say(figures.table())
        return figures.is_kept() and figures.worker_kills == 10


def fuzz() -> bool:
    """At least 2,000 made-up calls of the API by each kind of person, and long lives of made-up steps."""
    with tempfile.TemporaryDirectory() as place:
        report = Path(place) / "report.xml"
        said = ["-q", "--hypothesis-profile", "deep", "-o", "junit_family=xunit1", f"--junitxml={report}"]
        places = [*map(str, Path("tests").rglob("test_machine*.py")), "tests/api/test_fuzzing.py"]
        broken = subprocess.run([sys.executable, "-m", "pytest", *said, *places], check=False).returncode
        calls = calls_by_role(report)
    say("".join(f"  {role:18} {number}\n" for role, number in calls.items()))
    return not broken and min(calls.values()) >= 2000


def nodes() -> bool:
    """Two nodes with a streaming replica: exact over both, own writes seen at once, the replica killed -9."""
    with tempfile.TemporaryDirectory() as place:
        figures = run_nodes(RESIDENTS, PLACES, Path(place) / "book")
    say(figures.table())
    return figures.is_kept()


PARTS: dict[str, Callable[[], bool]] = {
    "rush": rush, "control": control, "taps": taps, "writers": writers, "reminders": reminders, "nodes": nodes,
    "fuzz": fuzz,
}  # fmt: skip


def main() -> None:
    wanted = os.environ.get("PART", "")
    broken = []
    for name, part in PARTS.items():
        if wanted in ("", name):
            say(f"\n== {name}: {(part.__doc__ or '').strip()}")
            if not part():
                broken.append(name)
    sys.exit(f"\nBroken: {', '.join(broken)}" if broken else 0)


if __name__ == "__main__":
    main()
