import pytest

from linlingtong.volunteering.models import Issuer
from tests.volunteering.deeds import default_issuer


@pytest.fixture
def issuer(db: None) -> Issuer:
    return default_issuer()
