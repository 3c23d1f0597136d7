import hashlib
from collections.abc import Mapping
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag
from django.utils.translation import get_language
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

VARY = ("Accept", "Accept-Language", "Cookie", "X-Session-Token")


class Public(APIView):
    """Everybody may read this: it carries an ETag, and shared caches keep what anonymous callers get for a moment.

    So does this process, for a shorter moment. Whoever brings a session or a token is always answered afresh.
    """

    seconds = 5

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        key = _key(request)
        kept: tuple[Mapping[str, str], bytes] | None = caches["process"].get(key) if key else None
        if kept is None:
            return super().dispatch(request, *args, **kwargs)
        headers, content = kept
        response = HttpResponse(content, headers=dict(headers))
        return get_conditional_response(request, etag=headers["ETag"], response=response)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        if response.status_code == 200 and request.method in {"GET", "HEAD"}:
            is_personal = request.user.is_authenticated
            response["Cache-Control"] = "no-store" if is_personal else f"public, max-age={self.seconds}"
            patch_vary_headers(response, VARY)
            response.add_post_render_callback(partial(_unless_known, request._request))  # noqa: SLF001 - DRF's own name
        else:
            response["Cache-Control"] = "no-store"
        return response  # type: ignore[no-any-return]


class Personal(APIView):
    """Somebody's own things: signed in only, and nothing on the way keeps a copy."""

    permission_classes = [IsAuthenticated]

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        response = super().finalize_response(request, response, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response  # type: ignore[no-any-return]


def _key(request: HttpRequest) -> str:
    """Names the answer that any anonymous caller would get; empty for everybody else."""
    is_known = "X-Session-Token" in request.headers or settings.SESSION_COOKIE_NAME in request.COOKIES
    if request.method != "GET" or is_known:
        return ""
    parts = (request.build_absolute_uri(), request.headers.get("Accept", ""), get_language() or "")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _unless_known(request: HttpRequest, response: Any) -> HttpResponse | None:
    set_response_etag(response)
    if key := _key(request):
        kept = dict(response.headers), response.content
        caches["process"].set(key, kept, settings.PUBLIC_ANSWER_SECONDS)
    return get_conditional_response(request, etag=response["ETag"], response=response)
