"""Every service of docker-compose.yml runs, from the files and packages that the image holds."""

import http.client
import json
import re
import shutil
import threading
import time
from collections.abc import Iterator

import pytest
import redis

from tests.chaos.house import eventually
from tests.deploy.stack import DOMAIN, PASSWORD, Stack, within

TICKS = "SELECT name, ran_at FROM notifications_tick"
GOODBYE = "worker: Warm shutdown (MainProcess)"  # Celery's own, past every log
BEHIND_PROXY = {"Host": DOMAIN, "X-Forwarded-For": "203.0.113.7", "X-Forwarded-Proto": "https"}


@pytest.fixture(scope="module")
def serving(product: Stack) -> Iterator[Stack]:
    """`docker compose up -d --wait`: migrate to its end, then web, worker and beat."""
    before = product.image.files()
    migrated = product.run("migrate")
    assert migrated.returncode == 0, migrated.stderr[-3000:]
    for name in ("web", "worker", "beat"):
        product.start(name, until_healthy=0)
    for name in ("web", "worker", "beat"):
        eventually(lambda name=name: product.is_healthy(name), 90, name)  # type: ignore[misc]
    yield product
    assert product.image.files() == before, "a container could not have written there"


def asked(product: Stack, path: str, *, node: str = "web", **headers: str) -> tuple[int, dict[str, str], str]:
    wire = http.client.HTTPConnection("127.0.0.1", product.ports[node], timeout=20)
    try:
        wire.request("GET", path, headers=BEHIND_PROXY | headers)
        answer = wire.getresponse()
        return (
            answer.status,
            {name.title(): value for name, value in answer.getheaders()},
            answer.read().decode(errors="replace"),
        )
    finally:
        wire.close()


def test_pages_are_served_with_everything_they_need(serving: Stack) -> None:
    found: set[str] = set()
    for path in ("/", "/login/", "/activities/", "/api/docs/"):
        status, _headers, text = asked(serving, path)
        assert status == 200, path
        found |= set(re.findall(r'(?:href|src)="(/static/[^"#]+)', text))
    assert len(found) > 5
    for path in found:
        status, headers, _text = asked(serving, path)
        assert status == 200, path
        assert re.search(r"\.[0-9a-f]{12}\.", path), path
        assert "immutable" in headers["Cache-Control"]
    status, headers, _text = asked(
        serving, next(path for path in found if "app." in path), **{"Accept-Encoding": "br"}
    )
    assert headers["Content-Encoding"] == "br"


def test_the_pages_are_in_chinese_unless_somebody_wants_english(serving: Stack) -> None:
    assert re.search("活动", asked(serving, "/")[2]), "the catalogue is compiled into the image"


def test_residents_are_told_to_come_by_https_and_to_stay_with_it(serving: Stack) -> None:
    status, headers, _text = asked(serving, "/", **{"X-Forwarded-Proto": "http"})
    assert (status, headers["Location"]) == (301, f"https://{DOMAIN}/")
    _status, headers, _text = asked(serving, "/login/")
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains; preload"
    assert headers["X-Frame-Options"] == "DENY"
    cookie = headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "SameSite" in cookie


def test_nothing_inline_may_run(serving: Stack) -> None:
    _status, headers, text = asked(serving, "/login/")
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son\w+=", text)


def test_another_host_is_refused(serving: Stack) -> None:
    assert asked(serving, "/", Host="evil.example.org")[0] == 400
    assert asked(serving, "/", Host="")[0] == 400


def test_who_watches_needs_neither_name_nor_https(serving: Stack) -> None:
    bare = {"Host": f"127.0.0.1:{serving.ports['web']}", "X-Forwarded-Proto": "http"}
    assert asked(serving, "/healthz", **bare)[::2] == (200, "ok")
    status, _headers, text = asked(serving, "/readyz", **bare)
    assert (status, json.loads(text)) == (200, {"ready": True, "problems": []})


def test_the_figures_are_for_the_bearer(serving: Stack) -> None:
    assert asked(serving, "/metrics")[0] == 404
    assert asked(serving, "/metrics", Authorization="Bearer wrong")[0] == 404
    token = serving.values["METRICS_TOKEN"]
    status, _headers, text = asked(serving, "/metrics", Authorization=f"Bearer {token}")
    assert status == 200
    for name in ("messages_due", "messages_late", "messages_in_trouble", 'queue_length{queue="tasks"}'):
        assert f"linlingtong_{name}" in text


def test_only_the_proxy_is_believed_who_calls(serving: Stack) -> None:
    """Through a proxy that is not named, https claimed by a stranger is worth nothing."""
    serving.values["TRUSTED_PROXIES"] = "192.0.2.1"
    serving.services["web-2"]["environment"]["TRUSTED_PROXIES"] = "192.0.2.1"
    try:
        serving.start("web-2")
        assert asked(serving, "/", node="web-2")[0] == 301
    finally:
        serving.values["TRUSTED_PROXIES"] = "127.0.0.1"
        serving.services["web-2"]["environment"]["TRUSTED_PROXIES"] = "127.0.0.1"
        serving.stop("web-2")


