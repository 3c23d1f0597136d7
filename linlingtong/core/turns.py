import functools
import random
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.backends.utils import CursorWrapper

from linlingtong.core.refusal import Busy

RETRIED_SQLSTATES = {"40P01", "55P03", "40001"}
TRIES = 3

P = ParamSpec("P")
R = TypeVar("R")


def take_turn(queue: str, number: int) -> None:
    """Wait for the turn in one named queue until the transaction ends; waiters are served in order of arrival.

    An advisory lock and not a row lock, because PostgreSQL wakes advisory waiters first come, first served.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A turn lasts as long as a transaction: open one first.")
    with connection.cursor() as cursor:
        _lock(cursor, queue, number)


def _lock(cursor: CursorWrapper, queue: str, number: int) -> None:
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, %s))", [queue, number])


def in_turn(verb: Callable[P, R]) -> Callable[P, R]:
    """Run the verb in one transaction and again, up to three times, after a deadlock or lock time-out.

    Inside a caller's transaction it runs once: only the outermost one can be repeated.

    Raises `Busy` when the third try fails too.
    """

    @functools.wraps(verb)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        for left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    return verb(*args, **kwargs)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", None) not in RETRIED_SQLSTATES or connection.in_atomic_block:
                    raise
                if not left:
                    raise Busy from error
                time.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    return attempt
