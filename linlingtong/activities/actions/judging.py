"""What would become of each line of a sheet, by what the database holds at this moment."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from linlingtong.accounts.models import User
from linlingtong.activities.actions.cells import local_day
from linlingtong.activities.actions.paper_hours import Served, clashing
from linlingtong.activities.actions.understanding import during
from linlingtong.activities.models import Activity, ImportBatch, ImportRow, Participant, Registration, Session
from linlingtong.core.time import day_bounds

Outcome = ImportRow.Outcome
Attendance = Registration.Attendance
What = tuple[str, dt.date]


@dataclass
class Known:
    """Who is on the list of one session already."""

    phones: set[str] = field(default_factory=set)
    residents: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    attended: set[int] = field(default_factory=set)
    registered: set[int] = field(default_factory=set)


def what_of(row: ImportRow) -> What:
    if row.starts_at is None:
        raise ValueError("a line without a day is settled before it is judged")
    return row.title, local_day(row.starts_at)


def sessions_for(batch: ImportBatch, rows: Sequence[ImportRow]) -> dict[What, Session]:
    """The sessions that the lines speak of, as far as they are there: by title, day and area."""
    wanted = {what_of(row) for row in rows}
    if batch.session is not None:
        return dict.fromkeys(wanted, batch.session)
    if not wanted:
        return {}
    days = sorted(day for _title, day in wanted)
    rows_there = (
        Session.objects.select_related("activity")
        .filter(
            activity__title__in={title for title, _day in wanted},
            activity__area_path__startswith=batch.area_path,
            starts_at__gte=day_bounds(days[0])[0],
            starts_at__lt=day_bounds(days[-1])[1],
            cancelled_at=None,
        )
        .exclude(activity__status__in=[Activity.Status.DRAFT, Activity.Status.CANCELLED])
        .order_by("-starts_at", "-pk")
    )
    return {(one.activity.title, local_day(one.starts_at)): one for one in rows_there}


def judge(batch: ImportBatch, rows: Sequence[ImportRow], *, by: User) -> dict[What, Session]:
    """Write the outcome on each line that is not settled; answers the sessions that are there."""
    open_rows = [row for row in rows if not row.is_final]
    sessions = sessions_for(batch, open_rows)
    known = _known({one.pk for one in sessions.values()}, open_rows)
    for row in open_rows:
        row.reason, row.outcome = "", ""
        session = sessions.get(what_of(row))
        if session is not None and not row.is_timed:
            _follow(row, session)
        row.outcome, row.reason = _verdict(row, known.get(session.pk) if session else None, by)
    _find_clashes([row for row in open_rows if row.outcome == Outcome.NEW and row.minutes])
    return sessions


def _follow(row: ImportRow, session: Session) -> None:
    """A line that names a day only means the time of the session."""
    row.starts_at = session.starts_at
    row.ends_at = max(session.ends_at, during(row)[1]) if row.minutes else session.ends_at


def _verdict(row: ImportRow, known: Known | None, by: User) -> tuple[str, str]:
    if row.resident_id is not None and row.resident_id == by.pk:
        return Outcome.REFUSED, "own_hours"
    found = _on_the_list(row, known) if known else ""
    if found:
        return (Outcome.REFUSED if found == "registered_here" else Outcome.KNOWN), found
    return (Outcome.NEW if row.resident_id else Outcome.UNLINKED), ""


def _on_the_list(row: ImportRow, known: Known) -> str:
    if row.phone_key in known.phones or row.resident_id in known.residents:
        return "recorded_already"
    if row.resident_id in known.attended:
        return "attended_already"
    if row.resident_id in known.registered:
        return "registered_here"
    return "name_recorded" if not row.phone_key and row.name in known.names else ""


def _known(sessions: Collection[int], rows: Iterable[ImportRow]) -> dict[int, Known]:
    known: dict[int, Known] = defaultdict(Known)
    if not sessions:
        return known
    for session, key, resident, name in Participant.objects.filter(session__in=sessions).values_list(
        "session_id", "phone_key", "resident_id", "name"
    ):
        own = known[session]
        own.names.add(name)
        if key:
            own.phones.add(key)
        if resident:
            own.residents.add(resident)
    residents = {row.resident_id for row in rows if row.resident_id}
    live = Registration.objects.filter(session__in=sessions, resident__in=residents).live()
    for session, resident, attendance in live.values_list("session_id", "resident_id", "attendance"):
        was_there = attendance in {Attendance.CHECKED_IN, Attendance.CHECKED_OUT}
        (known[session].attended if was_there else known[session].registered).add(resident)
    return known


def _find_clashes(rows: Sequence[ImportRow]) -> None:
    """Nobody served in two places at once: what the ledger would refuse is said before."""
    numbers = clashing({row.number: Served(row.resident_id or 0, *during(row)) for row in rows})
    for row in rows:
        if row.number in numbers:
            row.outcome, row.reason = Outcome.REFUSED, "served_elsewhere"
