"""A small world in which something real stands behind every part of an address."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Rating, Registration, Review
from linlingtong.areas.models import Area
from linlingtong.core.time import at, today
from linlingtong.likes.models import Comment
from linlingtong.moderation.models import Case
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.photos.actions import receive
from linlingtong.tickets.models import Ticket
from linlingtong.venues.models import Booking, Venue, WaitEntry
from linlingtong.volunteering.actions import make_sheet
from tests.api.conftest import token_of
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    BookingFactory,
    CompanionFactory,
    GuideFactory,
    NotificationFactory,
    PraiseFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    ToolFactory,
    UserFactory,
    VenueFactory,
    staff_of,
)
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory
from tests.photos.pictures import jpeg
from tests.tickets import world as tickets
from tests.volunteering.deeds import default_issuer, entered

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


class World:
    """One resident's things in the states that verbs ask for, each followed by the same of a neighbour.

    `behind` holds, by the collection's word in the address, the ids that can stand after it. Lists of one address are
    in step: the second companion belongs to the second registration.
    """

    def __init__(self) -> None:
        self.community: Area = AreaFactory.create()
        grid = AreaFactory.create(level=Area.Level.GRID, parent=self.community)
        self.resident: User = UserFactory.create(home_area=grid, home_confirmed_at=timezone.now())
        self.neighbour: User = UserFactory.create(home_area=grid)
        self.people: dict[str, User | None] = {
            "anonymous": None,
            "resident": self.resident,
            "staff": staff_of(self.community),
            "stranger": staff_of(AreaFactory.create()),
        }
        self.behind: dict[str, Sequence[Any]] = {
            **self._activities(),
            **self._venues(),
            **self._help(),
            **self._praise(),
            **self._tickets(),
            **self._hours(),
            **self._shelf(),
        }

        self._tokens = {role: token_of(user) for role, user in self.people.items() if user}

    def headers(self, role: str) -> dict[str, str]:
        return {"X-Session-Token": self._tokens[role]} if role in self._tokens else {}

    def parts(self, path: str, scene: int) -> dict[str, Any]:
        """What stands behind each parameter of the address, in the same scene; KeyError for an unknown collection."""
        words = path.strip("/").split("/")
        return {
            word.split("}")[0][1:]: self.behind[words[at - 1]][scene % len(self.behind[words[at - 1]])]
            for at, word in enumerate(words)
            if word.startswith("{")
        }

    def _activities(self) -> dict[str, Sequence[Any]]:
        now = timezone.now()
        one, full, over = (ActivityFactory.create(area=self.community) for _ in range(3))
        QuestionFactory.create(activity=one)
        open_ = SessionFactory.create(activity=one)
        taken = SessionFactory.create(activity=full, capacity=4, starts_at=now + DAY, ends_at=now + DAY + HOUR)
        last = SessionFactory.create(activity=over, starts_at=now - 3 * HOUR, ends_at=now - HOUR)
        going = SessionFactory.create(starts_at=now - HOUR / 4, ends_at=now + HOUR, activity__area=self.community)
        Review.objects.create(activity=over, story="大家都来了", written_at=now, by=self.people["staff"])
        Rating.objects.create(activity=over, resident=self.resident, stars=5)
        was = RegistrationFactory.create(session=last, resident=self.resident, attendance="checked_out")
        here = RegistrationFactory.create(session=going, resident=self.resident)
        offered = RegistrationFactory.create(session=taken, resident=self.resident, state="offered", places=2)
        theirs = RegistrationFactory.create(session=taken, resident=self.neighbour, places=2)
        rows: list[Registration] = [offered, here, was, theirs]
        return {
            "activities": [one.pk, over.pk, full.pk],
            "sessions": [open_.pk, taken.pk, going.pk, last.pk],
            "registrations": [row.pk for row in rows],
            "companions": [CompanionFactory.create(registration=row).pk for row in rows],
        }

    @property
    def ten(self) -> dt.datetime:
        return at(today() + DAY, dt.time(10))

    def _venues(self) -> dict[str, Sequence[Any]]:
        venue: Venue = VenueFactory.create(area=self.community)
        ten = self.ten
        facts: list[dict[str, Any]] = [
            {},
            {"state": "held"},
            {"state": "no_show", "starts_at": ten - 3 * DAY},
            {"resident": self.neighbour},
        ]
        rows: list[Booking] = []
        for number, fact in enumerate(facts):
            values = {"resident": self.resident, "starts_at": ten + 2 * number * HOUR} | fact
            rows.append(BookingFactory.create(venue=venue, **values))
        entries = [
            WaitEntry.objects.create(venue=venue, resident=who, starts_at=ten, ends_at=ten + HOUR)
            for who in (self.resident, self.neighbour)
        ]
        return {
            "venues": [venue.pk],
            "bookings": [row.pk for row in rows],
            "venue-waiting": [entry.pk for entry in entries],
        }

    def _help(self) -> dict[str, Sequence[Any]]:
        mine, theirs = self.resident, self.neighbour
        facts: list[tuple[dict[str, Any], dict[str, Any]]] = [
            ({"author": mine, "state": "offered", "lets_choose": True}, {"state": "applied", "helper": theirs}),
            ({"author": mine, "state": "awaiting_confirm"}, {"state": "done", "helper": theirs}),
            ({"author": mine, "type": "offer", "helpers_needed": 2}, {"helper": theirs}),
            ({"author": mine, "state": "completed"}, {"state": "completed", "helper": theirs}),
            ({"author": theirs}, {"helper": mine}),
            ({"author": theirs, "helpers_needed": 2}, {}),
        ]
        posts: list[HelpPost] = []
        claims: list[Claim] = []
        for post, claim in facts:
            if claim.get("state") == "applied":
                claim |= {"seat": None, "accepted_at": None, "contact_until": None}
            posts.append(HelpPostFactory.create(area=self.community, **post))
            claims.append(ClaimFactory.create(post=posts[-1], **claim))
        return {"help-posts": [post.pk for post in posts], "claims": [claim.pk for claim in claims]}

    def _praise(self) -> dict[str, Sequence[Any]]:
        theirs = PraiseFactory.create(author=self.neighbour, area=self.community, comment_count=2)
        mine = PraiseFactory.create(author=self.resident, area=self.community)
        about_me = PraiseFactory.create(author=self.neighbour, resident=self.resident, consent="asked")
        rows = [theirs, mine, about_me]
        said = [
            Comment.objects.create(praise=theirs, author=who, text="说得好", is_visible=True)
            for who in (self.resident, self.neighbour)
        ]
        case = Case.objects.create(
            kind="praise", object_id=mine.pk, author=self.resident, state="hidden", is_visible=False, text="看不清"
        )
        waiting = Case.objects.create(
            kind="praise", object_id=theirs.pk, author=self.neighbour, state="waiting", waiting_since=timezone.now()
        )
        return {
            "praises": [row.pk for row in rows],
            "praise-comments": [row.pk for row in said],
            "reviews": [case.pk, waiting.pk],
        }

    def _tickets(self) -> dict[str, Sequence[Any]]:
        grid = AreaFactory.create(level=Area.Level.GRID, parent=self.community)
        states = (Ticket.State.RECEIVED, Ticket.State.WAITING, Ticket.State.CLOSED)
        rows = [tickets.row(state, area=grid, reporter=self.resident) for state in states]
        return {"tickets": [*(row.pk for row in rows), tickets.row(Ticket.State.RECEIVED, area=grid).pk]}

    def _hours(self) -> dict[str, Sequence[Any]]:
        default_issuer()
        entry = entered(self.community, self.resident)
        theirs = entered(self.community, self.neighbour)
        span: dict[str, Any] = {"first_on": today() - 30 * DAY, "last_on": today(), "holder_name": "陈晓𠮷"}
        sheet = make_sheet(self.resident, by=self.resident, **span)
        return {"service-records": [entry.pk, theirs.pk], "service-sheets": [sheet.serial]}

    def _shelf(self) -> dict[str, Sequence[Any]]:
        guide = GuideFactory.create()
        ToolFactory.create()
        NotificationFactory.create(resident=self.resident)
        photos = [*receive([jpeg()], by=self.resident), *receive([jpeg()], by=self.neighbour)]
        return {"guides": [guide.pk], "photos": [photo.token for photo in photos]}
