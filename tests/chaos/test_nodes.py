"""Two nodes, a primary and a replica at a small size; `make chaos PART=nodes` runs the full one."""

from pathlib import Path

import pytest

from tests.chaos.nodes import run_nodes


@pytest.mark.enable_socket
def test_two_nodes_with_a_replica_are_exact_and_everybody_sees_what_they_wrote(tmp_path: Path) -> None:
    figures = run_nodes(60, 10, tmp_path / "book")
    assert figures.is_kept(), figures.table()
