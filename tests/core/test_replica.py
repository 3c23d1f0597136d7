"""Where a request reads, decided without a replica; tests/chaos/test_nodes.py has a real one."""

import time
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from linlingtong.activities.models import Activity
from linlingtong.core import replica
from linlingtong.core.middleware import ProblemMiddleware
from linlingtong.core.replica import BEGAN, ReplicaMiddleware, Router, Watch
from tests.factories import AreaFactory, UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh_replica(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second name for the same database: what is asked is which name is chosen."""
    monkeypatch.setitem(settings.DATABASES, "replica", settings.DATABASES["default"])
    monkeypatch.setattr(replica.watch, "is_fresh", lambda: True)
    cache.set(BEGAN, time.time() - 60, None)


def chosen(request: HttpRequest, model: Any = Activity, before: Any = None) -> str:
    """Where the view of this request would read."""
    seen = []

    def view(_request: HttpRequest) -> HttpResponse:
        if before:
            before()
        seen.append(Router().db_for_read(model))
        return HttpResponse()

    ReplicaMiddleware(view)(request)
    return str(seen[0])


def get(path: str = "/", **headers: str) -> HttpRequest:
    return RequestFactory().get(path, headers=headers)


def test_pages_and_calls_that_read_are_answered_by_the_replica() -> None:
    assert chosen(get()) == "replica"
    assert chosen(get("/api/v1/activities/", **{"X-Session-Token": "a"})) == "replica"


def test_writing_staff_pages_and_work_outside_a_request_use_the_primary() -> None:
    assert chosen(RequestFactory().post("/")) == "default"
    assert chosen(get("/admin/")) == "default"
    assert Router().db_for_read(Activity) == "default"


def test_who_somebody_is_is_always_asked_at_the_primary() -> None:
    assert chosen(get(), type(UserFactory.build())) == "default"


def test_a_stale_replica_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replica.watch, "is_fresh", lambda: False)
    assert chosen(get()) == "default"


@pytest.mark.parametrize("known", ["token", "session"])
def test_who_wrote_reads_from_the_primary_for_a_while_and_others_do_not(known: str, settings: Any) -> None:
    def by(name: str, method: str = "get") -> HttpRequest:
        request: HttpRequest = getattr(RequestFactory(), method)("/")
        if known == "token":
            request.META["HTTP_X_SESSION_TOKEN"] = name
        else:
            request.COOKIES[settings.SESSION_COOKIE_NAME] = name
        return request

    settings.REPLICA_LAG_SECONDS = 0
    assert chosen(by("writer")) == "replica"
    chosen(by("writer", "post"))
    assert chosen(by("writer")) == "default"
    assert chosen(by("reader")) == "replica"
    time.sleep(1.1)
    assert chosen(by("writer")) == "replica"


def test_a_session_that_has_just_begun_reads_from_the_primary(settings: Any) -> None:
    def sign_in(_request: HttpRequest) -> HttpResponse:
        response = HttpResponse()
        response.set_cookie(settings.SESSION_COOKIE_NAME, "new")
        return response

    ReplicaMiddleware(sign_in)(RequestFactory().post("/login/"))
    request = get()
    request.COOKIES[settings.SESSION_COOKIE_NAME] = "new"
    assert chosen(request) == "default"


def test_a_cache_that_forgot_everything_sends_everybody_known_to_the_primary() -> None:
    cache.clear()
    assert chosen(get(**{"X-Session-Token": "a"})) == "default"
    assert chosen(get()) == "replica"


def test_a_page_that_writes_reads_on_at_the_primary_and_so_does_its_reader() -> None:
    request = get(**{"X-Session-Token": "a"})
    assert chosen(request, before=AreaFactory.create) == "default"
    assert chosen(request) == "default"


def test_inside_a_transaction_and_after_it_the_primary_is_read() -> None:
    def look() -> None:
        with transaction.atomic():
            assert Router().db_for_read(Activity) == "default"

    assert chosen(get(), before=look) == "default"


def test_sessions_touched_while_reading_change_nothing() -> None:
    def touch() -> None:
        with connection.cursor() as cursor:
            cursor.execute('UPDATE "django_session" SET expire_date = now()')

    assert chosen(get(), before=touch) == "replica"


def test_a_page_the_replica_fails_is_asked_again_at_the_primary() -> None:
    asked = []

    def view(_request: HttpRequest) -> HttpResponse:
        asked.append(Router().db_for_read(Activity))
        return HttpResponse(status=503 if asked[-1] == "replica" else 200)

    assert ReplicaMiddleware(view)(get()).status_code == 200
    assert asked == ["replica", "default"]


def test_a_page_of_a_database_that_is_away_is_a_503_and_asks_nothing_more(client: Client) -> None:
    middleware = ProblemMiddleware(lambda _request: HttpResponse())
    answer = middleware.process_exception(get(), OperationalError())
    assert answer is not None
    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "稍等一下" in answer.content.decode()


class Server:
    """Answers a position in the log."""

    def __init__(self, position: int | None) -> None:
        self.position = position

    def execute(self, _query: bytes) -> "Server":
        return self

    def fetchone(self) -> tuple[int | None]:
        return (self.position,)


def test_the_watch_knows_what_the_replica_holds_without_comparing_clocks() -> None:
    watch, primary, copy = Watch(), Server(100), Server(90)
    watch.look(primary, copy)  # type: ignore[arg-type]
    assert watch.holds_until == float("-inf")
    noted = watch._noted[0][0]
    primary.position, copy.position = 200, 150
    watch.look(primary, copy)  # type: ignore[arg-type]
    assert watch.holds_until == noted
    copy.position = 200
    watch.look(primary, copy)  # type: ignore[arg-type]
    assert watch.holds_until > noted


def test_a_replica_that_was_promoted_is_none_any_more() -> None:
    watch = Watch()
    watch.look(Server(100), Server(None))  # type: ignore[arg-type]
    assert watch.holds_until == float("-inf")
