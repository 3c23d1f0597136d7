"""The small rush; `make chaos` runs the full one."""

import pytest

from tests.chaos.battery import run_rush
from tests.chaos.house import eventually, house

RESIDENTS, PLACES = 300, 20


@pytest.mark.enable_socket
def test_a_rush_over_http_stays_exact_while_a_web_worker_and_postgresql_are_killed() -> None:
    with house() as home:
        world = home.world(RESIDENTS, PLACES)
        home.open()
        figures = run_rush(home, world, PLACES, kills=(1, 1), at_once=60)
        assert figures.is_exact(), figures.table()
        assert (figures.web_kills, figures.postgres_restarts) == (1, 1)
        eventually(lambda: len(home.web_workers()) == home.wanted_web_workers, 20, "the killed web worker is back")
        assert home.close() < 10, home.said
