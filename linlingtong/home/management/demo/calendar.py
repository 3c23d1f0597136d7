import dataclasses
import datetime as dt
import random
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.queue import awake_from, deadline
from linlingtong.activities.models import Activity, Question, Registration, RegistrationEvent, Session
from linlingtong.core.time import at, local, today
from linlingtong.home.management.demo import words
from linlingtong.home.management.demo.people import People, Place, next_ids
from linlingtong.home.management.demo.words import Coming, Theme

VOLUNTEER_ACTIVITIES = 307
PARTICIPATIONS = 2550
OTHER_PAST = 60
FIRST_DAYS_AGO = 1400
State, Attendance = Registration.State, Registration.Attendance


class Calendar:
    """Collects activities, sessions and registrations in memory and writes them in a few large inserts."""

    def __init__(self, place: Place, people: People, chance: random.Random) -> None:
        self.place, self.people, self.chance = place, people, chance
        self.now = timezone.now()
        self.activities: list[Activity] = []
        self.sessions: list[Session] = []
        self.questions: list[Question] = []
        self.registrations: list[Registration] = []
        self.busy: dict[int, list[tuple[dt.datetime, dt.datetime]]] = defaultdict(list)
        self.themes = {t.title: t for t in [*words.VOLUNTEER, *words.OTHER, words.FESTIVAL]}
        self.activity_ids = iter(next_ids(Activity, 500))
        self.session_ids = iter(next_ids(Session, 600))

    def activity(self, theme: Theme, day: dt.date, community: int, **fields: Any) -> Activity:
        area = self.place.communities[community]
        starts_at, ends_at = self.slot(theme, day)
        phone = "0571-0000 00" + f"{community + 1:02d}"
        activity = Activity(
            id=next(self.activity_ids), title=theme.title, kind=theme.kind, summary=theme.summary, body=theme.body,
            bring=theme.bring, channel=theme.channel, cover=theme.cover, area=area, area_path=area.path,
            host=self.place.teams.get(theme.host), leader=self.people.community_staff if community == 0 else None,
            contact_name="王社工" if community == 0 else "值班社工", contact_phone=phone, place=theme.place,
            address=theme.address, meeting_point=theme.meeting_point, risks=theme.risks,
            protection=words.PROTECTION, insurance=words.INSURANCE if theme.kind == "volunteer" else "",
            status=Activity.Status.PUBLISHED, starts_at=starts_at, ends_at=ends_at,
            published_at=min(self.now, starts_at) - dt.timedelta(days=9),
            created_at=min(self.now, starts_at) - dt.timedelta(days=10),
        )  # fmt: skip
        activity.slug = f"{day:%y%m%d}-{activity.id}"
        for name, value in fields.items():
            setattr(activity, name, value)
        self.activities.append(activity)
        return activity

    def slot(self, theme: Theme, day: dt.date) -> tuple[dt.datetime, dt.datetime]:
        starts_at = at(day, dt.time.fromisoformat(theme.start))
        return starts_at, starts_at + dt.timedelta(hours=theme.hours)

    def session(self, activity: Activity, theme: Theme, day: dt.date, capacity: int | None, **fields: Any) -> Session:
        starts_at, ends_at = self.slot(theme, day)
        values = {"starts_at": starts_at, "ends_at": ends_at, "capacity": capacity, "is_unlimited": capacity is None}
        session = Session(id=next(self.session_ids), activity=activity, **(values | fields))
        self.sessions.append(session)
        return session

    def place_people(self, session: Session, amount: int, state: str, people: Iterable[User] | None = None) -> None:
        """Give `amount` residents without another appointment at that hour this state in the session."""
        done = 0
        for person in people or self.some_residents():
            if done == amount:
                return
            if state == State.CONFIRMED and not self.is_free(person, session):
                continue
            self.register(session, person, state)
            done += 1

    def some_residents(self) -> Iterable[User]:
        """Everybody once, in a random order in which the keen ones come early."""
        size = len(self.people.residents)
        seen: set[int] = set()
        while True:
            at_index = int(size * self.chance.random() ** 1.6)
            if at_index not in seen:
                seen.add(at_index)
                yield self.people.residents[at_index]

    def is_free(self, person: User, session: Session) -> bool:
        spans = self.busy[person.pk]
        where = bisect_left(spans, (session.starts_at, session.ends_at))
        before, after = spans[max(0, where - 1) : where], spans[where : where + 1]
        return all(end <= session.starts_at for _, end in before) and all(
            start >= session.ends_at for start, _ in after
        )

    def register(self, session: Session, person: User, state: str, **fields: Any) -> Registration:
        session.last_number += 1
        first = session.activity.published_at or self.now
        spread = (min(self.now, session.starts_at) - first) / 300
        made_at = first + spread * session.last_number
        registration = Registration(
            session=session, resident=person, area_path=session.activity.area_path, state=state,
            number=session.last_number, during=DateTimeTZRange(session.starts_at, session.ends_at),
            created_at=made_at, confirmed_at=made_at if state == State.CONFIRMED else None, **fields,
        )  # fmt: skip
        if state == State.CONFIRMED:
            spans = self.busy[person.pk]
            spans.insert(
                bisect_left(spans, (session.starts_at, session.ends_at)), (session.starts_at, session.ends_at)
            )
            session.taken += 1
        session.waiting += state == State.WAITLISTED
        session.pending += state == State.PENDING_REVIEW
        session.held += state == State.OFFERED
        self.registrations.append(registration)
        return registration

    def write(self) -> None:
        Activity.objects.bulk_create(self.activities, batch_size=200)
        Session.objects.bulk_create(self.sessions, batch_size=500)
        Question.objects.bulk_create(self.questions)
        Registration.objects.bulk_create(self.registrations, batch_size=2000)
        RegistrationEvent.objects.bulk_create(
            [
                RegistrationEvent(registration=r, by_id=r.resident_id, to_state=r.state, at=r.created_at)
                for r in self.registrations
            ],
            batch_size=2000,
        )


