import datetime as dt
from collections.abc import Sequence

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    ClashingSession,
    Guest,
    NothingOffered,
    OfferExpired,
    SessionCancelled,
    accept,
    cancel_session,
    decline,
    give_up,
    lapse_offers,
    register,
)
from linlingtong.activities.actions.queue import awake_after, awake_between, awake_from, deadline
from linlingtong.activities.models import Registration, Session
from linlingtong.core.time import at, local
from linlingtong.notifications.models import Kind, Message, Notification
from tests.activities.books import assert_books_balance
from tests.factories import RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
State = Registration.State
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)
DAY = dt.date(2030, 5, 15)


def clock(hours: int, minutes: int = 0, *, days: int = 0) -> dt.datetime:
    return at(DAY + dt.timedelta(days=days), dt.time(hours, minutes))


def join(session: Session, *parties: int) -> list[Registration]:
    """Residents who register one after the other, each with so many companions."""
    rows = []
    for companions in parties:
        resident = UserFactory.create()
        party = [Guest(f"同伴{n}") for n in range(companions)]
        rows.append(register(session.pk, resident, by=resident, party=party).registration)
    return rows


def states(rows: Sequence[Registration]) -> list[str]:
    now = dict(Registration.objects.filter(pk__in=[row.pk for row in rows]).values_list("pk", "state"))
    return [now[row.pk] for row in rows]


def leave(row: Registration) -> None:
    give_up(row.session_id, row.resident, by=row.resident)


def test_a_freed_place_goes_to_the_first_in_the_queue_at_once() -> None:
    session = SessionFactory.create(capacity=2)
    rows = join(session, 0, 0, 0, 0)
    leave(rows[0])
    assert states(rows) == [State.CANCELLED, State.CONFIRMED, State.CONFIRMED, State.WAITLISTED]
    promoted = Notification.objects.get(resident=rows[2].resident, kind=Kind.OFFER)
    assert promoted.url == f"/me/registrations/{rows[2].pk}/"
    assert_books_balance(session)


def test_a_newcomer_never_passes_a_queue_even_beside_free_places() -> None:
    session = SessionFactory.create(capacity=2)
    first, family, single = join(session, 0, 2 - 1, 0)
    assert states([first, family, single]) == [State.CONFIRMED, State.WAITLISTED, State.CONFIRMED]
    family.refresh_from_db()
    assert (family.passed_over, family.skip_reason) == (1, "too_few_places")
    assert_books_balance(session)


def test_a_party_is_passed_at_most_twice_then_places_are_held_for_it() -> None:
    session = SessionFactory.create(capacity=4)
    seated = join(session, 0, 0, 0, 0)
    family, *singles = join(session, 2, 0, 0, 0, 0)
    for row in seated:
        leave(row)
    assert states([family, *singles]) == [
        State.WAITLISTED, State.CONFIRMED, State.CONFIRMED, State.WAITLISTED, State.WAITLISTED,
    ]  # fmt: skip
    session.refresh_from_db()
    assert (session.taken, session.places_left) == (2, 0)
    leave(singles[0])
    assert states([family, *singles[2:]]) == [State.CONFIRMED, State.WAITLISTED, State.WAITLISTED]
    assert_books_balance(session)


def test_a_day_before_the_start_places_are_no_longer_held_for_a_party() -> None:
    with time_machine.travel(clock(9), tick=False):
        session = SessionFactory.create(capacity=3, starts_at=clock(12, days=2))
        seated = join(session, 0, 0, 0)
        family, *singles = join(session, 2, 0, 0, 0)
        for row in seated[:2]:
            leave(row)
        Registration.objects.filter(pk=family.pk).update(passed_over=2)
        leave(singles[0])
        assert states(singles) == [State.CANCELLED, State.CONFIRMED, State.WAITLISTED]
    with time_machine.travel(clock(13, days=1), tick=False):
        lapse_offers()
        assert states([family, *singles[1:]]) == [State.WAITLISTED, State.CONFIRMED, State.OFFERED]
        assert_books_balance(session)


def test_somebody_who_waits_but_is_busy_at_that_hour_is_skipped_and_keeps_the_place() -> None:
    session = SessionFactory.create(capacity=1)
    seated, busy, third = join(session, 0, 0, 0)
    elsewhere = SessionFactory.create()
    register(elsewhere.pk, busy.resident, by=busy.resident)
    leave(seated)
    assert states([busy, third]) == [State.WAITLISTED, State.CONFIRMED]
    busy.refresh_from_db()
    assert busy.skip_reason == "clash"
    give_up(elsewhere.pk, busy.resident, by=busy.resident)
    leave(third)
    busy.refresh_from_db()
    assert (busy.state, busy.skip_reason) == (State.CONFIRMED, "")
    assert_books_balance(session)


