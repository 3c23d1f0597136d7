"""The codes of check-in: short texts that only this site can make, so nothing about them is stored.

A pass names a registration and a minute, a venue code a session and half a minute, a printed code a session. The six
digits that are spoken are the registration's number in its session, shuffled by a secret of the session: no two
registrations of a session share them, and they stay the same, so that a photo of them works without a network.
"""

import base64
import datetime as dt
import hmac
import re
import unicodedata
from dataclasses import dataclass
from hashlib import sha256

from django.conf import settings
from django.utils.crypto import constant_time_compare
from django.utils.http import base36_to_int, int_to_base36

from linlingtong.core.fields import LARGEST_ID

PASS, VENUE, PRINTED = "p", "v", "s"
SECONDS = {PASS: 60, VENUE: 30}
# How many windows before and after the present one still count: a pass crosses a slow network and a wrong clock,
# a photo of the venue's code is worth nothing a minute later.
GRACE = {PASS: (2, 1), VENUE: (1, 0)}
TOKEN = re.compile(r"([pvs])([0-9a-z]{1,13})-([0-9a-z]{1,9})-([a-z2-7]{16})")
ROUNDS = 4
HALF = 1000


@dataclass(frozen=True)
class Code:
    """What a code says about itself; `is_genuine` tells whether we made it."""

    kind: str
    number: int
    window: int
    mark: str

    @property
    def text(self) -> str:
        return f"{self.kind}{int_to_base36(self.number)}-{int_to_base36(self.window)}-{self.mark}"

    @property
    def ends_at(self) -> dt.datetime:
        """When a newer code takes its place."""
        seconds = SECONDS.get(self.kind, 0)
        return dt.datetime.fromtimestamp((self.window + 1) * seconds, dt.UTC)

    def is_genuine(self, session_id: int) -> bool:
        """Also by an earlier SECRET_KEY: a sheet on the wall is not printed again because the key was renewed."""
        keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
        marks = [_mark(self.kind, self.number, session_id, self.window, key) for key in keys]
        return any(constant_time_compare(self.mark, mark) for mark in marks)

    def is_fresh(self, moment: dt.datetime) -> bool:
        """Whether the code was on show at that moment, or just before."""
        if self.kind not in SECONDS:
            return True
        before, after = GRACE[self.kind]
        present = _window(self.kind, moment)
        return present - before <= self.window <= present + after


@dataclass(frozen=True)
class Entry:
    """What somebody scanned or typed: a code, six digits, or else perhaps a name."""

    code: Code | None = None
    digits: str = ""
    name: str = ""


def pass_code(registration_id: int, session_id: int, moment: dt.datetime) -> Code:
    return _code(PASS, registration_id, session_id, moment)


def venue_code(session_id: int, moment: dt.datetime) -> Code:
    return _code(VENUE, session_id, session_id, moment)


def printed_code(session_id: int) -> Code:
    return Code(PRINTED, session_id, 0, _mark(PRINTED, session_id, session_id, 0))


def venue_digits(session_id: int, moment: dt.datetime) -> str:
    """Six digits beside the venue's code, for a phone without a camera."""
    return _venue_digits(session_id, _window(VENUE, moment))


def are_venue_digits(digits: str, session_id: int, moment: dt.datetime) -> bool:
    present = _window(VENUE, moment)
    shown = [_venue_digits(session_id, present - back) for back in range(GRACE[VENUE][0] + 1)]
    return any(constant_time_compare(digits, one) for one in shown)


def spoken_digits(session_id: int, number: int) -> str:
    """The six digits of the registration with this number in the session."""
    left, right = divmod(number % HALF**2, HALF)
    for at in range(ROUNDS):
        left, right = right, (left + _shuffle(session_id, at, right)) % HALF
    return f"{left:03}{right:03}"


def spoken_number(session_id: int, digits: str) -> int:
    """The number in the session that the six digits stand for."""
    left, right = int(digits[:3]), int(digits[3:])
    for at in reversed(range(ROUNDS)):
        left, right = (right - _shuffle(session_id, at, left)) % HALF, left
    return left * HALF + right


def read(text: str) -> Entry:
    """What was scanned or typed, by whatever keyboard: full width, capitals, spaces between the digits."""
    plain = unicodedata.normalize("NFKC", text).strip()
    digits = re.sub(r"[\s-]", "", plain)
    if re.fullmatch(r"[0-9]{6}", digits):
        return Entry(digits=digits)
    if found := TOKEN.search(plain.lower()):
        number, window = base36_to_int(found[2]), base36_to_int(found[3])
        if number <= LARGEST_ID:
            return Entry(code=Code(found[1], number, window, found[4]))
    return Entry(name=plain)


def _code(kind: str, number: int, session_id: int, moment: dt.datetime) -> Code:
    window = _window(kind, moment)
    return Code(kind, number, window, _mark(kind, number, session_id, window))


def _window(kind: str, moment: dt.datetime) -> int:
    return int(moment.timestamp()) // SECONDS[kind]


def _secret(text: str, key: str = "") -> bytes:
    secret = (key or settings.SECRET_KEY).encode()
    return hmac.new(secret, f"linlingtong.check-in|{text}".encode(), sha256).digest()


def _mark(kind: str, number: int, session_id: int, window: int, key: str = "") -> str:
    """Eighty bits in letters that no keyboard layout or caps lock changes for good."""
    return base64.b32encode(_secret(f"{kind}|{number}|{session_id}|{window}", key)[:10]).decode().lower()


def _venue_digits(session_id: int, window: int) -> str:
    return f"{int.from_bytes(_secret(f'digits|{session_id}|{window}')[:8]) % HALF**2:06}"


def _shuffle(session_id: int, at: int, half: int) -> int:
    return int.from_bytes(_secret(f"spoken|{session_id}|{at}|{half}")[:4]) % HALF
