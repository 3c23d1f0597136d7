from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.core.exceptions import ImproperlyConfigured
from django.utils.module_loading import import_string

FOR_DEVELOPERS = {"ConsoleBackend", "FileBackend", "DeveloperInbox"}


def residents_can_be_reached(**_: Any) -> list[CheckMessage]:
    """`check --deploy`: texts really go out, and nobody can read them on a page."""
    found: list[CheckMessage] = []
    if getattr(settings, "DEVELOPER_INBOX", False):
        found.append(Error("DEVELOPER_INBOX shows sign-in codes to everybody.", id="delivery.E001"))
    path = getattr(settings, "SMS_BACKEND", "")
    if not path or path.rpartition(".")[2] in FOR_DEVELOPERS:
        found.append(Error("SMS_BACKEND sends nothing to phones.", id="delivery.E002"))
        return found
    try:
        import_string(path)()
    except (ImportError, ImproperlyConfigured) as error:
        found.append(Error(f"SMS_BACKEND cannot be used: {error}", id="delivery.E003"))
    return found