def test_a_newcomer_behind_people_who_cannot_come_gets_the_free_place() -> None:
    session = SessionFactory.create(capacity=1)
    seated, busy = join(session, 0, 0)
    register(SessionFactory.create().pk, busy.resident, by=busy.resident)
    leave(seated)
    (newcomer,) = join(session, 0)
    assert newcomer.state == State.CONFIRMED
    assert states([busy, newcomer]) == [State.WAITLISTED, State.CONFIRMED]
    assert Notification.objects.filter(resident=newcomer.resident).count() == 1
    assert_books_balance(session)


def test_a_free_place_beside_somebody_who_has_become_free_is_given_by_the_clock() -> None:
    session = SessionFactory.create(capacity=1)
    seated, busy = join(session, 0, 0)
    elsewhere = SessionFactory.create()
    register(elsewhere.pk, busy.resident, by=busy.resident)
    leave(seated)
    give_up(elsewhere.pk, busy.resident, by=busy.resident)
    assert lapse_offers() == 0
    assert states([busy]) == [State.CONFIRMED]


def test_a_long_queue_is_walked_to_its_end() -> None:
    session = SessionFactory.create(capacity=1)
    (seated,) = join(session, 0)
    elsewhere = SessionFactory.create(capacity=None)
    for _ in range(60):
        busy = RegistrationFactory.create(session=session, state=State.WAITLISTED)
        RegistrationFactory.create(session=elsewhere, resident=busy.resident)
    (last,) = join(session, 0)
    leave(seated)
    assert states([last]) == [State.CONFIRMED]


def offer(hours: float, *, now: dt.datetime) -> tuple[Session, Registration]:
    """Somebody holds the only place of a session so many hours away and gives it up; the next is offered it."""
    with time_machine.travel(now, tick=False):
        session = SessionFactory.create(capacity=1, starts_at=now + hours * HOUR)
        seated, waiting = join(session, 0, 0)
        leave(seated)
        waiting.refresh_from_db()
    return session, waiting


def test_more_than_a_day_before_the_start_a_place_is_given_later_it_is_offered() -> None:
    assert offer(24.1, now=clock(9))[1].state == State.CONFIRMED
    session, waiting = offer(23.9, now=clock(9))
    assert waiting.state == State.OFFERED
    session.refresh_from_db()
    assert (session.taken, session.held, session.waiting) == (0, 1, 0)
    assert_books_balance(session)


def test_two_hours_before_the_start_nobody_is_moved_any_more() -> None:
    assert offer(2.1, now=clock(9))[1].state == State.OFFERED
    assert offer(1.9, now=clock(9))[1].state == State.WAITLISTED


@pytest.mark.parametrize(
    ("begins", "starts", "ends"),
    [
        (clock(8), clock(20), clock(14)),  # half of the time left
        (clock(8), clock(10, 10), clock(8, 30)),  # not less than half an hour
        (clock(8), clock(22, days=5), clock(20)),  # not more than twelve hours
        (
            clock(21),
            clock(10, days=1),
            clock(8, days=1),
        ),  # the clock stands still at night; two hours before the start
        (clock(20), clock(18, days=1), clock(7, 30, days=1) + 4.25 * HOUR),
        (clock(9), clock(12), clock(10)),  # never into the last two hours
    ],
)
def test_an_offer_lasts_half_of_the_waking_time_left(
    begins: dt.datetime, starts: dt.datetime, ends: dt.datetime
) -> None:
    assert deadline(begins, starts) == ends


def test_the_clock_of_offers_pauses_from_ten_at_night_to_half_past_seven() -> None:
    assert awake_from(clock(23)) == awake_from(clock(3, days=1)) == clock(7, 30, days=1)
    assert awake_from(clock(12)) == clock(12)
    assert awake_after(clock(21), 2 * HOUR) == clock(8, 30, days=1)
    assert awake_between(clock(21), clock(8, 30, days=1)) == 2 * HOUR
    assert awake_between(clock(23), clock(23, 30)) == dt.timedelta()


