"""Real threads and processes, each with its connection; each race has a control that shows it happens unguarded."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import ProgrammingError, connection, models
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import ClashingSession, Placed, give_up, leaving, register, registration
from linlingtong.activities.models import Registration, Session
from linlingtong.core import turns
from linlingtong.notifications.models import Kind, Message, Notification
from tests.activities.books import assert_books_balance
from tests.factories import SessionFactory, UserFactory
from tests.races import at_once, in_step

pytestmark = pytest.mark.django_db(transaction=True)
State = Registration.State
ROOT = Path(__file__).parents[2]


def without_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same verbs, reading what stands there without waiting for anybody."""

    def look(_: object, then: str = "", values: dict[str, Any] | None = None) -> Any:
        return turns.take_turns([], then, values)

    monkeypatch.setattr(registration, "take_turns", look)


@contextmanager
def without(model: type[models.Model], name: str) -> Iterator[None]:
    """The table without one of its constraints."""
    (constraint,) = (c for c in model._meta.constraints if c.name == name)
    with connection.schema_editor() as editor:
        editor.remove_constraint(model, constraint)
    try:
        yield
    finally:
        Registration.objects.all().delete()
        Session.objects.update(taken=0, held=0)
        with connection.schema_editor() as editor:
            editor.add_constraint(model, constraint)


def rush(session: Session, residents: Sequence[User]) -> list[Any]:
    return at_once([partial(register, session.pk, resident, by=resident) for resident in residents])


def test_sixty_people_at_once_get_exactly_twenty_places_in_the_order_of_their_numbers() -> None:
    session, residents = SessionFactory.create(capacity=20), UserFactory.create_batch(60)
    answers = rush(session, residents)
    stored = dict(session.registrations.values_list("pk", "state"))
    assert {answer.registration.pk: answer.registration.state for answer in answers} == stored
    in_order = list(session.registrations.order_by("number").values_list("state", flat=True))
    assert in_order == [State.CONFIRMED] * 20 + [State.WAITLISTED] * 40
    assert_books_balance(session)


def test_control_without_turns_more_than_twenty_get_a_place(monkeypatch: pytest.MonkeyPatch) -> None:
    without_turns(monkeypatch)
    session, residents = SessionFactory.create(capacity=20), UserFactory.create_batch(60)
    with without(Session, "a_session_is_never_oversold"):
        rush(session, residents)
        assert session.registrations.filter(state=State.CONFIRMED).count() > 20


def double_taps(session: Session, residents: Sequence[User]) -> list[Any]:
    return in_step([[partial(register, session.pk, resident, by=resident)] * 4 for resident in residents])


def test_a_double_tap_by_four_connections_is_one_registration_and_one_message() -> None:
    session, residents = SessionFactory.create(capacity=10), UserFactory.create_batch(15)
    answers: list[Placed] = double_taps(session, residents)
    for at in range(0, len(answers), 4):
        four = answers[at : at + 4]
        assert sum(answer.created for answer in four) == 1
        assert len({(answer.registration.pk, answer.registration.state) for answer in four}) == 1
    assert Registration.objects.count() == Message.objects.count() == Notification.objects.count() == 15
    assert_books_balance(session)


def test_control_without_turns_a_double_tap_is_two_registrations(monkeypatch: pytest.MonkeyPatch) -> None:
    without_turns(monkeypatch)
    session, residents = SessionFactory.create(capacity=0), UserFactory.create_batch(15)
    with without(Registration, "one_live_registration_per_resident"):
        # the third tap may find two rows where it can only think of one
        with suppress(ProgrammingError):
            double_taps(session, residents)
        assert Registration.objects.count() > 15


def crowd(capacity: int, waiting: int) -> tuple[Session, list[User], list[User]]:
    """A full session with a queue: those with a place, and those who wait."""
    session = SessionFactory.create(capacity=capacity)
    residents = UserFactory.create_batch(capacity + waiting)
    for resident in residents:
        register(session.pk, resident, by=resident)
    return session, residents[:capacity], residents[capacity:]


def swap(session: Session, leavers: Sequence[User], newcomers: Sequence[User]) -> None:
    """People leave and come at the same time."""
    pairs = zip(leavers, newcomers, strict=True)
    at_once(
        [
            job
            for leaver, newcomer in pairs
            for job in (
                partial(give_up, session.pk, leaver, by=leaver),
                partial(register, session.pk, newcomer, by=newcomer),
            )
        ]
    )


