"""Any order of verbs leaves the books in balance: counters, queue, stories and places."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    Guest,
    approve,
    change_capacity,
    drop_companion,
    give_up,
    put_in,
    register,
    remove,
)
from linlingtong.activities.models import Companion, Registration, Session
from linlingtong.core.refusal import Refusal
from tests.activities.books import assert_books_balance
from tests.factories import SessionFactory, UserFactory

State = Registration.State
PEOPLE = st.integers(0, 5)
STEP = st.one_of(
    st.tuples(st.just("register"), PEOPLE, st.integers(0, 3)),
    st.tuples(st.just("give_up"), PEOPLE, st.just(0)),
    st.tuples(st.just("approve"), PEOPLE, st.just(0)),
    st.tuples(st.just("put_in"), PEOPLE, st.just(0)),
    st.tuples(st.just("remove"), PEOPLE, st.just(0)),
    st.tuples(st.just("drop"), PEOPLE, st.just(0)),
    st.tuples(st.just("capacity"), st.integers(0, 6), st.integers(0, 1)),
)


@pytest.mark.django_db
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(needs_approval=st.booleans(), capacity=st.integers(1, 4), steps=st.lists(STEP, max_size=14))
def test_whatever_happens_the_books_balance(
    needs_approval: bool, capacity: int, steps: list[tuple[str, int, int]]
) -> None:
    with transaction.atomic():
        session = SessionFactory.create(capacity=capacity, activity__needs_approval=needs_approval)
        people = UserFactory.create_batch(6)
        for verb, who, extra in steps:
            if verb == "capacity":
                change_capacity(session.pk, by=None, capacity=who, keep_all=bool(extra), reason="换教室")
            else:
                take(verb, session, people[who], extra)
            assert_books_balance(session)
            assert_nobody_who_fits_waits_at_the_head(session)
        transaction.set_rollback(True)  # the next example starts from nothing


def take(verb: str, session: Session, resident: User, companions: int) -> None:
    row = Registration.objects.filter(session=session, resident=resident).order_by("-number").first()
    try:
        if verb == "register":
            register(session.pk, resident, by=resident, party=[Guest("同伴")] * companions)
        elif verb == "give_up":
            give_up(session.pk, resident, by=resident)
        elif row is None:
            return
        elif verb == "drop":
            companion = Companion.objects.filter(registration=row).first()
            drop_companion(row.pk, companion.pk if companion else 0, by=None)
        elif verb == "approve":
            approve(row.pk, by=None)
        else:
            {"put_in": put_in, "remove": remove}[verb](row.pk, by=None, reason="试")
    except Refusal:
        pass


def assert_nobody_who_fits_waits_at_the_head(session: Session) -> None:
    head = session.registrations.queue().first()
    if head and session.capacity is not None:
        assert head.places > session.capacity - session.taken - session.held
