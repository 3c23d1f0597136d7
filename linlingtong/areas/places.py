"""Where areas lie, by WGS 84, the coordinates of GPS. What has no place of its own lies where the whole lies."""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from linlingtong.areas.models import Area
from linlingtong.core.memory import remembered

METRES_A_DEGREE = 111_195
FARTHEST = 3_000
REMEMBERED_SECONDS = 300


@dataclass(frozen=True)
class Point:
    """In degrees, north and east positive."""

    lat: float
    long: float


def metres_between(one: Point, other: Point) -> float:
    """How far apart two points of a town are: the globe is flat enough there."""
    north = other.lat - one.lat
    east = (other.long - one.long) * math.cos(math.radians((one.lat + other.lat) / 2))
    return math.hypot(north, east) * METRES_A_DEGREE


def points_of(paths: Iterable[str]) -> dict[str, Point]:
    """Where each of the areas lies; those that nobody has placed are missing."""
    wanted = set(paths)
    keys = {int(part) for path in wanted for part in path.strip("/").split("/")}
    placed = _placed(Area.objects.filter(pk__in=keys))
    found = {path: _inherited(path, placed) for path in wanted}
    return {path: point for path, point in found.items() if point}


def around(middle: Point, metres: float) -> list[int]:
    """The ids of the areas whose middle lies within so many metres."""
    paths = dict(Area.objects.values_list("path", "pk"))
    placed = _placed(Area.objects.all())
    points = ((key, _inherited(path, placed)) for path, key in paths.items())
    return [key for key, point in points if point and metres_between(middle, point) <= metres]


def nearest(point: Point, level: str) -> Area | None:
    """The area of that level, in use, whose middle is nearest; None when all are more than three kilometres away."""
    rows = Area.objects.active().filter(level=level, lat__isnull=False)
    ways = [(metres_between(point, Point(row.lat or 0, row.long or 0)), row.pk, row) for row in rows]
    way, _key, found = min(ways, default=(math.inf, 0, None))
    return found if way <= FARTHEST else None


def _placed(areas: Iterable[Area]) -> dict[str, Point]:
    return {row.path: Point(row.lat, row.long) for row in areas if row.lat is not None and row.long is not None}


def _inherited(path: str, placed: dict[str, Point]) -> Point | None:
    """Its own point, or that of the smallest area around it."""
    return next((placed[one] for one in upwards(path) if one in placed), None)


def upwards(path: str) -> Iterator[str]:
    """The path itself, then those of the areas around it, the root last."""
    while path != "/":
        yield path
        path = path[: path.rstrip("/").rindex("/") + 1]


def community_name(path: str) -> str:
    """The community in which something lies, at most five minutes old; empty above the communities."""
    names = remembered("community-names", REMEMBERED_SECONDS, _community_names)
    return next((names[one] for one in upwards(path) if one in names), "")


def _community_names() -> dict[str, str]:
    return dict(Area.objects.communities().values_list("path", "name"))
