"""Servers, load from a process of its own, and what is asked of product and floor."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.database import ROOT, environment

CLIENTS = 32
PRODUCT_PORT, FLOOR_PORT = 8391, 8392
Job = dict[str, Any]
World = dict[str, Any]
Sides = tuple[list[Job], list[Job]]


@dataclass
class Server:
    """A granian as `manage.py up` starts it, on the benchmark's database."""

    process: "subprocess.Popen[bytes]"
    ready_after: float


@contextmanager
def server(target: str, port: int, path: str = "/") -> Iterator[Server]:
    """Serve until the block ends; `path` is what must answer before it begins."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2"]
    began = time.monotonic()
    process = subprocess.Popen(
        [*command, "--blocking-threads", "4", "--no-access-log", "--log-level", "error", target],
        cwd=ROOT,
        env=environment() | {"LINLINGTONG_PROCESS": "web"},
    )
    try:
        wait_for(port, path)
        yield Server(process, time.monotonic() - began)
    finally:
        process.terminate()
        process.wait()


def wait_for(port: int, path: str = "/") -> None:
    """Until something answers there, whatever it says; at most a minute."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2)
        except urllib.error.HTTPError as error:
            if error.code != 503:
                return
        except OSError:
            pass
        else:
            return
        time.sleep(0.05)
    raise SystemExit(f"Nothing answers on port {port}.")


def load(port: int, jobs: list[Job], clients: int = CLIENTS) -> dict[str, Any]:
    """Send the jobs from a process of their own and answer its summary."""
    order = json.dumps({"port": port, "jobs": jobs, "clients": clients})
    done = subprocess.run(
        [sys.executable, "bench/client.py"], input=order, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def reading(path: str, floor_path: str, amount: int, **headers: str) -> Callable[[int], Sides]:
    def make(_round: int) -> Sides:
        product = {"method": "GET", "path": path, "headers": {"Accept": "application/json"} | headers}
        return [product] * amount, [{"method": "GET", "path": floor_path}] * amount

    return make


def registering(world: World, sessions: Callable[[int], list[int]]) -> Callable[[int], Sides]:
    """Everybody registers once a round; the floor's residents are numbers."""

    def make(number: int) -> Sides:
        tokens, targets = world["tokens"], sessions(number)
        pairs = list(zip(tokens, (targets * (len(tokens) // len(targets) + 1)), strict=False))
        product = [_call("PUT", f"/api/v1/sessions/{session}/registration/", token) for token, session in pairs]
        floor = [
            _bare(f"/sessions/{session}/registration/", number * 1_000_000 + at)
            for at, (_token, session) in enumerate(pairs)
        ]
        return product, floor

    return make


def liking(world: World) -> Callable[[int], Sides]:
    """Everybody likes one praise, another one each round."""

    def make(number: int) -> Sides:
        praise = world["praises"][number]
        product = [_call("PUT", f"/api/v1/praises/{praise}/like/", token) for token in world["tokens"]]
        floor = [_bare(f"/praises/{praise}/like/", number * 1_000_000 + at) for at in range(len(product))]
        return product, floor

    return make


def booking(world: World, starts: Callable[[int], tuple[str, str]]) -> Callable[[int], list[Job]]:
    """Fifty people want the one unit at one hour; who they are and which hour changes with the round."""

    def make(number: int) -> list[Job]:
        starts_at, ends_at = starts(number)
        body = json.dumps({"venue": world["venue"]["venue"], "starts_at": starts_at, "ends_at": ends_at})
        people = world["tokens"][number * 50 : number * 50 + 50]
        return [_call("POST", "/api/v1/bookings/", token, body) for token in people]

    return make


def _call(method: str, path: str, token: str, body: str = "{}") -> Job:
    headers = {"X-Session-Token": token, "Content-Type": "application/json"}
    return {"method": method, "path": path, "headers": headers, "body": body}


def _bare(path: str, resident: int) -> Job:
    return {"method": "POST", "path": path, "headers": {"X-Resident": str(resident)}}


def tree_memory(pid: int) -> dict[int, tuple[str, float, float]]:
    """(command, RSS, PSS) in MiB of a process and everything below it; PSS counts what is shared once."""
    found = {}
    for one in [pid, *_children(pid)]:
        try:
            with Path(f"/proc/{one}/smaps_rollup").open() as file:
                sizes = {line.split(":")[0]: line.split()[1] for line in file if line.startswith(("Rss", "Pss:"))}
            name = " ".join(Path(f"/proc/{one}/cmdline").read_text().split("\0")[:6])
        except OSError:
            continue
        found[one] = (name, int(sizes["Rss"]) / 1024, int(sizes["Pss"]) / 1024)
    return found


def _children(pid: int) -> list[int]:
    try:
        direct = [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
    return [one for child in direct for one in (child, *_children(child))]


def cores() -> int:
    return os.cpu_count() or 1
