import datetime as dt
import json
import random
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Registration
from linlingtong.areas.actions import load_calendar
from linlingtong.home.management.demo import (
    check_in,
    likes,
    moderation,
    mutual_aid,
    records,
    tickets,
    toolbox,
    venues,
    volunteering,
)
from linlingtong.home.management.demo.calendar import Calendar, add_coming, add_past
from linlingtong.home.management.demo.people import COMMUNITY_STAFF, RESIDENT, SUBDISTRICT_STAFF, People, Place
from linlingtong.notifications.models import Kind, Notification

SEED = 2021
Add = Callable[[Place, People, random.Random], None]
# In this order: what is praised, reviewed or counted has to be there first.
BOARDS: tuple[tuple[str, Add], ...] = (
    ("sheets of offline activities", records.add_records),
    ("hours and sheets", volunteering.add_volunteering),
    ("an open door", check_in.add_check_in),
    ("numbers, guides and tools", toolbox.add_toolbox),
    ("venues and bookings", venues.add_venues),
    ("mutual aid", mutual_aid.add_mutual_aid),
    ("reports", tickets.add_tickets),
    ("praise", likes.add_likes),
    ("what waits for moderation", moderation.add_moderation),
)
ACCOUNTS = [
    {"role": "resident", "name": "陈师傅", "sign_in": RESIDENT.removeprefix("+86")},
    {"role": "community staff", "name": "王社工", "sign_in": COMMUNITY_STAFF.removeprefix("+86")},
    {"role": "subdistrict staff", "name": "李主任", "sign_in": SUBDISTRICT_STAFF.removeprefix("+86")},
]


class Command(BaseCommand):
    help = "Load the demo world into an empty database: the same world every time on the same day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--residents", type=int, default=2046)
        parser.add_argument("--activities", action="store_true", help="the activity center alone, in a few seconds")
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there are people already")

    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("The demo world does not belong into production.")
        if User.objects.exists():
            if options["if_empty"]:
                return
            raise CommandError("The database is not empty.")
        if options["residents"] < 400:
            raise CommandError("The demo world needs at least 400 residents.")
        self.started = time.monotonic()
        with transaction.atomic():
            self.load(options["residents"], BOARDS if not options["activities"] else ())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
        self.note_accounts()

    def load(self, residents: int, boards: Sequence[tuple[str, Add]]) -> None:
        chance = random.Random(SEED)  # noqa: S311 - a repeatable world, not a secret
        load_calendar()
        place = Place()
        self.say("areas, companies and dormitories")
        people = People(place, residents, chance)
        self.say(f"{residents} residents")
        calendar = Calendar(place, people, chance)
        add_past(calendar)
        add_coming(calendar)
        calendar.write()
        self.say(f"{len(calendar.activities)} activities, {len(calendar.registrations)} registrations")
        self.fill_inbox(people.resident)
        for what, add in boards:
            add(place, people, chance)
            self.say(what)

    def fill_inbox(self, resident: User) -> None:
        offer = Registration.objects.select_related("session__activity").get(resident=resident, state="offered")
        booked = Registration.objects.select_related("session__activity").get(
            resident=resident, state="confirmed", session__starts_at__gt=timezone.now()
        )
        lines = [
            (
                Kind.OFFER,
                offer,
                f"有名额了：{offer.session.activity}",
                "点“我去”就算报上。不点也没关系，会给下一位。",
                offer.offered_until,
                1,
            ),
            (
                Kind.REGISTRATION,
                booked,
                f"已报名：{booked.session.activity}",
                "来不了请提前取消，名额会给候补的邻居。",
                None,
                30,
            ),
        ]
        Notification.objects.bulk_create(
            [
                Notification(
                    resident=resident, kind=kind, key=f"demo/{registration.pk}", title=title, body=body,
                    url=f"/me/registrations/{registration.pk}/", needs_answer_until=until,
                    subject="registration", subject_id=registration.pk,
                    created_at=timezone.now() - dt.timedelta(hours=hours),
                )
                for kind, registration, title, body, until, hours in lines
            ]
        )  # fmt: skip

    def note_accounts(self) -> None:
        target = settings.BASE_DIR / "var" / "demo.json"
        target.parent.mkdir(exist_ok=True)
        target.write_text(json.dumps(ACCOUNTS, ensure_ascii=False, indent=1), encoding="utf8")

    def say(self, what: str) -> None:
        self.stdout.write(f"  {time.monotonic() - self.started:5.1f} s  {what}")
        self.stdout.flush()
