"""For machines that watch over the installation: is it alive, is it ready, and how is it doing."""

import datetime as dt
import functools
import secrets
import time
from collections.abc import Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from linlingtong.activities.models import Session
from linlingtong.areas.working_time import last_known_day
from linlingtong.core.counting import refusals
from linlingtong.core.time import today
from linlingtong.home.tasks import STEPS
from linlingtong.notifications.models import Message, Tick

BEGAN = time.monotonic()
LONGEST_SILENCE = dt.timedelta(minutes=3)
LATE = dt.timedelta(minutes=5)
State = Message.State


@never_cache
@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    """The process answers; asks nobody."""
    return HttpResponse("ok", content_type="text/plain")


@never_cache
@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 when pages can be served and the clock's work is being done, else 503 and what is wrong."""
    problems = list(_problems())
    return JsonResponse({"ready": not problems, "problems": problems}, status=503 if problems else 200)


def _problems() -> Iterator[str]:
    try:
        if not _is_migrated():
            yield "migrations are missing"
            return
        silent = _silent_steps()
    except DatabaseError:
        yield "the database does not answer"
        return
    if silent:
        yield f"not run for three minutes: {', '.join(silent)}"


@functools.cache
def _all_applied() -> None:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise LookupError


def _is_migrated() -> bool:
    """Looked at until it is true once; later only that the database answers."""
    try:
        _all_applied()
    except LookupError:
        return False
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return True


def _silent_steps() -> list[str]:
    """Steps of the heartbeat that have not come to their end lately; a process that just began gives them time."""
    if time.monotonic() - BEGAN < LONGEST_SILENCE.total_seconds():
        return []
    alive = set(Tick.objects.filter(ran_at__gt=timezone.now() - LONGEST_SILENCE).values_list("name", flat=True))
    return [name for name in STEPS if name not in alive]


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures for Prometheus, read from the database at each call; with METRICS_TOKEN set, only for its bearer."""
    token = settings.METRICS_TOKEN
    if token and not secrets.compare_digest(request.headers.get("Authorization", ""), f"Bearer {token}"):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


class Figures(Collector):
    def collect(self) -> Iterator[Metric]:
        now = timezone.now()
        due = Message.objects.live().filter(state=State.PENDING, due_at__lte=now)
        yield _gauge("messages_due", "Messages that should go out now", due.count())
        late = due.filter(due_at__lte=now - LATE).count()
        yield _gauge("messages_late", "Messages due for more than five minutes", late)
        being_sent = Message.objects.live().filter(state=State.CLAIMED).count()
        yield _gauge("messages_being_sent", "Messages in the hands of a worker", being_sent)
        yield _troubles(now)
        waiting = Session.objects.filter(starts_at__gt=now, waiting__gt=0).aggregate(sum=Sum("waiting"))["sum"]
        yield _gauge("waiting_list", "Entries on the waiting lists of coming sessions", waiting or 0)
        known_until = last_known_day()
        ahead = (known_until - today()).days if known_until else 0
        yield _gauge("calendar_days_ahead", "Days for which the working days are known", ahead)
        steps = GaugeMetricFamily(
            "linlingtong_step_age_seconds", "Since a step of the heartbeat last ran", labels=["step"]
        )
        for tick in Tick.objects.all():
            steps.add_metric([tick.name], (now - tick.ran_at).total_seconds())
        yield steps
        told_no = CounterMetricFamily("linlingtong_refusals", "How often a verb said no", labels=["code"])
        for code, number in sorted(refusals().items()):
            told_no.add_metric([code], number)
        yield told_no


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"linlingtong_{name}", text, value=value)


def _troubles(now: dt.datetime) -> GaugeMetricFamily:
    """Of the last day, so that an alarm ends when the trouble does; unknown ones stay until they are known."""
    family = GaugeMetricFamily("linlingtong_messages_in_trouble", "Messages that did not arrive", labels=["state"])
    for state in (State.UNKNOWN, State.MISSED, State.FAILED):
        rows = Message.objects.in_trouble(state)
        if state != State.UNKNOWN:
            rows = rows.filter(settled_at__gt=now - dt.timedelta(days=1))
        family.add_metric([state.value], rows.count())
    return family
