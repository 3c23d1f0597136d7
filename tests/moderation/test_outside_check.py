"""The client of the outside text check, over the wire to a gateway on loopback that misbehaves."""

import enum
import json
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from linlingtong.accounts.models import User
from linlingtong.moderation.actions import check_outside
from linlingtong.moderation.models import Case
from linlingtong.notifications.models import Notification
from tests.moderation.conftest import Wall


class Manner(enum.Enum):
    """How the machine at the other side treats one text."""

    FINE = "passes it"
    NO = "does not pass it"
    ERROR = "HTTP 500, with a body that says it passes"
    SENT_ON = "HTTP 302 to another address"
    HANG = "reads it and never answers"
    TRICKLE = "answers one byte at a time"
    CUT = "cuts the line in the middle of the answer"
    GARBAGE = "answers something that is no JSON"
    LIST = "answers JSON of another shape"
    STRING = "says pass in a string"
    BYTES = "answers bytes that are no text"
    FLOOD = "answers far too much"


BODIES = {
    Manner.FINE: b'{"pass": true}',
    Manner.NO: b'{"pass": false}',
    Manner.ERROR: b'{"pass": true}',
    Manner.SENT_ON: b'{"pass": true}',
    Manner.TRICKLE: b'{"pass": true}',
    Manner.CUT: b'{"pass": true}',
    Manner.GARBAGE: b"<html>pass</html>",
    Manner.LIST: b'[{"pass": true}]',
    Manner.STRING: b'{"pass": "true"}',
    Manner.BYTES: b'{"pass": "\xff\xfe',
    Manner.FLOOD: b'{"pass": true}' + b" " * 300_000,
}
STATUS = {Manner.ERROR: 500, Manner.SENT_ON: 302}


class Machine(ThreadingHTTPServer):
    daemon_threads, block_on_close = True, False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.script: deque[Manner] = deque()
        self.asked: list[tuple[str, Any]] = []
        self.is_closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are part of the play."""


class Handler(BaseHTTPRequestHandler):
    server: Machine

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """Silence."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked.append((self.path, json.loads(body)))
        manner = self.server.script.popleft() if self.server.script else Manner.FINE
        if manner is Manner.HANG:
            self.server.is_closing.wait(30)
            return
        content = BODIES[manner]
        self.send_response(STATUS.get(manner, 200))
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        if manner is Manner.CUT:
            self.wfile.write(content[:5])
            self.connection.shutdown(socket.SHUT_RDWR)
        elif manner is Manner.TRICKLE:
            for byte in content:
                self.wfile.write(bytes([byte]))
                self.server.is_closing.wait(0.1)
        else:
            self.wfile.write(content)


@pytest.fixture
def machine(settings: Settings) -> Iterator[Machine]:
    server = Machine()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    settings.MODERATION_CHECKER = "linlingtong.moderation.actions.checking.HttpChecker"
    settings.MODERATION_CHECKER_URL = f"http://127.0.0.1:{server.server_address[1]}/v1/check"
    settings.SMS_CONNECT_TIMEOUT, settings.SMS_READ_TIMEOUT, settings.SMS_TOTAL_TIMEOUT = 0.5, 0.3, 0.6
    yield server
    server.is_closing.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_what_the_machine_passes_is_seen_and_its_author_hears(machine: Machine, wall: Wall, author: User) -> None:
    case = wall.write(1, author, "谢谢“楼下”的王师傅\n真好")
    assert not wall.visible[1]
    assert check_outside() == 1
    assert machine.asked == [("/v1/check", {"text": "谢谢“楼下”的王师傅\n真好"})]
    case.refresh_from_db()
    assert (wall.visible[1], case.state) == (True, Case.State.CLEAR)
    assert Notification.objects.filter(resident=author).count() == 2


@pytest.mark.parametrize("manner", [one for one in Manner if one is not Manner.FINE])
def test_whatever_else_it_does_a_person_looks(machine: Machine, wall: Wall, author: User, manner: Manner) -> None:
    case = wall.write(1, author)
    machine.script.append(manner)
    began = time.monotonic()
    assert check_outside() == 0
    assert time.monotonic() - began < 3
    case.refresh_from_db()
    assert (wall.visible[1], case.is_waiting) == (False, True)
    assert check_outside() == 0
    assert len(machine.asked) == 1, "it is asked once, and never where it sends us"


def test_one_bad_answer_does_not_hold_up_the_others(machine: Machine, wall: Wall, author: User) -> None:
    for key in range(1, 6):
        wall.write(key, author)
    machine.script.extend([Manner.GARBAGE, Manner.FINE, Manner.HANG, Manner.ERROR, Manner.FINE])
    assert check_outside() == 2
    assert [key for key, is_visible in wall.visible.items() if is_visible] == [2, 5]
    assert Case.objects.queue().count() == 3


def test_a_machine_that_is_away_means_that_a_person_looks(wall: Wall, author: User, settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        settings.MODERATION_CHECKER = "linlingtong.moderation.actions.checking.HttpChecker"
        for url in (f"http://127.0.0.1:{unused.getsockname()[1]}", "http://checker.example.com/", "nonsense://", ""):
            settings.MODERATION_CHECKER_URL = url
            Case.objects.update(checked_at=None)
            wall.write(1, author)
            assert check_outside() == 0, url
            assert not wall.visible[1]


def test_words_changed_while_the_machine_thinks_are_asked_about_again(
    machine: Machine, wall: Wall, author: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    wall.write(1, author, "好")
    real = "linlingtong.moderation.actions.checking.HttpChecker.check"

    def slow(_self: Any, _text: str) -> bool:
        wall.write(1, author, "换了一句")
        return True

    with monkeypatch.context() as patch:
        patch.setattr(real, slow)
        assert check_outside() == 0
    assert not wall.visible[1]
    assert check_outside() == 1
    assert machine.asked == [("/v1/check", {"text": "换了一句"})]
