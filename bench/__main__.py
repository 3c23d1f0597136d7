"""`make bench`: seed a world of its own, measure product and floor in turns, print a table and write JSON.

`make bench JOB=rush` runs one job or several (`JOB=rush,like`): list, detail, list_html, list_signed_in,
detail_signed_in, pages, rush, spread, like, book, plan, drain, growth, memory. Absolute numbers belong to the machine
and the hour; the ratios are the result.

RESIDENTS=65000 makes the town bigger (2046 and 1000000 are the other sizes that were thought of), GROWTH=20000000 the
table of registrations, ROUNDS and MESSAGES what their names say.
"""

import datetime as dt
import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import psycopg

from bench import floors, growth, whole
from bench.database import DATABASE, ROOT, execute, manage, prepare_database, run, url
from bench.load import (
    CLIENTS,
    FLOOR_PORT,
    PRODUCT_PORT,
    Sides,
    World,
    booking,
    cores,
    liking,
    load,
    reading,
    registering,
    server,
)

ROUNDS = int(os.environ.get("ROUNDS", "5"))
RESIDENTS = int(os.environ.get("RESIDENTS", "2046"))
GROWTH = int(os.environ.get("GROWTH", "1000000"))
CROWD = 1000
OUT = ROOT / "var" / "bench"
GOALS = {
    "list": 0.45, "list_html": 0.25, "detail": 0.35, "rush": 0.5, "spread": 0.5, "like": 0.5, "plan": 5.0,
    "drain": 12.0, "growth": 0.85,
}  # fmt: skip
PAGES = {
    "home": "/",
    "detail_html": "/activities/{slug}/",
    "me": "/me/",
    "inbox": "/me/messages/",
    "praise": "/praise/",
}
WANTED = set(filter(None, os.environ.get("JOB", "").split(",")))
Row = dict[str, Any]


def is_wanted(*names: str) -> bool:
    return not WANTED or bool(WANTED & set(names))


def say(name: str, *parts: str) -> None:
    print(f"{name:18}", *parts, flush=True)


def compare(name: str, make: Callable[[int], Sides]) -> Row:
    """Floor and product in turns; the ratio of the medians is what counts."""
    products, lows = [], []
    for number in range(ROUNDS):
        product_jobs, floor_jobs = make(number)
        lows.append(load(FLOOR_PORT, floor_jobs))
        products.append(load(PRODUCT_PORT, product_jobs))
    product = statistics.median(r["per_second"] for r in products)
    floor = statistics.median(r["per_second"] for r in lows)
    p95, floor_p95 = (statistics.median(r["p95_ms"] for r in side) for side in (products, lows))
    row = {
        "job": name, "product": product, "floor": floor, "ratio": round(product / floor, 2), "goal": GOALS.get(name),
        "best": max(r["per_second"] for r in products), "p95_ms": p95, "floor_p95_ms": floor_p95,
        "p95_ratio": round(p95 / floor_p95, 2), "statuses": products[-1]["statuses"], "rounds": products,
    }  # fmt: skip
    say(name, f"{product:9.0f}/s  floor {floor:9.0f}/s  ratio {row['ratio']:5.2f}  goal {row['goal'] or '-'}")
    return row


def rush(world: World) -> Row:
    """One session at a time; the first has 100 places, and the hundredth answer says when they were gone."""
    # The first of the spread is at the hour of the hot one, and nobody is in two places at once.
    hot = [world["hot_session"], *world["spread_sessions"][1:50]]
    row = compare("rush", registering(world, lambda number: [hot[number]]))
    row["filled_after"] = sorted(row["rounds"][0]["created_after"])[99]
    say("", f"100 places gone after {row['filled_after']:.2f} s (goal 0.5), p95 {row['p95_ratio']} of the floor's")
    return row


def spread(world: World, name: str = "spread", since: int = 0) -> Row:
    sessions = world["spread_sessions"][50:]

    def chosen(number: int) -> list[int]:
        begin = (since + number) * 90
        return sessions[begin : begin + 90]

    return compare(name, registering(world, chosen))


def book(world: World) -> Row:
    first = dt.datetime.fromisoformat(world["venue"]["starts_at"])

    def hours(number: int) -> tuple[str, str]:
        begin = first + dt.timedelta(hours=number)
        return begin.isoformat(), (begin + dt.timedelta(hours=1)).isoformat()

    make = booking(world, hours)
    rounds = [load(PRODUCT_PORT, make(number), clients=50) for number in range(ROUNDS)]
    winners = [one["statuses"].get("201", 0) for one in rounds]
    p99 = statistics.median(one["p99_ms"] for one in rounds)
    strange = sum(n for one in rounds for code, n in one["statuses"].items() if code not in {"201", "409"})
    say("book", f"p99 {p99:.0f} ms (goal 60)  winners a round {winners}  other answers {strange}")
    return {"job": "book", "p99_ms": p99, "goal": 60, "winners": winners, "other_answers": strange, "rounds": rounds}


def pages(world: World) -> list[Row]:
    """Whole pages as a signed-in reader gets them, beside the floor of the list: they have none of their own."""
    token = {"Cookie": f"sessionid={world['tokens'][0]}", "Accept": "text/html"}
    slug = execute("SELECT slug FROM activities_activity WHERE title LIKE 'Spread%%' ORDER BY id LIMIT 1")[0][0]
    return [
        compare(f"page_{name}", reading(path.format(slug=slug), "/activities/", 200, **token))
        for name, path in PAGES.items()
    ]


