"""Two staff, or staff and the clock, want the same report at the same moment; controls show what the turn is for."""

import datetime as dt
from functools import partial
from typing import Any

import pytest
from django.utils import timezone

from linlingtong.tickets.actions import accept, close, let_rest, me_too, merge, moves, rate, reopen
from linlingtong.tickets.actions.refusals import NotNow, OwnDuplicate, TooLateToReopen
from linlingtong.tickets.models import Ticket, TicketEvent
from tests.factories import UserFactory
from tests.races import at_once
from tests.tickets.world import at_work, grid, row, settled, worker_of, written

pytestmark = pytest.mark.django_db(transaction=True)
State = Ticket.State
STAFF = 12


def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "take_turns", lambda _turns: None)
    monkeypatch.setattr("linlingtong.tickets.actions.handling.take_turns", lambda _turns: None)


def rush_to_close() -> tuple[Ticket, list[Any]]:
    area = grid()
    worker = worker_of(area)
    colleagues = [worker, *(worker_of(area) for _ in range(STAFF - 1))]
    ticket = at_work(worker, area=area)
    jobs = [partial(close, ticket.pk, "fixed", by=one, explanation="修好了") for one in colleagues]
    return ticket, at_once(jobs)


def test_of_many_who_close_one_does() -> None:
    ticket, answers = rush_to_close()
    assert sum(isinstance(one, Ticket) for one in answers) == 1
    assert sum(isinstance(one, NotNow) for one in answers) == STAFF - 1
    assert TicketEvent.objects.filter(ticket=ticket, what="closed").count() == 1


def test_without_the_turn_several_close_it(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked(monkeypatch)
    rushes = (rush_to_close()[0] for _attempt in range(10))
    assert any(TicketEvent.objects.filter(ticket=ticket, what="closed").count() > 1 for ticket in rushes)


def test_of_many_who_accept_one_does() -> None:
    area = grid()
    ticket = written(area=area)
    answers = at_once([partial(accept, ticket.pk, by=worker_of(area)) for _ in range(STAFF)])
    assert sum(isinstance(one, Ticket) for one in answers) == 1


def test_two_that_are_merged_into_each_other_leave_one() -> None:
    area = grid()
    worker = worker_of(area)
    for number in range(6):
        one, two = (written(area=area, text=f"{number}{side}") for side in "ab")
        answers = at_once([partial(merge, one.pk, two.pk, by=worker), partial(merge, two.pk, one.pk, by=worker)], 2)
        assert sum(isinstance(each, Ticket) for each in answers) == 1
        assert sum(isinstance(each, NotNow | OwnDuplicate) for each in answers) == 1
        assert Ticket.objects.filter(pk__in=[one.pk, two.pk], state=State.DUPLICATE).count() == 1


def test_closing_against_merging_has_one_winner() -> None:
    area = grid()
    worker = worker_of(area)
    for number in range(6):
        one, two = at_work(worker, area=area, text=f"{number}a"), written(area=area, text=f"{number}b")
        jobs = [
            partial(close, one.pk, "fixed", by=worker, explanation="好了"),
            partial(merge, one.pk, two.pk, by=worker),
        ]
        answers = at_once(jobs, 2)
        assert sum(isinstance(each, Ticket) for each in answers) == 1


def test_opening_again_against_the_rest_at_the_last_moment() -> None:
    area = grid()
    worker = worker_of(area)
    for number in range(6):
        reporter = UserFactory.create()
        ticket = settled(worker, reporter, area=area, text=str(number))
        edge = timezone.now() - dt.timedelta(days=7) + dt.timedelta(milliseconds=8)
        Ticket.objects.filter(pk=ticket.pk).update(closed_at=edge)
        answers = at_once([partial(reopen, ticket.pk, "又坏了", by=reporter), let_rest, let_rest], 3)
        state = Ticket.objects.get(pk=ticket.pk).state
        opened = isinstance(answers[0], Ticket)
        assert state == State.ACCEPTED if opened else isinstance(answers[0], TooLateToReopen)
        assert TicketEvent.objects.filter(ticket=ticket, what="auto_closed").count() <= 1
        assert not (opened and state == State.AUTO_CLOSED)


def test_a_double_tap_rates_once_and_follows_once() -> None:
    ticket = row(State.CLOSED)
    answers = at_once([partial(rate, ticket.pk, 5, by=ticket.reporter)] * STAFF)
    assert sum(isinstance(one, Ticket) for one in answers) == 1
    shown, neighbour = row(State.RECEIVED, is_public=True, is_visible=True), UserFactory.create()
    assert set(at_once([partial(me_too, shown.pk, by=neighbour)] * STAFF)) == {1}
