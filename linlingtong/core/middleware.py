from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django_structlog.middlewares import RequestMiddleware

from linlingtong.core.problems import RETRY_AFTER, problem_page
from linlingtong.core.refusal import Busy

NAMES = {400: "bad_request", 403: "permission_denied", 404: "not_found", 405: "method_not_allowed", 500: "error"}


class RequestLogMiddleware(RequestMiddleware):
    """One line for each request, without what was searched for: a query may hold a name or a number."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"


class ProblemMiddleware:
    """What fails beside a view of the API is answered as a problem too; a lost race is a 503, never a 500."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if _is_api(request) and response.status_code >= 400 and _is_page(response):
            return problem_page(response.status_code, NAMES.get(response.status_code, "error"))
        return response

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Busy | OperationalError | InterfaceError):
            return None
        response: HttpResponse = (
            problem_page(503, "busy" if isinstance(error, Busy) else "unavailable")
            if _is_api(request)
            # without the request: what every page shows would ask the database that is away
            else HttpResponse(render_to_string("503.html"), status=503)
        )
        response["Retry-After"] = RETRY_AFTER
        return response


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _is_page(response: HttpResponse) -> bool:
    return response.get("Content-Type", "").startswith("text/html")
