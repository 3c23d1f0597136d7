"""Putting people on the list of a session, whoever found their names: a sheet, or somebody at a keyboard."""

import datetime as dt
from collections.abc import Iterable, Sequence

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.judging import judge, what_of
from linlingtong.activities.actions.paper_hours import credit_hours
from linlingtong.activities.actions.understanding import during
from linlingtong.activities.models import Activity, ImportBatch, ImportRow, OfflineRecord, Participant, Session
from linlingtong.areas.models import Area
from linlingtong.audit.actions import acting


def write(batch: ImportBatch, rows: Sequence[ImportRow], *, by: User) -> list[Participant]:
    """Judge the lines once more, then write what is new; call when nobody else writes rosters.

    Sessions that are not there yet are recorded as activities that have taken place. Hours of people with an account
    go to the ledger, where somebody else approves them.
    """
    sessions = judge(batch, rows, by=by)
    fresh = [row for row in rows if row.outcome in ImportRow.WRITTEN]
    for row in fresh:
        if what_of(row) not in sessions:
            alike = [one for one in fresh if what_of(one) == what_of(row)]
            sessions[what_of(row)] = _new_session(batch, alike, by=by)
    _write_records(batch, [sessions[what_of(row)] for row in fresh], by=by)
    people = [_participant(batch, row, sessions[what_of(row)], by) for row in fresh]
    Participant.objects.bulk_create(people)
    for row, person in zip(fresh, people, strict=True):
        row.participant = person
    credit_hours(people, by=by)
    return people


def past_session(
    area: Area, *, title: str, kind: str, starts_at: dt.datetime, ends_at: dt.datetime, by: User, **facts: object
) -> Session:
    """An activity that has taken place, as one session without limit; everybody sees it as finished."""
    now = timezone.now()
    with acting(by, "record"):
        activity = Activity.objects.create(
            title=title, kind=kind, status=Activity.Status.FINISHED, area=area, area_path=area.path,
            starts_at=starts_at, ends_at=ends_at, published_at=now, **facts,
        )  # fmt: skip
        return Session.objects.create(activity=activity, starts_at=starts_at, ends_at=ends_at, is_unlimited=True)


def _new_session(batch: ImportBatch, rows: Sequence[ImportRow], *, by: User) -> Session:
    times = [during(row) for row in rows]
    ends = [row.ends_at for row in rows if row.ends_at]
    return past_session(
        batch.area,
        title=rows[0].title,
        kind=batch.kind,
        starts_at=min(first for first, _last in times),
        ends_at=max([*(last for _first, last in times), *ends]),
        by=by,
        place=next((row.place for row in rows if row.place), ""),
        contact_name=next((row.leader for row in rows if row.leader), ""),
    )


def _write_records(batch: ImportBatch, sessions: Iterable[Session], *, by: User) -> None:
    """Note on each session that people were written down afterwards, and what proves it."""
    there = {one.pk: one for one in sessions}
    known = set(OfflineRecord.objects.filter(session__in=there).values_list("session_id", flat=True))
    with acting(by, "record"):
        for session in there.values():
            if session.pk not in known:
                OfflineRecord.objects.create(
                    session=session, area_path=session.activity.area_path, evidence=batch.evidence,
                    batch=batch if batch.pk else None, recorded_by=by,
                )  # fmt: skip


def _participant(batch: ImportBatch, row: ImportRow, session: Session, by: User) -> Participant:
    return Participant(
        session=session, area_path=session.activity.area_path, name=row.name, phone_key=row.phone_key,
        phone_mask=row.phone_mask, resident_id=row.resident_id, minutes=row.minutes or None, during=during(row),
        batch=batch if batch.pk else None, recorded_by=by,
    )  # fmt: skip
