"""What a database holds, as figures that can be compared: rows and a hash of each table, and the rules around."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

# the text of a row must not depend on who asks
WRITTEN = {
    "TimeZone": "UTC", "DateStyle": "ISO, YMD", "IntervalStyle": "postgres", "extra_float_digits": "1",
    "bytea_output": "hex", "search_path": "public", "row_security": "off",
}  # fmt: skip
TABLES = """
SELECT nspname, relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relkind = 'r' AND nspname = 'public' ORDER BY 2
"""
# The sum of two halves of each row's MD5: 128 bits that do not depend on the order of the rows.
TABLE = """
SELECT count(*), coalesce(sum(('x' || left(hash, 16))::bit(64)::bigint::numeric), 0),
       coalesce(sum(('x' || right(hash, 16))::bit(64)::bigint::numeric), 0)
  FROM (SELECT md5(t::text) AS hash FROM {} t) rows
"""
RULES = {
    "triggers": """SELECT concat_ws(' ', tgrelid::regclass, tgname, tgenabled)
        FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid
        WHERE NOT tgisinternal AND relnamespace = 'public'::regnamespace""",
    "constraints": """SELECT concat_ws(' ', conrelid::regclass, conname, contype, convalidated)
        FROM pg_constraint
        WHERE conrelid <> 0 AND contype <> 'n' AND connamespace = 'public'::regnamespace""",
    "indexes": """SELECT concat_ws(' ', indrelid::regclass, indexrelid::regclass, indisunique, indisvalid)
        FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
        WHERE relnamespace = 'public'::regnamespace""",
    "functions": """SELECT concat_ws(' ', pg_proc.oid::regprocedure,
            md5(concat(prosrc, pg_get_function_sqlbody(pg_proc.oid))))
        FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = pg_proc.oid AND deptype = 'e')""",
    "extensions": "SELECT extname FROM pg_extension",
}
RULES_SUM = (
    "SELECT count(*), md5(coalesce(string_agg(rule, E'\\n' ORDER BY rule COLLATE \"C\"), '')) FROM ({}) r (rule)"
)
SEQUENCES = """
SELECT pg_class.oid::regclass::text, attname, pg_get_serial_sequence(pg_class.oid::regclass::text, attname)
  FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
 WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND attnum > 0 AND NOT attisdropped
   AND pg_get_serial_sequence(pg_class.oid::regclass::text, attname) IS NOT NULL
"""


@dataclass(frozen=True)
class Contents:
    """`tables`: rows and hash by name. `rules`: number and hash of triggers, constraints, indexes and functions."""

    tables: dict[str, str]
    rules: dict[str, str]

    @property
    def rows(self) -> int:
        return sum(int(each.partition(":")[0]) for each in self.tables.values())

    def differences(self, saved: "Contents") -> list[str]:
        """What is not as it was saved, in words; empty when everything is."""
        found = []
        for kind, here, there in (("table", self.tables, saved.tables), ("", self.rules, saved.rules)):
            for name in sorted(here.keys() | there.keys()):
                if here.get(name) != there.get(name):
                    told = f"{there.get(name, 'nothing')} was saved, {here.get(name, 'nothing')} is there"
                    found.append(f"{kind} {name}: {told}".strip())
        return found


def look(database: "psycopg.Connection[Any]") -> Contents:
    """Read everything once, in the transaction and snapshot of the connection."""
    for name, value in WRITTEN.items():
        database.execute("SELECT set_config(%s, %s, false)", [name, value])
    tables = {}
    for schema, table in database.execute(TABLES).fetchall():
        found = database.execute(sql.SQL(TABLE).format(sql.Identifier(schema, table))).fetchone()
        tables[f"{schema}.{table}"] = ":".join(map(str, found or ()))
    rules = {}
    for kind, query in RULES.items():
        counted = database.execute(sql.SQL(RULES_SUM).format(sql.SQL(query))).fetchone()
        rules[kind] = ":".join(map(str, counted or ()))
    return Contents(tables, rules)


def is_empty(database: "psycopg.Connection[Any]") -> bool:
    return not database.execute(TABLES).fetchall()


def sequences_behind(database: "psycopg.Connection[Any]") -> list[str]:
    """Counters that would give a number away a second time. They are no part of a snapshot, so they have no hash."""
    behind = []
    for table, column, sequence in database.execute(SEQUENCES).fetchall():
        query = sql.SQL("SELECT coalesce(max({}), 0) <= (SELECT last_value FROM {}) FROM {}")
        parts = (sql.Identifier(column), sql.SQL(sequence), sql.SQL(table))
        fine = database.execute(query.format(*parts)).fetchone()
        if not fine or not fine[0]:
            behind.append(sequence)
    return behind
