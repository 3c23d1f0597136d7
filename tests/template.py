"""One database with all migrations, of which every session and worker takes a copy.

Its rows have numbers as large as a big city's, and no two tables have the same ones: a number that is cut off, or
taken for the number of something else, shows up.

`python -m tests.template NAME` runs the migrations in the database of that name.
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import django
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

from config import embedded
from config.embedded.programs import Account

ROOT = Path(__file__).resolve().parent.parent
LEFTOVER = "template_of_tests"
LARGE_NUMBERS = """
SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, (300 + row_number() OVER ()) * 10000000)
FROM pg_sequences WHERE data_type = 'bigint'::regtype
"""


def migrated_template() -> str:
    """The name of the database that fits the migrations as they stand; made when it is not there yet."""
    state = hashlib.sha256()
    schema = [*ROOT.glob("linlingtong/*/migrations/*.py"), *ROOT.glob("linlingtong/*/models*/**/*.py")]
    for path in sorted([*schema, Path(__file__)]):
        state.update(path.read_bytes())
    name = f"{LEFTOVER}_{state.hexdigest()[:12]}"
    with psycopg.connect(make_conninfo(**_server()), autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext(%s))", [LEFTOVER])
        if server.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            return name
        fresh = f"{name}_new"
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(fresh)))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(fresh)))
        subprocess.run([sys.executable, "-m", "tests.template", fresh], check=True, cwd=ROOT, env=_environment())
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(fresh), sql.Identifier(name)))
    return name


def copied(name: str, account: Account, target: str, owner: str = embedded.NAME) -> None:
    """The database's rows and rules, brought into an empty one at `target`, where everything is the `owner`'s."""
    here = make_conninfo(**(_server() | {"dbname": name}))
    dump = [str(account.programs / "bin/pg_dump"), "--no-comments", here]
    restore = [str(account.programs / "bin/psql"), "--quiet", "--set=ON_ERROR_STOP=1", target]
    saved = subprocess.run(dump, check=True, capture_output=True).stdout
    saved = saved.replace(f"OWNER TO {embedded.NAME}".encode(), f"OWNER TO {owner}".encode())
    subprocess.run(restore, input=saved, check=True, capture_output=True)


def _server() -> dict[str, str]:
    """Where PostgreSQL listens, by its own database."""
    database = settings.DATABASES["default"]
    known = {"host": database["HOST"], "port": str(database["PORT"]), "user": database["USER"]}
    password = {"password": database["PASSWORD"]} if database.get("PASSWORD") else {}
    return {"dbname": "postgres"} | {name: value for name, value in known.items() if value} | password


def _environment() -> dict[str, str]:
    return os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings"}


def main(name: str) -> None:
    settings.DATABASES["default"]["NAME"] = name
    django.setup()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(LARGE_NUMBERS)


if __name__ == "__main__":
    main(sys.argv[1])
