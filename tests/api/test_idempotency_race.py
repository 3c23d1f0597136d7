import threading
import time
from typing import Any

import pytest
from django.db import connection

from linlingtong.accounts.actions import answer_once
from linlingtong.accounts.models import IdempotencyKey, User
from tests.factories import NotificationFactory, UserFactory

HOW_MANY = 8


def race(call: Any) -> None:
    """The call from several threads at once, each with its own connection."""
    gate = threading.Barrier(HOW_MANY)

    def run() -> None:
        gate.wait()
        try:
            call()
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(HOW_MANY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def effect_of(user: User) -> Any:
    def effect() -> tuple[int, Any]:
        time.sleep(0.05)
        return 201, {"id": NotificationFactory.create(resident=user).pk}

    return effect


@pytest.mark.django_db(transaction=True)
def test_a_key_sent_eight_times_at_once_has_one_effect() -> None:
    user = UserFactory.create()
    answers: list[tuple[int, Any]] = []
    race(lambda: answers.append(answer_once("k", "same", effect_of(user), by=user)))
    assert len(answers) == HOW_MANY
    assert len({answer[1]["id"] for answer in answers}) == 1
    assert user.notifications.count() == 1
    assert IdempotencyKey.objects.get().status == 201


@pytest.mark.django_db(transaction=True)
def test_without_the_key_the_race_has_eight_effects() -> None:
    """The control: the same calls do collide."""
    user = UserFactory.create()
    race(effect_of(user))
    assert user.notifications.count() == HOW_MANY
