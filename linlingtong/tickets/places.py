"""The places that a report can name, as the page offers them: near the home first, then community by community."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.areas.places import Point, metres_between, points_of, upwards

Level = Area.Level
OFFERED = (Level.COMMUNITY, Level.GRID, Level.BUILDING)
NEIGHBOURS, FARTHEST = 3, 1_500


@dataclass(frozen=True)
class Choice:
    """One radio: `words` is what somebody may type to find it; without a point nobody stands near it."""

    value: int
    label: str
    words: str
    point: Point | None
    is_checked: bool = False


@dataclass(frozen=True)
class Community:
    name: str
    grids: list[Choice]
    buildings: list[Choice]
    is_open: bool


def _number(building: Area) -> tuple[int, str]:
    """Residents know the number of a building, not its grid."""
    found = re.search(r"\d+", building.name)
    return (int(found[0]) if found else 0), building.name


class Places:
    """Everything that can be chosen; what is chosen already is checked once, where it stands first."""

    def __init__(self, reader: User | None, chosen: str) -> None:
        rows = Area.objects.active().filter(level__in=OFFERED).in_order()
        self.areas = {area.path: area for area in rows}
        self.chosen = chosen
        self.points = points_of(self.areas)
        self.near = self._near(reader) if reader else []
        is_above = any(one.is_checked for one in self.near)
        self.communities = self._communities("" if is_above else chosen)

    def _of(self, level: str) -> list[Area]:
        return [area for area in self.areas.values() if area.level == level]

    def _communities(self, chosen: str) -> list[Community]:
        rows = self._of(Level.COMMUNITY)
        return [self._community(row, chosen, is_only=len(rows) == 1) for row in rows]

    def _community(self, community: Area, chosen: str, *, is_only: bool) -> Community:
        inside = [area for area in self.areas.values() if area.path.startswith(community.path)]
        elsewhere = " · ".join([community.name, _("somewhere else")])
        grids = [area for area in inside if area.level == Level.GRID]
        buildings = sorted((area for area in inside if area.level == Level.BUILDING), key=_number)
        return Community(
            name=community.name,
            grids=[self._choice(community, chosen, elsewhere), *(self._choice(one, chosen) for one in grids)],
            buildings=[self._choice(area, chosen) for area in buildings],
            is_open=is_only or chosen in {str(area.pk) for area in inside},
        )

    def _choice(self, area: Area, chosen: str, label: str = "") -> Choice:
        point = self.points.get(area.path) if area.level == Level.GRID else None
        return Choice(area.pk, label or area.name, self._words(area), point, str(area.pk) == chosen)

    def _words(self, area: Area) -> str:
        return " ".join(one.name for one in reversed(self._upwards(area.path)))

    def _upwards(self, path: str) -> list[Area]:
        return [self.areas[one] for one in upwards(path) if one in self.areas]

    def _near(self, reader: User) -> list[Choice]:
        """The home itself, its grid, and the grids around it."""
        home = reader.home_area
        if home is None:
            return []
        above = self._upwards(home.path)
        own = [area for area in above if area.level != Level.COMMUNITY]
        community = next((area.path for area in above if area.level == Level.COMMUNITY), home.path)
        return [
            self._choice(area, self.chosen, "" if area.path.startswith(community) else self._words(area))
            for area in [*own, *self._around(own)]
        ]

    def _around(self, own: Iterable[Area]) -> list[Area]:
        home = next((area for area in own if area.path in self.points), None)
        if home is None:
            return []
        middle = self.points[home.path]
        ways = [
            (metres_between(middle, self.points[area.path]), area.pk, area)
            for area in self._of(Level.GRID)
            if area.path in self.points and not home.path.startswith(area.path)
        ]
        return [area for way, _key, area in sorted(ways)[:NEIGHBOURS] if way <= FARTHEST]
