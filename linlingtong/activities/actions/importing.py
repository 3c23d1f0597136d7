"""A sheet of names: read, judged without consequences, applied, undone. Long sheets go on in the worker."""

import json
import time
from collections.abc import Sequence
from typing import IO

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.activities.actions.judging import judge
from linlingtong.activities.actions.paper_hours import take_back_hours
from linlingtong.activities.actions.record_refusals import BatchNotReady, EvidenceMissing, NothingToWrite, SheetEmpty
from linlingtong.activities.actions.rosters import write
from linlingtong.activities.actions.sheets import read_sheet
from linlingtong.activities.actions.understanding import Given, know_newcomers, understand
from linlingtong.activities.models import Activity, ImportBatch, ImportRow, OfflineRecord, Participant, Rating, Session
from linlingtong.activities.permissions import check_manages
from linlingtong.areas.models import Area
from linlingtong.audit.actions import acting
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn, take_turns

State, Outcome = ImportBatch.State, ImportRow.Outcome
CHUNK = 200
AT_ONCE = 400  # lines that are worked on while the person waits
# By hand: the ORM's bulk_update takes a hundred times as long for five thousand lines.
KEEP_JUDGED = """
UPDATE activities_importrow AS line
   SET outcome = judged.outcome, reason = judged.reason, resident_id = judged.resident_id,
       starts_at = judged.starts_at, ends_at = judged.ends_at, participant_id = judged.participant_id
  FROM jsonb_to_recordset(%s::jsonb) AS judged (
       id bigint, outcome text, reason text, resident_id bigint, starts_at timestamptz, ends_at timestamptz,
       participant_id bigint)
 WHERE line.id = judged.id
"""
JUDGED = ("id", "outcome", "reason", "resident_id", "starts_at", "ends_at", "participant_id")


def upload(
    file: IO[bytes],
    file_name: str,
    *,
    by: User,
    area: Area,
    kind: str = Activity.Kind.VOLUNTEER,
    evidence: str = "",
    given: Given | None = None,
    session: Session | None = None,
) -> ImportBatch:
    """Read a sheet and say line by line what would become of it; nothing is written to any roster.

    The numbers of the sheet are gone when this returns: keys and masks stay. Raises what `read_sheet` refuses,
    EvidenceMissing, and PermissionDenied outside the person's areas.
    """
    _check_may(by, session.activity.area_path if session else area.path)
    evidence = clean_text(evidence)
    if not evidence:
        raise EvidenceMissing
    sheet = read_sheet(file)
    rows = understand(sheet, given or Given(), session)
    if not rows:
        raise SheetEmpty
    batch = _keep(
        ImportBatch(
            area=session.activity.area if session else area,
            session=session,
            kind=kind,
            evidence=evidence[:1000],
            file_name=clean_text(file_name)[-120:] or "?.xlsx",
            sheet_name=sheet.name,
            columns=sheet.columns,
            digest=sheet.digest,
            by=by,
        ),
        rows,
    )
    return _carried_on(batch)


def _check_may(by: User, path: str) -> None:
    if not in_scope(path, scope_for(by)):
        raise PermissionDenied


@in_turn
def _keep(batch: ImportBatch, rows: Sequence[ImportRow]) -> ImportBatch:
    batch.area_path = batch.session.activity.area_path if batch.session else batch.area.path
    batch.rows_total = len(rows)
    batch.save()
    for row in rows:
        row.batch = batch
    ImportRow.objects.bulk_create(rows, batch_size=1000)
    return batch


@in_turn
def apply(batch_id: int, *, by: User) -> ImportBatch:
    """Begin to write what the check announced; a second tap finds it under way. Raises BatchNotReady, NothingToWrite.

    Each line is judged once more, so a sheet that was applied before adds nothing.
    """
    batch = _in_turn(batch_id, by)
    if batch.state in {State.APPLYING, State.APPLIED}:
        return batch
    if batch.state != State.CHECKED:
        raise BatchNotReady(state=batch.get_state_display())
    if not batch.rows.filter(outcome__in=ImportRow.WRITTEN).exists():
        raise NothingToWrite
    batch.state, batch.rows_done = State.APPLYING, 0
    batch.applied_by, batch.applied_at = by, timezone.now()
    batch.save(update_fields=["state", "rows_done", "applied_by", "applied_at"])
    return batch


@in_turn
def undo(batch_id: int, *, by: User) -> ImportBatch:
    """Begin to take back what the sheet wrote; hours are reversed in the ledger, with a trace. Raises BatchNotReady.

    What has been used since (claimed by its owner, rated) stays and is shown.
    """
    batch = _in_turn(batch_id, by)
    if batch.state in {State.UNDOING, State.UNDONE}:
        return batch
    if batch.state != State.APPLIED:
        raise BatchNotReady(state=batch.get_state_display())
    batch.state, batch.rows_done = State.UNDOING, 0
    batch.undone_by, batch.undone_at = by, timezone.now()
    batch.save(update_fields=["state", "rows_done", "undone_by", "undone_at"])
    return batch


@in_turn
def drop(batch_id: int, *, by: User) -> None:
    """Throw away a check that nobody wants to apply. Raises BatchNotReady when something was written."""
    batch = _in_turn(batch_id, by)
    if batch.state not in {State.CHECKED, State.CHECKING}:
        raise BatchNotReady(state=batch.get_state_display())
    batch.delete()


