"""One report over National Day 2026, door by door: page, admin, API, heartbeat, by the official calendar."""

import datetime as dt
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.actions import load_calendar
from linlingtong.areas.models import Area
from linlingtong.core.time import at
from linlingtong.home.tasks import every_minute
from linlingtong.notifications.models import Notification
from linlingtong.tickets.models import Ticket
from tests.api.conftest import App
from tests.factories import AreaFactory, UserFactory
from tests.tickets.world import grid, kind, worker_of

pytestmark = pytest.mark.django_db
State = Ticket.State


def moment(month: int, day: int, hour: int, minute: int = 0) -> dt.datetime:
    return at(dt.date(2026, month, day), dt.time(hour, minute))


def on(month: int, day: int, hour: int, minute: int = 0) -> time_machine.travel:
    return time_machine.travel(moment(month, day, hour, minute), tick=False)


class Life:
    """A report with everybody who has to do with it; each step goes through a door, at a moment."""

    def __init__(self, finish_days: int = 5) -> None:
        load_calendar()
        community = AreaFactory.create()
        self.area: Area = grid(community)
        self.kind = kind("lamp", finish_days=finish_days)
        self.worker = worker_of(self.area)
        self.manager = worker_of(community, Appointment.Role.MANAGER)
        self.head = worker_of(community.parent or community, Appointment.Role.MANAGER)
        self.reporter: User = UserFactory.create()

    @property
    def ticket(self) -> Ticket:
        return Ticket.objects.get()

    def was_in_time(self) -> bool | None:
        return self.ticket.was_in_time

    def state(self) -> str:
        return self.ticket.state

    def browser(self, user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    def report(self) -> None:
        form = {"category": "lamp", "area": self.area.pk, "text": "路灯不亮"}
        assert self.browser(self.reporter).post("/tools/report/", form).status_code == 302

    def step(self, name: str, **form: Any) -> None:
        page = reverse("admin:tickets_ticket_step", args=[self.ticket.pk, name])
        answer = self.browser(self.worker).post(page, form)
        assert answer.status_code == 302, answer.context["form"].errors

    def take_up(self) -> None:
        self.step("accept")
        self.step("assign", handler=self.worker.pk)
        self.step("start")

    def tell(self, verb: str, **form: Any) -> None:
        answer = self.browser(self.reporter).post(f"/me/tickets/{self.ticket.pk}/{verb}/", form)
        assert answer.status_code == 302

    def warned(self) -> tuple[int, int, int]:
        """How many warnings worker, manager and head of the subdistrict have been sent."""
        titles = ["快到期", "超期"]
        rows = Notification.objects.filter(kind="ticket")
        return tuple(  # type: ignore[return-value] # three of them
            sum(any(word in one.title for word in titles) for one in rows.filter(resident=user))
            for user in (self.worker, self.manager, self.head)
        )


def test_a_report_over_national_day_waits_escalates_takes_longer_and_comes_back() -> None:
    life = Life()
    with on(9, 29, 9):
        life.report()
        life.take_up()
    # Five working days after Tuesday 29 September: 30, 8, 9, Saturday 10, 12.
    assert life.ticket.finish_due_at == moment(10, 12, 17, 30)

    with on(9, 30, 14):
        life.step("ask", question="哪一盏？")
    with on(10, 8, 9):
        every_minute()
    assert (life.state(), life.warned()) == (State.WAITING, (0, 0, 0))
    with on(10, 8, 10):
        life.tell("reply", text="三号楼前")
    # Three and a half hours on 30 September and one and a half on 8 October did not count.
    assert life.ticket.finish_due_at == moment(10, 13, 13, 30)

    with on(10, 9, 9):
        life.step("extend", days=2, reason="等配件")
    # Seven days end on Wednesday 14; the five hours come on top.
    assert life.ticket.finish_due_at == moment(10, 15, 13, 30)

    with on(10, 13, 17):
        every_minute()
    assert life.warned() == (0, 0, 0)
    with on(10, 13, 17, 15):
        every_minute()
        every_minute()
    assert life.warned() == (1, 0, 0)
    with on(10, 15, 13, 29):
        every_minute()
    assert life.warned() == (1, 0, 0)
    with on(10, 15, 13, 31):
        every_minute()
    assert life.warned() == (1, 1, 0)

    with on(10, 16, 9):
        life.step("close", outcome="fixed", explanation="换了灯泡")
    assert life.was_in_time() is False

    with on(10, 17, 10):  # a Saturday like any other
        app = App(life.reporter)
        answer = app.post(f"tickets/{life.ticket.pk}/reopen/", {"text": "又不亮了"}, Idempotency_Key="again")
        assert answer.status_code == 200
    assert (life.state(), life.ticket.finish_due_at) == (State.ACCEPTED, moment(10, 23, 17, 30))

    with on(10, 20, 9):
        life.step("assign", handler=life.worker.pk)
        life.step("start")
        life.step("close", outcome="fixed", explanation="换了线")
    assert life.was_in_time() is True
    with on(10, 27, 8, 59):
        every_minute()
    assert life.state() == State.CLOSED
    with on(10, 27, 9, 1):
        every_minute()
    assert life.state() == State.AUTO_CLOSED


def test_a_report_over_spring_festival_is_rated_in_the_end() -> None:
    life = Life(finish_days=2)
    with on(2, 13, 16):  # Friday; Saturday 14 is worked, then nine days off
        life.report()
        life.take_up()
    assert (life.ticket.accept_due_at, life.ticket.finish_due_at) == (moment(2, 14, 11), moment(2, 24, 17, 30))
    with on(2, 20, 12):
        every_minute()
    assert life.warned() == (0, 0, 0)
    with on(2, 24, 15):
        life.step("close", outcome="fixed", explanation="换了灯泡")
        life.tell("rate", stars=5, text="很快")
    assert (life.was_in_time(), life.state(), life.ticket.rating) == (True, State.RATED, 5)


def test_two_of_one_thing_become_one_and_the_clock_is_that_of_the_first() -> None:
    life = Life()
    with on(9, 30, 9):
        life.report()
    first = life.ticket
    other = UserFactory.create()
    with on(10, 8, 9):
        form = {"category": "lamp", "area": life.area.pk, "text": "灯还是黑的"}
        life.browser(other).post("/tools/report/", form)
        second = Ticket.objects.exclude(pk=first.pk).get()
        page = reverse("admin:tickets_ticket_step", args=[second.pk, "merge"])
        assert life.browser(life.worker).post(page, {"into": first.number}).status_code == 302
    first.refresh_from_db()
    second.refresh_from_db()
    assert (second.state, second.merged_into, first.finish_due_at) == (State.DUPLICATE, first, moment(10, 13, 17, 30))
    assert first.follows.get().resident == other
