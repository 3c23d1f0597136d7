"""Where areas lie: their own middle, or that of what they are part of."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError

from linlingtong.areas.actions import add_area, change_area
from linlingtong.areas.models import Area
from linlingtong.areas.places import Point, around, metres_between, nearest, points_of
from tests.api.conftest import App
from tests.factories import AreaFactory

pytestmark = pytest.mark.django_db
Level = Area.Level
PITCH = Point(30.28460, 120.61270)


def area_at(point: Point | None, parent: Area | None = None, level: str = Level.GRID) -> Area:
    facts = {"lat": point.lat, "long": point.long} if point else {}
    return AreaFactory.create(parent=parent or AreaFactory.create(), level=level, **facts)


def north_of(point: Point, metres: float) -> Point:
    return Point(point.lat + metres / 111_195, point.long)


def east_of(point: Point, metres: float) -> Point:
    """At this latitude a degree of longitude is 96 km long, not 111."""
    return Point(point.lat, point.long + metres / 96_025)


def test_distances_are_right_to_the_metre_within_a_subdistrict() -> None:
    assert metres_between(PITCH, north_of(PITCH, 1000)) == pytest.approx(1000, abs=1)
    assert metres_between(PITCH, east_of(PITCH, 1000)) == pytest.approx(1000, abs=1)
    assert metres_between(PITCH, PITCH) == 0


def test_what_has_no_place_lies_where_the_whole_lies() -> None:
    grid = area_at(PITCH)
    cell = area_at(None, grid, Level.MICRO_GRID)
    stair, other = area_at(None, cell, Level.BUILDING), area_at(north_of(PITCH, 50), cell, Level.BUILDING)
    nowhere = area_at(None)
    found = points_of([grid.path, stair.path, other.path, nowhere.path])
    assert found == {grid.path: PITCH, stair.path: PITCH, other.path: north_of(PITCH, 50)}
    assert points_of([]) == {}


def test_around_a_point_lies_what_is_near_enough_with_what_it_lends_its_place_to() -> None:
    near, far, nowhere = area_at(PITCH), area_at(north_of(PITCH, 900)), area_at(None)
    stair = area_at(None, near, Level.BUILDING)
    moved_away = area_at(north_of(PITCH, 800), near, Level.BUILDING)
    assert set(around(east_of(PITCH, 100), 150)) == {near.pk, stair.pk}
    found = set(around(PITCH, 1000))
    assert found == {near.pk, stair.pk, moved_away.pk, far.pk}
    assert nowhere.pk not in found


def test_the_nearest_is_of_the_wanted_level_in_use_and_not_far_away() -> None:
    community = AreaFactory.create(lat=PITCH.lat, long=PITCH.long)
    closed = area_at(PITCH, community)
    Area.objects.filter(pk=closed.pk).update(is_active=False)
    near, far = area_at(north_of(PITCH, 300), community), area_at(north_of(PITCH, -600), community)
    assert nearest(PITCH, Level.GRID) == near
    assert nearest(north_of(PITCH, -500), Level.GRID) == far
    assert nearest(north_of(PITCH, 20_000), Level.GRID) is None


@pytest.mark.parametrize(("lat", "long"), [(30.0, None), (None, 120.0), (91.0, 120.0), (30.0, -180.5)])
def test_a_place_is_whole_and_on_the_globe(lat: float | None, long: float | None) -> None:
    area = AreaFactory.create()
    area.lat, area.long = lat, long
    with pytest.raises(ValidationError):
        area.full_clean()
    with pytest.raises(IntegrityError):
        change_area(area.pk, lat=lat, long=long, by=None)


def test_managers_write_where_an_area_lies_and_everybody_may_read_it() -> None:
    grid = add_area(
        parent=AreaFactory.create(), level=Level.GRID, name="第 1 网格", slug="g1", by=None, lat=30.1, long=120.2
    )
    change_area(grid.pk, lat=30.15, long=120.25, by=None)
    rows = {row["id"]: row for row in App().get("areas/").json()["results"]}
    assert (rows[grid.pk]["lat"], rows[grid.pk]["long"]) == (30.15, 120.25)
    assert rows[grid.parent_id]["lat"] is None
