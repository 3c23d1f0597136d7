from typing import Any

from django.core.management.base import BaseCommand

from linlingtong.areas.actions import load_calendar
from linlingtong.areas.working_time import last_known_day


class Command(BaseCommand):
    help = "Load the statutory working days that the installed chinesecalendar knows; harmless when repeated."

    def handle(self, *_args: Any, **_options: Any) -> None:
        self.stdout.write(f"{load_calendar()} days changed, known until {last_known_day()}")
