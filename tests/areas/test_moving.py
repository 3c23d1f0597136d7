import pytest

from linlingtong.areas.actions import (
    AreaInUse,
    MovedIntoItself,
    NameTaken,
    WrongLevel,
    add_area,
    change_area,
    move_area,
)
from linlingtong.areas.models import Area
from tests.factories import ActivityFactory, AreaFactory, UserFactory, subdistrict

Level = Area.Level
pytestmark = pytest.mark.django_db


def grid_in(community: Area, name: str = "第 1 网格") -> Area:
    return AreaFactory.create(parent=community, level=Level.GRID, name=name)


def test_a_new_area_lies_in_its_parent() -> None:
    community = AreaFactory.create()
    grid = add_area(parent=community, level=Level.GRID, name="第 1 网格", slug="g1", by=None)
    assert Area.objects.get(slug="g1").path == f"{community.path}{grid.pk}/"


def test_two_neighbours_never_have_one_name() -> None:
    community, elsewhere = AreaFactory.create(), AreaFactory.create()
    grid = grid_in(community)
    other = grid_in(community, "第 2 网格")
    with pytest.raises(NameTaken):
        add_area(parent=community, level=Level.GRID, name=grid.name, slug="x", by=None)
    with pytest.raises(NameTaken):
        change_area(other.pk, name=grid.name, by=None)
    with pytest.raises(NameTaken):
        move_area(grid_in(elsewhere).pk, community.pk, by=None)


@pytest.mark.parametrize("level", [Level.SUBDISTRICT, Level.COMMUNITY, Level.GRID])
def test_a_grid_holds_only_what_is_smaller(level: str) -> None:
    grid = grid_in(AreaFactory.create())
    with pytest.raises(WrongLevel):
        add_area(parent=grid, level=level, name="x", slug="x", by=None)


def test_a_move_takes_everything_inside_along() -> None:
    old, new = AreaFactory.create(), AreaFactory.create()
    grid, neighbour = grid_in(old), grid_in(old, "第 2 网格")
    cell = AreaFactory.create(parent=grid, level=Level.MICRO_GRID)
    building = AreaFactory.create(parent=cell, level=Level.BUILDING)
    resident = UserFactory.create(home_area=building)

    assert move_area(grid.pk, new.pk, by=None) == 3

    paths = dict(Area.objects.values_list("pk", "path"))
    assert paths[grid.pk] == f"{new.path}{grid.pk}/"
    assert paths[building.pk] == f"{new.path}{grid.pk}/{cell.pk}/{building.pk}/"
    assert paths[neighbour.pk] == neighbour.path
    assert Area.objects.get(pk=grid.pk).parent == new
    resident.refresh_from_db()
    assert resident.home_area is not None
    assert resident.home_area.path == paths[building.pk]


def test_a_move_to_where_it_is_changes_nothing() -> None:
    community = AreaFactory.create()
    assert move_area(grid_in(community).pk, community.pk, by=None) == 0


def test_a_prefix_of_a_number_is_another_area() -> None:
    """`/1/4/` is not the beginning of `/1/41/`."""
    community = AreaFactory.create()
    grid = grid_in(community)
    twin = Area.objects.create(
        pk=int(f"{grid.pk}1"), name="双", slug="twin", level=Level.GRID, parent=community, path=f"{grid.path[:-1]}1/"
    )
    move_area(grid.pk, AreaFactory.create().pk, by=None)
    twin.refresh_from_db()
    assert twin.path == f"{community.path}{twin.pk}/"


def test_an_area_never_lies_in_itself() -> None:
    community = AreaFactory.create()
    for target in (community, grid_in(community)):
        with pytest.raises(MovedIntoItself):
            move_area(community.pk, target.pk, by=None)


def test_an_area_with_activities_stays() -> None:
    community = AreaFactory.create()
    grid = grid_in(community)
    ActivityFactory.create(area=AreaFactory.create(parent=grid, level=Level.BUILDING))
    with pytest.raises(AreaInUse) as refused:
        move_area(grid.pk, AreaFactory.create().pk, by=None)
    assert grid.name in refused.value.detail


def test_an_area_gets_other_words() -> None:
    community = AreaFactory.create()
    changed = change_area(community.pk, name="新名", phone="0571-0000 0009", is_active=False, by=None)
    assert (changed.name, changed.phone, changed.is_active) == ("新名", "0571-0000 0009", False)
    assert change_area(subdistrict().pk, phone="1", by=None).phone == "1"