def add_past(calendar: Calendar) -> None:
    """Years of finished activities, whose attended volunteer registrations add up to the known number."""
    chance = calendar.chance
    amount = VOLUNTEER_ACTIVITIES - len(words.COMING_VOLUNTEER)
    came = [PARTICIPATIONS // amount] * amount
    for at_index in range(PARTICIPATIONS - sum(came)):
        came[at_index] += 1
    for _ in range(amount):
        give, take = chance.sample(range(amount), 2)
        moved = min(2, came[give] - 3)
        came[give], came[take] = came[give] - moved, came[take] + moved
    for at_index in range(amount):
        _finished(calendar, chance.choice(words.VOLUNTEER), 2 + at_index * FIRST_DAYS_AGO // amount, came[at_index])
    for at_index in range(OTHER_PAST):
        _finished(calendar, chance.choice(words.OTHER), 3 + at_index * 11, chance.randint(6, 24))


def _finished(calendar: Calendar, theme: Theme, days_ago: int, came: int) -> None:
    day = today() - dt.timedelta(days=days_ago)
    activity = calendar.activity(theme, day, calendar.chance.choices((0, 1, 2), (60, 25, 15))[0])
    activity.title = f"{theme.title}（{day.month}月）"
    activity.status = Activity.Status.FINISHED
    session = calendar.session(activity, theme, day, came + calendar.chance.randint(1, 6))
    calendar.place_people(session, came, State.CONFIRMED)
    for registration in calendar.registrations[-came:]:
        registration.attendance = Attendance.CHECKED_OUT
    if calendar.chance.random() < 0.3:
        calendar.place_people(session, 1, State.CONFIRMED)
        calendar.registrations[-1].attendance = Attendance.ABSENT


def add_coming(calendar: Calendar) -> None:
    """The next four weeks, in every state that a resident can meet."""
    for coming in [*words.COMING_VOLUNTEER, *words.COMING_OTHER]:
        _coming(calendar, coming)
    _festival(calendar)
    _demo_resident(calendar)


def _coming(calendar: Calendar, coming: Coming) -> None:
    extra = dict(coming.extra or {})
    theme, day = calendar.themes[coming.title], today() + dt.timedelta(days=coming.day)
    if coming is words.OFFERED:
        theme, day = soon(calendar, theme)
    pending, minimum = extra.pop("pending", 0), extra.pop("minimum_needed", 0)
    reason, opens_in = extra.pop("cancelled", ""), extra.pop("opens_in", None)
    if opens_in is not None:
        extra["opens_at"] = at(today() + dt.timedelta(days=opens_in), dt.time(9))
    activity = calendar.activity(theme, day, coming.community, **extra)
    session = calendar.session(activity, theme, day, coming.capacity, minimum_needed=minimum)
    others = (r for r in calendar.some_residents() if r.pk != calendar.people.resident.pk)
    calendar.place_people(
        session, coming.taken - (coming.title == BOOKED and coming.day == 1), State.CONFIRMED, others
    )
    calendar.place_people(session, coming.waiting, State.WAITLISTED, others)
    calendar.place_people(session, pending, State.PENDING_REVIEW, others)
    if reason:
        _cancel(calendar, activity, session, reason)


def _cancel(calendar: Calendar, activity: Activity, session: Session, reason: str) -> None:
    moment = calendar.now - dt.timedelta(hours=5)
    activity.status, activity.cancel_reason, activity.cancelled_at = Activity.Status.CANCELLED, reason, moment
    session.cancelled_at, session.cancel_reason, session.taken = moment, reason, 0
    for registration in calendar.registrations:
        if registration.session is session:
            registration.state, registration.reason = State.CANCELLED, reason
            registration.ended_by = Registration.Ended.BY_EVENT


def _festival(calendar: Calendar) -> None:
    theme, day = words.FESTIVAL, today() + dt.timedelta(days=2)
    activity = calendar.activity(theme, day, 0, minimum_age=16, largest_party=1)
    start, half = calendar.slot(theme, day)[0], dt.timedelta(minutes=90)
    knead = calendar.session(activity, theme, day, 10, role="揉面组", ends_at=start + half)
    carry = calendar.session(
        activity,
        theme,
        day,
        10,
        role="送糕上门组",
        starts_at=start + dt.timedelta(hours=1),
        ends_at=start + 2 * half - dt.timedelta(minutes=30),
    )
    others = (r for r in calendar.some_residents() if r.pk != calendar.people.resident.pk)
    calendar.place_people(knead, 8, State.CONFIRMED, others)
    calendar.place_people(carry, 10, State.CONFIRMED, others)
    calendar.place_people(carry, 2, State.WAITLISTED, others)
    calendar.questions += [
        Question(activity=activity, text="做过面点吗？", kind=Question.Kind.YES_NO, position=1),
    ]


BOOKED = "沿江湿地净滩 · 守护候鸟"
WAITED = "婴幼儿成长驿站：抚触课"
# Nobody is asked to come at night.
EARLIEST, LATEST = dt.time(8), dt.time(18, 30)


def soon(calendar: Calendar, theme: Theme) -> tuple[Theme, dt.date]:
    """The theme at the last decent half hour of the next day: later places are given at once, without asking.

    Never beside what the demo resident has booked, so that the offer can be accepted.
    """
    booked = calendar.slot(calendar.themes[BOOKED], today() + dt.timedelta(days=1))
    step = dt.timedelta(minutes=30)
    hour = local(calendar.now).replace(minute=0, second=0, microsecond=0)
    begins = hour + dt.timedelta(hours=23)
    while True:
        ends = begins + dt.timedelta(hours=theme.hours)
        if EARLIEST <= begins.time() <= LATEST and (ends <= booked[0] or begins >= booked[1]):
            return dataclasses.replace(theme, start=f"{begins:%H:%M}"), begins.date()
        begins -= step


def _demo_resident(calendar: Calendar) -> None:
    """The resident of the demo account: a place for tomorrow, one queue, one offer, some past service."""
    person = calendar.people.resident
    coming = {s.activity.title: s for s in reversed(calendar.sessions) if s.starts_at > calendar.now and s.taken}
    calendar.register(coming[BOOKED], person, State.CONFIRMED)
    calendar.register(coming[WAITED], person, State.WAITLISTED)
    _offer(calendar, coming[words.OFFERED.title], person)


def _offer(calendar: Calendar, session: Session, person: User) -> None:
    """The last place, given up just now, is for this person; two more wait behind."""
    until = deadline(awake_from(calendar.now), session.starts_at)
    calendar.register(session, person, State.OFFERED, offered_until=until)
    others = (r for r in calendar.some_residents() if r.pk != person.pk)
    calendar.place_people(session, 2, State.WAITLISTED, others)
