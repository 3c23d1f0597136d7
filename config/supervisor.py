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
SHORT_LIFE_SECONDS = 4
SHORT_LIVES_A_MINUTE = 3


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


class DoesNotStayUp(RuntimeError):
    """A process ended again and again right after its start; one that worked for a while may be killed any time."""


class Supervisor:
    """A group of processes for each name, so that grandchildren end too."""

    def __init__(self, home: Path, say: Callable[[str], object]) -> None:
        self.home, self.say = home, say
        self.commands: dict[str, list[str]] = {}
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.began: dict[str, float] = {}
        self.patience: dict[str, float] = {}
        self.short_lives: dict[str, list[float]] = {}
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _stop)

    def start(self, name: str, *command: str, patience: float = PATIENCE_SECONDS) -> None:
        """`patience` is how many seconds it has to end by itself when told to."""
        self.commands[name], self.patience[name] = list(command), patience
        self.began[name] = time.monotonic()
        self.running[name] = subprocess.Popen(
            command,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            process_group=0,
            preexec_fn=dies_with_parent(signal.SIGTERM),  # noqa: PLW1509 -- this process has one thread
        )

    def look_after(self) -> None:
        """Start again what died; DoesNotStayUp when it does not even get going."""
        for name, process in list(self.running.items()):
            code = process.poll()
            if code is None:
                continue
            _end_group(process, signal.SIGKILL)
            self._count_short_life(name, code)
            self.say(f"{name} ended with code {code}; starting it again.")
            self.start(name, *self.commands[name], patience=self.patience[name])

    def _count_short_life(self, name: str, code: int) -> None:
        now = time.monotonic()
        recent = [moment for moment in self.short_lives.get(name, []) if now - moment < 60]
        if now - self.began[name] < SHORT_LIFE_SECONDS:
            recent.append(now)
        self.short_lives[name] = recent
        if len(recent) > SHORT_LIVES_A_MINUTE:
            raise DoesNotStayUp(f"{name} ended {len(recent)} times right after its start, last with code {code}.")

    def stop(self) -> None:
        """End everything: politely, then at once."""
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for process in self.running.values():
            _end_group(process, signal.SIGTERM)
        told = time.monotonic()
        for name, process in self.running.items():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0, told + self.patience[name] - time.monotonic()))
            _end_group(process, signal.SIGKILL)
            process.wait()


def _end_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise Stopped
