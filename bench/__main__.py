"""`make bench`: seed a world of its own, measure product and floor in turns, print a table and write JSON.

`make bench JOB=list` runs one job. Absolute numbers belong to the machine and the hour; the ratios are the result.
"""

import json
import os
import platform
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from bench import floors
from bench.database import DATABASE, ROOT, environment, execute, manage, prepare_database, run, url

ROUNDS = int(os.environ.get("ROUNDS", "5"))
CLIENTS = 32
PRODUCT_PORT, FLOOR_PORT = 8391, 8392
OUT = ROOT / "var" / "bench"
GOALS = {"list": 0.45, "detail": 0.35, "register_hot": 0.5, "register_spread": 0.5, "plan": 5.0, "drain": 12.0}
Job = dict[str, Any]


@contextmanager
def server(target: str, port: int) -> Iterator[None]:
    """granian as `manage.py up` starts it, on this database."""
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--port", str(port), "--workers", "2"]
    process = subprocess.Popen(
        [*command, "--blocking-threads", "4", "--no-access-log", "--log-level", "error", target],
        cwd=ROOT,
        env=environment() | {"LINLINGTONG_PROCESS": "web"},
    )
    try:
        _wait(port)
        yield
    finally:
        process.terminate()
        process.wait()


def _wait(port: int) -> None:
    for _ in range(200):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2)
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit(f"Nothing answers on port {port}.")


def load(port: int, jobs: list[Job]) -> dict[str, Any]:
    """Send the jobs from a process of their own and return its summary."""
    order = json.dumps({"port": port, "jobs": jobs, "clients": CLIENTS})
    done = subprocess.run(
        [sys.executable, "bench/client.py"], input=order, capture_output=True, text=True, check=True, cwd=ROOT
    )
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def reading(path: str, floor_path: str, amount: int, **headers: str) -> Callable[[int], tuple[list[Job], list[Job]]]:
    def make(_round: int) -> tuple[list[Job], list[Job]]:
        product = {"method": "GET", "path": path, "headers": {"Accept": "application/json"} | headers}
        return [product] * amount, [{"method": "GET", "path": floor_path}] * amount

    return make


def registering(world: dict[str, Any], sessions: Callable[[int], list[int]]) -> Any:
    def make(number: int) -> tuple[list[Job], list[Job]]:
        tokens, targets = world["tokens"], sessions(number)
        pairs = list(zip(tokens, (targets * (len(tokens) // len(targets) + 1)), strict=False))
        product = [
            {
                "method": "PUT",
                "path": f"/api/v1/sessions/{session}/registration/",
                "headers": {"X-Session-Token": token, "Content-Type": "application/json"},
                "body": "{}",
            }
            for token, session in pairs
        ]
        floor = [
            {
                "method": "POST",
                "path": f"/sessions/{session}/registration/",
                "headers": {"X-Resident": str(number * 1_000_000 + at)},
            }
            for at, (_, session) in enumerate(pairs)
        ]
        return product, floor

    return make


def compare(name: str, make: Callable[[int], tuple[list[Job], list[Job]]]) -> dict[str, Any]:
    """Floor and product in turns; the ratio of the medians is what counts."""
    products, lows = [], []
    for number in range(ROUNDS):
        product_jobs, floor_jobs = make(number)
        lows.append(load(FLOOR_PORT, floor_jobs))
        products.append(load(PRODUCT_PORT, product_jobs))
    product = statistics.median(r["per_second"] for r in products)
    floor = statistics.median(r["per_second"] for r in lows)
    row = {
        "job": name,
        "product": product,
        "floor": floor,
        "ratio": round(product / floor, 2),
        "goal": GOALS.get(name),
    }
    row |= {"best": max(r["per_second"] for r in products), "p95_ms": products[-1]["p95_ms"]}
    row |= {"floor_p95_ms": lows[-1]["p95_ms"], "statuses": products[-1]["statuses"], "rounds": products}
    print(
        f"{name:16} {product:9.0f}/s  floor {floor:9.0f}/s  ratio {row['ratio']:5.2f}  goal {row['goal'] or '-'}",
        flush=True,
    )
    return row


def oversold() -> int:
    """How many sessions hold more people than places, counted from the rows themselves."""
    query = """SELECT count(*) FROM (
        SELECT s.id FROM activities_session s JOIN activities_registration r ON r.session_id = s.id
        WHERE r.state = 'confirmed' AND s.capacity IS NOT NULL
        GROUP BY s.id, s.capacity HAVING sum(r.places) > s.capacity) AS wrong"""
    return int(execute(query)[0][0])


def http_jobs(world: dict[str, Any], wanted: str) -> list[dict[str, Any]]:
    # The first of the spread is at the hour of the hot one, and nobody is in two places at once.
    hot = [world["hot_session"], *world["spread_sessions"][1:50]]
    spread = world["spread_sessions"][50:]
    activity = execute("SELECT activity_id FROM activities_session WHERE id = %s", hot[0])[0][0]
    token = {"X-Session-Token": world["tokens"][0]}
    jobs = {
        "list": reading("/api/v1/activities/", "/activities/", 1500),
        "detail": reading(f"/api/v1/activities/{activity}/", f"/activities/{activity}/", 1500),
        "list_signed_in": reading("/api/v1/activities/", "/activities/", 500, **token),
        "detail_signed_in": reading(f"/api/v1/activities/{activity}/", f"/activities/{activity}/", 500, **token),
        "register_hot": registering(world, lambda number: [hot[number]]),
        "register_spread": registering(world, lambda number: spread[number * 150 : number * 150 + 150]),
    }
    with server("bench.floor_wsgi:application", FLOOR_PORT), server("config.wsgi:application", PRODUCT_PORT):
        return [compare(name, make) for name, make in jobs.items() if wanted in ("", name)]


def main() -> None:
    wanted = os.environ.get("JOB", "")
    OUT.mkdir(parents=True, exist_ok=True)
    prepare_database()
    manage("seed")
    manage("bench_world", "--out", str(OUT / "world.json"), "--residents", "1000")
    with psycopg.connect(url(), autocommit=True) as connection:
        connection.execute(floors.TABLES)
    world = json.loads((OUT / "world.json").read_text())
    print(f"{platform.machine()}, {os.cpu_count()} cores, {ROUNDS} rounds, {CLIENTS} clients\n")
    rows = http_jobs(world, wanted) if wanted not in ("plan", "drain") else []
    if wanted in ("", "plan", "drain"):
        rows += json.loads(run("-m", "bench.reminders", os.environ.get("MESSAGES", "100000")))
        for row in rows[-2:]:
            print(f"{row['job']:16} {row['product']:8.2f} s   floor {row['floor']:8.2f} s   ratio {row['ratio']:5.2f}")
    target = OUT / "result.json"
    target.write_text(json.dumps({"at": time.strftime("%F %T"), "database": DATABASE, "rows": rows}, indent=1))
    print(f"\noversold sessions: {oversold()}   written: {target.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
