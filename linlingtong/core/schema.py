"""OpenAPI that also declares how each call can fail."""

from typing import Any

from django.urls import register_converter
from django.urls.converters import IntConverter
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentIdentity, ResolvedComponent
from drf_spectacular.utils import OpenApiParameter

from linlingtong.core.conditional import Personal, Public
from linlingtong.core.problems import MEDIA_TYPE
from linlingtong.core.refusal import Refusal

DESCRIPTIONS = {
    400: "The call is not valid; `errors` names the fields",
    401: "No token, or a bad one",
    403: "May not",
    404: "Not there, or not yours to know",
    406: "Only JSON is answered",
    409: "Refused, with the `code` of the refusal",
    413: "Too large",
    415: "Only JSON is understood",
    422: "The Idempotency-Key belongs to another call",
    429: "Too many calls; come back after Retry-After seconds",
    503: "Busy or restarting; come back after Retry-After seconds",
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string"},
        "detail": {"type": "string"},
        "errors": {
            "type": "object",
            "additionalProperties": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                },
            },
        },
    },
}
WRITING = {"POST", "PUT", "PATCH", "DELETE"}


class Id(IntConverter):
    """An id in a path: what the database cannot count to names nothing, so it is a 404 like any other unknown id."""

    regex = "[0-9]{1,18}"


# Here and not beside the addresses: rooms write theirs down before those are put together.
register_converter(Id, "id")


class Schema(AutoSchema):
    """Adds the problems of each call. A view lists the refusals of its methods: `refusals = {"PUT": (QueueFull,)}`."""

    def get_override_parameters(self) -> list[Any]:
        if self.method != "POST":
            return []
        return [
            OpenApiParameter(
                "Idempotency-Key",
                {"type": "string", "maxLength": 100},
                OpenApiParameter.HEADER,
                description="The same key with the same call answers the same, with another call 422.",
            )
        ]

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "board", "accounts")]

    def get_auth(self) -> list[Any]:
        required = super().get_auth()
        return required if isinstance(self.view, Personal) else [{}, *required]

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        self._register_problem()
        refusals = getattr(self.view, "refusals", {}).get(self.method, ())
        for code in self._problems(has_refusals=bool(refusals)):
            answers[str(code)] = self._problem(code, refusals if code == 409 else ())
        if isinstance(self.view, Public) and self.method == "GET":
            answers["304"] = {"description": "Nothing changed since the ETag in If-None-Match"}
        return answers

    def _problems(self, *, has_refusals: bool) -> list[int]:
        codes = [400, 401, 403, 404, 406, 429, 503]
        if self.method in WRITING:
            codes += [413, 415]
        if self.method == "POST":
            codes.append(422)
        return sorted([*codes, 409] if has_refusals else codes)

    def _register_problem(self) -> None:
        whose = ComponentIdentity("Problem")  # type: ignore[no-untyped-call]
        component = ResolvedComponent("Problem", "schemas", PROBLEM, whose)  # type: ignore[no-untyped-call]
        self.registry.register_on_missing(component)

    def _problem(self, code: int, refusals: tuple[type[Refusal], ...]) -> dict[str, Any]:
        reference: dict[str, Any] = {"$ref": "#/components/schemas/Problem"}
        if refusals:
            names = sorted(refusal.code for refusal in refusals)
            reference = {"allOf": [reference, {"properties": {"code": {"type": "string", "enum": names}}}]}
        answer: dict[str, Any] = {
            "description": DESCRIPTIONS[code],
            "content": {MEDIA_TYPE: {"schema": reference}},
        }
        if code in {429, 503}:
            answer["headers"] = {"Retry-After": {"schema": {"type": "integer"}}}
        return answer


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The token of the app or the browser's session."""

    target_class = "linlingtong.accounts.authentication.TokenOrSession"
    name = ["token", "session"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:  # noqa: ARG002 - the same
        return [{name: []} for name in self.name]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:  # noqa: ARG002 - spectacular's
        return [
            {"type": "apiKey", "in": "header", "name": "X-Session-Token"},
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ]


def only_ours(endpoints: list[tuple[str, str, str, Any]]) -> list[tuple[str, str, str, Any]]:
    """The schema describes /api/v1/ and nothing else."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith("/api/v1/")]
