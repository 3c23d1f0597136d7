"""Whether the caller has shown the second factor in this session. Without it staff are residents, at every door."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase

from linlingtong.accounts.models import User

PROVEN, WRONG = "second_factor", "second_factor_wrong"
# Then another code by SMS is needed, and those are few.
TRIES = 5

_called_in: ContextVar[SessionBase | None] = ContextVar("called_in", default=None)


@contextmanager
def called_in(session: SessionBase) -> Iterator[None]:
    """The session of the request that is answered meanwhile."""
    token = _called_in.set(session)
    try:
        yield
    finally:
        _called_in.reset(token)


def session_now() -> SessionBase:
    """The session of the request that is being answered. Raises LookupError outside of one."""
    session = _called_in.get()
    if session is None:
        raise LookupError
    return session


def note_session(session: SessionBase) -> None:
    """An app is known by its token, which only the view reads: from now on that session counts for this request."""
    _called_in.set(session)


def is_proven(session: SessionBase, user: User) -> bool:
    return bool(session.get(PROVEN) == user.pk)


def lacks_proof(user: User) -> bool:
    """Whether this is the caller, who has not shown the second factor yet although the installation wants it."""
    session = _called_in.get() if settings.STAFF_TOTP else None
    return session is not None and session.get(SESSION_KEY) == str(user.pk) and not is_proven(session, user)


def note_proof(session: SessionBase, user: User) -> None:
    session[PROVEN] = user.pk
    session.pop(WRONG, None)


def forget_proof(session: SessionBase) -> None:
    session.pop(PROVEN, None)


def note_wrong(session: SessionBase) -> bool:
    """One more wrong code; True after the fifth, when the session is over."""
    session[WRONG] = session.get(WRONG, 0) + 1
    is_over = bool(session[WRONG] >= TRIES)
    if is_over:
        session.flush()
    return is_over
