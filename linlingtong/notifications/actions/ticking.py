import contextlib
from collections.abc import Iterator

from django.db import connection
from django.utils import timezone

from linlingtong.notifications.models import Tick


def ticked(name: str) -> None:
    """The periodic job of this name has just run to its end."""
    Tick.objects.update_or_create(name=name, defaults={"ran_at": timezone.now()})


@contextlib.contextmanager
def only_one(name: str) -> Iterator[bool]:
    """Whether nobody else does this job right now; if so nobody else begins it until the block ends.

    The lock belongs to the database connection, so it dies with a killed process.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"tick:{name}"])
        is_mine = bool(cursor.fetchone()[0])
    try:
        yield is_mine
    finally:
        if is_mine and connection.connection is not None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [f"tick:{name}"])
