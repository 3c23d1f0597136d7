"""Keeps the processes of one machine running: starts them again when they die, and leaves none behind."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from config.embedded.programs import dies_with_parent

PATIENCE_SECONDS = 15
RESTARTS_A_MINUTE = 3


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class DoesNotStayUp(RuntimeError):
    """A process ended more often than a mishap explains."""


class Supervisor:
    """A group of processes for each name, so that grandchildren end too."""

    def __init__(self, home: Path, say: Callable[[str], object]) -> None:
        self.home, self.say = home, say
        self.commands: dict[str, list[str]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.ends: dict[str, list[float]] = {}
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _stop)

    def start(self, name: str, *command: str) -> None:
        self.commands[name] = list(command)
        self.running[name] = subprocess.Popen(
            command,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 -- this process has one thread
        )

    def look_after(self) -> None:
        """Start again what died; DoesNotStayUp when that happens too often."""
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is None:
                continue
            _end_group(process, signal.SIGKILL)
            now = time.monotonic()
            self.ends[name] = [moment for moment in self.ends.get(name, []) if now - moment < 60] + [now]
            if len(self.ends[name]) > RESTARTS_A_MINUTE:
                raise DoesNotStayUp(
                    f"{name} ended {len(self.ends[name])} times within a minute, last with code {code}."
                )
            self.say(f"{name} ended with code {code}; starting it again.")
            self.start(name, *self.commands[name])

    def stop(self) -> None:
        """End everything: politely, then at once."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self.running.values():
            _end_group(process, signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE_SECONDS
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, deadline - time.monotonic()))
            _end_group(process, signal.SIGKILL)
            process.wait()


def _end_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped
