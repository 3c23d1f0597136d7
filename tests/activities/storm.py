"""One process of a storm: residents give up their places one after the other, each answer is printed once it is true.

`python -m tests.activities.storm DATABASE SESSION RESIDENT...`
"""

import os
import sys

import django
from django.conf import settings


def main(database: str, session_id: int, residents: list[int]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    settings.DATABASES["default"]["NAME"] = database
    django.setup()
    # only after the set-up of Django can models be imported
    from linlingtong.accounts.models import User  # noqa: PLC0415
    from linlingtong.activities.actions import give_up  # noqa: PLC0415

    for resident in User.objects.filter(pk__in=residents).order_by("pk"):
        give_up(session_id, resident, by=resident)
        sys.stdout.write(f"{resident.pk}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), [int(number) for number in sys.argv[3:]])
