"""A worker of its own process: `python -m tests.notifications.drain DATABASE` sends until it is killed or done."""

import sys

import django
from django.conf import settings

from config import entry


def main(database: str) -> None:
    entry.prepare()
    settings.DATABASES["default"]["NAME"] = database
    settings.SMS_BACKEND = "tests.notifications.ledger.Ledger"
    django.setup()
    from linlingtong.notifications.actions import deliver  # noqa: PLC0415 - only after setup

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while deliver({}):
        pass


if __name__ == "__main__":
    main(sys.argv[1])
