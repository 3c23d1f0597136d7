"""`python -m bench.city`: what a city of 12.5 million residents would store and write, from one subdistrict's facts.

Measured: bytes of a row and of its index entries, on the real tables, filled by `manage.py seed` and a flood of
messages. Computed: everything else, by scaling and by a simulated year. What is assumed is printed too.
"""

import json
import random
from dataclasses import asdict, dataclass

import psycopg
from psycopg import sql

from bench.database import ROOT, manage, prepare_database, url

CITY, PLACE, REGISTERED = 12_500_000, 65_000, 2_000
ACTIVITIES, PARTICIPATIONS = 307, 2_550
MESSAGES_A_REGISTRATION = 2  # a confirmation or reminder by SMS each
COMMUNITIES_A_PLACE, CELLS = 5, 16
OPENING_HOURS = (9, 12, 18, 20)
WORKDAYS = 250
OUT = ROOT / "var" / "bench" / "city.json"
MESSAGES = """
INSERT INTO notifications_message (resident_id, channel, kind, key, subject, subject_id, text, url, due_at,
    state, attempt, failures, sent_as, outcome, created_at, settled_at)
SELECT id, 'sms', 'message', 'city/' || id || '/' || n, 'session', n,
    '您报名的“沿江湿地净滩”将于明天上午9:00开始，地点：临江邻里中心北门。', '/activities/' || n || '/', now(),
    'sent', 1, 0, 'llt-' || n, '', now(), now()
  FROM accounts_user, generate_series(1, 10) n
"""
TABLES = "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
SIZE = """
SELECT count(*), coalesce(avg(pg_column_size(t.*)), 0)::float, pg_indexes_size({name}) FROM {table} t
"""
# rows of the subdistrict's own making that do not grow with the residents
FIXED = {"areas_calendarday", "auth_permission", "django_migrations", "django_content_type"}
LEAST_ROWS = 500


@dataclass(frozen=True)
class Table:
    """`row` and `entries`: measured bytes of one row and of its entries in all indexes."""

    name: str
    rows: int
    row: float
    entries: float

    @property
    def a_row_costs(self) -> float:
        line_pointer, fill = 4, 0.95
        return (self.row + line_pointer) / fill + self.entries


def measured() -> list[Table]:
    """The tables that grow, as the demo world and the flood fill them, with indexes built afresh."""
    prepare_database()
    manage("seed")
    found = []
    with psycopg.connect(url(), autocommit=True) as database:
        database.execute("DELETE FROM notifications_message")
        database.execute(MESSAGES)
        for (name,) in database.execute(TABLES).fetchall():
            database.execute(sql.SQL("REINDEX TABLE {}").format(sql.Identifier(name)))
            query = sql.SQL(SIZE).format(name=sql.Literal(name), table=sql.Identifier(name))
            rows, row, size = database.execute(query).fetchone() or (0, 0.0, 0)
            if rows >= LEAST_ROWS and name not in FIXED:
                found.append(Table(name, rows, row, size / rows))
    return found


def city_rows(table: Table, registrations: int) -> int:
    """The city is as many demo worlds as it has registered people; messages follow the registrations."""
    worlds = CITY // REGISTERED
    if table.name == "notifications_message":
        return registrations * worlds * MESSAGES_A_REGISTRATION
    return table.rows * worlds


def simulated_year(registrations_a_year: float, seed: int = 1) -> dict[str, float]:
    """Registrations a second over the minutes of the working days: activities open on the hour.

    Half of those who register do so within the first ten minutes, the others within two days.
    """
    chance, minutes = random.Random(seed), [0.0] * (WORKDAYS * 24 * 60)  # noqa: S311
    places = CITY // PLACE
    each = registrations_a_year / (places * ACTIVITIES)
    rush = [0.5**at - 0.5 ** (at + 1) for at in range(10)]
    whole = sum(rush)
    for _ in range(places * ACTIVITIES):
        opened = chance.randrange(WORKDAYS) * 1440 + chance.choice(OPENING_HOURS) * 60
        wanted = each * chance.lognormvariate(-0.5, 1)
        for at, share in enumerate(rush):
            minutes[(opened + at) % len(minutes)] += wanted * share / whole / 2
        for _ in range(24):
            minutes[(opened + chance.randrange(2880)) % len(minutes)] += wanted / 2 / 24
    ordered = sorted(minutes)
    return {
        "mean": sum(ordered) / len(ordered) / 60,
        "p99.9": ordered[int(len(ordered) * 0.999)] / 60,
        "most": ordered[-1] / 60,
    }


def balance(seed: int = 1) -> dict[str, float]:
    """How evenly communities of uneven size fall into cells: by hash of the community, and by whole districts."""
    chance = random.Random(seed)  # noqa: S311
    communities = [chance.lognormvariate(0, 0.6) for _ in range(CITY // PLACE * COMMUNITIES_A_PLACE)]
    by_hash, by_district = [0.0] * CELLS, [0.0] * CELLS
    cuts = sorted(chance.sample(range(len(communities)), CELLS - 1))
    for at, size in enumerate(communities):
        by_hash[chance.randrange(CELLS)] += size
        by_district[sum(at >= cut for cut in cuts)] += size
    mean = sum(communities) / CELLS
    return {"largest cell by hash": max(by_hash) / mean, "largest cell by district": max(by_district) / mean}


def main() -> None:
    tables = measured()
    registrations = next(each.rows for each in tables if each.name == "activities_registration")
    print(f"\n{'table':44} {'demo rows':>9} {'row B':>7} {'index B':>8} {'city rows/year':>15} {'GB/year':>8}")
    total = 0.0
    for each in sorted(tables, key=lambda each: -city_rows(each, registrations) * each.a_row_costs):
        rows = city_rows(each, registrations)
        size = rows * each.a_row_costs / 1e9
        total += size
        print(f"{each.name:44} {each.rows:9,} {each.row:7.0f} {each.entries:8.0f} {rows:15,} {size:8.1f}")
    a_year = registrations * (CITY / REGISTERED)
    print(
        f"{'sum of these':44} {'':9} {'':7} {'':8} {'':15} {total:8.1f}   (rows and indexes measured, rest computed)"
    )
    print(f"\nregistrations a year: {a_year:,.0f} ({registrations} of {REGISTERED} people, as in the demo)")
    years = {f"{factor} x": simulated_year(a_year * factor) for factor in (1, 10)}
    print("registrations a second, simulated year, everybody in the city registered and as busy as the first 2,000:")
    for name, figures in years.items():
        print(f"  {name:5}", "  ".join(f"{key} {value:,.1f}" for key, value in figures.items()))
    stress = CITY * 0.1 / 60
    print(f"a tenth of the city in one minute (computed, not expected): {stress:,.0f} registrations a second")
    print(f"assumed: {MESSAGES_A_REGISTRATION} messages for each registration; activities open at {OPENING_HOURS} on")
    print(f"{WORKDAYS} days; half of those who come register within ten minutes; community sizes are lognormal (0.6)")
    even = balance()
    print("  ".join(f"{name} {value:.2f} x the mean" for name, value in even.items()), f"({CELLS} cells)")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    found = {"tables": [asdict(each) for each in tables], "gb_a_year": total, "years": years, "stress": stress}
    OUT.write_text(json.dumps(found | {"balance": even}, indent=1), encoding="utf8")


if __name__ == "__main__":
    main()
