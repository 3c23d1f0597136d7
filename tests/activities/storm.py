"""A storm: eight processes in which residents give up their places; each answer is printed once it is true.

`python -m tests.activities.storm DATABASE SESSION RESIDENT...` prints `PROCESS RESIDENT` lines.
"""

import os
import sys

import django
from django.conf import settings

PROCESSES = 8


def main(database: str, session_id: int, residents: list[int]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    for share in range(PROCESSES):
        if not os.fork():
            give_up_all(session_id, residents[share::PROCESSES])
            return
    for _ in range(PROCESSES):
        os.wait()


def give_up_all(session_id: int, residents: list[int]) -> None:
    # only after the set-up of Django can models be imported
    from linlingtong.accounts.models import User  # noqa: PLC0415
    from linlingtong.activities.actions import give_up  # noqa: PLC0415

    for resident in User.objects.filter(pk__in=residents).order_by("pk"):
        give_up(session_id, resident, by=resident)
        os.write(1, f"{os.getpid()} {resident.pk}\n".encode())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [int(number) for number in sys.argv[3:]])
