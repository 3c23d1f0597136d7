"""Reads of pages and of the API may come from a replica; nobody misses what they wrote themselves.

Without a database called `replica` nothing here has any effect.
"""

import hashlib
import threading
import time
from collections import deque
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import psycopg
import redis
import structlog
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import MiddlewareNotUsed
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model
from django.http import HttpRequest, HttpResponse

NAME = "replica"
TOKEN = "X-Session-Token"  # noqa: S105 - the name of a header
SAFE = {"GET", "HEAD"}
# Who somebody is and what they may do is asked where it is decided: a blocked person is out at once.
ASKED_AT_THE_PRIMARY = {"accounts", "account", "auth", "mfa", "sessions"}
# that somebody was here again is nothing they would miss
SESSIONS = '"django_session"'
STAFF_PAGES = "/admin/"
LOOKS_A_SECOND = 2
BEGAN = "replica:began"

log = structlog.get_logger(__name__)


@dataclass
class Reads:
    """Of one request: whether it may read from the replica still, whether it did, and whether it wrote."""

    may: bool
    did: bool = False
    wrote: bool = False

    def note(self, execute: Callable[..., Any], query: Any, values: Any, many: bool, context: Any) -> Any:
        """For every statement at the primary. The router cannot tell: it is asked for a place without a write too."""
        if not str(query).lstrip().startswith("SELECT") and SESSIONS not in str(query):
            self.may, self.wrote = False, True
        return execute(query, values, many, context)


_reads: ContextVar[Reads | None] = ContextVar("reads", default=None)


class Router:
    """Reads go to the replica where the middleware allows it, until the request writes or opens a transaction."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        reads = _reads.get()
        if reads is None or not reads.may or model._meta.app_label in ASKED_AT_THE_PRIMARY:  # noqa: SLF001
            return DEFAULT_DB_ALIAS
        if connections[DEFAULT_DB_ALIAS].in_atomic_block:
            reads.may = False
            return DEFAULT_DB_ALIAS
        reads.did = True
        return NAME

    def db_for_write(self, _model: type[Model], **_hints: Any) -> str:
        return DEFAULT_DB_ALIAS

    def allow_relation(self, _one: Model, _other: Model, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, _app_label: str, **_hints: Any) -> bool:
        return db == DEFAULT_DB_ALIAS


class Watch:
    """Knows up to which moment the replica holds everything, by asking both servers; clocks are not compared.

    The primary's position in its log at a moment is noted. When the replica has replayed that far, it holds all that
    was committed before that moment.
    """

    def __init__(self) -> None:
        self.holds_until = float("-inf")
        self._noted: deque[tuple[float, int]] = deque(maxlen=1000)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def is_fresh(self) -> bool:
        """Whether it lacks nothing older than REPLICA_LAG_SECONDS."""
        if self._thread is None:
            self._start()
        longest: float = settings.REPLICA_LAG_SECONDS
        return time.monotonic() - self.holds_until <= longest

    def lost(self) -> None:
        """It failed somebody; it is asked again once it has answered the watch."""
        self.holds_until = float("-inf")

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_on, name="replica-watch", daemon=True)
                self._thread.start()

    def _look_on(self) -> None:
        was_fresh = False
        while True:
            try:
                with _connected(DEFAULT_DB_ALIAS) as primary, _connected(NAME) as replica:
                    while True:
                        self.look(primary, replica)
                        was_fresh = self._tell(was_fresh)
                        time.sleep(1 / LOOKS_A_SECOND)
            except (psycopg.Error, OSError) as error:
                self.lost()
                was_fresh = self._tell(was_fresh, type(error).__name__)
                time.sleep(1 / LOOKS_A_SECOND)

    def look(self, primary: "psycopg.Connection[Any]", replica: "psycopg.Connection[Any]") -> None:
        """Note where the primary is, and how far the replica came. One that was promoted is none any more."""
        moment = time.monotonic()
        self._noted.append((moment, _number(primary, "SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")))
        reached = _number(
            replica, "SELECT CASE WHEN pg_is_in_recovery() THEN pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0') END"
        )
        while self._noted and self._noted[0][1] <= reached:
            self.holds_until = self._noted.popleft()[0]

    def _tell(self, was_fresh: bool, reason: str = "behind") -> bool:
        is_fresh = self.is_fresh()
        if is_fresh != was_fresh:
            log.warning("replica_serves" if is_fresh else "replica_left", reason="" if is_fresh else reason)
        return is_fresh


def _connected(alias: str) -> "psycopg.Connection[Any]":
    facts = connections[alias].get_connection_params() | {"autocommit": True, "connect_timeout": 2}
    return psycopg.connect(**facts, tcp_user_timeout=2000)


def _number(connection: "psycopg.Connection[Any]", query: str) -> int:
    found = connection.execute(query.encode()).fetchone()
    return -1 if found is None or found[0] is None else int(found[0])


watch = Watch()


class ReplicaMiddleware:
    """Decides for each request where it reads, and asks the primary again when the replica failed it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if NAME not in settings.DATABASES:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        reads = Reads(may=_may_read(request), wrote=request.method not in SAFE)
        response = self._answer(request, reads)
        if response.status_code == 503 and reads.did and not reads.wrote:
            watch.lost()
            reads = Reads(may=False)
            response = self._answer(request, reads)
        if reads.wrote:
            remember_writing({*_known(request), *_new(response)})
        return response

    def _answer(self, request: HttpRequest, reads: Reads) -> HttpResponse:
        token = _reads.set(reads)
        try:
            with connections[DEFAULT_DB_ALIAS].execute_wrapper(reads.note):
                return self.get_response(request)
        finally:
            _reads.reset(token)


def _may_read(request: HttpRequest) -> bool:
    if request.method not in SAFE or request.path.startswith(STAFF_PAGES) or not watch.is_fresh():
        return False
    return not any(map(_may_have_written, _known(request)))


def _known(request: HttpRequest) -> list[str]:
    """What names the caller: a token or a session; nothing for everybody else."""
    names = request.headers.get(TOKEN), request.COOKIES.get(settings.SESSION_COOKIE_NAME)
    return [_key(name) for name in names if name]


def _new(response: HttpResponse) -> list[str]:
    """The session that signing in has just begun."""
    cookie = response.cookies.get(settings.SESSION_COOKIE_NAME)
    return [_key(cookie.value)] if cookie and cookie.value else []


def _key(name: str) -> str:
    """Neither token nor session stands in the cache."""
    return f"replica:wrote:{hashlib.sha256(name.encode()).hexdigest()}"


def remember_writing(keys: set[str]) -> None:
    """From now on the callers read from the primary, for a second longer than the replica may be behind."""
    if not keys:
        return
    try:
        cache.set_many(dict.fromkeys(keys, 1), settings.REPLICA_LAG_SECONDS + 1)
    except (redis.RedisError, OSError):
        log.warning("cache_unavailable")


def _may_have_written(key: str) -> bool:
    """True when nobody knows: the cache is away, or so young that it has lost who wrote."""
    try:
        known = cache.get_many([key, BEGAN])
        if BEGAN not in known:
            cache.add(BEGAN, time.time(), None)
    except (redis.RedisError, OSError):
        return True
    return key in known or time.time() - known.get(BEGAN, time.time()) <= settings.REPLICA_LAG_SECONDS + 1
