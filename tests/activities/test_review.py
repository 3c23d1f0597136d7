from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    AlreadyRegistered,
    ClashingSession,
    Guest,
    NoPlaceLeft,
    NotPossibleNow,
    ReasonMissing,
    SessionCancelled,
    TextMissing,
    approve,
    cancel_session,
    give_up,
    move,
    put_in,
    register,
    reject,
    remove,
    write_to,
)
from linlingtong.activities.actions.moves import MOVES, advance
from linlingtong.activities.models import Registration, Session
from linlingtong.notifications.models import Kind, Message, Notification
from tests.activities.books import assert_books_balance
from tests.factories import AreaFactory, RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
State = Registration.State


def ask(session: Session, amount: int, companions: int = 0) -> list[Registration]:
    rows = []
    for resident in UserFactory.create_batch(amount):
        party = [Guest("同伴")] * companions
        rows.append(register(session.pk, resident, by=resident, party=party).registration)
    return rows


def reviewed(capacity: int) -> tuple[Session, User]:
    session = SessionFactory.create(activity__needs_approval=True, capacity=capacity)
    return session, staff_of(session.activity.area)


def state(row: Registration) -> str:
    row.refresh_from_db()
    return row.state


def test_an_approved_registration_takes_a_free_place() -> None:
    session, staff = reviewed(1)
    (row,) = ask(session, 1)
    for _ in range(2):
        assert approve(row.pk, by=staff).state == State.CONFIRMED
    assert Notification.objects.filter(resident=row.resident).count() == 2
    assert_books_balance(session)


def test_approved_when_full_it_queues_at_its_original_number() -> None:
    session, staff = reviewed(1)
    early, late, seated = ask(session, 3)
    approve(seated.pk, by=staff)
    approve(late.pk, by=staff)
    assert approve(early.pk, by=staff).state == State.WAITLISTED
    give_up(session.pk, seated.resident, by=seated.resident)
    assert (state(early), state(late)) == (State.CONFIRMED, State.WAITLISTED)
    assert_books_balance(session)


def test_an_approved_registration_does_not_pass_those_who_wait_longer() -> None:
    session, staff = reviewed(2)
    seated, family, single = *ask(session, 1), *ask(session, 1, companions=1), *ask(session, 1)
    approve(seated.pk, by=staff)
    approve(family.pk, by=staff)
    assert state(family) == State.WAITLISTED
    assert approve(single.pk, by=staff).state == State.CONFIRMED
    family.refresh_from_db()
    assert family.passed_over == 1
    assert_books_balance(session)


def test_a_rejected_registration_reads_the_reason() -> None:
    session, staff = reviewed(1)
    (row,) = ask(session, 1)
    for _ in range(2):
        assert reject(row.pk, by=staff, reason="请先参加培训").state == State.REJECTED
    line = Notification.objects.filter(resident=row.resident).latest("pk")
    assert "请先参加培训" in line.body
    with pytest.raises(NotPossibleNow):
        approve(row.pk, by=staff)
    assert_books_balance(session)


def test_staff_put_somebody_in_over_the_capacity_and_nobody_follows_until_it_has_dropped(staff: User) -> None:
    session = SessionFactory.create(capacity=2, activity__area=staff.appointments.get().area)
    first, second, third, fourth = ask(session, 4)
    for _ in range(2):
        assert put_in(fourth.pk, by=staff, reason="带队人的助手").state == State.CONFIRMED
    session.refresh_from_db()
    assert (session.taken, session.overbooked_to) == (3, 3)
    assert fourth.events.latest("pk").reason == "带队人的助手"
    assert_books_balance(session)
    give_up(session.pk, first.resident, by=first.resident)
    assert state(third) == State.WAITLISTED
    session.refresh_from_db()
    assert (session.taken, session.overbooked_to) == (2, 0)
    give_up(session.pk, second.resident, by=second.resident)
    assert state(third) == State.CONFIRMED
    assert_books_balance(session)


def test_who_is_put_in_is_still_not_in_two_places(session: Session, resident: User, staff: User) -> None:
    row = RegistrationFactory.create(session=session, resident=resident, state=State.WAITLISTED)
    RegistrationFactory.create(session=SessionFactory.create(), resident=resident)
    with pytest.raises(ClashingSession):
        put_in(row.pk, by=staff, reason="x")


def test_a_removed_person_frees_the_place_for_the_next(staff: User) -> None:
    session = SessionFactory.create(capacity=1, activity__area=staff.appointments.get().area)
    first, second = ask(session, 2)
    for _ in range(2):
        assert remove(first.pk, by=staff, reason="重复报名").ended_by == Registration.Ended.BY_STAFF
    assert state(second) == State.CONFIRMED
    assert "重复报名" in Notification.objects.filter(resident=first.resident).latest("pk").body
    assert_books_balance(session)


