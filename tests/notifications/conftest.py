import datetime as dt
from collections.abc import Iterator

import pytest
import time_machine
from pytest_django.fixtures import Settings

from linlingtong.core.time import at
from tests.delivery.gateway import sms_gateway
from tests.notifications.phone import Phone

__all__ = ["sms_gateway"]

NOON = at(dt.date(2026, 11, 18), dt.time(12))


@pytest.fixture(autouse=True)
def phone(settings: Settings) -> Iterator[Phone]:
    """Everything sent in a test lands here instead of at a gateway."""
    settings.SMS_BACKEND = "tests.notifications.phone.Backend"
    Phone.reset()
    yield Phone()
    Phone.reset()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A Wednesday in November, noon in the subdistrict, until the test moves it."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller
