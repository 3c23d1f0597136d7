"""The web processes of one machine or container: `python -m config.web` serves pages and nothing else.

One granian for each worker; docs/decisions/0014 says why. WEB_WORKERS says how many, HOST and PORT where.
"""

import logging.config
import os
import sys
import time

from config import logs
from config.embedded import ROOT
from config.supervisor import DoesNotStayUp, Stopped, Supervisor

MOST_WORKERS = 4
# What granian's workers get to end their calls; no call may take longer in PostgreSQL.
LAST_CALLS_SECONDS = 10


def start(supervisor: Supervisor, host: str, port: str, workers: int, patience: float) -> None:
    """All workers listen on the same port; each has `patience` seconds to end."""
    where = ("--interface", "wsgi", "--host", host, "--port", port, "--workers", "1", "--no-ws")
    limits = ("--blocking-threads", "4", "--workers-kill-timeout", str(LAST_CALLS_SECONDS))
    words = ("--log-level", "warning", "--log-config", str(ROOT / "config" / "granian.json"))
    for number in range(1, workers + 1):
        command = (sys.executable, "-m", "granian", *where, *limits, *words, "config.wsgi:application")
        supervisor.start(f"web-{number}", *command, patience=patience)


def usual_workers() -> int:
    return min(os.cpu_count() or 1, MOST_WORKERS)


def main() -> None:
    """Serve until SIGTERM; whatever worker dies is started again, and one that does not get going is told."""
    logging.config.dictConfig(logs.configure("INFO"))
    log = logging.getLogger("config.web")
    supervisor = Supervisor(ROOT, log.info)
    try:
        workers = int(os.environ.get("WEB_WORKERS") or usual_workers())
        host, port = os.environ.get("HOST") or "0.0.0.0", os.environ.get("PORT") or "8000"  # noqa: S104 - a container
        start(supervisor, host, port, workers, LAST_CALLS_SECONDS + 5)
        while True:
            supervisor.look_after()
            time.sleep(0.1)
    except Stopped:
        log.info("stopped")
    except DoesNotStayUp as failure:
        log.critical(str(failure))
        sys.exit(1)
    finally:
        supervisor.stop()


if __name__ == "__main__":
    main()
