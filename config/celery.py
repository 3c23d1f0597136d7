"""Celery is a doorbell: what is due stands in PostgreSQL, a task only makes a worker look.

Arguments are ids, results are ignored, and nothing waits in the broker: an `eta` would be lost or doubled with it.
"""

import logging.config
from typing import Any

from celery import Celery, Task
from celery.result import AsyncResult
from celery.signals import beat_init, celeryd_init, setup_logging
from django.conf import settings

from config import entry

LONGEST_COUNTDOWN_SECONDS = 60

entry.prepare()
celeryd_init.connect(entry.start_servers, weak=False)
beat_init.connect(entry.start_servers, weak=False)


@setup_logging.connect
def _log_as_everybody_does(**_: object) -> None:
    """That somebody listens keeps Celery from a format of its own."""
    logging.config.dictConfig(settings.LOGGING)


class PromptTask(Task):  # type: ignore[type-arg]
    """Refuses to wait in the broker; the due moment belongs in a row."""

    def apply_async(self, *args: Any, **options: Any) -> AsyncResult[Any]:
        if options.get("eta") is not None or (options.get("countdown") or 0) > LONGEST_COUNTDOWN_SECONDS:
            raise ValueError("Store the due moment in the database; Celery loses or doubles what waits in the broker.")
        return super().apply_async(*args, **options)


app = Celery("linlingtong", task_cls=PromptTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.update(
    accept_content=["json"],
    broker_connection_retry_on_startup=True,
    result_backend=None,
    task_acks_late=False,
    task_ignore_result=True,
    task_serializer="json",
    worker_prefetch_multiplier=1,
)
app.autodiscover_tasks()
