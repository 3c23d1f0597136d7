"""For machines that watch over the installation: is it alive, is it ready, and how is it doing."""

import datetime as dt
import functools
import secrets
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from linlingtong.home.metrics import Figures
from linlingtong.home.tasks import STEPS
from linlingtong.notifications.models import Tick

BEGAN = time.monotonic()
LONGEST_SILENCE = dt.timedelta(minutes=3)


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
    """Figures for Prometheus, read from the database at each call, for the bearer of METRICS_TOKEN.

    Without such a token they are open, but in production closed.
    """
    if not _may_measure(request):
        raise Http404
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_measure(request: HttpRequest) -> bool:
    token = settings.METRICS_TOKEN
    if not token:
        return not settings.PRODUCTION
    given = request.headers.get("Authorization", "").encode()
    return secrets.compare_digest(given, f"Bearer {token}".encode())


class HealthMiddleware:
    """Answers before anything else does: whoever watches the machine calls it by its address and without https."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        door = DOORS.get(request.path)
        return door(request) if door else self.get_response(request)


DOORS: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": healthz, "/readyz": readyz}
