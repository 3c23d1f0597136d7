from collections.abc import Callable
from contextlib import nullcontext

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from linlingtong.accounts.permissions import scopes_asked_once
from linlingtong.accounts.proof import called_in

COOKIE = "llt_language"


class LanguageMiddleware:
    """The reader's language: a profile's, else the cookie's, else what the call asks for, else Chinese.

    Browsers' Accept-Language is not asked for pages: phones set to English by their maker would hide the Chinese.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(self.language(request)):
            request.LANGUAGE_CODE = translation.get_language()
            return self.get_response(request)

    def language(self, request: HttpRequest) -> str:
        if request.path.startswith(("/api/", "/_allauth/")) and "Accept-Language" in request.headers:
            return translation.get_language_from_request(request)
        chosen = request.COOKIES.get(COOKIE)
        if request.user.is_authenticated:
            chosen = request.user.language
        return chosen if chosen in {"zh-hans", "en"} else "zh-hans"


class ScopeMiddleware:
    """Where the caller works hangs on the session; a request that only reads asks once, one that writes each time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with called_in(request.session), scopes_asked_once() if request.method in {"GET", "HEAD"} else nullcontext():
            return self.get_response(request)
