"""A gateway on loopback that checks signatures as the providers document them, and misbehaves by script.

It is written apart from the code it tests: nothing here imports `linlingtong`.
"""

import datetime as dt
import enum
import hashlib
import hmac
import itertools
import json
import random
import socket
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest
from pytest_django.fixtures import Settings

ACCESS_KEY, ACCESS_SECRET, APP_ID, SIGN_NAME = "test-key", "test-secret", "1400000000", "临灵通"
TEMPLATES = {"code": "SMS_1001", "reminder": {"id": "SMS_1002", "params": ["title", "time"]}}
BACKENDS = {
    "aliyun": "linlingtong.delivery.sms.AliyunBackend",
    "tencent": "linlingtong.delivery.sms.TencentBackend",
}


class Manner(enum.Enum):
    """How the gateway treats one request to send."""

    FINE = "accept and say so"
    ERROR = "HTTP 500 before accepting"
    BUSY = "HTTP 503 before accepting"
    THROTTLED = "HTTP 429 with the provider's throttling code"
    HANG = "read, accept nothing, never answer"
    HANG_ACCEPTED = "accept, never answer"
    LOST_REPLY = "accept, then cut the line"
    MALFORMED = "accept, then answer with half a JSON document"
    TRICKLE = "accept, then answer one byte at a time"
    FLOOD = "accept, then answer far too much"


@dataclass(frozen=True)
class Accepted:
    provider: str
    phone: str
    template: str
    params: dict[str, str] | list[str]
    key: str
    provider_id: str


class Gateway(ThreadingHTTPServer):
    """Both providers behind one address.

    `script`: manners of the next requests to send, then `manner()` decides. `codes`: provider's refusals of the next
    requests. `undelivered`: keys whose carrier said no. `deduplicates`: the same key is accepted once.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.script: deque[Manner] = deque()
        self.codes: deque[str] = deque()
        self.manner: Callable[[], Manner] = lambda: Manner.FINE
        self.accepted: list[Accepted] = []
        self.undelivered: set[str] = set()
        self.unreceipted: set[str] = set()
        self.rejected: list[str] = []
        self.seen: Counter[str] = Counter()
        self.nonces: set[str] = set()
        self.deduplicates = False
        self.is_closing = threading.Event()
        self.numbers = itertools.count(1)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def misbehave(self, seed: int, **shares: float) -> None:
        """From now on each request is treated by chance: `misbehave(1, error=0.2, hang=0.1, lost_reply=0.1)`."""
        chance = random.Random(seed)  # noqa: S311 - a repeatable script
        manners = [Manner[name.upper()] for name in shares]
        weights = list(shares.values())

        def pick() -> Manner:
            return chance.choices([*manners, Manner.FINE], [*weights, 1 - sum(weights)])[0]

        self.manner = pick

    def texts_per_key(self) -> Counter[str]:
        """How many texts reached a phone under each key."""
        return Counter(message.key for message in self.accepted)

    def next_manner(self) -> Manner:
        with self.lock:
            return self.script.popleft() if self.script else self.manner()

    def accept(self, provider: str, phone: str, template: str, params: dict[str, str] | list[str], key: str) -> str:
        with self.lock:
            known = next((m.provider_id for m in self.accepted if m.key == key), None)
            if self.deduplicates and known:
                return known
            provider_id = f"{provider}-{next(self.numbers)}"
            self.accepted.append(Accepted(provider, phone, template, params, key, provider_id))
            return provider_id

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that give up are part of the play."""


