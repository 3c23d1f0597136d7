import datetime as dt

import pytest
from django.db.models import F
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.notifications.actions import ask_for_receipts, deliver
from linlingtong.notifications.models import Message, Preferences
from tests.delivery.gateway import Gateway, Manner
from tests.factories import MessageFactory, UserFactory

State = Message.State
TEXTS = 100
AN_HOUR = dt.timedelta(hours=1)


@pytest.fixture
def texts(settings: Settings, sms_gateway: Gateway) -> list[str]:
    """Due to residents who never sleep."""
    settings.SMS_TEMPLATES = {"registration": {"id": "SMS_1", "params": ["text", "more"]}}
    residents = UserFactory.create_batch(10)
    Preferences.objects.bulk_create(
        Preferences(resident=resident, quiet_from=dt.time(0), quiet_until=dt.time(0)) for resident in residents
    )
    rows = [MessageFactory.create(resident=residents[n % 10], text=f"第{n}条") for n in range(TEXTS)]
    return [row.key for row in rows]


def an_hour_later() -> None:
    waiting = Message.objects.exclude(state=State.SENT)
    waiting.update(due_at=F("due_at") - AN_HOUR, lease_until=F("lease_until") - AN_HOUR)
    waiting.filter(settled_at__isnull=False).update(settled_at=F("settled_at") - AN_HOUR)


@pytest.mark.django_db(transaction=True)
def test_a_gateway_that_fails_hangs_and_loses_replies_costs_no_message_and_doubles_none(
    sms_gateway: Gateway, texts: list[str]
) -> None:
    sms_gateway.misbehave(7, error=0.1, busy=0.1, hang=0.05, hang_accepted=0.05, lost_reply=0.1)
    for _round in range(12):
        deliver({}, seconds=20)
        an_hour_later()
        ask_for_receipts(seconds=20, limit=TEXTS)
        if not Message.objects.exclude(state=State.SENT).exists():
            break
    assert sms_gateway.texts_per_key() == dict.fromkeys(texts, 1)
    assert not Message.objects.exclude(state=State.SENT).exists()


@pytest.mark.django_db(transaction=True)
def test_a_dead_gateway_stops_one_round_not_the_minute(sms_gateway: Gateway, texts: list[str]) -> None:
    sms_gateway.manner = lambda: Manner.HANG
    begun = timezone.now()
    counts = deliver({}, seconds=1)
    assert (timezone.now() - begun).total_seconds() < 4
    assert counts["unknown"] >= 8
    assert counts["unknown"] + Message.objects.filter(state=State.PENDING).count() == TEXTS