def test_somebody_is_moved_to_another_session_with_companions_and_answers(staff: User) -> None:
    area = staff.appointments.get().area
    session = SessionFactory.create(capacity=2, activity__area=area)
    target = SessionFactory.create(capacity=2, activity__area=area)
    (row,) = ask(session, 1, companions=1)
    (waiting,) = ask(session, 1)
    moved = move(row.pk, target.pk, by=staff, reason="人太多")
    assert (moved.session, moved.state, moved.places, moved.number) == (target, State.CONFIRMED, 2, 1)
    assert moved.companions.count() == 1
    assert (state(row), row.reason) == (State.CANCELLED, "人太多")
    assert state(waiting) == State.CONFIRMED
    assert_books_balance(session)
    assert_books_balance(target)


def test_nobody_is_moved_where_there_is_no_place(staff: User) -> None:
    area = staff.appointments.get().area
    session, target = SessionFactory.create_batch(2, capacity=1, activity__area=area)
    (row,) = ask(session, 1)
    (seated,) = ask(target, 1)
    with pytest.raises(NoPlaceLeft):
        move(row.pk, target.pk, by=staff, reason="x")
    with pytest.raises(AlreadyRegistered):
        move(row.pk, session.pk, by=staff, reason="x")
    give_up(target.pk, seated.resident, by=seated.resident)
    busy = SessionFactory.create()
    Registration.objects.filter(pk=row.pk).update(state=State.WAITLISTED)
    RegistrationFactory.create(session=busy, resident=row.resident)
    with pytest.raises(ClashingSession):
        move(row.pk, target.pk, by=staff, reason="x")
    cancel_session(target.pk, by=staff, reason="台风")
    with pytest.raises(SessionCancelled):
        move(row.pk, target.pk, by=staff, reason="x")


def test_a_message_reaches_each_person_once_a_day(session: Session, staff: User) -> None:
    rows = ask(session, 3)
    before = Message.objects.count()
    ids = [row.pk for row in rows]
    assert write_to(ids, "带 100% 的热情\u200b，请穿雨鞋", by=staff) == 3
    write_to(ids, "带 100% 的热情，请穿雨鞋", by=staff)
    assert Message.objects.count() == before + 3
    line = Notification.objects.filter(kind=Kind.MESSAGE).first()
    assert line is not None
    assert line.body == "带 100% 的热情，请穿雨鞋"
    assert all(
        message.text == "【临灵通】带 100% 的热情，请穿雨鞋" for message in Message.objects.filter(kind=Kind.MESSAGE)
    )
    with pytest.raises(TextMissing):
        write_to(ids, "\u200b", by=staff)
    with pytest.raises(PermissionDenied):
        write_to(ids, "你好", by=staff_of(AreaFactory.create()))


def test_nothing_is_decided_in_a_cancelled_session(session: Session, staff: User) -> None:
    row = RegistrationFactory.create(session=session, state=State.WAITLISTED)
    cancel_session(session.pk, by=staff, reason="台风")
    with pytest.raises(SessionCancelled):
        put_in(row.pk, by=staff, reason="x")


VERBS: dict[str, Callable[..., Any]] = {
    "approve": lambda row, by, _: approve(row.pk, by=by),
    "reject": lambda row, by, reason: reject(row.pk, by=by, reason=reason),
    "put_in": lambda row, by, reason: put_in(row.pk, by=by, reason=reason),
    "remove": lambda row, by, reason: remove(row.pk, by=by, reason=reason),
    "move": lambda row, by, reason: move(row.pk, SessionFactory.create().pk, by=by, reason=reason),
}


@pytest.mark.parametrize("verb", VERBS)
def test_staff_of_another_area_and_residents_decide_nothing(session: Session, verb: str) -> None:
    row = RegistrationFactory.create(session=session, state=State.PENDING_REVIEW)
    for stranger in (staff_of(AreaFactory.create()), row.resident):
        with pytest.raises(PermissionDenied):
            VERBS[verb](row, stranger, "x")


@pytest.mark.parametrize("verb", sorted(VERBS.keys() - {"approve"}))
def test_each_decision_against_somebody_needs_a_reason(session: Session, staff: User, verb: str) -> None:
    row = RegistrationFactory.create(session=session, state=State.PENDING_REVIEW)
    with pytest.raises(ReasonMissing):
        VERBS[verb](row, staff, " \u200b")


@pytest.mark.parametrize("to", State.values)
@pytest.mark.parametrize("state", State.values)
def test_only_the_moves_of_the_table_happen(session: Session, state: str, to: str) -> None:
    row = RegistrationFactory.create(session=session, state=state)
    if to not in MOVES[state]:
        with pytest.raises(NotPossibleNow):
            advance(session, [row], to, by=None)
        return
    offered_until = session.starts_at if to == State.OFFERED else None
    advance(session, [row], to, by=None, offered_until=offered_until)
    assert_books_balance(session)
