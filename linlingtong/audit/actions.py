from contextlib import AbstractContextManager
from typing import Any

import pghistory


def acting(by: Any, verb: str) -> AbstractContextManager[Any]:
    """While this lasts, history rows carry who acts and by which verb (ids only, never names)."""
    return pghistory.context(actor=getattr(by, "pk", None), verb=verb)
