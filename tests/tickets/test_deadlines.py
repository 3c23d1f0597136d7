"""Deadlines by the official calendar of 2026: Spring Festival and National Day with their worked weekends."""

import datetime as dt

import pytest
import time_machine
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.actions import load_calendar
from linlingtong.core.time import at
from linlingtong.notifications.models import Notification
from linlingtong.tickets import actions
from linlingtong.tickets.actions import refusals
from linlingtong.tickets.models import Ticket, TicketEvent
from tests.factories import AreaFactory, UserFactory
from tests.tickets.world import above, at_work, grid, kind, worker_of, written

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def calendar() -> None:
    load_calendar()


def moment(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return at(dt.date(2026, month, day), dt.time(hour, minute))


@pytest.mark.parametrize(
    ("reported", "accept_by", "finish_by"),
    [
        # Friday before Spring Festival: Saturday 14 is worked, 15 to 23 are off, Saturday 28 is worked.
        (moment(2, 13, 16), moment(2, 14, 11), moment(2, 27, 17, 30)),
        # In the middle of the holiday: everything begins on Tuesday 24.
        (moment(2, 18, 12), moment(2, 24, 12, 30), moment(2, 28, 17, 30)),
        # The evening before National Day: 1 to 7 October are off, Saturday 10 is worked.
        (moment(9, 30, 17), moment(10, 8, 12), moment(10, 13, 17, 30)),
        (moment(10, 3, 9), moment(10, 8, 12, 30), moment(10, 13, 17, 30)),
        # Sunday 20 September is worked, 25 to 27 are off.
        (moment(9, 19, 10), moment(9, 20, 12, 30), moment(9, 24, 17, 30)),
    ],
)
def test_deadlines_over_the_holidays_of_2026(
    reported: dt.datetime, accept_by: dt.datetime, finish_by: dt.datetime
) -> None:
    with time_machine.travel(reported, tick=False):
        ticket = written()
    assert (ticket.accept_due_at, ticket.finish_due_at) == (accept_by, finish_by)


def test_mondays_to_fridays_would_be_wrong_by_days() -> None:
    """The control: without the announced calendar the same report is due in the middle of the holiday."""
    from_weekdays = moment(9, 30, 17) + dt.timedelta(days=7)
    with time_machine.travel(moment(9, 30, 17), tick=False):
        ticket = written()
    assert ticket.finish_due_at - from_weekdays > dt.timedelta(days=5)


def test_another_kind_is_counted_from_the_original_time() -> None:
    area = grid()
    worker = worker_of(area)
    with time_machine.travel(moment(9, 30, 17), tick=False):
        ticket = written(area=area)
    with time_machine.travel(moment(10, 9, 9), tick=False):
        actions.accept(ticket.pk, by=worker)
        changed = actions.change_category(ticket.pk, kind("quick", finish_days=1), by=worker)
    assert changed.finish_due_at == moment(10, 8, 17, 30)


def test_the_clock_stands_only_while_the_reporter_is_asked() -> None:
    area, reporter = grid(), UserFactory.create()
    worker = worker_of(area)
    with time_machine.travel(moment(9, 29, 9), tick=False):
        ticket = at_work(worker, reporter, area=area)
        assert ticket.finish_due_at == moment(10, 11 + 1, 17, 30)
    with time_machine.travel(moment(9, 30, 14), tick=False):
        waiting = actions.ask_reporter(ticket.pk, "哪一盏？", by=worker)
        assert waiting.escalates_at is None
    with time_machine.travel(moment(10, 8, 10), tick=False):
        again = actions.reply(ticket.pk, "三号楼前", by=reporter)
    # From 14:00 to 17:30 on 30 September and from 8:30 to 10:00 on 8 October: five hours.
    assert again.paused == dt.timedelta(hours=5)
    assert again.finish_due_at == moment(10, 13, 13, 30)


def test_an_extension_is_given_once_with_a_reason() -> None:
    area = grid()
    worker = worker_of(area)
    with time_machine.travel(moment(9, 29, 9), tick=False):
        ticket = at_work(worker, area=area)
        with pytest.raises(refusals.TextMissing):
            actions.extend(ticket.pk, 2, "", by=worker)
        longer = actions.extend(ticket.pk, 2, "等配件", by=worker)
        assert longer.finish_due_at == moment(10, 14, 17, 30)
        with pytest.raises(refusals.ExtendedAlready):
            actions.extend(ticket.pk, 2, "等配件", by=worker)


def told(user: User) -> int:
    return Notification.objects.filter(resident=user, kind="ticket").count()


def test_warnings_climb_step_by_step_each_once() -> None:
    community = AreaFactory.create()
    area = grid(community)
    worker = worker_of(area)
    manager = worker_of(community, Appointment.Role.MANAGER)
    head = worker_of(above(community), Appointment.Role.MANAGER)
    with time_machine.travel(moment(11, 2, 8, 30), tick=False):
        ticket = at_work(worker, area=area, category=kind("ten", finish_days=10))
    # Ten days after the first: 11 working days of nine hours to 17:30 on 16 November.
    assert ticket.finish_due_at == moment(11, 16, 17, 30)
    before = told(worker)
    with time_machine.travel(moment(11, 12, 15), tick=False):
        assert actions.warn_of_deadlines() == 0
    with time_machine.travel(moment(11, 12, 16), tick=False):
        assert actions.warn_of_deadlines() == 1
        assert actions.warn_of_deadlines() == 0
    assert (told(worker) - before, told(manager), told(head)) == (1, 0, 0)
    with time_machine.travel(moment(11, 16, 17, 30), tick=False):
        assert actions.warn_of_deadlines() == 1
    assert (told(manager), told(head)) == (1, 0)
    with time_machine.travel(moment(12, 1, 9), tick=False):
        assert actions.warn_of_deadlines() == 1
        assert actions.warn_of_deadlines() == 0
    assert (told(worker) - before, told(manager), told(head)) == (1, 1, 1)
    assert TicketEvent.objects.filter(ticket=ticket, what="warned", is_internal=True).count() == 3


def test_a_settled_report_warns_nobody() -> None:
    area = grid()
    worker = worker_of(area)
    with time_machine.travel(moment(11, 2, 9), tick=False):
        ticket = at_work(worker, area=area)
    with time_machine.travel(moment(12, 1, 9), tick=False):
        late = actions.close(ticket.pk, Ticket.Outcome.EXPLAINED, by=worker, explanation="归供电所管")
        assert not late.was_in_time
        assert actions.warn_of_deadlines() == 0


def test_overdue_is_what_nobody_accepted_or_finished_in_time() -> None:
    with time_machine.travel(moment(11, 2, 9), tick=False):
        ticket = written()
        assert not Ticket.objects.overdue().exists()
    with time_machine.travel(moment(11, 2, 14), tick=False):
        assert Ticket.objects.overdue().get() == ticket
        assert Ticket.objects.get().is_overdue
        assert Ticket.objects.overdue(timezone.now() - dt.timedelta(hours=5)).count() == 0
