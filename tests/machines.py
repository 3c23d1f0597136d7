"""What the state machines of the tests share: a life in a transaction that leaves nothing behind, at a known hour."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import time_machine
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.db import transaction
from django.utils import timezone
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from linlingtong.core.refusal import Refusal
from linlingtong.core.time import at

STEPS, LIVES = 40, 4
MORNING = at(dt.date(2026, 12, 1), dt.time(10))


class Life(RuleBasedStateMachine):
    """One made-up life: every verb is asked of the product and of a model; both have to say and to become the same."""

    def __init__(self) -> None:
        super().__init__()
        self.life = transaction.atomic()
        self.life.__enter__()
        self.traveller = time_machine.travel(MORNING, tick=False)
        self.clock = self.traveller.start()

    def teardown(self) -> None:
        self.traveller.stop()
        transaction.set_rollback(True)
        self.life.__exit__(None, None, None)

    @property
    def now(self) -> dt.datetime:
        return timezone.now()

    @staticmethod
    def said(verb: Callable[..., Any], *args: Any, **kwargs: Any) -> str:
        """`ok`, or the name of the refusal."""
        try:
            with transaction.atomic():
                verb(*args, **kwargs)
        except (Refusal, PermissionDenied, ObjectDoesNotExist) as error:
            return type(error).__name__
        return "ok"


def live(machine: type[Life]) -> None:
    """So many lives of the machine as the profile of hypothesis asks for; `deep` asks for more and longer ones."""
    profile = settings.default or settings()
    lives = profile.max_examples * LIVES
    run_state_machine_as_test(machine, settings=settings(max_examples=lives, stateful_step_count=STEPS))
