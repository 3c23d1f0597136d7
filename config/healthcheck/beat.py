"""The work of the clock is being done, by whichever worker: what beat is for."""

import os
import sys

import psycopg

SILENCE = "SELECT coalesce(extract(epoch FROM clock_timestamp() - max(ran_at)), 'infinity') FROM notifications_tick"
LONGEST_SILENCE_SECONDS = 180


def main() -> str:
    """What is wrong, or nothing."""
    try:
        with psycopg.connect(os.environ["DATABASE_URL"], connect_timeout=5) as connection:
            row = connection.execute(SILENCE).fetchone()
    except psycopg.Error as error:
        return f"PostgreSQL does not answer: {type(error).__name__}"
    seconds = float(row[0]) if row else float("inf")
    return "" if seconds < LONGEST_SILENCE_SECONDS else f"No step of the heartbeat has run for {seconds:.0f} s."


if __name__ == "__main__":
    sys.exit(main() or 0)
