"""Hours of people on paper rosters: credited in the ledger, where somebody else approves them; taken back there."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from linlingtong.accounts.models import User
from linlingtong.activities.models import Participant


@dataclass(frozen=True)
class Served:
    """Somebody for so long."""

    resident_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


def clashing(served: Mapping[int, Served]) -> set[int]:
    """Which of these the ledger would refuse, because the person served elsewhere at that time."""
    return set()


def credit_hours(people: Sequence[Participant], *, by: User) -> None:
    """Credit everybody with an account and minutes, once."""


def take_back_hours(people: Sequence[Participant], *, by: User) -> None:
    """Reverse what was credited."""
