"""Memory and the start of the whole product as `make run` starts it."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.database import ROOT, environment
from bench.load import tree_memory, wait_for
from config import embedded

WORKER_GOAL, STACK_GOAL, START_GOAL = 120, 600, 4


def web_workers(pid: int) -> dict[str, Any]:
    """RSS in MiB of each web worker after the load."""
    sizes = [round(rss) for one, (_name, rss, _pss) in tree_memory(pid).items() if one != pid and rss > 40]
    print(f"{'web workers':18} {sizes} MiB after the load (goal {WORKER_GOAL})", flush=True)
    return {"job": "web_worker_mib", "sizes": sizes, "goal": WORKER_GOAL}


def stack() -> list[dict[str, Any]]:
    """Start everything twice; the second, warm start is measured, and everything is weighed half a minute later."""
    with_port = environment() | {"PORT": str(_free_port())}
    _start(with_port, rest=0)
    seconds, sizes = _start(with_port, rest=30)
    total = round(sum(sizes.values()))
    print(f"{'start':18} {seconds:.1f} s to readiness (goal {START_GOAL})")
    print(f"{'whole stack':18} {total} MiB (goal {STACK_GOAL}): {sizes}", flush=True)
    return [
        {"job": "warm_start_seconds", "product": seconds, "goal": START_GOAL},
        {"job": "stack_mib", "product": total, "parts": sizes, "goal": STACK_GOAL},
    ]


def _start(surroundings: dict[str, str], rest: int) -> tuple[float, dict[str, float]]:
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "up"], cwd=ROOT, env=surroundings, stdout=subprocess.DEVNULL
    )
    try:
        wait_for(int(surroundings["PORT"]), "/readyz")
        seconds = time.monotonic() - began
        time.sleep(rest)
        return seconds, _weigh(process.pid)
    finally:
        process.terminate()
        process.wait()


def _weigh(pid: int) -> dict[str, float]:
    """MiB by kind of process, what is shared counted once; also of the servers, which are nobody's child."""
    sizes: dict[str, float] = {}
    trees = [tree_memory(pid)] + [tree_memory(one) for one in _servers()]
    for name, _rss, pss in {key: value for tree in trees for key, value in tree.items()}.values():
        kind = next((word for word in ("granian", "celery", "postgres", "valkey") if word in name), "other")
        sizes[kind] = round(sizes.get(kind, 0) + pss, 1)
    return sizes


def _servers() -> list[int]:
    """The guardian of PostgreSQL and Valkey of this checkout."""
    here = str(embedded.ROOT)
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_text()
            if "guardian" in line and (here in line or str((entry / "cwd").readlink()) == here):
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