def http_jobs(world: World) -> list[Row]:
    activity = execute("SELECT activity_id FROM activities_session WHERE id = %s", world["hot_session"])[0][0]
    token = {"X-Session-Token": world["tokens"][0]}
    cookie = {"Cookie": f"sessionid={world['tokens'][0]}", "Accept": "text/html"}
    listed, one = "/api/v1/activities/", f"/api/v1/activities/{activity}/"
    reads = {
        "list": reading(listed, "/activities/", 1500),
        "detail": reading(one, f"/activities/{activity}/", 1500),
        "list_html": reading("/activities/", "/activities/", 200, **cookie),
        "list_signed_in": reading(listed, "/activities/", 500, **token),
        "detail_signed_in": reading(one, f"/activities/{activity}/", 500, **token),
    }
    rows = [compare(name, make) for name, make in reads.items() if is_wanted(name)]
    rows += pages(world) if is_wanted("pages") else []
    rows += [rush(world)] if is_wanted("rush") else []
    rows += [spread(world)] if is_wanted("spread", "growth") else []
    rows += [compare("like", liking(world))] if is_wanted("like") else []
    rows += [book(world)] if is_wanted("book") else []
    if is_wanted("growth"):
        rows.append(grown(world, rows))
    return rows


def grown(world: World, rows: list[Row]) -> Row:
    """Registering beside millions of old rows against registering before; both as shares of their floor."""
    before = next(row for row in rows if row["job"] == "spread")["ratio"]
    began = time.monotonic()
    amount = growth.grow(GROWTH)
    row = spread(world, "spread_grown", since=ROUNDS)
    kept = round(row["ratio"] / before, 2)
    say("growth", f"{amount} registrations, written in {time.monotonic() - began:.0f} s: {kept} of before (goal 0.85)")
    return {"job": "growth", "rows": amount, "ratio": kept, "goal": GOALS["growth"], "after": row}


def reminders() -> list[Row]:
    rows: list[Row] = json.loads(run("-m", "bench.reminders", os.environ.get("MESSAGES", "100000")))
    for row in rows:
        row["goal"] = GOALS[row["job"]]
        say(row["job"], f"{row['product']:8.2f} s   floor {row['floor']:8.2f} s   ratio {row['ratio']:5.1f}")
    return rows


def wrongs() -> dict[str, int]:
    """What must be nought, counted from the rows themselves."""
    queries = {
        "oversold_sessions": """SELECT count(*) FROM (
            SELECT s.id FROM activities_session s JOIN activities_registration r ON r.session_id = s.id
            WHERE r.state = 'confirmed' AND s.capacity IS NOT NULL
            GROUP BY s.id, s.capacity HAVING sum(r.places) > s.capacity) AS wrong""",
        "wrong_counters": """SELECT count(*) FROM activities_session s WHERE NOT s.is_unlimited AND taken <> (
            SELECT coalesce(sum(r.places), 0) FROM activities_registration r
            WHERE r.session_id = s.id AND r.state = 'confirmed')""",
        "double_registrations": """SELECT count(*) FROM (SELECT 1 FROM activities_registration
            WHERE state IN ('pending_review', 'waitlisted', 'offered', 'confirmed')
            GROUP BY session_id, resident_id HAVING count(*) > 1) AS wrong""",
        "likes_drifted": """SELECT count(*) FROM likes_praise p WHERE like_count <> (SELECT count(*) FROM likes_like l
            WHERE l.praise_id = p.id AND l.voided_at IS NULL AND l.taken_back_at IS NULL)""",
        "double_bookings": """SELECT count(*) FROM venues_occupancy a JOIN venues_occupancy b
            ON a.unit_id = b.unit_id AND a.id < b.id AND a.during && b.during""",
    }
    return {name: int(execute(query)[0][0]) for name, query in queries.items()}


def main() -> None:
    OUT.mkdir(parents=True, exist_ok=True)
    prepare_database()
    manage("seed")
    manage("bench_world", "--out", str(OUT / "world.json"), "--residents", str(CROWD))
    growth.more_residents(max(RESIDENTS - CROWD, 0))
    with psycopg.connect(url(), autocommit=True) as connection:
        connection.execute(floors.TABLES)
    world = json.loads((OUT / "world.json").read_text())
    print(f"{platform.machine()}, {cores()} cores, {ROUNDS} rounds, {CLIENTS} clients, {RESIDENTS} residents\n")
    rows: list[Row] = []
    if not WANTED or WANTED - {"plan", "drain", "memory"}:
        with (
            server("bench.floor_wsgi:application", FLOOR_PORT),
            server("config.wsgi:application", PRODUCT_PORT) as web,
        ):
            rows += http_jobs(world)
            rows.append(whole.web_workers(web.process.pid))
    rows += reminders() if is_wanted("plan", "drain") else []
    rows += whole.stack() if is_wanted("memory") else []
    result = {"at": time.strftime("%F %T"), "database": DATABASE, "residents": RESIDENTS, "rows": rows}
    result["wrong"] = wrong = wrongs()
    target = OUT / "result.json"
    target.write_text(json.dumps(result, indent=1))
    print(f"\n{wrong}\nwritten: {target.relative_to(ROOT)}")
    sys.exit(1 if any(wrong.values()) else 0)


if __name__ == "__main__":
    main()
