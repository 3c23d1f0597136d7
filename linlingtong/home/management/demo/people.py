import datetime as dt
import random
from itertools import count
from typing import Any

from django.contrib.auth.hashers import make_password
from django.db import connection, models
from django.utils import timezone

from linlingtong.accounts.models import Appointment, Consent, Membership, User
from linlingtong.areas.models import Area, Organization
from linlingtong.core.time import day_bounds, today
from linlingtong.home.management.demo import words

RESIDENT, COMMUNITY_STAFF, SUBDISTRICT_STAFF = "+8619900000001", "+8619900000002", "+8619900000003"
# Nobody can have agreed to a text before it stood here.
TERMS_SINCE = day_bounds(dt.date(2026, 10, 1))[0]
Middle = tuple[float, float]


def next_ids(model: type[models.Model], amount: int) -> list[int]:
    """Reserve primary keys, so that rows which name their own key can be written in bulk."""
    table = model._meta.db_table  # noqa: SLF001 - public in Django, whatever the name says
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)", [table, amount])
        return [key for (key,) in cursor.fetchall()]


class Place:
    """The subdistrict's areas and organizations, written once and kept at hand by level."""

    def __init__(self) -> None:
        self.root = self._add(None, Area.Level.SUBDISTRICT, "临江街道", "linjiang", "0571-0000 0000")
        self.communities: list[Area] = []
        self.grids: dict[int, list[Area]] = {}
        self.homes: dict[int, list[Area]] = {}
        self.buildings: list[Area] = []
        for at, (name, slug, grids, micro, heads) in enumerate(words.COMMUNITIES):
            self._community(at, name, slug, grids=grids, micro=micro, heads=heads)
        self.teams = {
            name: self._organization(name, Organization.Kind.TEAM, self.communities[at]) for name, at in words.TEAMS
        }
        self.companies = [
            self._organization(name, Organization.Kind.COMPANY, self.communities[at % 3])
            for at, name in enumerate(words.COMPANIES)
        ]
        self.dormitories = [
            self._organization(name, Organization.Kind.DORMITORY, self.communities[0], self.companies[at])
            for at, name in enumerate(words.DORMITORIES)
        ]

    def _community(self, at: int, name: str, slug: str, *, grids: int, micro: int, heads: int) -> None:
        community = self._add(self.root, Area.Level.COMMUNITY, name, slug, f"0571-0000 00{at + 1:02d}")
        self.communities.append(community)
        self.grids[at] = [
            self._add(community, Area.Level.GRID, f"第 {n} 网格", f"{slug}-{n}", point=self._lattice(slug, n - 1))
            for n in range(1, grids + 1)
        ]
        cells = [
            self._add(self.grids[at][n % grids], Area.Level.MICRO_GRID, f"微网格 {n + 1}", f"{slug}-m{n + 1}")
            for n in range(micro)
        ]
        stairs = [self._add(cells[n], Area.Level.BUILDING, f"{n + 1} 幢", f"{slug}-b{n + 1}") for n in range(heads)]
        self.buildings += stairs
        self.homes[at] = self.grids[at] + stairs

    @staticmethod
    def _lattice(slug: str, at: int) -> Middle:
        """Grids lie around the middle of their community, three in a row, 300 metres apart."""
        lat, long = words.MIDDLES[slug]
        return round(lat + 0.0027 * (1.5 - at // 3), 5), round(long + 0.0031 * (at % 3 - 1), 5)

    def _add(
        self, parent: Area | None, level: str, name: str, slug: str, phone: str = "", *, point: Middle | None = None
    ) -> Area:
        (key,) = next_ids(Area, 1)
        path = f"{parent.path if parent else '/'}{key}/"
        hours = "每天 8:30–17:30" if phone else ""
        lat, long = point or words.MIDDLES.get(slug) or (None, None)
        return Area.objects.create(
            id=key, parent=parent, level=level, name=name, slug=slug, path=path, phone=phone, office_hours=hours,
            lat=lat, long=long,
        )  # fmt: skip

    def _organization(self, name: str, kind: str, area: Area, company: Organization | None = None) -> Organization:
        return Organization.objects.create(name=name, kind=kind, area=area, company=company)


class People:
    """The residents; the first ones have a name and a job, so that a visitor can sign in as them."""

    def __init__(self, place: Place, amount: int, chance: random.Random) -> None:
        self.place, self.chance = place, chance
        self.password = make_password(None)
        numbers = count(4)
        named = self._named()
        staff = [self._person(f"+861990{next(numbers):07d}", is_staff=True) for _ in range(self._posts())]
        rest = [self._person(f"+861990{next(numbers):07d}") for _ in range(amount - len(named) - len(staff))]
        self.all = User.objects.bulk_create([*named, *staff, *rest], batch_size=2000)
        self.resident, self.community_staff, self.subdistrict_staff = self.all[:3]
        self.residents = [self.all[0], *self.all[len(named) + len(staff) :]]
        self._appoint(staff)
        self._belong()
        Consent.objects.bulk_create(
            [
                Consent(user=u, kind=kind, version="2026-10", given_at=max(u.date_joined, TERMS_SINCE))
                for u in self.all
                for kind in Consent.Kind
            ],
            batch_size=4000,
        )

    def _posts(self) -> int:
        return sum(len(grids) for grids in self.place.grids.values()) + len(self.place.buildings) + 2

    def _named(self) -> list[User]:
        home, community = self.place.grids[0][6], self.place.communities[0]
        return [
            self._person(RESIDENT, nickname="陈师傅", home_area=home, born_on=dt.date(1991, 3, 8)),
            self._person(COMMUNITY_STAFF, nickname="王社工", is_staff=True, home_area=community),
            self._person(SUBDISTRICT_STAFF, nickname="李主任", is_staff=True, home_area=community),
        ]

    def _person(self, phone: str, **fields: Any) -> User:
        joined = timezone.now() - dt.timedelta(
            days=self.chance.randint(40, 1500), minutes=self.chance.randint(0, 1400)
        )
        homes = self.place.homes[self.chance.choices((0, 1, 2), (60, 25, 15))[0]]
        ordinary: dict[str, Any] = {
            "nickname": self.chance.choice(words.NICKNAMES).format(self.chance.choice(words.SURNAMES)),
            "home_area": self.chance.choice(homes),
            "born_on": dt.date(
                self.chance.randint(1965, 2003), self.chance.randint(1, 12), self.chance.randint(1, 28)
            ),
        }
        return User(
            phone=phone, password=self.password, phone_verified_at=joined, date_joined=joined, **(ordinary | fields)
        )

    def _appoint(self, staff: list[User]) -> None:
        posts = [
            (self.subdistrict_staff, self.place.root, Appointment.Role.MANAGER),
            *zip([self.community_staff, *staff], self.place.communities, [Appointment.Role.MANAGER] * 3, strict=False),
        ]
        below = iter(staff[2:])
        for grids in self.place.grids.values():
            posts += [(next(below), grid, Appointment.Role.GRID_WORKER) for grid in grids]
        posts += [(next(below), stair, Appointment.Role.BUILDING_HEAD) for stair in self.place.buildings]
        Appointment.objects.bulk_create(
            [
                Appointment(
                    user=u,
                    area=area,
                    role=role,
                    starts_on=today() - dt.timedelta(days=90),
                    ends_on=today() + dt.timedelta(days=275),
                )
                for u, area, role in posts
            ]
        )

    def _belong(self) -> None:
        since = today() - dt.timedelta(days=200)
        rows = []
        for person in self.residents:
            if self.chance.random() < 0.86:
                at = self.chance.randrange(len(self.place.companies))
                rows.append(Membership(user=person, organization=self.place.companies[at], starts_on=since))
                if at < len(self.place.dormitories) and self.chance.random() < 0.6:
                    rows.append(Membership(user=person, organization=self.place.dormitories[at], starts_on=since))
        Membership.objects.bulk_create(rows, batch_size=4000)
