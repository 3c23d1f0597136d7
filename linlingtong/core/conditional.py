from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, patch_vary_headers, set_response_etag
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

VARY = ("Accept", "Accept-Language", "Cookie", "X-Session-Token")


class Public(APIView):
    """Everybody may read this: it carries an ETag, and shared caches keep what anonymous callers get for a moment."""

    seconds = 5

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


def _unless_known(request: HttpRequest, response: Any) -> HttpResponse | None:
    set_response_etag(response)
    return get_conditional_response(request, etag=response["ETag"], response=response)
