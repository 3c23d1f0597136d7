"""PostgreSQL is the truth. Without DATABASE_URL an embedded server is used, started by manage.py, wsgi and celery.

REPLICA_URL names a streaming replica that answers reads of pages and of the API.
"""

from typing import Any

import environ

from config import embedded

TIMEOUTS = "-c lock_timeout=3s -c statement_timeout=10s -c idle_in_transaction_session_timeout=10s"
READ_ONLY = "-c default_transaction_read_only=on"


def configured(env: environ.Env, *, is_web: bool) -> dict[str, dict[str, Any]]:
    """Django's DATABASES. Only web processes keep a pool: Celery closes its connection after each task."""
    default = env.db("DATABASE_URL") if env("DATABASE_URL", default="") else embedded.database()
    pool = {"min_size": 1, "max_size": 8, "timeout": 10}
    databases = {"default": _entry(default, {"pool": pool, "options": TIMEOUTS} if is_web else {})}
    databases["default"]["TEST"] = {"NAME": env("TEST_DB", default="test_linlingtong")}
    if is_web and env("REPLICA_URL", default=""):
        # one that is away must not keep anybody waiting: the primary answers then
        pool = {"min_size": 0, "max_size": 8, "timeout": 1}
        options = {"pool": pool, "options": f"{TIMEOUTS} {READ_ONLY}", "connect_timeout": 2}
        databases["replica"] = _entry(env.db("REPLICA_URL"), options)
        databases["replica"]["TEST"] = {"MIRROR": "default"}
    return databases


def _entry(place: dict[str, Any], options: dict[str, Any]) -> dict[str, Any]:
    fixed = {"ENGINE": "django.db.backends.postgresql", "CONN_HEALTH_CHECKS": True, "CONN_MAX_AGE": 0}
    # what core/planned.py executes is prepared at once; Django's own cursors never prepare
    options = {"prepare_threshold": 0} | options
    return place | fixed | {"OPTIONS": place.get("OPTIONS", {}) | options}