def test_an_offer_at_night_is_sent_in_the_morning() -> None:
    _, waiting = offer(20, now=clock(23))
    message = Message.objects.get(subject_id=waiting.pk, kind=Kind.OFFER)
    assert message.due_at == clock(7, 30, days=1)
    assert waiting.offered_until is not None
    assert waiting.offered_until > message.due_at
    assert message.not_after == waiting.offered_until
    line = Notification.objects.get(resident=waiting.resident, kind=Kind.OFFER)
    assert line.needs_answer_until == waiting.offered_until
    assert f"{local(waiting.offered_until):%H:%M}" in line.title


def test_a_night_too_short_for_an_offer_makes_none() -> None:
    assert offer(10, now=clock(23))[1].state == State.WAITLISTED


def test_a_promotion_at_night_is_told_in_the_morning() -> None:
    _, waiting = offer(48, now=clock(23))
    assert Message.objects.get(subject_id=waiting.pk, kind=Kind.OFFER).due_at == clock(7, 30, days=1)


def test_an_accepted_offer_is_a_place() -> None:
    session, waiting = offer(12, now=clock(9))
    with time_machine.travel(clock(9, 5), tick=False):
        for _ in range(2):
            assert accept(waiting.pk, by=waiting.resident).state == State.CONFIRMED
    session.refresh_from_db()
    assert (session.taken, session.held) == (1, 0)
    assert Notification.objects.filter(resident=waiting.resident).count() == 3
    assert_books_balance(session)


def test_a_declined_offer_goes_to_the_next_without_a_mark() -> None:
    session, waiting = offer(12, now=clock(9))
    with time_machine.travel(clock(9, 5), tick=False):
        (third,) = join(session, 0)
        for _ in range(2):
            declined = decline(waiting.pk, by=waiting.resident)
        assert (declined.state, declined.was_late) == (State.CANCELLED, False)
        assert states([third]) == [State.OFFERED]
        assert_books_balance(session)


def test_an_offer_that_nobody_answers_lapses_and_the_next_gets_it() -> None:
    session, waiting = offer(12, now=clock(9))
    with time_machine.travel(clock(9, 5), tick=False):
        (third,) = join(session, 0)
        assert lapse_offers() == 0
    assert waiting.offered_until is not None
    with time_machine.travel(waiting.offered_until, tick=False):
        with pytest.raises(OfferExpired):
            accept(waiting.pk, by=waiting.resident)
        assert lapse_offers() == 1
        assert lapse_offers() == 0
        assert states([waiting, third]) == [State.LAPSED, State.OFFERED]
        with pytest.raises(OfferExpired):
            accept(waiting.pk, by=waiting.resident)
        assert decline(waiting.pk, by=waiting.resident).state == State.LAPSED
        assert_books_balance(session)
    unsent = Message.objects.filter(subject_id=waiting.pk, kind=Kind.OFFER).get()
    assert unsent.state == Message.State.DROPPED


def test_only_the_resident_or_staff_answer_an_offer() -> None:
    session, waiting = offer(12, now=clock(9))
    with time_machine.travel(clock(9, 5), tick=False):
        stranger = UserFactory.create()
        for verb in (accept, decline):
            with pytest.raises(PermissionDenied):
                verb(waiting.pk, by=stranger)
        assert accept(waiting.pk, by=staff_of(session.activity.area)).state == State.CONFIRMED


def test_nothing_offered_is_nothing_to_answer(session: Session, resident: User) -> None:
    row = RegistrationFactory.create(session=session, resident=resident, state=State.WAITLISTED)
    for verb in (accept, decline):
        with pytest.raises(NothingOffered):
            verb(row.pk, by=resident)
        with pytest.raises(Registration.DoesNotExist):
            verb(0, by=resident)


def test_an_offer_is_not_accepted_beside_another_place_at_that_hour(session: Session, resident: User) -> None:
    row = RegistrationFactory.create(session=session, resident=resident, state=State.OFFERED)
    RegistrationFactory.create(session=SessionFactory.create(), resident=resident)
    with pytest.raises(ClashingSession):
        accept(row.pk, by=resident)


def test_an_offer_of_a_cancelled_session_ends_with_it(session: Session, resident: User, staff: User) -> None:
    row = RegistrationFactory.create(session=session, resident=resident, state=State.OFFERED)
    cancel_session(session.pk, by=staff, reason="台风")
    with pytest.raises(SessionCancelled):
        accept(row.pk, by=resident)


def test_residents_are_told_in_their_language() -> None:
    session = SessionFactory.create(capacity=0)
    resident = UserFactory.create(language="en")
    register(session.pk, resident, by=resident)
    assert Notification.objects.get().title.startswith("You are number 1 on the waiting list")
    assert timezone.now() < session.starts_at