def confirmed(session: Session, residents: Sequence[User]) -> int:
    return session.registrations.filter(resident__in=residents, state=State.CONFIRMED).count()


def test_freed_places_go_to_those_who_wait_never_to_newcomers() -> None:
    session, seated, waiting = crowd(20, 20)
    newcomers = UserFactory.create_batch(20)
    swap(session, seated, newcomers)
    assert (confirmed(session, waiting), confirmed(session, newcomers)) == (20, 0)
    assert_books_balance(session)


def test_control_promoting_later_lets_newcomers_jump_the_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    session, seated, _ = crowd(20, 20)
    newcomers = UserFactory.create_batch(20)
    monkeypatch.setattr(leaving, "fill", lambda _: [])
    monkeypatch.setattr(
        registration,
        "_state_for",
        lambda row, places: State.CONFIRMED if row.taken + places <= row.capacity else State.WAITLISTED,
    )
    swap(session, seated, newcomers)
    assert confirmed(session, newcomers) > 0


def two_at_once(residents: Sequence[User]) -> list[Any]:
    """Each resident registers for two overlapping sessions from two phones, in step."""
    sessions = SessionFactory.create_batch(2, capacity=None)
    return in_step([[partial(register, s.pk, resident, by=resident) for s in sessions] for resident in residents])


def places_of(residents: Sequence[User]) -> list[int]:
    return [Registration.objects.filter(resident=person, state=State.CONFIRMED).count() for person in residents]


@pytest.mark.parametrize("has_turns", [True, False], ids=["by turns", "by the constraint alone"])
def test_nobody_gets_two_places_at_the_same_hour(monkeypatch: pytest.MonkeyPatch, has_turns: bool) -> None:
    if not has_turns:
        without_turns(monkeypatch)
    residents = UserFactory.create_batch(24)
    answers = two_at_once(residents)
    assert places_of(residents) == [1] * 24
    assert sum(isinstance(answer, ClashingSession) for answer in answers) == 24


def test_control_without_turns_and_constraint_people_are_in_two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    without_turns(monkeypatch)
    residents = UserFactory.create_batch(24)
    with without(Registration, "nobody_is_in_two_places_at_once"):
        two_at_once(residents)
        assert 2 in places_of(residents)


def test_a_storm_of_cancellations_with_killed_processes_loses_nobody_and_promotes_in_order() -> None:
    session, seated, waiting = crowd(40, 60)
    leavers, staying = [*seated, *waiting[::3]], [person for at, person in enumerate(waiting) if at % 3]
    numbers = [str(person.pk) for person in leavers]
    command = [sys.executable, "-m", "tests.activities.storm", settings.DATABASES["default"]["NAME"], str(session.pk)]
    storm = subprocess.Popen([*command, *numbers], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    acknowledged: set[int] = set()
    killed: set[int] = set()
    assert storm.stdout is not None
    for line in storm.stdout:
        process, resident = map(int, line.split())
        acknowledged.add(resident)
        if len(killed) < 3 and process not in killed:  # in the middle of its work
            os.kill(process, signal.SIGKILL)
            killed.add(process)
    assert storm.wait() == 0
    storm.stdout.close()
    gone = set(session.registrations.filter(state=State.CANCELLED).values_list("resident", flat=True))
    assert acknowledged <= gone
    assert len(gone) < len(leavers)  # the killed left work behind
    for leaver in leavers:
        give_up(session.pk, leaver, by=leaver)
    assert_books_balance(session)
    assert confirmed(session, staying) == 40 == len(staying)
    assert session.registrations.filter(state=State.CANCELLED).count() == len(leavers)
    promoted = Notification.objects.filter(kind=Kind.OFFER).order_by("pk").values_list("resident", flat=True)
    in_line = list(session.registrations.order_by("number").values_list("resident", flat=True))
    assert [in_line.index(person) for person in promoted] == sorted(in_line.index(person) for person in promoted)
    assert len(promoted) == len(set(promoted))
    assert set(promoted) >= {person.pk for person in staying}
    assert timezone.now() < session.starts_at