def test_beat_makes_the_worker_do_the_work_of_the_clock(serving: Stack) -> None:
    def ran() -> dict[str, object]:
        return dict(serving.rows(TICKS))

    eventually(lambda: "deliver" in ran(), 60, "the first tick")
    first = ran()["deliver"]
    eventually(lambda: ran()["deliver"] != first, 60, "the second tick")
    assert serving.is_healthy("beat")


def test_a_stopped_worker_is_unhealthy(serving: Stack) -> None:
    assert serving.is_healthy("worker")
    assert serving.stop("worker") == 0
    try:
        assert not serving.is_healthy("worker")
    finally:
        serving.start("worker")


def test_a_silent_clock_and_a_closed_page_are_unhealthy(serving: Stack) -> None:
    away = {"PORT": "1", "DATABASE_URL": serving.values["DATABASE_URL"].replace("/linlingtong", "/template1")}
    real = serving.environment
    try:
        serving.environment = lambda name: real(name) | away  # type: ignore[method-assign]
        assert not serving.is_healthy("web")
        assert not serving.is_healthy("beat")
    finally:
        serving.environment = real  # type: ignore[method-assign]


def test_the_first_person_of_staff_is_made_at_the_command_line(serving: Stack) -> None:
    command = ("python", "manage.py", "createsuperuser", "--noinput", "--phone", "19900009009")
    done = serving.run("web", *command)
    assert done.returncode == 0, done.stderr[-2000:]
    assert serving.rows("SELECT count(*) FROM accounts_user WHERE is_superuser AND phone LIKE '%19900009009'") == [
        (1,)
    ]


def test_valkey_asks_for_its_password(serving: Stack) -> None:
    with redis.Redis(port=serving.ports["valkey"]) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_the_role_of_the_product_is_no_superuser(serving: Stack) -> None:
    assert serving.rows("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user") == [(False, True)]


def test_a_replica_clones_itself_and_follows(serving: Stack) -> None:
    serving.start_replica()
    assert serving.rows("SELECT pg_is_in_recovery()", server="replica") == [(True,)]
    made = serving.rows("INSERT INTO django_content_type (app_label, model) VALUES ('made', 'now') RETURNING id")
    seen = "SELECT id FROM django_content_type WHERE app_label = 'made'"
    assert within(20, lambda: serving.rows(seen, server="replica") == made)


def test_a_backup_can_be_restored_by_the_role_of_the_product(serving: Stack) -> None:
    """As `docker compose run --rm tools` does both, beside people who use the product."""
    for command in ([], ["python", "manage.py", "restore_drill"]):
        done = serving.run("tools", *command)
        assert done.returncode == 0, done.stderr[-2000:]
    assert list((serving.home / "data" / "backups").glob("*.tar"))


def test_every_line_of_every_service_is_an_event_without_persons(serving: Stack) -> None:
    asked(serving, "/search/?q=19900000001")
    asked(serving, "/nothing/19900000001/")
    asked(serving, "/", Host="19900000001.example.org")
    asked(serving, "/", Host="someone@example.org")
    time.sleep(1)
    lines = [line for name in ("web", "worker", "beat") for line in serving.said(name).splitlines()]
    lines = [line for line in lines if line and line != GOODBYE]
    events = [json.loads(line) for line in lines]
    assert any(event["event"] == "request_finished" for event in events)
    assert all({"event", "level", "timestamp"} <= event.keys() for event in events)
    assert "19900000001" not in "".join(lines)
    assert "someone@" not in "".join(lines)


@pytest.mark.skipif(not shutil.which("haproxy"), reason="no HAProxy on PATH; on Debian: apt-get install haproxy")
def test_an_upgrade_node_by_node_is_noticed_by_nobody(serving: Stack) -> None:
    """As docs/operations.md says: the second node first, then the first; both behind the door."""
    serving.start("web-2")
    serving.start_door()
    eventually(lambda: _status(serving) == 200, 20, "the door")
    statuses: list[int] = []
    over = threading.Event()

    def call() -> None:
        while not over.is_set():
            statuses.append(_status(serving))

    callers = [threading.Thread(target=call) for _number in range(4)]
    for caller in callers:
        caller.start()
    try:
        for node in ("web-2", "web"):
            assert serving.stop(node) == 0
            serving.start(node)
            time.sleep(3)  # the door looks every second and believes the second good answer
    finally:
        over.set()
        for caller in callers:
            caller.join()
        serving.stop("door")
        serving.stop("web-2")
    assert len(statuses) > 50
    assert set(statuses) == {200}
    assert PASSWORD not in serving.said("door")


def _status(product: Stack) -> int:
    try:
        return asked(product, "/login/", node="door")[0]
    except (OSError, http.client.HTTPException):
        return 0
