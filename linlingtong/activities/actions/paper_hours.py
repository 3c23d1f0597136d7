"""Hours of people on paper rosters: noted in the ledger, where somebody else approves them; taken back there."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Participant
from linlingtong.volunteering.actions import Service, credit, overlapping_many, reverse_keys
from linlingtong.volunteering.models import ServiceEntry

MINUTE = dt.timedelta(minutes=1)


@dataclass(frozen=True)
class Served:
    """Somebody for so long."""

    resident_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime


def clashing(served: Mapping[int, Served]) -> set[int]:
    """Which of these the ledger would refuse, because the person served elsewhere at that time."""
    if not served:
        return set()
    found = overlapping_many([(one.resident_id, one.starts_at, one.ends_at) for one in served.values()])
    return {number for number, entry in zip(served, found, strict=True) if entry is not None}


def credit_hours(people: Sequence[Participant], *, by: User) -> None:
    """Note the hours of everybody with an account, once: proof C, so a second person approves them.

    Only volunteering is service. What the ledger refuses (somebody who wrote down themselves) stays without hours.
    """
    owed = [one for one in people if is_service(one) and not one.is_credited]
    by_key = {key_of(one): one for one in owed}
    entered = credit([_service(one) for one in owed], by=by) if owed else []
    noted = {each.service.key for each in entered if each.entry is not None}
    Participant.objects.filter(pk__in=[by_key[key].pk for key in noted]).update(is_credited=True)
    for key in noted:
        by_key[key].is_credited = True


def is_service(person: Participant) -> bool:
    is_volunteering = person.session.activity.kind == Activity.Kind.VOLUNTEER
    return bool(is_volunteering and person.resident_id and person.minutes)


def take_back_hours(people: Sequence[Participant], *, by: User | None) -> None:
    """Reverse what was credited, decline what still waits for approval; the volunteer reads why."""
    noted = [one for one in people if one.is_credited]
    if not noted:
        return
    reverse_keys([key_of(one) for one in noted], by=by, reason=_("The entry on the paper roster was taken back."))
    Participant.objects.filter(pk__in=[one.pk for one in noted]).update(is_credited=False)
    for one in noted:
        one.is_credited = False


def key_of(person: Participant) -> str:
    """A new row is a new deed: what was undone and imported again is credited again."""
    return f"roster/{person.pk}"


def _service(person: Participant) -> Service:
    session, activity = person.session, person.session.activity
    return Service(
        key=key_of(person),
        resident_id=person.resident_id or 0,
        title=activity.title,
        place=activity.place,
        area_id=activity.area_id,
        starts_at=_start(person),
        ends_at=_start(person) + dt.timedelta(minutes=person.minutes or 0),
        planned_minutes=max(1, (session.ends_at - session.starts_at) // MINUTE),
        minutes=person.minutes,
        source=ServiceEntry.Source.IMPORT if person.batch_id else ServiceEntry.Source.PAPER,
        proof=ServiceEntry.Proof.C,
        recorder_id=person.recorded_by_id,
        leader_id=activity.leader_id,
        evidence={"participant": person.pk, "batch": person.batch_id, "session": person.session_id},
    )


def _start(person: Participant) -> dt.datetime:
    """A row that was just written carries a pair, one that was read carries a range."""
    during = person.during
    start: dt.datetime = during[0] if isinstance(during, tuple) else during.lower
    return start
