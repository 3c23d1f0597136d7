"""The worker of this container answers Celery's ping."""

import os
import socket
import sys

import redis
from celery import Celery
from kombu.exceptions import OperationalError

PATIENCE_SECONDS = 5


def main() -> str:
    """What is wrong, or nothing."""
    me = f"celery@{socket.gethostname()}"
    try:
        with Celery(broker=os.environ["REDIS_URL"]) as app:
            answers = app.control.ping(destination=[me], timeout=PATIENCE_SECONDS, limit=1)
    except (OSError, redis.RedisError, OperationalError) as error:
        return f"Valkey does not answer: {type(error).__name__}"
    return "" if answers else f"{me} does not answer"


if __name__ == "__main__":
    sys.exit(main() or 0)
