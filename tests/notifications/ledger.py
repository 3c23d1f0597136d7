"""A phone for processes that are killed: a file with a line for each text; the same key twice is two lines."""

import datetime as dt
import os
import time
from pathlib import Path
from typing import ClassVar

from linlingtong.delivery.channel import Outcome, Sms, sent

VARIABLE = "LEDGER"


class Ledger:
    deduplicates: ClassVar[bool] = False
    absence_is_proof: ClassVar[bool] = True

    def send(self, sms: Sms) -> Outcome:
        time.sleep(0.015)
        line = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(line, f"{sms.key}\n".encode())
        os.close(line)
        time.sleep(0.015)
        return sent()

    def look_up(self, key: str, _phone: str, _sent_on: dt.date, /) -> Outcome | None:
        return sent() if key in lines() else None


def lines() -> list[str]:
    path = Path(os.environ[VARIABLE])
    return path.read_text().splitlines() if path.exists() else []
