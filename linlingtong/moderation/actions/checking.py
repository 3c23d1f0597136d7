"""What an outside machine says about a text. It is asked by the worker; silence means that a person looks."""

import json
from typing import Protocol
from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.module_loading import import_string

from linlingtong.core.turns import in_turn
from linlingtong.delivery.wire import Endpoint, post
from linlingtong.moderation.actions import telling
from linlingtong.moderation.actions.steps import Cause, State, case_in_turn_by_id, follow, move
from linlingtong.moderation.models import Case

AT_ONCE = 5
log = structlog.get_logger(__name__)


class Checker(Protocol):
    """Whatever reads texts for us. It gives up by itself after a few seconds."""

    def check(self, text: str) -> bool:
        """Whether everybody may read it. Anything raised, a time-out too, means that a person has to look."""


class HttpChecker:
    """Asks MODERATION_CHECKER_URL: a POST of `{"text"}`, answered by `{"pass": true}`."""

    def check(self, text: str) -> bool:
        url = settings.MODERATION_CHECKER_URL
        body, path = json.dumps({"text": text}).encode(), urlsplit(url).path or "/"
        answer = post(Endpoint.parse(url), {"Content-Type": "application/json"}, body, path)
        return answer.status == 200 and json.loads(answer.body).get("pass") is True


def check_outside() -> int:
    """Ask about what waits for the outside check only; each case is asked about once. Answers how many passed."""
    if not settings.MODERATION_CHECKER:
        return 0
    checker: Checker = import_string(settings.MODERATION_CHECKER)()
    rows = Case.objects.filter(state=State.WAITING, cause=Cause.CHECKER, checked_at=None).order_by("id")[:AT_ONCE]
    return sum(_settle(case, is_fine=_is_fine(checker, case)) for case in rows)


def _is_fine(checker: Checker, case: Case) -> bool:
    try:
        return checker.check(case.text)
    except Exception as error:  # noqa: BLE001 - whatever goes wrong at the other side, a person looks instead
        log.warning("outside_check_failed", case=case.pk, error=type(error).__name__)
        return False


@in_turn
def _settle(asked: Case, *, is_fine: bool) -> bool:
    case = case_in_turn_by_id(asked.pk)
    is_same = case.state == State.WAITING and case.cause == Cause.CHECKER and case.submitted_at == asked.submitted_at
    if not is_same:
        return False
    case.checked_at = timezone.now()
    if not is_fine:
        case.save(update_fields=["checked_at"])
        return False
    case.is_visible = True
    event = move(case, State.CLEAR, by=None)
    follow(case)
    telling.tell_author(case, event, telling.passed)
    return True
