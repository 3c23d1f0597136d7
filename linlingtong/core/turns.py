import functools
import random
import time
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from django.db import IntegrityError, OperationalError, connection, transaction

from linlingtong.core.refusal import Busy

# deadlock, lock time-out, serialization, and the exclusion constraint: somebody else's row was not visible when the
# verb looked, and is when it looks again; a statement that was planned before a migration
RETRIED_SQLSTATES = {"40P01", "55P03", "40001", "23P01", "0A000"}
TRIES = 3

P = ParamSpec("P")
R = TypeVar("R")


def take_turn(queue: str, number: int) -> None:
    """Wait for the turn in one named queue until the transaction ends; waiters are served in order of arrival.

    An advisory lock and not a row lock, because PostgreSQL wakes advisory waiters first come, first served.
    """
    take_turns([(queue, number)])


def take_turns(turns: Sequence[tuple[str, int]], then: str = "", values: dict[str, Any] | None = None) -> Any:
    """Wait for several turns, one after the other, and answer the first row of the query `then`: one round trip.

    `then` is read after the waiting (each statement has its own snapshot in READ COMMITTED), so it sees what the
    turn before left behind.
    """
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A turn lasts as long as a transaction: open one first.")
    locks = "".join(
        f"SELECT pg_advisory_xact_lock(hashtextextended(%(queue{at})s, %(number{at})s));" for at in range(len(turns))
    )
    names = {f"queue{at}": queue for at, (queue, _) in enumerate(turns)}
    numbers = {f"number{at}": number for at, (_, number) in enumerate(turns)}
    if not turns and not then:
        return None
    with connection.cursor() as cursor:
        cursor.execute(locks + then, names | numbers | (values or {}))
        if not then:
            return None
        for _ in turns:
            cursor.nextset()
        return cursor.fetchone()


def in_turn(verb: Callable[P, R]) -> Callable[P, R]:
    """Run the verb in one transaction and again, up to three times, after a deadlock, lock time-out or lost race.

    Inside a caller's transaction it runs once: only the outermost one can be repeated.

    Raises `Busy` when the third try fails too.
    """

    @functools.wraps(verb)
    def attempt(*args: P.args, **kwargs: P.kwargs) -> R:
        for left in reversed(range(TRIES)):
            try:
                with transaction.atomic():
                    return verb(*args, **kwargs)
            except (OperationalError, IntegrityError) as error:
                if getattr(error.__cause__, "sqlstate", None) not in RETRIED_SQLSTATES or connection.in_atomic_block:
                    raise
                if not left:
                    raise Busy from error
                time.sleep(random.uniform(0.02, 0.1))  # noqa: S311 - jitter, not a secret
        raise AssertionError("unreachable")

    return attempt
