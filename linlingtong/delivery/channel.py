"""What a channel is given, and the four things that can become of a message."""

import datetime as dt
import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol


class Result(enum.StrEnum):
    SENT = "sent"
    REFUSED = "refused"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attempt; `code` is the channel's word for it, without recipient or text."""

    result: Result
    code: str = ""
    provider_id: str = ""

    @property
    def may_be_sent_again(self) -> bool:
        """Certainly nothing was accepted, and the same message may have better luck later."""
        return self.result is Result.FAILED


def sent(provider_id: str = "", code: str = "") -> Outcome:
    """The channel has accepted the message."""
    return Outcome(Result.SENT, code, provider_id)


def refused(code: str) -> Outcome:
    """Sending the same again cannot help: a wrong number, a blocked recipient, a forbidden text."""
    return Outcome(Result.REFUSED, code)


def failed(code: str) -> Outcome:
    """Nothing was accepted; sending again is safe."""
    return Outcome(Result.FAILED, code)


def unknown(code: str) -> Outcome:
    """It may have been accepted: to be settled by a receipt, never sent again blindly."""
    return Outcome(Result.UNKNOWN, code)


@dataclass(frozen=True, slots=True)
class Sms:
    """One text for one phone: `template` and `params` for gateways with registered templates, `text` for others."""

    phone: str = field(repr=False)
    template: str
    params: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    key: str


class SmsBackend(Protocol):
    """A way to a phone.

    `deduplicates`: the same key twice is one message, so an unknown one may be sent again.
    `absence_is_proof`: a look-up that finds nothing, some minutes after the attempt, proves that nothing was accepted.
    """

    deduplicates: ClassVar[bool]
    absence_is_proof: ClassVar[bool]

    def send(self, sms: Sms) -> Outcome: ...

    def look_up(self, key: str, phone: str, sent_on: dt.date, /) -> Outcome | None:
        """What became of the message; `None` if the channel has no trace of it, `unknown` if it could not be asked."""
        ...
