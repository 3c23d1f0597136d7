from django.http import HttpRequest
from rest_framework.exceptions import NotAuthenticated
from rest_framework.request import Request

from linlingtong.accounts.models import User


def reader(request: HttpRequest | Request) -> User | None:
    """Who reads a page or an answer that is open to everybody, if we know."""
    return request.user if isinstance(request.user, User) else None


def caller(request: HttpRequest | Request) -> User:
    """Who calls, behind a door that lets only signed-in people through.

    Raises NotAuthenticated where that door is missing.
    """
    user = reader(request)
    if user is None:
        raise NotAuthenticated
    return user
