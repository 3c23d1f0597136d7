import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    EndsBeforeStart,
    Guest,
    ReasonMissing,
    SessionCancelled,
    cancel_session,
    change_capacity,
    change_place,
    give_up,
    hit_by_move,
    lapse_offers,
    register,
    reschedule,
)
from linlingtong.activities.models import ChangeNotice, Registration, Session
from linlingtong.notifications.models import Kind, Message, Notification
from tests.activities.books import assert_books_balance
from tests.factories import AreaFactory, MessageFactory, RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
State = Registration.State
HOUR, MINUTE = dt.timedelta(hours=1), dt.timedelta(minutes=1)


def filled(capacity: int, *parties: int) -> tuple[Session, User, list[Registration]]:
    session = SessionFactory.create(capacity=capacity)
    rows = []
    for companions in parties:
        resident = UserFactory.create()
        rows.append(register(session.pk, resident, by=resident, party=[Guest("同伴")] * companions).registration)
    return session, staff_of(session.activity.area), rows


def states(rows: list[Registration]) -> str:
    """`cw` stands for confirmed, waitlisted."""
    return "".join(Registration.objects.get(pk=row.pk).state[0] for row in rows)


def test_more_places_go_to_the_queue_in_the_same_transaction() -> None:
    session, staff, rows = filled(1, 0, 0, 0, 0)
    assert change_capacity(session.pk, by=staff, capacity=3).taken == 3
    assert states(rows) == "cccw"
    assert change_capacity(session.pk, by=staff, capacity=None).is_unlimited
    assert states(rows) == "cccc"
    assert_books_balance(session)


def test_fewer_places_keep_everybody_and_promote_nobody_until_the_number_has_dropped() -> None:
    session, staff, rows = filled(3, 0, 0, 0, 0)
    changed = change_capacity(session.pk, by=staff, capacity=2)
    assert (changed.taken, changed.overbooked_to) == (3, 3)
    assert states(rows) == "cccw"
    assert_books_balance(session)
    for row in rows[:2]:
        give_up(session.pk, row.resident, by=row.resident)
    assert states(rows[2:]) == "cc"
    session.refresh_from_db()
    assert session.overbooked_to == 0
    assert_books_balance(session)


def test_fewer_places_may_move_the_last_to_the_head_of_the_queue_with_a_reason() -> None:
    session, staff, rows = filled(4, 0, 0, 0, 0, 0, 0)
    with pytest.raises(ReasonMissing):
        change_capacity(session.pk, by=staff, capacity=2, keep_all=False)
    change_capacity(session.pk, by=staff, capacity=2, keep_all=False, reason="换了小教室")
    assert states(rows) == "ccwwww"
    assert [row.pk for row in session.registrations.queue()] == [row.pk for row in rows[2:]]
    line = Notification.objects.get(resident=rows[3].resident, kind=Kind.CHANGE)
    assert "换了小教室" in line.body
    assert_books_balance(session)
    give_up(session.pk, rows[0].resident, by=rows[0].resident)
    assert states(rows[2:4]) == "cw"


def test_nobody_is_moved_back_whose_place_a_party_frees_anyway() -> None:
    session, staff, rows = filled(4, 0, 2, 0)
    change_capacity(session.pk, by=staff, capacity=2, keep_all=False, reason="换了小教室")
    assert states(rows) == "cwc"
    assert_books_balance(session)


def test_offers_are_moved_back_like_places(session: Session, staff: User) -> None:
    row = RegistrationFactory.create(session=session, state=State.OFFERED)
    change_capacity(session.pk, by=staff, capacity=0, keep_all=False, reason="停电")
    row.refresh_from_db()
    assert (row.state, row.offered_until) == (State.WAITLISTED, None)
    assert_books_balance(session)


def test_only_staff_of_the_area_change_a_session(session: Session, resident: User) -> None:
    for stranger in (resident, staff_of(AreaFactory.create())):
        with pytest.raises(PermissionDenied):
            change_capacity(session.pk, by=stranger, capacity=1)
        with pytest.raises(PermissionDenied):
            reschedule(session.pk, by=stranger, starts_at=session.starts_at, ends_at=session.ends_at)
        with pytest.raises(PermissionDenied):
            change_place(session.activity_id, by=stranger, place="别处")


def test_a_cancelled_session_has_no_places_to_change(session: Session, staff: User) -> None:
    cancel_session(session.pk, by=staff, reason="台风")
    with pytest.raises(SessionCancelled):
        change_capacity(session.pk, by=staff, capacity=1)


def later(session: Session, staff: User, by: dt.timedelta) -> Session:
    return reschedule(session.pk, by=staff, starts_at=session.starts_at + by, ends_at=session.ends_at + by)


