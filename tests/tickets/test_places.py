"""Where is it? The home first, then community, grid and building; by hand, by typing, or by where one stands."""

from typing import Any

import pytest
from django.test import Client

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.tickets.models import Ticket
from linlingtong.tickets.places import Places
from tests.api.conftest import App
from tests.factories import AreaFactory, UserFactory
from tests.tickets.world import grid, kind, row

pytestmark = pytest.mark.django_db
Level = Area.Level
HERE = "/tools/report/"


@pytest.fixture
def community() -> Area:
    kind()
    return AreaFactory.create(name="高新社区")


def grid_in(community: Area, name: str, lat: float | None = None, long: float | None = None) -> Area:
    return AreaFactory.create(parent=community, level=Level.GRID, name=name, lat=lat, long=long)


def stair_in(area: Area, name: str) -> Area:
    cell = AreaFactory.create(parent=area, level=Level.MICRO_GRID)
    return AreaFactory.create(parent=cell, level=Level.BUILDING, name=name)


def words(choices: Any) -> list[str]:
    return [one.label for one in choices]


def test_communities_hold_their_grids_and_buildings_in_the_order_of_the_office(community: Area) -> None:
    second, tenth = grid_in(community, "第 2 网格"), grid_in(community, "第 10 网格")
    stair_in(tenth, "1 幢")
    stair_in(second, "2 幢")
    AreaFactory.create(name="旧社区", is_active=False)
    (found,) = Places(None, "").communities
    assert found.name == "高新社区"
    assert words(found.grids) == ["高新社区 · 其他地方", "第 2 网格", "第 10 网格"]
    assert words(found.buildings) == ["1 幢", "2 幢"]
    assert found.buildings[0].words == "高新社区 第 10 网格 1 幢"


def test_the_home_stands_first_then_the_grids_around_it(community: Area) -> None:
    home = grid_in(community, "第 7 网格", 30.2846, 120.6127)
    far, near = (grid_in(community, name, lat, 120.6127) for name, lat in (("远", 30.30), ("近", 30.286)))
    grid_in(community, "不知道在哪")
    stair = stair_in(home, "3 幢")
    elsewhere = grid_in(AreaFactory.create(), "隔壁", 30.2850, 120.6130)
    resident = UserFactory.create(home_area=stair)
    found = Places(resident, str(stair.pk))
    assert [one.value for one in found.near] == [stair.pk, home.pk, elsewhere.pk, near.pk]
    assert words(found.near)[1:] == ["第 7 网格", f"{elsewhere.parent} 隔壁", "近"]
    assert far.pk not in [one.value for one in found.near]
    assert [one.is_checked for one in found.near] == [True, False, False, False]
    assert not any(one.is_checked for each in found.communities for one in (*each.grids, *each.buildings))


def test_the_chosen_one_is_checked_once_and_its_community_stands_open(community: Area) -> None:
    chosen, other = grid_in(community, "一"), AreaFactory.create(name="别的社区")
    grid_in(other, "二")
    found = Places(None, str(chosen.pk))
    assert [one.is_open for one in found.communities] == [True, False]
    assert [one.value for each in found.communities for one in each.grids if one.is_checked] == [chosen.pk]
    assert not any(one.is_open for one in Places(None, "nonsense").communities)


def test_a_single_community_stands_open(community: Area) -> None:
    grid_in(community, "一")
    assert [one.is_open for one in Places(None, "").communities] == [True]


def test_a_building_is_chosen_on_the_page_and_goes_to_the_desk_of_its_grid(client: Client, community: Area) -> None:
    here = grid_in(community, "第 7 网格")
    stair = stair_in(here, "3 幢")
    client.force_login(UserFactory.create(home_area=stair))
    page = client.get(HERE).content.decode()
    assert f'value="{stair.pk}" checked' in page
    client.post(HERE, {"category": "lamp", "area": stair.pk, "text": "楼道灯不亮"})
    ticket = Ticket.objects.get()
    assert (ticket.area, ticket.desk) == (stair, here)
    assert "高新社区 · 3 幢" in client.get(f"/me/tickets/{ticket.pk}/").content.decode()


def test_reports_of_the_same_grid_are_found_from_any_of_its_buildings(client: Client, community: Area) -> None:
    here = grid_in(community, "第 7 网格")
    one, other = stair_in(here, "3 幢"), stair_in(here, "4 幢")
    near = row("received", area=other, is_public=True, is_visible=True)
    row("received", area=grid_in(community, "第 8 网格"), is_public=True, is_visible=True)
    client.force_login(UserFactory.create())
    page = client.post(HERE, {"category": "lamp", "area": one.pk, "text": "楼道灯不亮"})
    assert [row_["ticket"] for row_ in page.context["others"]] == [near]


def test_the_page_costs_as_many_queries_with_many_areas(
    client: Client, community: Area, django_assert_max_num_queries: Any
) -> None:
    for at in range(6):
        stair_in(grid_in(community, f"第 {at} 网格"), f"{at} 幢")
    client.get(HERE)
    with django_assert_max_num_queries(5):
        assert client.get(HERE).status_code == 200


class TestApi:
    @pytest.fixture
    def app(self) -> App:
        return App(UserFactory.create())

    def test_where_one_stands_is_the_nearest_grid(self, app: App, community: Area) -> None:
        grid_in(community, "远", 30.30, 120.6127)
        near = grid_in(community, "近", 30.2846, 120.6127)
        answer = app.post("tickets/", {"kind": "lamp", "text": "灯", "lat": 30.2850, "long": 120.6130})
        assert (answer.status_code, answer.json()["area"]) == (201, near.pk)

    @pytest.mark.parametrize(
        ("place", "field"),
        [
            ({}, "area"),
            ({"lat": 30.2846}, "long"),
            ({"long": 120.6}, "lat"),
            ({"lat": 91, "long": 120.6}, "lat"),
            ({"lat": 39.9, "long": 116.4}, "lat"),
        ],
    )
    def test_nowhere_and_far_away_are_refused(
        self, app: App, community: Area, place: dict[str, float], field: str
    ) -> None:
        grid_in(community, "近", 30.2846, 120.6127)
        answer = app.post("tickets/", {"kind": "lamp", "text": "灯"} | place)
        assert answer.status_code == 400
        assert set(answer.json()["errors"]) == {field}

    def test_whoever_names_an_area_needs_no_place(self, app: App) -> None:
        kind()
        here = grid()
        answer = app.post("tickets/", {"kind": "lamp", "text": "灯", "area": here.pk, "lat": 1, "long": 1})
        assert answer.json()["area"] == here.pk


def test_one_without_a_home_finds_no_home(community: Area) -> None:
    grid_in(community, "一", 30.2846, 120.6127)
    nobody: User = UserFactory.create(home_area=None)
    assert Places(nobody, "").near == []
