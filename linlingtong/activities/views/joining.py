from typing import Any

from django.http import HttpRequest, HttpResponse


def join(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def done(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")