class Handler(BaseHTTPRequestHandler):
    server: Gateway
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
        """Silence."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        is_aliyun = "x-acs-action" in self.headers
        complaint = aliyun_complaint(self, body) if is_aliyun else tencent_complaint(self, body)
        if complaint:
            self.server.rejected.append(complaint)
            self.answer(400 if is_aliyun else 200, refusal(is_aliyun, complaint))
        elif is_aliyun:
            self.aliyun(self.headers["x-acs-action"], dict(parse_qsl(body.decode(), strict_parsing=True)))
        else:
            self.tencent(self.headers["X-TC-Action"], json.loads(body))

    def aliyun(self, action: str, asked: dict[str, str]) -> None:
        if action == "QuerySendDetails":
            self.answer(200, aliyun_details(self.server, asked))
            return

        def accept() -> dict[str, Any]:
            params = json.loads(asked["TemplateParam"])
            number = self.server.accept("aliyun", asked["PhoneNumbers"], asked["TemplateCode"], params, asked["OutId"])
            return {"Code": "OK", "Message": "OK", "BizId": number, "RequestId": "R"}

        self.play(asked["OutId"], accept, is_aliyun=True)

    def tencent(self, action: str, asked: dict[str, Any]) -> None:
        if action == "PullSmsSendStatusByPhoneNumber":
            self.answer(200, tencent_states(self.server, asked))
            return

        def accept() -> dict[str, Any]:
            number = self.server.accept(
                "tencent",
                asked["PhoneNumberSet"][0],
                asked["TemplateId"],
                asked["TemplateParamSet"],
                asked["SessionContext"],
            )
            state = {"SerialNo": number, "Code": "Ok", "Message": "send success", "Fee": 1}
            return {"Response": {"SendStatusSet": [state], "RequestId": "R"}}

        self.play(asked["SessionContext"], accept, is_aliyun=False)

    def play(self, key: str, accept: Callable[[], dict[str, Any]], *, is_aliyun: bool) -> None:
        self.server.seen[key] += 1
        manner = self.server.next_manner()
        if self.server.codes:
            self.answer(200, refusal(is_aliyun, self.server.codes.popleft(), in_set=True))
        elif manner in {Manner.ERROR, Manner.BUSY}:
            self.raw(500 if manner is Manner.ERROR else 503, b"<html>broken</html>")
        elif manner is Manner.THROTTLED:
            self.answer(429, refusal(is_aliyun, "Throttling.User" if is_aliyun else "RequestLimitExceeded"))
        elif manner is Manner.HANG:
            self.server.is_closing.wait(30)
        else:
            self.misanswer(manner, json.dumps(accept()).encode())

    def misanswer(self, manner: Manner, content: bytes) -> None:
        if manner is Manner.HANG_ACCEPTED:
            self.server.is_closing.wait(30)
        elif manner is Manner.LOST_REPLY:
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
        elif manner is Manner.TRICKLE:
            self.trickle(content)
        elif manner is Manner.FLOOD:
            self.raw(200, content + b" " * 300_000)
        else:
            self.raw(200, content[: len(content) // 2] if manner is Manner.MALFORMED else content)

    def trickle(self, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        for byte in content:
            self.wfile.write(bytes([byte]))
            if self.server.is_closing.wait(0.1):
                return

    def answer(self, status: int, content: dict[str, Any]) -> None:
        self.raw(status, json.dumps(content).encode())

    def raw(self, status: int, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def refusal(is_aliyun: bool, code: str, *, in_set: bool = False) -> dict[str, Any]:
    if is_aliyun:
        return {"Code": code, "Message": "no", "RequestId": "R"}
    if in_set:
        return {"Response": {"SendStatusSet": [{"SerialNo": "", "Code": code, "Message": "no"}], "RequestId": "R"}}
    return {"Response": {"Error": {"Code": code, "Message": "no"}, "RequestId": "R"}}


def aliyun_complaint(request: Handler, body: bytes) -> str:
    """Empty if the request is signed as V3 asks: ACS3-HMAC-SHA256 over every x-acs- header, host and content-type."""
    kind, _, rest = request.headers["Authorization"].partition(" ")
    given = dict(part.split("=", 1) for part in rest.split(","))
    must = {
        n.lower() for n in request.headers if n.lower().startswith("x-acs-") or n.lower() in ("host", "content-type")
    }
    if (
        kind != "ACS3-HMAC-SHA256"
        or given["Credential"] != ACCESS_KEY
        or set(given["SignedHeaders"].split(";")) != must
    ):
        return "IncompleteSignature"
    payload = hashlib.sha256(body).hexdigest()
    path, _, query = request.path.partition("?")
    canonical = f"POST\n{path}\n{query}"
    for name in given["SignedHeaders"].split(";"):
        canonical += f"\n{name}:{request.headers[name].strip()}"
    canonical += f"\n\n{given['SignedHeaders']}\n{payload}"
    to_sign = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    expected = hmac.new(ACCESS_SECRET.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    if request.headers["x-acs-content-sha256"] != payload or expected != given["Signature"]:
        return "SignatureDoesNotMatch"
    age = time.time() - dt.datetime.fromisoformat(request.headers["x-acs-date"]).timestamp()
    nonce = request.headers["x-acs-signature-nonce"]
    with request.server.lock:
        if nonce in request.server.nonces:
            return "SignatureNonceUsed"
        request.server.nonces.add(nonce)
    return "" if abs(age) < 900 else "InvalidTimeStamp.Expired"


def tencent_complaint(request: Handler, body: bytes) -> str:
    """Empty if the request is signed as v3 asks: TC3-HMAC-SHA256 over at least content-type and host."""
    kind, _, rest = request.headers["Authorization"].partition(" ")
    given = dict(part.strip().split("=", 1) for part in rest.split(","))
    key, day, service, end = given["Credential"].split("/")
    signed = given["SignedHeaders"].split(";")
    if kind != "TC3-HMAC-SHA256" or key != ACCESS_KEY or not {"content-type", "host"} <= set(signed):
        return "AuthFailure.InvalidAuthorization"
    stamp = int(request.headers["X-TC-Timestamp"])
    if (service, end) != ("sms", "tc3_request") or day != time.strftime("%Y-%m-%d", time.gmtime(stamp)):
        return "AuthFailure.SignatureFailure"
    lines = [f"{name}:{request.headers[name].strip().lower()}" for name in signed]
    parts = ["POST", "/", "", *lines, "", ";".join(signed), hashlib.sha256(body).hexdigest()]
    request_hash = hashlib.sha256("\n".join(parts).encode()).hexdigest()
    secret = b"TC3" + ACCESS_SECRET.encode()
    for piece in (day, service, end):
        secret = hmac.new(secret, piece.encode(), hashlib.sha256).digest()
    to_sign = f"TC3-HMAC-SHA256\n{stamp}\n{day}/{service}/{end}\n{request_hash}"
    if hmac.new(secret, to_sign.encode(), hashlib.sha256).hexdigest() != given["Signature"]:
        return "AuthFailure.SignatureFailure"
    if request.headers["X-TC-Version"] != "2021-01-11" or not request.headers["X-TC-Region"]:
        return "MissingParameter"
    return "" if abs(time.time() - stamp) < 300 else "AuthFailure.SignatureExpire"


def aliyun_details(gateway: Gateway, asked: dict[str, str]) -> dict[str, Any]:
    mine = [m for m in gateway.accepted if m.phone == asked["PhoneNumber"]]
    size, page = int(asked["PageSize"]), int(asked["CurrentPage"])
    rows = [
        {"OutId": m.key, "PhoneNum": m.phone, **aliyun_state(gateway, m.key)}
        for m in mine[(page - 1) * size : page * size]
    ]
    return {"Code": "OK", "TotalCount": len(mine), "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}


def aliyun_state(gateway: Gateway, key: str) -> dict[str, Any]:
    if key in gateway.unreceipted:
        return {"SendStatus": 1, "ErrCode": ""}
    return {"SendStatus": 2, "ErrCode": "PHONE_OFF"} if key in gateway.undelivered else {"SendStatus": 3}


def tencent_states(gateway: Gateway, asked: dict[str, Any]) -> dict[str, Any]:
    rows = [
        {
            "SessionContext": m.key,
            "SerialNo": m.provider_id,
            "PhoneNumber": m.phone,
            "ReportStatus": "FAIL" if m.key in gateway.undelivered else "SUCCESS",
            "Description": "MK:0001" if m.key in gateway.undelivered else "DELIVRD",
        }
        for m in gateway.accepted
        if m.phone == asked["PhoneNumber"] and m.key not in gateway.unreceipted
    ]
    return {"Response": {"PullSmsSendStatusSet": rows[: asked["Limit"]], "RequestId": "R"}}


@pytest.fixture
def sms_gateway(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Gateway]:
    """The gateway, running, and the settings that send every SMS to it (as Aliyun, or by parameter or `speak`)."""
    gateway = Gateway()
    thread = threading.Thread(target=gateway.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    settings.SMS_ENDPOINT = gateway.url
    settings.SMS_ACCESS_KEY, settings.SMS_ACCESS_SECRET = ACCESS_KEY, ACCESS_SECRET
    settings.SMS_SIGN_NAME, settings.SMS_APP_ID, settings.SMS_REGION = SIGN_NAME, APP_ID, ""
    settings.SMS_TEMPLATES = TEMPLATES
    speak(settings, getattr(request, "param", "aliyun"))
    settings.SMS_CONNECT_TIMEOUT, settings.SMS_READ_TIMEOUT, settings.SMS_TOTAL_TIMEOUT = 0.5, 0.3, 0.6
    yield gateway
    gateway.is_closing.set()
    gateway.shutdown()
    gateway.server_close()
    thread.join(5)


def speak(settings: Settings, provider: str) -> None:
    """Send every SMS in this provider's way from now on."""
    settings.SMS_BACKEND = BACKENDS[provider]
