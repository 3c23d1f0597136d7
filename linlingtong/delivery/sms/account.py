import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from linlingtong.delivery.channel import Outcome, failed, unknown
from linlingtong.delivery.wire import Answer, Endpoint

NO_TEMPLATE = "template-not-configured"
UNREADABLE = "unreadable-answer"


@dataclass(frozen=True, slots=True)
class Template:
    provider_id: str
    params: dict[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Account:
    """How this installation is known to its gateway, from the SMS_* settings."""

    endpoint: Endpoint
    access_key: str
    access_secret: str = field(repr=False)
    sign_name: str
    app_id: str
    region: str

    @classmethod
    def from_settings(cls, *, endpoint: str, region: str, needs_app: bool = False) -> "Account":
        needed = ["SMS_ACCESS_KEY", "SMS_ACCESS_SECRET", "SMS_SIGN_NAME", "SMS_TEMPLATES"]
        missing = [name for name in [*needed, *["SMS_APP_ID"] * needs_app] if not getattr(settings, name, "")]
        if missing:
            raise ImproperlyConfigured(f"The SMS gateway needs {', '.join(missing)}.")
        return cls(
            Endpoint.parse(getattr(settings, "SMS_ENDPOINT", "") or endpoint),
            settings.SMS_ACCESS_KEY,
            settings.SMS_ACCESS_SECRET,
            settings.SMS_SIGN_NAME,
            getattr(settings, "SMS_APP_ID", ""),
            getattr(settings, "SMS_REGION", "") or region,
        )


def registered(template: str, params: Mapping[str, str]) -> Template | None:
    """The gateway's template and its parameters in its order, each short enough; `None` if nobody registered one.

    An entry of SMS_TEMPLATES is the gateway's id, or `{"id": …, "params": [names in order]}`.
    """
    entry = getattr(settings, "SMS_TEMPLATES", {}).get(template)
    if not entry:
        return None
    if not isinstance(entry, dict):
        entry = {"id": entry}
    names = entry.get("params", list(params))
    return Template(str(entry["id"]), {name: _short(str(params.get(name, ""))) for name in names})


def _short(text: str) -> str:
    """One line, not longer than a gateway takes for one parameter: a long title must not stop the reminder."""
    line, limit = " ".join(text.split()), settings.SMS_PARAM_LIMIT
    return line if len(line) <= limit else line[: limit - 1] + "…"


def national(phone: str) -> str:
    """A mainland number as its eleven digits, any other as country code and number."""
    return phone.removeprefix("+86") if phone.startswith("+86") else phone.removeprefix("+")


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def hmac_sha256(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def parsed(answer: Answer) -> dict[str, Any] | None:
    """The answer's JSON object, if it is one."""
    try:
        content = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        return None
    return content if isinstance(content, dict) else None


def unreadable(status: int) -> Outcome:
    """What to make of an answer without a word from the gateway itself: some proxy or a broken server spoke."""
    if 200 <= status < 300:
        return unknown(UNREADABLE)
    return unknown(f"http-{status}") if is_unsure(status) else failed(f"http-{status}")


def is_unsure(status: int) -> bool:
    """A server that broke may have accepted before; 503 is its word for not even having begun."""
    return status >= 500 and status != 503
