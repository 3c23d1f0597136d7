import contextlib
import datetime as dt
import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import ClassVar

import orjson
from django.conf import settings

from linlingtong.delivery.actions import keep_message
from linlingtong.delivery.channel import Outcome, Sms, sent
from linlingtong.delivery.models import DevelopmentMessage


class ConsoleBackend:
    """Prints the text, for developers; of the number only the last four digits."""

    deduplicates: ClassVar[bool] = False
    absence_is_proof: ClassVar[bool] = False

    def send(self, sms: Sms) -> Outcome:
        sys.stdout.write(f"SMS *{sms.phone[-4:]}: {sms.text}\n")
        sys.stdout.flush()
        return sent()

    def look_up(self, _key: str, _phone: str, _sent_on: dt.date, /) -> Outcome | None:
        return None


class FileBackend:
    """One JSON file a message in SMS_FILE_DIRECTORY, named by its key."""

    deduplicates: ClassVar[bool] = True
    absence_is_proof: ClassVar[bool] = True

    def __init__(self) -> None:
        self.directory = Path(settings.SMS_FILE_DIRECTORY)

    def send(self, sms: Sms) -> Outcome:
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        name, content = self._path(sms.key), {"phone": sms.phone, "text": sms.text, "key": sms.key}
        with tempfile.NamedTemporaryFile(dir=self.directory, prefix=".") as draft:
            draft.write(orjson.dumps(content))
            draft.flush()
            with contextlib.suppress(FileExistsError):
                os.link(draft.name, name)
        return sent(name.stem)

    def look_up(self, key: str, _phone: str, _sent_on: dt.date, /) -> Outcome | None:
        name = self._path(key)
        return sent(name.stem) if name.exists() else None

    def _path(self, key: str) -> Path:
        return self.directory / f"{hashlib.sha256(key.encode()).hexdigest()[:32]}.json"


class DeveloperInbox:
    """Shows the text on the page /dev/inbox/ instead of sending it."""

    deduplicates: ClassVar[bool] = True
    absence_is_proof: ClassVar[bool] = True

    def send(self, sms: Sms) -> Outcome:
        keep_message(DevelopmentMessage.Channel.SMS, sms.phone, sms.text, key=sms.key)
        return sent(sms.key)

    def look_up(self, key: str, _phone: str, _sent_on: dt.date, /) -> Outcome | None:
        return sent(key) if DevelopmentMessage.objects.filter(key=key).exists() else None
