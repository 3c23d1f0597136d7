"""A second person decides; what was credited can be taken back, with a reason that the volunteer reads."""

from collections.abc import Sequence

from django.db.models import QuerySet

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.volunteering.actions import tidings
from linlingtong.volunteering.actions.booking import Kind, book_credits, book_reversal, line
from linlingtong.volunteering.actions.crediting import overlapping
from linlingtong.volunteering.actions.refusals import (
    AlreadyDecided,
    NotCredited,
    OverlappingHours,
    OwnHours,
    ReasonMissing,
    SecondPersonNeeded,
    TooManyMinutes,
)
from linlingtong.volunteering.models import ServiceEntry, ServiceRecord
from linlingtong.volunteering.permissions import check_decides


def entry_in_turn(entry_id: int) -> ServiceEntry:
    """The entry, read again after its resident's turn came."""
    resident_id = ServiceEntry.objects.values_list("resident_id", flat=True).get(pk=entry_id)
    take_turns([("hours", resident_id)])
    return ServiceEntry.objects.select_related("resident", "area", "replaces").get(pk=entry_id)


def needed(reason: str) -> str:
    cleaned = clean_text(reason)[:200]
    if not cleaned:
        raise ReasonMissing
    return cleaned


@in_turn
def approve(entry_id: int, *, by: User, minutes: int | None = None) -> ServiceEntry:
    """Credit a waiting entry, all of it or a part; approving it again changes nothing.

    Raises PermissionDenied, OwnHours, SecondPersonNeeded, AlreadyDecided, TooManyMinutes, OverlappingHours.
    """
    entry = entry_in_turn(entry_id)
    check_decides(by, entry)
    check_second_person(entry, by)
    worth = entry.minutes if minutes is None else minutes
    records = list(entry.records.all())
    if [(r.kind, r.minutes) for r in records] == [(Kind.CREDIT, worth)]:
        return entry
    if records:
        raise AlreadyDecided
    if not 1 <= worth <= entry.minutes:
        raise TooManyMinutes(minutes=entry.minutes)
    clash = overlapping(entry.resident_id, entry.starts_at, entry.ends_at)
    if clash is not None and clash.pk != entry.replaces_id:
        raise OverlappingHours(title=clash.title)
    book_credits([(entry, worth)], approver=by)
    tidings.tell_approved(entry, worth)
    return entry


def check_second_person(entry: ServiceEntry, by: User | None) -> None:
    """Raises OwnHours for who served and SecondPersonNeeded for who recorded it."""
    if by is not None and by.pk == entry.resident_id:
        raise OwnHours
    if by is not None and by.pk == entry.recorder_id:
        raise SecondPersonNeeded


@in_turn
def decline(entry_id: int, *, by: User | None, reason: str) -> ServiceEntry:
    """A waiting entry counts for nothing; the volunteer reads why and may ask for a correction.

    Raises PermissionDenied, OwnHours, ReasonMissing, AlreadyDecided.
    """
    reason = needed(reason)
    entry = entry_in_turn(entry_id)
    check_decides(by, entry)
    _not_own(entry, by)
    kinds = set(entry.records.values_list("kind", flat=True))
    if kinds == {Kind.DECLINE}:
        return entry
    if kinds:
        raise AlreadyDecided
    line(entry, Kind.DECLINE, 0, by, reason).save(force_insert=True)
    tidings.tell_declined(entry, reason)
    return entry


@in_turn
def reverse(entry_id: int, *, by: User | None, reason: str) -> ServiceRecord:
    """Take a credit back; the volunteer reads the reason, sheets with it are dead, and the time is free again.

    Raises PermissionDenied, OwnHours, ReasonMissing, NotCredited.
    """
    reason = needed(reason)
    entry = entry_in_turn(entry_id)
    check_decides(by, entry)
    _not_own(entry, by)
    known = {record.kind: record for record in entry.records.all()}
    if Kind.REVERSAL in known:
        return known[Kind.REVERSAL]
    if Kind.CREDIT not in known:
        raise NotCredited
    reversal = book_reversal(entry, by=by, reason=reason)
    tidings.tell_reversed(entry, reversal)
    return reversal


def _not_own(entry: ServiceEntry, by: User | None) -> None:
    if by is not None and by.pk == entry.resident_id:
        raise OwnHours


@in_turn
def reverse_keys(keys: Sequence[str], *, by: User | None, reason: str) -> int:
    """Undo what was entered under these keys, and what corrected it: credits are taken back, waiting entries declined.

    Answers how many.

    The caller has asked whether `by` may undo what it once entered; nobody undoes hours of their own.
    """
    reason = needed(reason)
    people = sorted(set(ServiceEntry.objects.filter(key__in=keys).values_list("resident_id", flat=True)))
    take_turns([("hours", resident_id) for resident_id in people])
    done = 0
    for entry in _with_corrections(keys):
        _not_own(entry, by)
        kinds = set(entry.records.values_list("kind", flat=True))
        if not kinds:
            line(entry, Kind.DECLINE, 0, by, reason).save(force_insert=True)
            tidings.tell_declined(entry, reason)
        elif kinds == {Kind.CREDIT}:
            tidings.tell_reversed(entry, book_reversal(entry, by=by, reason=reason))
        else:
            continue
        done += 1
    return done


def _with_corrections(keys: Sequence[str]) -> QuerySet[ServiceEntry]:
    """The entries of these keys and whatever has replaced them since, in the order of their entering."""
    found = set(ServiceEntry.objects.filter(key__in=keys).values_list("pk", flat=True))
    latest = found
    while latest:
        latest = set(ServiceEntry.objects.filter(replaces__in=latest).values_list("pk", flat=True)) - found
        found |= latest
    return ServiceEntry.objects.filter(pk__in=found).select_related("resident", "area").order_by("pk")
