"""The processes of one machine, started and watched by one that stays small: it loads no Django.

`manage.py up` becomes this program when everything is prepared.
"""

import http.client
import json
import sys
import time
from pathlib import Path

from config import entry, web
from config.embedded import ROOT, EmbeddedServersFailed
from config.supervisor import DoesNotStayUp, Stopped, Supervisor

READY_SECONDS = 60
# granian's own time-out is longer: a worker that is still importing misses the SIGTERM, and nobody needs to read of it
WEB_PATIENCE_SECONDS = 5
ENSURE_EVERY_SECONDS = 3


def main(host: str, port: str, inbox: str = "") -> None:
    """Serve until Ctrl-C or SIGTERM; `inbox` is the path of the page with the codes sent by SMS, if there is one."""
    entry.prepare()
    supervisor = Supervisor(ROOT, _say)
    try:
        entry.start_servers()
        _start(supervisor, host, port)
        here = "127.0.0.1" if host == "0.0.0.0" else host  # noqa: S104
        _wait_until_ready(supervisor, here, int(port))
        _greet(f"http://{'localhost' if here == '127.0.0.1' else here}:{port}", inbox)
        _look_after(supervisor)
    except Stopped:
        _say("Stopped.")
    except (DoesNotStayUp, EmbeddedServersFailed) as failure:
        sys.exit(str(failure))
    finally:
        supervisor.stop()


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201


def _start(supervisor: Supervisor, host: str, port: str) -> None:
    web.start(supervisor, host, port, web.usual_workers(), WEB_PATIENCE_SECONDS)
    # a container's root is told on every start that it is root
    hush = ("-W", "ignore:You're running the worker with superuser")
    celery = (sys.executable, *hush, "-m", "celery", "--quiet", "--app", "config.celery")
    # threads: a pool of processes would need 200 MB more
    pool = ("--pool", "threads", "--concurrency", "2", "--without-gossip", "--without-mingle", "--without-heartbeat")
    supervisor.start("worker", *celery, "worker", *pool, "--loglevel", "WARNING")
    schedule = str(ROOT / "var" / "beat")
    supervisor.start("beat", *celery, "beat", "--schedule", schedule, "--pidfile", "", "--loglevel", "WARNING")


def _wait_until_ready(supervisor: Supervisor, host: str, port: int) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while not _healthy(host, port):
        supervisor.look_after()
        if time.monotonic() > deadline:
            raise DoesNotStayUp(f"/healthz on port {port} did not answer 200 within {READY_SECONDS} s.")
        time.sleep(0.1)


def _healthy(host: str, port: int) -> bool:
    wire = http.client.HTTPConnection(host, port, timeout=5)
    try:
        wire.request("GET", "/healthz")
        return wire.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        wire.close()


def _greet(address: str, inbox: str) -> None:
    lines = ["", f"  Linlingtong is ready: {address}/", ""]
    accounts = ROOT / "var" / "demo.json"
    if accounts.exists():
        lines += ["  Sign in as:"]
        lines += [f"    {each['role']:<20} {each['sign_in']:<30} {each['name']}" for each in _read(accounts)]
    if inbox:
        lines += ["", f"  The sign-in codes arrive here: {address}{inbox}"]
    _say("\n".join([*lines, "", "  Ctrl-C stops everything.", ""]))


def _read(path: Path) -> list[dict[str, str]]:
    accounts: list[dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))
    return accounts


def _look_after(supervisor: Supervisor) -> None:
    ensured = 0.0
    while True:
        supervisor.look_after()
        if time.monotonic() - ensured > ENSURE_EVERY_SECONDS:
            entry.start_servers()
            ensured = time.monotonic()
        time.sleep(0.1)


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    main(*sys.argv[1:])
