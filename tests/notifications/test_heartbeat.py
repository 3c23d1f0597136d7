import datetime as dt
import threading
import time

import pytest
import time_machine
from django.db import DatabaseError, connections
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.activities.actions import give_up, register
from linlingtong.activities.actions.refusals import QueueFull
from linlingtong.core.counting import bring_sums, refusals
from linlingtong.home import health, tasks
from linlingtong.home.tasks import every_minute
from linlingtong.notifications.actions import deliver, only_one, ticked
from linlingtong.notifications.models import Message, Tick
from tests.factories import MessageFactory, PreferencesFactory, RegistrationFactory, SessionFactory, UserFactory
from tests.notifications.phone import Phone

State = Message.State


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_every_step_runs_and_says_so(phone: Phone) -> None:
    MessageFactory.create()
    every_minute()
    every_minute()
    assert set(Tick.objects.values_list("name", flat=True)) >= set(tasks.STEPS)
    assert len(phone.texts) == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("clock")
def test_a_step_that_fails_leaves_the_others_alone(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(tasks.STEPS, "tell_changes", fail)
    MessageFactory.create()
    every_minute()
    assert len(phone.texts) == 1
    assert not Tick.objects.filter(name="tell_changes").exists()


@pytest.mark.django_db(transaction=True)
def test_a_step_that_somebody_else_does_is_left_to_them() -> None:
    seen: list[bool] = []

    def other() -> None:
        with only_one("deliver") as is_mine:
            seen.append(is_mine)
        connections.close_all()

    with only_one("deliver") as is_mine:
        assert is_mine
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    other()
    assert seen == [False, True]


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("clock")
def test_two_beats_at_once_send_each_message_once(phone: Phone) -> None:
    MessageFactory.create_batch(60)
    gate = threading.Barrier(2)

    def beat() -> None:
        gate.wait()
        every_minute()
        deliver(tasks.WORDS)
        connections.close_all()

    threads = [threading.Thread(target=beat) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    keys = [sms.key for sms in phone.texts]
    assert len(keys) == len(set(keys)) == 60


@pytest.mark.django_db(transaction=True)
def test_who_cancels_while_texts_go_out_hears_no_reminder(phone: Phone) -> None:
    session = SessionFactory.create(capacity=200)
    rows = [RegistrationFactory.create(session=session) for _number in range(80)]
    for row in rows:
        PreferencesFactory.create(resident=row.resident, quiet_from=dt.time(0), quiet_until=dt.time(0))
        MessageFactory.create(
            resident=row.resident, kind="reminder_day", subject="registration", subject_id=row.pk, text="",
            for_start=session.starts_at,
        )  # fmt: skip
    acknowledged: dict[int, float] = {}
    arrived: dict[str, float] = {}
    moments = iter(range(10_000))
    Phone.before = lambda sms: (arrived.setdefault(sms.phone, next(moments)), threading.Event().wait(0.01), None)[-1]

    def cancel() -> None:
        for row in reversed(rows[::2]):
            give_up(row.session_id, row.resident, by=row.resident)
            acknowledged[row.pk] = next(moments)
        connections.close_all()

    thread = threading.Thread(target=cancel)
    thread.start()
    deliver(tasks.WORDS, seconds=20)
    thread.join()
    by_phone = {row.resident.phone: acknowledged[row.pk] for row in rows[::2]}
    reminded = {sms.phone for sms in phone.texts if sms.template == "reminder_day"}
    assert not [number for number in reminded & by_phone.keys() if arrived[str(number)] > by_phone[number]]
    assert reminded >= {row.resident.phone for row in rows[1::2]}
    assert len(reminded) < 80


@pytest.mark.django_db
def test_a_dead_broker_keeps_nobody_from_registering(settings: Settings) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    session, resident = SessionFactory.create(), UserFactory.create()
    assert register(session.pk, resident, by=resident).created
    assert Message.objects.filter(resident=resident, state=State.PENDING).exists()


def test_the_process_says_that_it_lives(client: Client) -> None:
    assert client.get("/healthz").content == b"ok"


@pytest.mark.django_db
def test_a_fresh_process_is_ready_before_the_first_beat(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "BEGAN", time.monotonic())
    assert client.get("/readyz").status_code == 200


@pytest.mark.django_db
def test_readiness_names_the_steps_that_are_silent(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "BEGAN", time.monotonic() - 1000)
    for name in tasks.STEPS:
        ticked(name)
    assert client.get("/readyz").json() == {"ready": True, "problems": []}
    Tick.objects.filter(name="deliver").update(ran_at=timezone.now() - dt.timedelta(minutes=4))
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["not run for three minutes: deliver"]


@pytest.mark.django_db
def test_readiness_needs_all_migrations(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_is_migrated", lambda: False)
    assert client.get("/readyz").json()["problems"] == ["migrations are missing"]


def test_readiness_needs_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> bool:
        raise DatabaseError

    monkeypatch.setattr(health, "_is_migrated", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["problems"]) == (503, ["the database does not answer"])


@pytest.mark.django_db
def test_the_metrics_show_what_is_stuck(client: Client, clock: time_machine.Traveller) -> None:
    MessageFactory.create(due_at=timezone.now() - dt.timedelta(minutes=6))
    MessageFactory.create()
    MessageFactory.create(state=State.UNKNOWN)
    MessageFactory.create(state=State.MISSED, settled_at=timezone.now())
    MessageFactory.create(state=State.MISSED, settled_at=timezone.now() - dt.timedelta(days=2))
    RegistrationFactory.create(state="waitlisted")
    ticked("deliver")
    text = client.get("/metrics").content.decode()
    for line in (
        "linlingtong_messages_due 2.0",
        "linlingtong_messages_late 1.0",
        'linlingtong_messages_in_trouble{state="unknown"} 1.0',
        'linlingtong_messages_in_trouble{state="missed"} 1.0',
        "linlingtong_waiting_list 1.0",
        'linlingtong_step_age_seconds{step="deliver"} 0.0',
    ):
        assert line in text


@pytest.mark.django_db
def test_the_metrics_may_be_kept_for_a_bearer(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "secret"
    assert client.get("/metrics").status_code == 404
    assert client.get("/metrics", headers={"Authorization": "Bearer secret"}).status_code == 200


@pytest.mark.django_db
def test_the_metrics_count_each_no_by_its_code(client: Client) -> None:
    before = refusals().get("queue_full", 0)
    for _time in range(3):
        QueueFull()
    bring_sums()
    assert refusals()["queue_full"] >= before + 3
    assert 'linlingtong_refusals_total{code="queue_full"}' in client.get("/metrics").content.decode()


@pytest.mark.django_db
def test_without_valkey_there_are_metrics_but_no_such_counts(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "unix:///nowhere/valkey.sock"
    QueueFull()
    bring_sums()
    text = client.get("/metrics").content.decode()
    assert "linlingtong_messages_due" in text
    assert "queue_full" not in text
