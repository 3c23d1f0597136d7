"""A mail server on loopback that can break off at any step of the talk."""

import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_django.fixtures import Settings


class MailServer(socketserver.ThreadingTCPServer):
    """`replies`: what to answer at a step (EHLO, MAIL, RCPT, DATA, LETTER, QUIT) instead of the usual; "cut" breaks
    the line there, "hang" says nothing."""

    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Talk)
        self.replies: dict[str, str] = {}
        self.letters: list[bytes] = []
        self.recipients: list[str] = []
        self.is_closing = threading.Event()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the play."""


class Talk(socketserver.StreamRequestHandler):
    server: MailServer
    USUAL = {"EHLO": "250 fine", "MAIL": "250 fine", "RCPT": "250 fine", "DATA": "354 go on", "QUIT": "221 bye"}

    def handle(self) -> None:
        if not self.say("GREETING", "220 test"):
            return
        for line in iter(self.rfile.readline, b""):
            word = line.decode().strip().split(" ")[0].split(":")[0].upper()
            if word == "RCPT":
                self.server.recipients.append(line.decode().strip())
            if not self.say(word, self.USUAL.get(word, "250 fine")):
                return
            if word == "DATA" and "DATA" not in self.server.replies and not self.letter():
                return
            if word == "QUIT":
                return

    def letter(self) -> bool:
        lines = list(iter(self.rfile.readline, b".\r\n"))
        reply = self.server.replies.get("LETTER", "")
        if not reply.startswith(("4", "5")):
            self.server.letters.append(b"".join(lines))
        return self.say("LETTER", "250 accepted")

    def say(self, step: str, usual: str) -> bool:
        reply = self.server.replies.get(step, usual)
        if reply == "hang":
            self.server.is_closing.wait(30)
        if reply in {"hang", "cut"}:
            return False
        self.wfile.write(f"{reply}\r\n".encode())
        return True


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[MailServer]:
    """The mail server, running, and the settings that send every letter to it."""
    server = MailServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_TIMEOUT = 0.4
    settings.DEFAULT_FROM_EMAIL = "临灵通 <no-reply@example.org>"
    yield server
    server.is_closing.set()
    server.shutdown()
    server.server_close()
    thread.join(5)
