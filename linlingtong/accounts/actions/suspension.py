import datetime as dt

from linlingtong.accounts.models import User
from linlingtong.audit.actions import acting


def suspend(user: User, until: dt.datetime | None, *, by: User | None) -> User:
    """The person may not register until then; nothing ends the delay at once. None is the clock or a rule."""
    if user.suspended_until != until:
        user.suspended_until = until
        with acting(by, "suspend"):
            user.save(update_fields=["suspended_until"])
    return user
