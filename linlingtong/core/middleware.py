from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from linlingtong.core.refusal import Busy

SECONDS = "2"


class ProblemMiddleware:
    """A page or call that lost the race for a lock three times answers 503 with a time to come back, never 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Busy):
            return None
        response: HttpResponse = (
            JsonResponse({"status": 503, "code": "busy"}, status=503, content_type="application/problem+json")
            if request.path.startswith("/api/")
            else render(request, "503.html", status=503)
        )
        response["Retry-After"] = SECONDS
        return response
