"""Who calls: session and person, read by hand on every signed-in request. The ORM takes three times as long."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import connection
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.planned import planned

_SESSION = f"SELECT session_data FROM {Session._meta.db_table} WHERE session_key = %s AND expire_date > %s"  # noqa: S608, SLF001
_NAMES, _COLUMNS = zip(*((f.attname, f.column) for f in User._meta.concrete_fields), strict=True)  # noqa: SLF001
_PERSON = f"SELECT {', '.join(_COLUMNS)} FROM {User._meta.db_table} WHERE id = %s"  # noqa: S608, SLF001


class SessionStore(db.SessionStore):
    """Django's sessions in the database; only the reading is another."""

    def load(self) -> dict[str, Any]:
        row = _row(_SESSION, [self.session_key, timezone.now()])
        if row is None:
            self._session_key = None
            return {}
        found: dict[str, Any] = self.decode(row[0])
        return found


class TokenStore(SessionStore):
    """The session behind the token of an app."""

    key_salt = SessionStore().key_salt  # it reads and writes the same rows

    def cycle_key(self) -> None:
        """Renewed where somebody signs in. Django renews it after a change of SECRET_KEY too: an app would be out."""
        if SESSION_KEY not in self:
            super().cycle_key()


class KnownPerson(AuthenticationBackend):  # type: ignore[misc]
    """Recognises who has signed in; passwords are the business of the backends after this one.

    As allauth signs people in with the first backend of its own kind, it is one.
    """

    def authenticate(self, *_args: Any, **_credentials: Any) -> None:
        return None

    def get_user(self, user_id: Any) -> User | None:
        row = _row(_PERSON, [user_id])
        user = User.from_db(connection.alias, _NAMES, row) if row else None
        return user if user and self.user_can_authenticate(user) else None


def _row(query: str, values: list[Any]) -> tuple[Any, ...] | None:
    with planned() as cursor:
        cursor.execute(query, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
    return row
