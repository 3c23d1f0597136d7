"""Calls that a client may safely send twice: marked with a key in the header `Idempotency-Key`."""

import functools
import hashlib
from collections.abc import Callable
from typing import Any, cast

import orjson
from django.core.files import File
from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from linlingtong.accounts.actions import KeyOfAnotherCall, answer_once
from linlingtong.accounts.models import User
from linlingtong.core.problems import KeyReused
from linlingtong.core.rendering import to_json

LONGEST = 100
Method = Callable[..., Response]


def idempotent(method: Method) -> Method:
    """The view's method answers a repeated key with its first answer; the key is written with the effect."""

    @functools.wraps(method)
    def answered(view: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get("Idempotency-Key")
        if key is None:
            return method(view, request, *args, **kwargs)
        if not 0 < len(key) <= LONGEST or not key.isprintable():
            raise ValidationError({"Idempotency-Key": [_("A key has 1 to 100 printable characters.")]})

        def effect() -> tuple[int, Any]:
            response = method(view, request, *args, **kwargs)
            return response.status_code, orjson.loads(to_json(response.data))

        try:
            status, answer = answer_once(key, fingerprint_of(request), effect, by=cast("User", request.user))
        except KeyOfAnotherCall as error:
            raise KeyReused from error
        return Response(answer, status)

    return answered


def fingerprint_of(request: Request) -> str:
    """What makes two calls the same: method, address and body, whatever the order of its keys."""
    body = orjson.dumps(request.data, default=_content_key, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(b"\n".join([str(request.method).encode(), request.path.encode(), body])).hexdigest()


def _content_key(value: Any) -> str:
    """A file is known by what is in it, and left as it was found."""
    if not isinstance(value, File):
        raise TypeError(type(value).__name__)
    digest = hashlib.sha256()
    for chunk in value.chunks():
        digest.update(chunk)
    value.seek(0)
    return digest.hexdigest()
