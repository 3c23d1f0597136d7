"""A door that is open right now: some have come, some are missing, two wait to be let in."""

import datetime as dt
import random

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Presence, Registration, RegistrationEvent, Scan, Session, WalkIn
from linlingtong.home.management.demo import words
from linlingtong.home.management.demo.people import People, Place

GOING, HERE, WAITING = 31, 24, 2
MINUTE = dt.timedelta(minutes=1)
State, Attendance, Way = Registration.State, Registration.Attendance, Scan.Way


def add_check_in(place: Place, people: People, chance: random.Random) -> None:
    """An activity that began half an hour ago, so that the desk can be tried whatever the hour."""
    session = _under_way(place, people)
    free = _free(people, session, chance)
    rows = [_row(session, person, number) for number, person in enumerate(free, 1)]
    for row in rows[:HERE]:
        row.attendance = Attendance.CHECKED_IN
    for row in rows[GOING:]:
        row.state, row.confirmed_at = State.WAITLISTED, None
    Registration.objects.bulk_create(rows)
    RegistrationEvent.objects.bulk_create(
        [RegistrationEvent(registration=r, by_id=r.resident_id, to_state=r.state, at=r.created_at) for r in rows]
    )
    scans = [_scan(row, people.community_staff, chance) for row in rows[:HERE]]
    Scan.objects.bulk_create(scans)
    Presence.objects.bulk_create(
        [
            Presence(registration=s.registration, session=session, came_at=s.counts_at, came_way=s.way,
                     recorded_by_id=None if s.way == Way.VENUE else s.by_id)
            for s in scans
        ]
    )  # fmt: skip
    WalkIn.objects.create(
        session=session, name="周奶奶", by=people.community_staff, came_at=session.starts_at + 5 * MINUTE
    )


def _under_way(place: Place, people: People) -> Session:
    now = timezone.now()
    starts_at = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0) - 30 * MINUTE
    ends_at = starts_at + 150 * MINUTE
    theme = next(theme for theme in words.OTHER if theme.kind != Activity.Kind.VOLUNTEER)
    activity = Activity.objects.create(
        title=theme.title, kind=theme.kind, summary=theme.summary, body=theme.body, bring=theme.bring,
        area=place.communities[0], area_path=place.communities[0].path, leader=people.community_staff,
        contact_name="王社工", contact_phone="0571-0000 0001", place=theme.place, address=theme.address,
        meeting_point=theme.meeting_point, cover=theme.cover, status=Activity.Status.PUBLISHED, starts_at=starts_at,
        ends_at=ends_at, published_at=starts_at - dt.timedelta(days=7), created_at=starts_at - dt.timedelta(days=8),
    )  # fmt: skip
    return Session.objects.create(
        activity=activity, starts_at=starts_at, ends_at=ends_at, capacity=GOING, taken=GOING, waiting=WAITING,
        last_number=GOING + WAITING,
    )  # fmt: skip


def _free(people: People, session: Session, chance: random.Random) -> list[User]:
    """Residents who have nothing else at that hour; the demo resident among those who are still missing."""
    busy = Registration.objects.filter(
        state=State.CONFIRMED, during__overlap=(session.starts_at, session.ends_at)
    ).values_list("resident", flat=True)
    others = [p for p in people.residents if p.pk not in set(busy) and p.pk != people.resident.pk]
    chosen = chance.sample(others, GOING + WAITING - 1)
    if people.resident.pk not in set(busy):
        chosen.insert(HERE, people.resident)
    return chosen


def _row(session: Session, person: User, number: int) -> Registration:
    made_at = session.starts_at - dt.timedelta(days=6) + number * 17 * MINUTE
    return Registration(
        session=session, resident=person, area_path=session.activity.area_path, state=State.CONFIRMED, number=number,
        during=DateTimeTZRange(session.starts_at, session.ends_at), created_at=made_at, confirmed_at=made_at,
    )  # fmt: skip


def _scan(row: Registration, leader: User, chance: random.Random) -> Scan:
    way = chance.choice([Way.PASS, Way.PASS, Way.DIGITS, Way.VENUE])
    at = row.session.starts_at + chance.randint(-20, 25) * MINUTE
    by = row.resident if way == Way.VENUE else leader
    return Scan(
        session=row.session, registration=row, kind=Scan.Kind.IN, way=way, verdict=Scan.Verdict.ACCEPTED, by=by,
        scanned_at=at, counts_at=at, received_at=at,
    )  # fmt: skip
