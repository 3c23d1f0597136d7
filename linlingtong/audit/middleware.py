from collections.abc import Callable

import pghistory
import structlog
from django.http import HttpRequest, HttpResponse

READING = {"GET", "HEAD", "OPTIONS", "TRACE"}


class AuditMiddleware:
    """History rows written while a request lasts know its id, its path and who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.method in READING:
            return self.get_response(request)
        request_id = structlog.contextvars.get_contextvars().get("request_id")
        with pghistory.context(actor=request.user.pk, request=request_id, path=request.path):
            return self.get_response(request)
