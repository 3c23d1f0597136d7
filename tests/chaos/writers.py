"""Four writers note every registration that was acknowledged; then PostgreSQL is killed -9 under them."""

import signal
import threading
import time
from dataclasses import asdict, dataclass
from typing import Any

from tests.chaos import crowd
from tests.chaos.house import House

WRITERS = 4


@dataclass
class Written:
    acknowledged: int
    missing: int
    kills: int
    seconds: float

    def table(self) -> str:
        return "\n".join(f"  {name:18} {value}" for name, value in asdict(self).items())


def run_writers(home: House, world: dict[str, Any], kills: int) -> Written:
    """The residents register one after the other for the second session, four at a time."""
    session, tokens = world["spread_sessions"][1], world["tokens"]
    done: list[float] = []

    def trouble() -> None:
        for _ in range(kills):
            time.sleep(1.5)
            home.restart_postgres(signal.SIGKILL)
            done.append(time.monotonic())
            time.sleep(3)

    thread = threading.Thread(target=trouble, daemon=True)
    thread.start()
    told = crowd.played(crowd.rush(home.port, f"/api/v1/sessions/{session}/registration/", tokens, WRITERS))
    thread.join(30)
    time.sleep(2)
    stored = dict(home.rows("SELECT id, state FROM activities_registration WHERE session_id = %s", session))
    missing = sum(stored.get(answer["id"]) != answer["state"] for answer in told.answers.values())
    return Written(len(told.answers), missing, len(done), round(told.seconds, 1))
