from typing import Any

from django.http import HttpRequest, HttpResponse


def activity_list(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def month(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def detail(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def community(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")
