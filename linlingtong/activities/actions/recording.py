"""An activity without online registration, written down by hand: date, place, leader, names, and what proves it."""

import datetime as dt
from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.activities.actions import cells
from linlingtong.activities.actions.importing import is_used
from linlingtong.activities.actions.paper_hours import take_back_hours
from linlingtong.activities.actions.record_refusals import (
    BadLine,
    EvidenceMissing,
    NobodyNamed,
    NotYetOver,
    RecordedAlready,
    UsedSince,
    WrittenAlready,
)
from linlingtong.activities.actions.refusals import EndsBeforeStart
from linlingtong.activities.actions.rosters import past_session, write
from linlingtong.activities.actions.understanding import find_repeats, know_residents, roster_key
from linlingtong.activities.models import ImportBatch, ImportRow, OfflineRecord, Participant, Session
from linlingtong.activities.permissions import check_manages
from linlingtong.activities.reasons import reason_words
from linlingtong.areas.models import Area
from linlingtong.audit.actions import acting
from linlingtong.core.dates import date_words
from linlingtong.core.text import clean_text
from linlingtong.core.time import local
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.photos.actions import attach
from linlingtong.photos.models import Photo

MOST_NAMES = 500
SUBJECT = "record"


@in_turn
def record(
    *,
    by: User,
    area: Area,
    title: str,
    kind: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    place: str,
    names: str,
    evidence: str,
    minutes: int | None = None,
    leader: User | None = None,
    photos: Sequence[Photo] = (),
    **facts: object,
) -> OfflineRecord:
    """Write down an activity that took place, with everybody who was there: one person a line, name and phone.

    Raises NotYetOver, EndsBeforeStart, EvidenceMissing, WrittenAlready, NobodyNamed and BadLine; PermissionDenied
    outside the areas.
    """
    if not in_scope(area.path, scope_for(by)):
        raise PermissionDenied
    _check_times(starts_at, ends_at)
    evidence = _needed_evidence(evidence)
    take_turns([("rosters", 0)])
    twins = OfflineRecord.objects.filter(session__activity__title=title, session__starts_at=starts_at)
    if twins.filter(area_path=area.path).exists():
        raise WrittenAlready(title=title, day=date_words(local(starts_at).date()))
    session = past_session(
        area, title=title, kind=kind, starts_at=starts_at, ends_at=ends_at, by=by, place=place, leader=leader, **facts
    )
    with acting(by, "record"):
        kept = OfflineRecord.objects.create(session=session, area_path=area.path, evidence=evidence, recorded_by=by)
    _write(session, names, minutes, by=by)
    attach(photos, subject=SUBJECT, subject_id=kept.pk, area_path=area.path, is_public=False, by=by)
    return kept


def _check_times(starts_at: dt.datetime, ends_at: dt.datetime) -> None:
    if ends_at <= starts_at:
        raise EndsBeforeStart
    if ends_at > timezone.now():
        raise NotYetOver


def _needed_evidence(evidence: str) -> str:
    evidence = clean_text(evidence)[:1000]
    if not evidence:
        raise EvidenceMissing
    return evidence


@in_turn
def add_names(session_id: int, names: str, *, by: User, minutes: int | None = None) -> list[Participant]:
    """Put more people on the list of a session that is over. Raises NotYetOver, NobodyNamed and BadLine."""
    take_turns([("rosters", 0)])
    session = Session.objects.select_related("activity__area").get(pk=session_id)
    check_manages(by, session.activity)
    if session.ends_at > timezone.now():
        raise NotYetOver
    return _write(session, names, minutes, by=by)


@in_turn
def add_evidence(record_id: int, *, by: User, evidence: str, photos: Sequence[Photo] = ()) -> OfflineRecord:
    """Say better what proves the record, and add pictures of the sign-in sheet. Raises EvidenceMissing."""
    kept: OfflineRecord = OfflineRecord.objects.select_related("session__activity").get(pk=record_id)
    check_manages(by, kept.session.activity)
    kept.evidence = _needed_evidence(evidence)
    with acting(by, "edit"):
        kept.save(update_fields=["evidence"])
    attach(photos, subject=SUBJECT, subject_id=kept.pk, area_path=kept.area_path, is_public=False, by=by)
    return kept


@in_turn
def strike(participant_id: int, *, by: User) -> None:
    """Take somebody off a roster; hours are reversed in the ledger. Raises UsedSince."""
    take_turns([("rosters", 0)])
    person = Participant.objects.select_related("session__activity", "batch", "resident").get(pk=participant_id)
    check_manages(by, person.session.activity)
    if is_used(person, person.batch):
        raise UsedSince
    take_back_hours([person], by=by)
    person.delete()


def _write(session: Session, names: str, minutes: int | None, *, by: User) -> list[Participant]:
    lines = [line for line in names.splitlines() if cells.text_of(line)]
    if not lines:
        raise NobodyNamed
    if len(lines) > MOST_NAMES:
        raise BadLine(number=MOST_NAMES + 1, why=reason_words("too_many", {"most": MOST_NAMES}))
    rows, phones = [], {}
    for number, line in enumerate(lines, start=1):
        row, phone = _row(number, line, session, minutes)
        rows.append(row)
        if phone:
            phones[row.phone_key] = phone
    know_residents([row for row in rows if row.phone_key], phones)
    find_repeats(rows)
    _raise_first(rows)
    where = ImportBatch(area=session.activity.area, area_path=session.activity.area_path, session=session)
    people = write(where, rows, by=by)
    _raise_first(rows)
    return people


def _row(number: int, line: str, session: Session, minutes: int | None) -> tuple[ImportRow, str]:
    """`张三 19900001234 90`: a name, perhaps a phone, perhaps minutes."""
    row = ImportRow(number=number, title=session.activity.title, starts_at=session.starts_at, ends_at=session.ends_at)
    try:
        phone = _understand(row, line, session, minutes)
    except cells.Unreadable as error:
        raise BadLine(number=number, why=reason_words(error.code, error.facts)) from error
    if phone:
        row.phone_key, row.phone_mask = roster_key(phone), cells.mask_of(phone)
    return row, phone


def _understand(row: ImportRow, line: str, session: Session, minutes: int | None) -> str:
    parts = cells.text_of(line.replace("、", " ").replace("，", " ").replace(",", " ")).split()
    numbers = [part for part in parts if part.lstrip("+").replace("-", "").isdigit()]
    row.name = cells.name_of(" ".join(part for part in parts if part not in numbers))
    phone = cells.phone_of(next((part for part in numbers if len(part) > 4), None)) or ""
    own = next((part for part in numbers if len(part) <= 4), None)
    row.minutes = cells.minutes_of(own, "minutes") if own else minutes
    if not row.name:
        raise cells.Unreadable("no_name")
    if row.minutes and row.minutes > _length(session):
        raise cells.Unreadable("more_than_span", span=_length(session))
    return phone


def _length(session: Session) -> int:
    return int((session.ends_at - session.starts_at).total_seconds() // 60)


def _raise_first(rows: Sequence[ImportRow]) -> None:
    """By hand nothing is left out quietly: the first line that cannot be written stops all."""
    bad = next((row for row in rows if row.outcome and row.outcome not in ImportRow.WRITTEN), None)
    if bad is not None and bad.reason == "recorded_already":
        raise RecordedAlready
    if bad is not None:
        raise BadLine(number=bad.number, why=reason_words(bad.reason, bad.facts))
