"""What a stay is worth: how the door's scans become minutes of service."""

import datetime as dt
from dataclasses import dataclass

from linlingtong.activities.models import Activity, Presence, Registration, Session

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Served:
    """The part of the session that somebody was there, and the whole of it, in minutes."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    minutes: int
    planned: int


def served(presence: Presence, session: Session) -> Served | None:
    """From coming to leaving within the session; who only checked out is taken to have come at the start."""
    if presence.left_at is None:
        return None
    came = max(presence.came_at or session.starts_at, session.starts_at)
    left = max(came, min(presence.left_at, session.ends_at))
    planned = (session.ends_at - session.starts_at) // MINUTE
    return Served(came, left, (left - came) // MINUTE, planned)


def credit_presence(presence: Presence) -> None:
    """Volunteers' stays go to the ledger, once; when a late scan changes one, the ledger is put right."""
    registration = presence.registration
    activity = registration.session.activity
    if activity.kind != Activity.Kind.VOLUNTEER or registration.state != Registration.State.CONFIRMED:
        return