def apply_now(batch_id: int, *, by: User) -> ImportBatch:
    """Apply; a short sheet is done when this returns."""
    return _carried_on(apply(batch_id, by=by))


def undo_now(batch_id: int, *, by: User) -> ImportBatch:
    """Undo; a short sheet is done when this returns."""
    return _carried_on(undo(batch_id, by=by))


def _carried_on(batch: ImportBatch) -> ImportBatch:
    if batch.rows_total <= AT_ONCE:
        while carry_on(batch.pk):
            pass
        batch.refresh_from_db()
    return batch


def carry_on_all(seconds: float = 40) -> int:
    """Work on the sheets that are under way, the oldest first, for so long; answers how many steps were taken."""
    until, steps = time.monotonic() + seconds, 0
    for pk in ImportBatch.objects.filter(state__in=ImportBatch.BUSY).order_by("pk").values_list("pk", flat=True):
        while time.monotonic() < until and carry_on(pk):
            steps += 1
    return steps


@in_turn
def carry_on(batch_id: int) -> bool:
    """One step of a sheet that is under way: some lines, or the end of it. Whether there is more to do."""
    take_turns([("import", batch_id), ("rosters", 0)])
    batch = ImportBatch.objects.select_related("area", "session__activity", "by", "applied_by", "undone_by").get(
        pk=batch_id
    )
    if not batch.is_busy:
        return False
    rows = list(batch.rows.order_by("number")[batch.rows_done : batch.rows_done + CHUNK])
    STEPS[batch.state](batch, rows)
    batch.rows_done += len(rows)
    is_done = batch.rows_done >= batch.rows_total
    if is_done:
        _end(batch)
    batch.save(update_fields=["state", "rows_done"])
    return not is_done


def _check_rows(batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
    judge(batch, rows, by=batch.by)
    _keep_judged(rows)


def _keep_judged(rows: Sequence[ImportRow]) -> None:
    judged = [{name: getattr(row, name) for name in JUDGED} for row in rows if not row.is_final]
    with connection.cursor() as cursor:
        cursor.execute(KEEP_JUDGED, [json.dumps(judged, default=str)])


def _apply_rows(batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
    by = batch.applied_by or batch.by
    open_rows = [row for row in rows if not row.is_final]
    know_newcomers(open_rows, batch.created_at)
    write(batch, open_rows, by=by)
    _keep_judged(open_rows)


def _undo_rows(batch: ImportBatch, rows: Sequence[ImportRow]) -> None:
    by = batch.undone_by or batch.by
    people = Participant.objects.select_related("session__activity", "resident").filter(
        pk__in=[row.participant_id for row in rows if row.participant_id]
    )
    unused = [one for one in people if one.resident_id != by.pk and not is_used(one, batch)]
    take_back_hours(unused, by=by)
    gone = {one.pk for one in unused}
    written = batch.rows.filter(pk__in=[row.pk for row in rows], participant__isnull=False)
    written.filter(participant__in=gone).update(outcome=Outcome.UNDONE, reason="")
    written.exclude(participant__in=gone).update(reason="used_since")
    Participant.objects.filter(pk__in=gone).delete()


def is_used(person: Participant, batch: ImportBatch | None) -> bool:
    """Whether somebody else relies on the entry: its owner claimed it after it was written, or rated the activity."""
    since = batch.applied_at if batch else person.recorded_at
    if person.linked_at is not None and since is not None and person.linked_at > since:
        return True
    if person.resident_id is None:
        return False
    return Rating.objects.filter(activity=person.session.activity_id, resident=person.resident_id).exists()


STEPS = {State.CHECKING: _check_rows, State.APPLYING: _apply_rows, State.UNDOING: _undo_rows}
NEXT = {State.CHECKING: State.CHECKED, State.APPLYING: State.APPLIED, State.UNDOING: State.UNDONE}


def _end(batch: ImportBatch) -> None:
    if batch.state == State.UNDOING:
        _remove_empty(batch)
    batch.state = NEXT[State(batch.state)]


def _remove_empty(batch: ImportBatch) -> None:
    """Activities that only this sheet knew of go with its last name."""
    for record in OfflineRecord.objects.filter(batch=batch).select_related("session__activity"):
        session, activity = record.session, record.session.activity
        if session.participants.exists():
            continue
        with acting(batch.undone_by, "undo_import"):
            record.delete()
            is_ours = activity.status == Activity.Status.FINISHED and activity.created_at >= (
                batch.applied_at or batch.created_at
            )
            if is_ours and not _has_life(activity):
                activity.delete()


def _has_life(activity: Activity) -> bool:
    """Whether anything but a record hangs on the activity."""
    sessions = activity.sessions.all()
    return (
        any(one.registrations.exists() or one.participants.exists() for one in sessions)
        or activity.ratings.exists()
        or hasattr(activity, "review")
    )


def _in_turn(batch_id: int, by: User) -> ImportBatch:
    take_turns([("import", batch_id)])
    batch: ImportBatch = ImportBatch.objects.select_related("session__activity").get(pk=batch_id)
    if batch.session is not None:
        check_manages(by, batch.session.activity)
    _check_may(by, batch.area_path)
    return batch
