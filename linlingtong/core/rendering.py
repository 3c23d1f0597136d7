import datetime as dt
from collections.abc import Mapping
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer

from linlingtong.core.time import LOCAL

OPTIONS = orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def _plain(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.astimezone(LOCAL()).isoformat(timespec="seconds")
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(type(value).__name__)


def to_json(content: Any) -> bytes:
    """JSON by orjson; moments are written with the offset of the subdistrict's clock."""
    return orjson.dumps(content, default=_plain, option=OPTIONS)


class JSONRenderer(BaseRenderer):
    """JSON by orjson: several times faster than the standard library on long lists."""

    media_type = "application/json"
    format = "json"
    charset: str | None = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 - REST framework's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> bytes:
        return b"" if data is None else to_json(data)


class CalendarRenderer(JSONRenderer):
    """A finished calendar file; problems stay JSON."""

    media_type = "text/calendar"
    format = "ics"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,  # noqa: ARG002 - REST framework's signature
        renderer_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> bytes:
        return data if isinstance(data, bytes) else super().render(data)


class JSONParser(BaseParser):
    """JSON by orjson: depth is bounded, lone surrogates and NaN are refused while parsing."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002 - REST framework's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - the same
    ) -> Any:
        try:
            content = stream.read(settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
            if len(content) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
                raise RequestDataTooBig("JSON")
            return orjson.loads(content)
        except orjson.JSONDecodeError as error:
            where = {"line": error.lineno, "column": error.colno}
            raise ParseError(_("This is no JSON: line %(line)d, column %(column)d.") % where) from error
