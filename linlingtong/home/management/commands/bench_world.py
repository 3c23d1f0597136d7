import datetime as dt
import json
import secrets
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session as StoredSession
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.models import Activity, Session
from linlingtong.areas.models import Area
from linlingtong.core.time import at, today
from linlingtong.home.management.demo.people import next_ids
from linlingtong.likes.models import Praise
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.venues.models import OpeningRule, Unit, Venue

BACKEND = "linlingtong.accounts.knowing.KnownPerson"
FIRST_PHONE = 5_000_000
PRAISES = 50


class Command(BaseCommand):
    help = "Make a world for load generators and write its ids and session tokens as JSON. Refuses in production."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--residents", type=int, default=2000)
        parser.add_argument("--places", type=int, default=100)
        parser.add_argument("--spread", type=int, default=1000, help="sessions for the spread load")
        parser.add_argument("--out", required=True)

    @transaction.atomic
    def handle(self, *_args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError("bench_world makes made-up residents with known tokens: not in production.")
        self.community = self.area()
        people = self.people(options["residents"])
        staff = self.person(0, is_staff=True, nickname="bench")
        staff.save()
        Appointment.objects.create(user=staff, area=self.community, role=Appointment.Role.MANAGER)
        hot = self.sessions("Hot", 1, options["places"])
        spread = self.sessions("Spread", options["spread"], 10 * options["places"])
        praises = self.praises(people)
        world = {
            "base": "/api/v1/",
            "hot_session": hot[0],
            "spread_sessions": spread,
            "praise": praises[0],
            "praises": praises,
            "help_post": self.help_post(people[0]),
            "venue": self.venue(),
            "tokens": self.tokens(people),
            "staff_token": self.tokens([staff])[0],
        }
        Path(options["out"]).write_text(json.dumps(world), encoding="utf8")
        self.stdout.write(f"{len(people)} residents, {1 + len(spread)} sessions: {options['out']}")

    def area(self) -> Area:
        known = Area.objects.communities().first()
        if known:
            return known
        root_id, community_id = next_ids(Area, 2)
        root = Area.objects.create(
            id=root_id, name="bench", slug="bench", level=Area.Level.SUBDISTRICT, path=f"/{root_id}/"
        )
        return Area.objects.create(
            id=community_id, name="bench", slug="bench-1", level=Area.Level.COMMUNITY, parent=root,
            path=f"{root.path}{community_id}/",
        )  # fmt: skip

    def person(self, number: int, **fields: Any) -> User:
        phone = f"+861990{FIRST_PHONE + self.offset + number:07d}"
        return User(
            phone=phone, phone_verified_at=timezone.now(), home_area=self.community, born_on=dt.date(1995, 1, 1),
            password=make_password(None), **({"nickname": f"bench {number}"} | fields),
        )  # fmt: skip

    def people(self, amount: int) -> list[User]:
        self.offset = User.objects.filter(phone__startswith="+8619905").count()
        people = [self.person(n + 1) for n in range(amount)]
        User.objects.bulk_create(people, batch_size=2000)
        return people

    def sessions(self, title: str, amount: int, places: int) -> list[int]:
        """One activity for each session, an hour apart, so that nobody is in two places at once."""
        first = timezone.now().replace(minute=0, second=0, microsecond=0) + dt.timedelta(days=30)
        ids = next_ids(Activity, amount)
        spans = [(first + dt.timedelta(hours=n), first + dt.timedelta(hours=n + 1)) for n in range(amount)]
        Activity.objects.bulk_create(
            [
                Activity(
                    id=key, title=f"{title} {key}", kind=Activity.Kind.CULTURE, area=self.community,
                    area_path=self.community.path, status=Activity.Status.PUBLISHED, published_at=timezone.now(),
                    starts_at=start, ends_at=end, place="bench",
                )
                for key, (start, end) in zip(ids, spans, strict=True)
            ],
            batch_size=500,
        )  # fmt: skip
        rows = [
            Session(activity_id=key, starts_at=start, ends_at=end, capacity=places)
            for key, (start, end) in zip(ids, spans, strict=True)
        ]
        return [s.pk for s in Session.objects.bulk_create(rows, batch_size=500)]

    def praises(self, people: list[User]) -> list[int]:
        """Visible praise of one place, for as many rounds of likes as anybody runs."""
        fields = {"area": self.community, "area_path": self.community.path, "is_visible": True}
        rows = [
            Praise(
                author=people[-1 - n % min(20, len(people))],
                topic=Praise.Topic.SERVICE,
                text="bench",
                about="bench",
                **fields,
            )
            for n in range(PRAISES)
        ]
        return [row.pk for row in Praise.objects.bulk_create(rows)]

    def help_post(self, author: User) -> int:
        now = timezone.now()
        return HelpPost.objects.create(
            author=author, type=HelpPost.Type.REQUEST, kind=HelpPost.Kind.ELDER, title="bench", text="bench",
            area=self.community, area_path=self.community.path, state=HelpPost.State.OPEN, is_visible=True,
            opened_at=now, expires_at=now + dt.timedelta(days=7),
        ).pk  # fmt: skip

    def venue(self) -> dict[str, Any]:
        """One unit, open around the clock; the first slot that is free for everybody."""
        name = f"bench-{secrets.token_hex(4)}"
        venue = Venue.objects.create(
            area=self.community, name=name, slug=name, kind=Venue.Kind.PITCH,
            place="bench", most_bookings=50, most_hours=100,
        )  # fmt: skip
        Unit.objects.create(venue=venue, name="bench")
        OpeningRule.objects.create(venue=venue, opens_at=dt.time(0), closes_at=dt.time(23))
        starts_at = at(today() + dt.timedelta(days=2), dt.time(8))
        ends_at = starts_at + dt.timedelta(hours=1)
        return {"venue": venue.pk, "starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat()}

    def tokens(self, people: list[User]) -> list[str]:
        """Signed-in sessions, one for each; the key of a session is the app's token."""
        store, expires = SessionStore(), timezone.now() + dt.timedelta(days=7)
        rows = []
        for person in people:
            content = {
                SESSION_KEY: str(person.pk),
                BACKEND_SESSION_KEY: BACKEND,
                HASH_SESSION_KEY: person.get_session_auth_hash(),
            }
            key = secrets.token_hex(16)
            rows.append(StoredSession(session_key=key, session_data=store.encode(content), expire_date=expires))
        StoredSession.objects.bulk_create(rows, batch_size=2000)
        return [row.session_key for row in rows]
