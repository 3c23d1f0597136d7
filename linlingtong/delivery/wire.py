import contextlib
import http.client
import ipaddress
import socket
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

LONGEST_ANSWER = 256 * 1024


class NotSent(Exception):
    """The other side cannot have seen the whole request."""


class Unanswered(Exception):
    """The request went out whole, but no whole answer came back."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class Endpoint:
    is_secure: bool
    host: str
    port: int
    netloc: str

    @classmethod
    def parse(cls, url: str) -> "Endpoint":
        """Only https, except on this machine itself: requests hold phone numbers."""
        parts = urlsplit(url if "://" in url else f"https://{url}")
        host = parts.hostname or ""
        is_secure = parts.scheme == "https"
        if not host or not (is_secure or (parts.scheme == "http" and _is_this_machine(host))):
            raise ImproperlyConfigured("SMS_ENDPOINT must be an https address.")
        return cls(is_secure, host, parts.port or (443 if is_secure else 80), parts.netloc)


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def post(endpoint: Endpoint, headers: Mapping[str, str], body: bytes, path: str = "/") -> Answer:
    """One POST, without redirects, proxies or a second try.

    Raises `NotSent` or `Unanswered`. Gives up after SMS_CONNECT_TIMEOUT (3 s), after SMS_READ_TIMEOUT (5 s) of
    silence, and after SMS_TOTAL_TIMEOUT (10 s) even if bytes still trickle in.
    """
    connection = _open(endpoint)
    with contextlib.closing(connection), cut_after(connection.sock, settings.SMS_TOTAL_TIMEOUT):
        try:
            connection.request("POST", path, body=body, headers={"Host": endpoint.netloc, **headers})
        except OSError as error:
            raise NotSent(type(error).__name__) from error
        try:
            response = connection.getresponse()
            answer = Answer(response.status, response.read(LONGEST_ANSWER + 1))
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise Unanswered(type(error).__name__) from error
    if len(answer.body) > LONGEST_ANSWER:
        raise Unanswered("TooLong")
    return answer


def _open(endpoint: Endpoint) -> http.client.HTTPConnection:
    kind = http.client.HTTPSConnection if endpoint.is_secure else http.client.HTTPConnection
    connection = kind(endpoint.host, endpoint.port, timeout=settings.SMS_CONNECT_TIMEOUT)
    try:
        connection.connect()
    except OSError as error:
        connection.close()
        raise NotSent(type(error).__name__) from error
    connection.sock.settimeout(settings.SMS_READ_TIMEOUT)
    return connection


@contextlib.contextmanager
def cut_after(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Break the connection after so long in all; a socket's own time-out starts afresh with every byte."""

    def cut() -> None:
        # The method of the plain socket: SSLSocket.shutdown pulls the TLS layer from under the thread that reads.
        with contextlib.suppress(OSError):
            socket.socket.shutdown(sock, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
