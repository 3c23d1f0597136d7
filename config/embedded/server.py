"""One server as a child of the guardian: started, started again, stopped, and cleared of what a crash left."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from config.embedded import EmbeddedServersFailed

Launch = Callable[[], "subprocess.Popen[bytes]"]


class Server:
    def __init__(self, home: Path, address: Path, stop: signal.Signals, launch: Launch) -> None:
        self.home, self.address, self.stop, self.launch = home, address, stop, launch
        self.child: subprocess.Popen[bytes] | None = None
        self.starts: list[float] = []

    def keep_up(self) -> None:
        """Start it, and start it again when it died."""
        if self.child and self.child.poll() is None:
            return
        # the first start after a kill -9 may fail on what the dead left behind, so one failure is no reason to give up
        if len([moment for moment in self.starts if time.monotonic() - moment < 10]) >= 8:
            raise EmbeddedServersFailed(f"{self.home.name} does not stay up")
        if self.starts:
            time.sleep(0.2)
        _clear_remains(self.home, self.address, self.stop)
        self.child = self.launch()
        self.starts.append(time.monotonic())

    def tell_to_stop(self) -> None:
        if self.child and self.child.poll() is None:
            self.child.send_signal(self.stop)

    def wait(self) -> None:
        if self.child is None:
            return
        for harsher in (signal.SIGQUIT, signal.SIGKILL):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.child.wait(10)
                return
            self.child.send_signal(harsher)
        self.child.wait()


def _clear_remains(home: Path, address: Path, stop: signal.Signals) -> None:
    """End a server that outlived its guardian, then remove the pid file and socket that nobody owns any more."""
    deadline = time.monotonic() + 10
    while living := list(_living_in(home)):
        harsh = time.monotonic() > deadline
        for pid in living:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL if harsh else stop)
        time.sleep(0.2)
    for left in (home / "postmaster.pid", address, address.with_name(f"{address.name}.lock")):
        left.unlink(missing_ok=True)


def _living_in(home: Path) -> Iterator[int]:
    """Processes whose working directory this is: a pid file may be cut, or name a zombie or a stranger."""
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if (entry / "cwd").samefile(home):
                yield int(entry.name)
