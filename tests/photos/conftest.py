from pathlib import Path
from typing import Any

import pytest

from linlingtong.accounts.models import User
from tests.factories import UserFactory


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    """Every test begins without files."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def resident(db: None) -> User:
    return UserFactory.create()
