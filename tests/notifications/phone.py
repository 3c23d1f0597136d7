import datetime as dt
from collections import deque
from collections.abc import Callable
from typing import ClassVar

from linlingtong.delivery.channel import Outcome, Sms, sent


class Phone:
    """What arrived, and how the channel treats the next texts."""

    texts: ClassVar[list[Sms]] = []
    script: ClassVar[deque[Outcome | Exception]] = deque()
    receipts: ClassVar[dict[str, Outcome | None]] = {}
    before: ClassVar[Callable[[Sms], None] | None] = None
    deduplicates: ClassVar[bool] = False
    absence_is_proof: ClassVar[bool] = True

    @classmethod
    def reset(cls) -> None:
        cls.texts, cls.script, cls.receipts, cls.before = [], deque(), {}, None
        cls.deduplicates, cls.absence_is_proof = False, True

    @classmethod
    def said(cls) -> list[str]:
        return [sms.text for sms in cls.texts]


class Backend:
    @property
    def deduplicates(self) -> bool:
        return Phone.deduplicates

    @property
    def absence_is_proof(self) -> bool:
        return Phone.absence_is_proof

    def send(self, sms: Sms) -> Outcome:
        if Phone.before:
            Phone.before(sms)
        outcome = Phone.script.popleft() if Phone.script else sent()
        if isinstance(outcome, Exception):
            raise outcome
        if outcome.result == "sent":
            Phone.texts.append(sms)
        return outcome

    def look_up(self, key: str, _phone: str, _sent_on: dt.date, /) -> Outcome | None:
        return Phone.receipts.get(key)
