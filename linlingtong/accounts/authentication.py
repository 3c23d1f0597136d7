from types import SimpleNamespace
from typing import Any, cast

from allauth.headless.tokens.strategies.sessions import SessionTokenStrategy
from django.contrib.auth import get_user
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from linlingtong.accounts.knowing import TokenStore
from linlingtong.accounts.models import User
from linlingtong.accounts.proof import note_session

HEADER = "X-Session-Token"
LONGEST = 64


class TokenOrSession(BaseAuthentication):
    """The API knows a caller by the token that signing in gave the app, or by the browser's session (with CSRF).

    Two queries: the session and the person. A token that is unknown, expired or of a blocked person is refused with
    401.
    """

    def authenticate(self, request: Request) -> tuple[User, Any] | None:
        token = request.headers.get(HEADER)
        if token is None:
            return cast("tuple[User, Any] | None", SessionAuthentication().authenticate(request))
        user = person_of(token)
        if user is None:
            raise AuthenticationFailed(_("This token is not valid any more. Sign in again."))
        return user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - REST framework's signature
        return HEADER


class Tokens(SessionTokenStrategy):  # type: ignore[misc]
    """The tokens that allauth gives its app clients: keys of sessions."""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        session = TokenStore(session_token) if is_key(session_token) else None
        return session if session is not None and session.load() else None


def is_key(token: str) -> bool:
    """Whether Django could have written it; anything else is not worth a query."""
    return token.isascii() and token.isalnum() and len(token) <= LONGEST


def person_of(token: str) -> User | None:
    """Who holds the token; allauth gives its app clients the key of a session."""
    if not is_key(token):
        return None
    session = TokenStore(token)
    user = get_user(cast("Any", SimpleNamespace(session=session)))
    if session.modified and user is not None:
        session.save()
    note_session(session)
    return user if isinstance(user, User) and user.is_active else None
