"""What a ledger adds up to: minutes, stars, how far it is to the next one. Reads only."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, Sum
from django.db.models.functions import TruncMonth

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.time import LOCAL, at, today
from linlingtong.volunteering.models.ledger import ServiceRecord
from linlingtong.volunteering.models.rules import Issuer, StarLevel

HOUR = 60


@dataclass(frozen=True)
class Summary:
    """`progress` is how many per cent of the way from the last star to the next one are done."""

    minutes: int
    stars: int
    most_stars: int
    reached_at: int
    next_at: int | None
    progress: int

    @property
    def minutes_left(self) -> int:
        return max(0, self.next_at - self.minutes) if self.next_at else 0


def issuer_of(area: Area | None) -> Issuer:
    """The issuer of the area or the nearest one above it, else the one for everybody."""
    ids = area.ancestor_ids if area else []
    found = Issuer.objects.filter(Q(area__in=ids) | Q(area=None)).select_related("area")
    nearest = max(found, key=lambda issuer: len(issuer.area.path) if issuer.area else 0, default=None)
    return nearest or Issuer(name="临灵通")


def minutes_of(resident: User) -> int:
    return ServiceRecord.objects.filter(resident=resident).aggregate(all=Sum("minutes"))["all"] or 0


def levels_of(issuer: Issuer) -> list[StarLevel]:
    return list(StarLevel.objects.filter(issuer=issuer.pk).order_by("hours"))


def summary_of(resident: User) -> Summary:
    return summed(minutes_of(resident), levels_of(issuer_of(resident.home_area)))


def summed(minutes: int, levels: Sequence[StarLevel]) -> Summary:
    reached = [level for level in levels if level.hours * HOUR <= minutes]
    ahead = [level for level in levels if level.hours * HOUR > minutes]
    since = reached[-1].hours * HOUR if reached else 0
    goal = ahead[0].hours * HOUR if ahead else None
    progress = 100 if goal is None else max(0, (minutes - since) * 100 // (goal - since))
    return Summary(
        minutes=minutes,
        stars=reached[-1].stars if reached else 0,
        most_stars=levels[-1].stars if levels else 0,
        reached_at=since,
        next_at=goal,
        progress=progress if levels else 0,
    )


@dataclass(frozen=True)
class Month:
    """A month and what was served in it, by the day of the service."""

    first: dt.date
    minutes: int


def months_of(resident: User, amount: int = 6) -> list[Month]:
    """The last months, this one last; what was taken back is gone from the month of the service."""
    first = today().replace(day=1)
    wanted = [first]
    for _ in range(amount - 1):
        wanted.append((wanted[-1] - dt.timedelta(days=1)).replace(day=1))
    rows = (
        ServiceRecord.objects.filter(resident=resident, entry__starts_at__gte=at(wanted[-1]))
        .annotate(month=TruncMonth("entry__starts_at", tzinfo=LOCAL()))
        .values_list("month")
        .annotate(all=Sum("minutes"))
    )
    known = {moment.date(): minutes for moment, minutes in rows}
    return [Month(day, known.get(day, 0)) for day in reversed(wanted)]
