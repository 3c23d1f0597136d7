"""The heartbeat. Every step is an idempotent sweep over PostgreSQL; a step that fails leaves the others alone."""

from collections.abc import Callable

import structlog
from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import close_old_connections, connection
from django.utils import timezone

from linlingtong.accounts.actions import forget_old_codes, forget_old_keys
from linlingtong.areas.actions import load_calendar
from linlingtong.home.actions import drop_old_exports, erase_due, make_exports
from linlingtong.home.boards import BOARDS
from linlingtong.notifications.actions import Words, ask_for_receipts, deliver, only_one, ticked

log = structlog.get_logger(__name__)

WORDS: dict[str, Words] = {subject: words for board in BOARDS for subject, words in board.words.items()}


def _deliver() -> None:
    deliver(WORDS, seconds=25)


def _each_hour() -> None:
    """What nobody needs any more goes, and the calendar follows its library: a missed hour is made up in the next."""
    if timezone.now().minute == 0:
        forget_old_codes()
        forget_old_keys()
        drop_old_exports()
        load_calendar()


STEPS: dict[str, Callable[[], object]] = {
    **{name: step for board in BOARDS for name, step in board.steps.items()},
    "deliver": _deliver,
    "ask_for_receipts": ask_for_receipts,
    "make_exports": make_exports,
    "erase_due": erase_due,
    "each_hour": _each_hour,
}


@shared_task(name="linlingtong.home.tasks.every_minute")
def every_minute() -> None:
    """Whatever is due is told, planned and sent, however many beats and workers there are."""
    for name, step in STEPS.items():
        _run(name, step)


def _run(name: str, step: Callable[[], object]) -> None:
    try:
        with only_one(name) as is_mine:
            if is_mine:
                step()
                ticked(name)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        log.exception("step_failed", step=name)
        if not connection.in_atomic_block:
            close_old_connections()
