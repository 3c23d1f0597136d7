import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.house import ROOM
from tests.deploy.stack import Stack, stack


@pytest.fixture(scope="module")
def product() -> Iterator[Stack]:
    """The product of docker-compose.yml with a migrated database, in memory where there is room; nothing is left."""
    memory = Path("/dev/shm")  # noqa: S108
    is_roomy = memory.is_dir() and shutil.disk_usage(memory).free > ROOM
    home = Path(tempfile.mkdtemp(prefix="linlingtong-deploy-", dir=memory if is_roomy else None))
    try:
        with stack(home) as running:
            running.fill(os.environ["TEST_TEMPLATE"])
            yield running
    finally:
        shutil.rmtree(home, ignore_errors=True)
