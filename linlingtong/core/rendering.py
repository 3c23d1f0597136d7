from collections.abc import Mapping
from typing import Any

import orjson
from django.utils.functional import Promise
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer


def _plain(value: Any) -> str:
    if isinstance(value, Promise):
        return str(value)
    raise TypeError(type(value).__name__)


class JSONRenderer(BaseRenderer):
    """JSON by orjson: several times faster than the standard library on long lists."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        return b"" if data is None else orjson.dumps(data, default=_plain, option=orjson.OPT_NON_STR_KEYS)


class JSONParser(BaseParser):
    """JSON by orjson: depth is bounded, lone surrogates and NaN are refused while parsing."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return orjson.loads(stream.read())
        except orjson.JSONDecodeError as error:
            raise ParseError(f"JSON: {error}") from error