def test_the_registrations_follow_a_session_that_moves(session: Session, resident: User, staff: User) -> None:
    registration = register(session.pk, resident, by=resident).registration
    reminder = MessageFactory.create(
        resident=resident, kind=Kind.REMINDER_DAY, subject="registration", subject_id=registration.pk
    )
    moved = later(session, staff, HOUR)
    registration.refresh_from_db()
    reminder.refresh_from_db()
    assert (registration.during.lower, registration.during.upper) == (moved.starts_at, moved.ends_at)
    assert moved.revision == 1
    assert reminder.state == Message.State.DROPPED
    session.activity.refresh_from_db()
    assert session.activity.starts_at == moved.starts_at


def test_edits_within_ten_minutes_are_one_notice_that_remembers_the_first_state(session: Session, staff: User) -> None:
    with time_machine.travel(timezone.now(), tick=False) as clock:
        due_at = timezone.now() + 10 * MINUTE
        later(session, staff, HOUR)
        clock.shift(5 * MINUTE)
        change_place(session.activity_id, by=staff, place="高新社区", meeting_point="东门")
        notice = ChangeNotice.objects.get()
    assert dt.datetime.fromisoformat(notice.before.pop("starts_at")) == session.starts_at
    assert dt.datetime.fromisoformat(notice.before.pop("ends_at")) == session.ends_at
    assert notice.before == {
        "place": "临江邻里中心",
        "address": "",
        "meeting_point": "",
        "contact_name": "",
        "contact_phone": "",
    }
    assert notice.due_at == due_at
    session.refresh_from_db()
    assert session.revision == 2


def test_what_does_not_change_is_not_announced(session: Session, staff: User) -> None:
    assert later(session, staff, dt.timedelta()).revision == 0
    change_place(session.activity_id, by=staff, place=session.activity.place)
    reschedule(session.pk, by=staff, starts_at=session.starts_at, ends_at=session.ends_at, role="签到引导")
    assert not ChangeNotice.objects.exists()
    session.refresh_from_db()
    assert session.role == "签到引导"
    with pytest.raises(EndsBeforeStart):
        reschedule(session.pk, by=staff, starts_at=session.ends_at, ends_at=session.starts_at)
    with pytest.raises(TypeError):
        change_place(session.activity_id, by=staff, title="别的")


def test_after_a_change_cancelling_is_free(resident: User) -> None:
    session = SessionFactory.create(starts_at=timezone.now() + 30 * HOUR, activity__cancel_hours=48)
    staff = staff_of(session.activity.area)
    RegistrationFactory.create(session=session, resident=resident, confirmed_at=timezone.now() - 48 * HOUR)
    later(session, staff, -20 * HOUR)
    assert not give_up(session.pk, resident, by=resident).was_late


def test_a_session_moved_into_a_clash_keeps_the_place_and_asks_the_person_to_choose(
    session: Session, resident: User, staff: User
) -> None:
    other = SessionFactory.create(starts_at=session.ends_at)
    mine = register(session.pk, resident, by=resident).registration
    theirs = register(other.pk, resident, by=resident).registration
    bystander = UserFactory.create()
    register(session.pk, bystander, by=bystander)
    assert list(hit_by_move(session.pk, other.starts_at, other.ends_at)) == [mine]
    later(session, staff, HOUR)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.state, mine.clash_flagged, theirs.clash_flagged) == (State.CONFIRMED, True, False)
    told = Notification.objects.filter(kind=Kind.CHANGE)
    assert [line.resident for line in told] == [resident]
    give_up(other.pk, resident, by=resident)
    mine.refresh_from_db()
    assert not mine.clash_flagged
    assert_books_balance(session)


def test_moving_back_ends_the_clash(session: Session, resident: User, staff: User) -> None:
    other = SessionFactory.create(starts_at=session.ends_at)
    for each in (session, other):
        register(each.pk, resident, by=resident)
    moved = later(session, staff, HOUR)
    assert Registration.objects.filter(clash_flagged=True).count() == 1
    later(moved, staff, -HOUR)
    assert not Registration.objects.filter(clash_flagged=True).exists()


def test_a_session_moved_to_another_day_promotes_those_whom_it_was_too_late_for() -> None:
    now = timezone.now()
    session = SessionFactory.create(capacity=1, starts_at=now + HOUR)
    staff = staff_of(session.activity.area)
    waiting = RegistrationFactory.create(session=session, state=State.WAITLISTED)
    assert lapse_offers() == 0
    later(session, staff, 72 * HOUR)
    waiting.refresh_from_db()
    assert waiting.state == State.CONFIRMED
