import base64
import binascii
import datetime as dt
from typing import Any

import orjson
from django.db.models import Q
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

SIZE = 20
LARGEST = 100
LARGEST_ID = 2**63 - 1


class Pages(BasePagination):
    """Pages by position, not by number: the thousandth costs what the first does, and no total is counted.

    The view names two columns in `page_order`, a moment (or the key itself) and the key: `("-created_at", "-id")`.
    """

    request: Request
    rows: list[Any]
    is_back: bool
    has_more: bool
    order: tuple[str, ...]

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        self.request = request
        self.order = view.page_order
        size = self._size()
        position = self._position()
        self.is_back = bool(position and position[0])
        if position:
            queryset = queryset.filter(self._beyond(position[1]))
        rows = list(queryset.order_by(*(_turned(name) if self.is_back else name for name in self.order))[: size + 1])
        self.has_more = len(rows) > size
        self.is_first = position is None
        self.rows = rows[:size]
        if self.is_back:
            self.rows.reverse()
        return self.rows

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"next": self._next(), "previous": self._previous(), "results": data})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": "string", "nullable": True, "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": link, "previous": link, "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - REST framework's
        number = {"type": "integer", "minimum": 1, "maximum": LARGEST, "default": SIZE}
        text = {"type": "string"}
        return [
            {"name": "cursor", "in": "query", "required": False, "description": "Position of a page", "schema": text},
            {"name": "page_size", "in": "query", "required": False, "description": "Results a page", "schema": number},
        ]

    def _size(self) -> int:
        text = self.request.query_params.get("page_size", "")
        if not text:
            return SIZE
        if not (text.isascii() and text.isdigit()) or not int(text[:9]):
            raise ValidationError({"page_size": [_("Write a number from 1 to 100.")]})
        return min(int(text[:9]), LARGEST)

    def _position(self) -> tuple[bool, list[Any]] | None:
        text = self.request.query_params.get("cursor", "")
        if not text:
            return None
        try:
            is_back, *keys = orjson.loads(base64.urlsafe_b64decode(text.encode()))
            values = [_read(key, name) for key, name in zip(keys, self.order, strict=True)]
        except (ValueError, TypeError, binascii.Error, OverflowError) as error:
            raise ValidationError({"cursor": [_("This position is not from this list.")]}) from error
        return bool(is_back), values

    def _beyond(self, values: list[Any]) -> Q:
        *_first, last = self.order
        side = "lt" if last.startswith("-") != self.is_back else "gt"
        names = [name.lstrip("-") for name in self.order]
        if len(names) == 1:
            return Q(**{f"{names[0]}__{side}": values[0]})
        moment, key = names
        after = Q(**{f"{moment}__{side}": values[0]}) | Q(**{f"{key}__{side}": values[1]})
        return Q(**{f"{moment}__{side}e": values[0]}) & after

    def _next(self) -> str | None:
        if not self.rows or (not self.is_back and not self.has_more):
            return None
        return self._link(self.rows[-1], is_back=False)

    def _previous(self) -> str | None:
        if self.is_first or not self.rows or (self.is_back and not self.has_more):
            return None
        return self._link(self.rows[0], is_back=True)

    def _link(self, row: Any, *, is_back: bool) -> str:
        keys = [_written(_value(row, name.lstrip("-"))) for name in self.order]
        cursor = base64.urlsafe_b64encode(orjson.dumps([int(is_back), *keys])).decode()
        here = remove_query_param(self.request.build_absolute_uri(), "cursor")
        return replace_query_param(here, "cursor", cursor)


def _turned(name: str) -> str:
    return name[1:] if name.startswith("-") else f"-{name}"


def _value(row: Any, name: str) -> Any:
    if isinstance(row, dict):
        return row[name]
    for part in name.split("__"):
        row = getattr(row, part)
    return row


def _written(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value


def _read(key: Any, name: str) -> Any:
    if name.lstrip("-").endswith("id"):
        if type(key) is not int or not 0 <= key <= LARGEST_ID:
            raise ValueError(name)
        return key
    moment = dt.datetime.fromisoformat(key)
    if moment.tzinfo is None:
        raise ValueError(name)
    return moment.astimezone(dt.UTC)
