"""The figures of the installation for Prometheus: numbers of rows and queues, nobody's name."""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Min, Sum
from django.utils import timezone
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from linlingtong.activities.models import ImportBatch, Session
from linlingtong.areas.working_time import last_known_day
from linlingtong.core.counting import refusals, waiting_tasks
from linlingtong.core.time import today
from linlingtong.home.models import DataExport
from linlingtong.moderation.models import Case
from linlingtong.notifications.models import Message, Tick
from linlingtong.photos.models import Photo
from linlingtong.tickets.models import Ticket

LATE = dt.timedelta(minutes=5)
State = Message.State


class Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        yield from _outbox(now)
        yield _troubles(now)
        yield from _calendars(now)
        yield _queues(now)
        yield _steps(now)
        yield _refusals()


def _outbox(now: dt.datetime) -> Iterator[Metric]:
    due = Message.objects.live().filter(state=State.PENDING, due_at__lte=now)
    late = due.filter(due_at__lte=now - LATE).count()
    being_sent = Message.objects.live().filter(state=State.CLAIMED).count()
    oldest = due.aggregate(oldest=Min("due_at"))["oldest"]
    age = (now - oldest).total_seconds() if oldest else 0
    yield _gauge("messages_due", "Messages that should go out now", due.count())
    yield _gauge("messages_late", "Messages due for more than five minutes", late)
    yield _gauge("messages_being_sent", "Messages in the hands of a worker", being_sent)
    yield _gauge("oldest_due_message_seconds", "Since when the oldest due message waits", age)


def _troubles(now: dt.datetime) -> GaugeMetricFamily:
    """Of the last day, so that an alarm ends when the trouble does; unknown ones stay until they are known."""
    family = GaugeMetricFamily("linlingtong_messages_in_trouble", "Messages that did not arrive", labels=["state"])
    for state in (State.UNKNOWN, State.MISSED, State.FAILED):
        rows = Message.objects.in_trouble(state)
        if state != State.UNKNOWN:
            rows = rows.filter(settled_at__gt=now - dt.timedelta(days=1))
        family.add_metric([state.value], rows.count())
    return family


def _calendars(now: dt.datetime) -> Iterator[Metric]:
    waiting = Session.objects.filter(starts_at__gt=now, waiting__gt=0).aggregate(sum=Sum("waiting"))["sum"]
    known_until = last_known_day()
    ahead = (known_until - today()).days if known_until else 0
    yield _gauge("waiting_list", "Entries on the waiting lists of coming sessions", waiting or 0)
    yield _gauge("calendar_days_ahead", "Days for which the working days are known", ahead)


def _queues(now: dt.datetime) -> GaugeMetricFamily:
    """What waits for a worker, and what waits for staff."""
    lengths = {
        "tasks": waiting_tasks(),
        "photos": Photo.objects.waiting().count(),
        "imports": ImportBatch.objects.filter(state__in=ImportBatch.BUSY).count(),
        "exports": DataExport.objects.filter(ready_at=None).count(),
        "moderation": Case.objects.queue().count(),
        "tickets": Ticket.objects.running().count(),
        "overdue_tickets": Ticket.objects.overdue(now).count(),
    }
    family = GaugeMetricFamily("linlingtong_queue_length", "What waits in each queue", labels=["queue"])
    for queue, length in lengths.items():
        if length is not None:
            family.add_metric([queue], length)
    return family


def _steps(now: dt.datetime) -> GaugeMetricFamily:
    family = GaugeMetricFamily("linlingtong_step_age_seconds", "Since a step of the heartbeat ran", labels=["step"])
    for tick in Tick.objects.all():
        family.add_metric([tick.name], (now - tick.ran_at).total_seconds())
    return family


def _refusals() -> CounterMetricFamily:
    family = CounterMetricFamily("linlingtong_refusals", "How often a verb said no", labels=["code"])
    for code, number in sorted(refusals().items()):
        family.add_metric([code], number)
    return family


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"linlingtong_{name}", text, value=value)
