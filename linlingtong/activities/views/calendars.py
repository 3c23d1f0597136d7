from typing import Any

from django.http import HttpRequest, HttpResponse


def activity_ics(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def feed(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def subscribe(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")
