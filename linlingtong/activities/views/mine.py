from typing import Any

from django.http import HttpRequest, HttpResponse


def bookmark(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def registrations(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def registration(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def give_up(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def accept(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def decline(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")


def drop_companion(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    return HttpResponse("")
