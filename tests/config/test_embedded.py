"""The servers beside the code, tried with real processes in checkouts of their own."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from config import embedded

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

USER = """
import json, sys
from config import embedded
embedded.ensure()
where = embedded.paths()
print(json.dumps([str(where.run), str(where.valkey_socket)]), flush=True)
sys.stdin.read()
"""
WORDS = "临江街道 高新社区 旭东景苑 "


class Checkout:
    """A copy of `config/` somewhere else, its users and its processes."""

    def __init__(self, root: Path) -> None:
        shutil.copytree(embedded.ROOT / "config", root / "config", ignore=shutil.ignore_patterns("__pycache__"))
        self.root = root
        self.users: list[subprocess.Popen[str]] = []
        self.run = ""

    def use(self, **environment: str) -> subprocess.Popen[str]:
        user = subprocess.Popen(
            [sys.executable, "-c", USER],
            cwd=self.root,
            env={**os.environ, "PYTHONPATH": "", **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.users.append(user)
        return user

    def ready(self, user: subprocess.Popen[str]) -> tuple[str, str]:
        assert user.stdout
        assert user.stderr
        line = user.stdout.readline()
        assert line, user.stderr.read()
        self.run, valkey = line.strip('[]\n"').split('", "')
        return self.run, valkey

    def started(self, **environment: str) -> tuple[str, str]:
        return self.ready(self.use(**environment))

    def leave(self) -> None:
        for user in self.users:
            user.kill()
            user.communicate()
        self.users.clear()

    def processes(self, word: str = "") -> list[int]:
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                belongs = str(self.root) in line or str((entry / "cwd").readlink()).startswith(str(self.root))
                if belongs and word in line:
                    found.append(int(entry.name))
        return found


def connect(run: str) -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(host=run, port=embedded.PORT, user=embedded.NAME, dbname=embedded.NAME, autocommit=True)


def eventually(true: Callable[[], object], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def answers(run: str, valkey: str) -> bool:
    try:
        with connect(run) as connection, redis.Redis(unix_socket_path=valkey) as client:
            return connection.execute("SELECT 1").fetchone() == (1,) and bool(client.ping())
    except (psycopg.OperationalError, redis.ConnectionError):
        return False


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Checkout]:
    place = Checkout(tmp_path / (WORDS * 3) / (WORDS * 5).strip())
    yield place
    place.leave()
    assert eventually(lambda: not place.processes()), "processes were left behind"
    shutil.rmtree(place.run, ignore_errors=True)  # a guardian killed -9 leaves the empty directory


def test_the_servers_leave_with_their_last_user(checkout: Checkout) -> None:
    assert len(str(checkout.root)) > 120
    first = checkout.use(LC_ALL="zh_CN.UTF-8", LANG="zh_CN.GB18030", PGHOST="elsewhere.invalid")
    run, valkey = checkout.ready(first)
    checkout.started()
    first.kill()
    time.sleep(1.5)
    assert answers(run, valkey)
    checkout.leave()
    assert eventually(lambda: not checkout.processes(), 10)
    assert not Path(run).exists()


def test_six_users_at_once_share_one_cold_start(checkout: Checkout) -> None:
    users = [checkout.use() for _ in range(6)]
    assert len({checkout.ready(user) for user in users}) == 1
    assert len(checkout.processes("config.embedded.guardian")) == 1
    assert len(checkout.processes("bin/postgres -D")) == 1
    assert len(checkout.processes("valkey-server")) == 1


def test_nothing_listens_on_the_network_and_nobody_else_may_enter(checkout: Checkout) -> None:
    run, valkey = checkout.started()
    assert Path(run).stat().st_mode & 0o777 == 0o700
    with connect(run) as connection, redis.Redis(unix_socket_path=valkey) as client:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        assert connection.execute("SELECT lower('ÄЖ') || '临'").fetchone() == ("äж临",)
        assert client.config_get("port") == {"port": "0"}


def test_a_killed_postgres_comes_back_with_what_it_had_acknowledged(checkout: Checkout) -> None:
    run, valkey = checkout.started()
    with connect(run) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (7)")
    for pid in (*checkout.processes("bin/postgres -D"), *checkout.processes("valkey-server")):
        os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: answers(run, valkey))
    with connect(run) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(7,)]


def test_a_killed_guardian_takes_the_servers_along_and_the_next_user_starts_again(checkout: Checkout) -> None:
    run, valkey = checkout.started()
    (guardian,) = checkout.processes("config.embedded.guardian")
    os.kill(guardian, signal.SIGKILL)
    # at once, while the old servers are still stopping
    checkout.started()
    assert answers(run, valkey)
    (new,) = checkout.processes("config.embedded.guardian")
    assert new != guardian
    os.kill(new, signal.SIGKILL)
    assert eventually(lambda: not checkout.processes("bin/postgres -D") and not checkout.processes("valkey-server"))


def test_everything_killed_at_once_starts_again(checkout: Checkout) -> None:
    run, valkey = checkout.started()
    for pid in checkout.processes():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    checkout.leave()
    for data in checkout.root.glob("var/embedded/postgres-*/postmaster.pid"):
        data.write_text("")  # a full disk cuts it
    assert checkout.started() == (run, valkey)
    assert answers(run, valkey)


def test_two_checkouts_do_not_meet(checkout: Checkout, tmp_path: Path) -> None:
    other = Checkout(tmp_path / "other")
    try:
        here, there = checkout.started(), other.started()
        assert here[0] != there[0]
        with connect(here[0]) as connection:
            connection.execute("CREATE TABLE only_here (n int)")
        with connect(there[0]) as connection:
            assert connection.execute("SELECT to_regclass('only_here')").fetchone() == (None,)
    finally:
        other.leave()
    assert eventually(lambda: not other.processes())
    assert answers(*here)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends PostgreSQL to another user")
def test_root_without_user_namespaces_lends_postgres_to_another_user(checkout: Checkout, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run, valkey = checkout.started(PATH=str(tmp_path / "empty"))
    home = Path("/var/tmp") / Path(run).name  # noqa: S108
    try:
        assert answers(run, valkey)
        assert Path(f"/proc/{checkout.processes('valkey-server')[0]}").stat().st_uid == 0
        assert (home / next(home.glob("postgres-*"))).stat().st_uid != 0
    finally:
        checkout.leave()
        assert eventually(lambda: not Path(run).exists())
        shutil.rmtree(home)
