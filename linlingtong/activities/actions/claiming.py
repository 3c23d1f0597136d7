"""Entries of paper rosters that belong to a phone find their owner when the phone is proved."""

import datetime as dt
from collections.abc import Iterable

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.paper_hours import Served, clashing, credit_hours, take_back_hours
from linlingtong.activities.actions.record_refusals import NothingToClaim
from linlingtong.activities.actions.understanding import roster_key
from linlingtong.activities.models import Participant, Registration
from linlingtong.core.turns import in_turn, take_turns

LATELY = dt.timedelta(days=2)


def waiting_for(resident: User) -> list[Participant]:
    """Entries with this person's proved number that nobody has claimed."""
    if not resident.phone or resident.phone_verified_at is None:
        return []
    rows = Participant.objects.filter(phone_key=roster_key(resident.phone), resident=None)
    return list(rows.select_related("session__activity").order_by("-session__starts_at", "-pk"))


@in_turn
def claim(resident: User, *, by: User) -> list[Participant]:
    """“是我”: take every entry with one's own proved number; hours go to the ledger, once. Raises NothingToClaim."""
    if by.pk != resident.pk:
        raise PermissionDenied
    taken = _claim(resident)
    if not taken:
        raise NothingToClaim
    return taken


@in_turn
def disown(participant_id: int, *, by: User) -> Participant:
    """“不是我”: the entry keeps its name and loses the number; credited hours are reversed. Raises NothingToClaim."""
    take_turns([("person", by.pk), ("rosters", 0)])
    found = Participant.objects.select_related("session__activity").filter(pk=participant_id)
    person: Participant | None = found.first()
    if person is None or not _is_of(person, by):
        raise NothingToClaim
    take_back_hours([person], by=None)  # nobody undoes hours of their own; here they were never theirs
    person.resident, person.linked_at, person.phone_key, person.phone_mask = None, None, "", ""
    person.remark = "disowned"
    while _is_name_taken(person):
        person.name = f"{person.name[:26]} ({person.pk % 1000})"
    person.save(update_fields=["resident", "linked_at", "phone_key", "phone_mask", "remark", "name", "is_credited"])
    return person


def _is_of(person: Participant, user: User) -> bool:
    if person.resident_id is not None:
        return person.resident_id == user.pk
    return bool(user.phone and user.phone_verified_at and person.phone_key == roster_key(user.phone))


def _is_name_taken(person: Participant) -> bool:
    others = Participant.objects.filter(session=person.session_id, phone_key="", name=person.name)
    return others.exclude(pk=person.pk).exists()


def claim_lately() -> int:
    """The same by itself for everybody who proved their phone in the last days; answers how many entries."""
    fresh = User.objects.residents().filter(phone_verified_at__gte=timezone.now() - LATELY, phone__isnull=False)
    by_key = {roster_key(phone): pk for pk, phone in fresh.values_list("pk", "phone")}
    waiting = Participant.objects.filter(phone_key__in=by_key, resident=None, phone_key__gt="")
    owners = {by_key[key] for key in waiting.values_list("phone_key", flat=True)}
    return sum(len(_claim_in_turn(one)) for one in User.objects.filter(pk__in=owners).order_by("pk"))


@in_turn
def _claim_in_turn(resident: User) -> list[Participant]:
    return _claim(resident)


def _claim(resident: User) -> list[Participant]:
    take_turns([("person", resident.pk), ("rosters", 0)])
    taken = []
    for person in waiting_for(resident):
        if _is_there_already(person, resident):
            person.delete()
            continue
        person.resident, person.linked_at = resident, timezone.now()
        if _clashes(person):
            person.minutes, person.remark = None, "clashing"
        taken.append(person)
    _link(taken)
    return taken


def _is_there_already(person: Participant, resident: User) -> bool:
    """Registered here and ticked off, too: one person counts once."""
    attended = [Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT]
    own = Registration.objects.filter(session=person.session_id, resident=resident, attendance__in=attended)
    return own.exists() or Participant.objects.filter(session=person.session_id, resident=resident).exists()


def _clashes(person: Participant) -> bool:
    if not person.minutes or person.resident_id is None:
        return False
    return bool(clashing({0: Served(person.resident_id, person.during.lower, person.during.upper)}))


def _link(taken: Iterable[Participant]) -> None:
    for person in taken:
        person.save(update_fields=["resident", "linked_at", "minutes", "remark"])
        credit_hours([person], by=person.recorded_by)
