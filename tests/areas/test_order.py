"""Areas stand in the order in which people count: 2 before 10, what lies inside below what holds it."""

import pytest

from linlingtong.areas.models import Area
from tests.factories import AreaFactory, subdistrict

pytestmark = pytest.mark.django_db
GRID = Area.Level.GRID


def named(*names: str, parent: Area, level: str = GRID) -> list[Area]:
    return [AreaFactory.create(name=name, parent=parent, level=level) for name in names]


def names(parent: Area) -> list[str]:
    return list(Area.objects.within([parent.path]).exclude(pk=parent.pk).in_order().values_list("name", flat=True))


def test_numbers_are_counted_and_not_spelled() -> None:
    community = AreaFactory.create()
    named("第10网格", "第2网格", "第1网格", "第11网格", parent=community)
    assert names(community) == ["第1网格", "第2网格", "第10网格", "第11网格"]


def test_the_order_does_not_depend_on_how_long_the_numbers_of_the_rows_are() -> None:
    community = AreaFactory.create()
    for key in (9_000_099, 9_000_100, 90_000_000):
        AreaFactory.create(pk=key, name=f"第{key % 97}网格", parent=community, level=GRID)
    found = [int(name[1:-2]) for name in names(community)]
    assert found == sorted(found)


def test_what_lies_inside_follows_what_holds_it() -> None:
    community = AreaFactory.create()
    ten, two = named("第10网格", "第2网格", parent=community)
    named("1 幢", parent=ten, level=Area.Level.BUILDING)
    named("12 幢", "3 幢", parent=two, level=Area.Level.BUILDING)
    assert names(community) == ["第2网格", "3 幢", "12 幢", "第10网格", "1 幢"]


def test_names_without_a_number_stay_as_they_were_added_and_blocks_stay_together() -> None:
    community = AreaFactory.create()
    named("云帆苑", "潮声里", "西苑10幢", "东苑2幢", "西苑9幢", "东苑1幢", parent=community, level=Area.Level.BUILDING)
    assert names(community) == ["云帆苑", "潮声里", "东苑1幢", "东苑2幢", "西苑9幢", "西苑10幢"]


def test_one_question_orders_everything(django_assert_num_queries: pytest.FixtureRequest) -> None:
    named("第2网格", "第10网格", parent=AreaFactory.create())
    with django_assert_num_queries(1):  # type: ignore[operator]
        first = Area.objects.in_order().first()
    assert first == subdistrict()
