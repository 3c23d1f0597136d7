"""Every error of the API as `application/problem+json` (RFC 9457)."""

from typing import Any

import structlog
from django.core.exceptions import ObjectDoesNotExist, RequestDataTooBig, SuspiciousOperation
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, JsonResponse
from django.utils.encoding import force_str
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from linlingtong.core.refusal import Busy, Refusal

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER = "2"
TITLES: dict[int, Any] = {
    400: gettext_lazy("Something in the call is not valid"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("You may not do this"),
    404: gettext_lazy("Not found"),
    405: gettext_lazy("This address does not know that method"),
    406: gettext_lazy("Only JSON is answered here"),
    409: gettext_lazy("Not possible right now"),
    413: gettext_lazy("Too large"),
    415: gettext_lazy("Only JSON is understood here"),
    422: gettext_lazy("This key was used for another call"),
    429: gettext_lazy("Too many calls"),
    500: gettext_lazy("Something broke on our side"),
    503: gettext_lazy("Very busy right now"),
}
# What the libraries say in English only, or wrongly in Chinese.
BETTER_SAID: dict[str, Any] = {
    "No data provided": gettext_lazy("Send an object, for example {}."),
    "null_characters_not_allowed": gettext_lazy("It holds a character that cannot be stored (NUL)."),
}
log = structlog.get_logger(__name__)


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = gettext_lazy("The call carries more than this address takes.")
    default_code = "too_large"


class KeyReused(exceptions.APIException):
    """The same Idempotency-Key came with another call."""

    status_code = status.HTTP_422_UNPROCESSABLE_ENTITY
    default_detail = gettext_lazy("This Idempotency-Key already belongs to another call.")
    default_code = "idempotency_key_reused"


def problem(
    code: int, name: str, detail: str, errors: dict[str, list[dict[str, str]]] | None = None
) -> dict[str, Any]:
    """The body: `name` is the stable word that clients compare."""
    body: dict[str, Any] = {
        "type": f"urn:linlingtong:problem:{name}",
        "title": str(TITLES.get(code, TITLES[400])),
        "status": code,
        "code": name,
        "detail": detail,
    }
    return body | {"errors": errors} if errors else body


def problem_page(code: int, name: str, detail: str = "") -> JsonResponse:
    """The same for answers that are given outside REST framework."""
    return JsonResponse(problem(code, name, detail or str(TITLES.get(code, ""))), status=code, content_type=MEDIA_TYPE)


def answer(error: Exception, context: dict[str, Any]) -> Response | None:
    """What the caller reads instead of a traceback; None lets an error of ours become a 500."""
    known = _unavailable(error) or _refused(error)
    if known is not None:
        return known
    error = _translated(error)
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return None
    response.data = _described(error)
    response.content_type = MEDIA_TYPE
    return response


def _unavailable(error: Exception) -> Response | None:
    if isinstance(error, Busy):
        name, detail = "busy", _("Many people want the same thing right now. Try again in a moment.")
    elif isinstance(error, OperationalError | InterfaceError):
        log.warning("database_unavailable", error=type(error.__cause__ or error).__name__)
        name, detail = "unavailable", _("The platform is restarting. Try again in a moment.")
    else:
        return None
    return Response(problem(503, name, detail), 503, headers={"Retry-After": RETRY_AFTER}, content_type=MEDIA_TYPE)


def _refused(error: Exception) -> Response | None:
    if not isinstance(error, Refusal):
        return None
    return Response(problem(409, error.code, error.detail) | error.more, 409, content_type=MEDIA_TYPE)


def _translated(error: Exception) -> Exception:
    if isinstance(error, ObjectDoesNotExist):
        return exceptions.NotFound()
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, RequestDataTooBig):
        return TooLarge()
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError()
    if isinstance(error, ModelValidationError):
        return exceptions.ValidationError(
            error.message_dict if hasattr(error, "error_dict") else {"non_field_errors": error.messages}
        )
    return error


def _described(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        return problem(error.status_code, "invalid", _("Check the fields that are named."), fields_of(error.detail))
    detail = error.detail
    name = detail.code if isinstance(detail, exceptions.ErrorDetail) else error.default_code
    return problem(error.status_code, str(name), force_str(detail))


def fields_of(detail: Any, prefix: str = "") -> dict[str, list[dict[str, str]]]:
    """Nested messages as one flat map: the second companion's name is `party.1.name`."""
    if isinstance(detail, dict):
        found: dict[str, list[dict[str, str]]] = {}
        for key, value in detail.items():
            found |= fields_of(value, f"{prefix}.{key}" if prefix else str(key))
        return found
    messages = detail if isinstance(detail, list) else [detail]
    if any(isinstance(message, dict | list) for message in messages):
        return fields_of({index: message for index, message in enumerate(messages) if message}, prefix)
    return {prefix or "non_field_errors": [_said(message) for message in messages]}


def _said(message: Any) -> dict[str, str]:
    code = getattr(message, "code", None) or "invalid"
    return {"code": code, "message": str(BETTER_SAID.get(str(message)) or BETTER_SAID.get(code) or message)}
