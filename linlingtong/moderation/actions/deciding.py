from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.turns import in_turn
from linlingtong.moderation.actions import telling
from linlingtong.moderation.actions.refusals import (
    AlreadyAppealed,
    AppealEmpty,
    CaseGone,
    NothingToAppeal,
    OwnCase,
    ReasonMissing,
    SamePerson,
    SomebodyElseDecided,
)
from linlingtong.moderation.actions.steps import Cause, State, case_in_turn_by_id, follow, move
from linlingtong.moderation.actions.submitting import clear_away
from linlingtong.moderation.models import Case, Report
from linlingtong.moderation.permissions import check_decides

LONGEST_APPEAL = 500


class Decision(TextChoices):
    PASS = "passed", _("pass")
    RETURN = "returned", _("return")
    HIDE = "hidden", _("hide")


WORDS = {State.PASSED: telling.passed, State.RETURNED: telling.returned, State.HIDDEN: telling.hidden}


@in_turn
def decide(case_id: int, decision: str, *, by: User, reason: str = "", seen: int | None = None) -> Case:
    """Staff publish, return or hide; the author is told, and what was reported is settled.

    `seen` is the last step that the person had before their eyes. Content with children is published by two people.
    Raises PermissionDenied, SomebodyElseDecided, CaseGone, OwnCase, SamePerson, ReasonMissing.
    """
    case = case_in_turn_by_id(case_id)
    check_decides(by, case)
    reason = clean_text(reason)
    _check(case, decision, reason, by=by, seen=seen)
    if case.state == decision:
        return case
    if decision == Decision.PASS and case.has_minors and case.first_look_by is None:
        case.first_look_by = by
        move(case, case.state if case.is_waiting else State.WAITING, by=by, cause=case.cause or Cause.MINORS)
        return case
    was_visible, was_appealed = case.is_visible, case.state == State.APPEALED
    case.decided_by, case.decided_at, case.reason = by, timezone.now(), reason
    case.is_visible = decision == Decision.PASS
    event = move(case, decision, by=by, reason=reason)
    follow(case)
    _settle(case, was_right=not case.is_visible)
    if not (was_visible and case.is_visible):
        is_second_no = was_appealed and not case.is_visible
        telling.tell_author(case, event, telling.upheld if is_second_no else WORDS[State(decision)])
    return case


def _check(case: Case, decision: str, reason: str, *, by: User, seen: int | None) -> None:
    if case.state == State.GONE:
        raise CaseGone
    if case.author_id == by.pk:
        raise OwnCase
    if seen is not None and case.events.order_by("-id").values_list("id", flat=True).first() != seen:
        raise SomebodyElseDecided
    is_own_appeal = case.state == State.APPEALED and case.decided_by_id == by.pk
    if is_own_appeal or (decision == Decision.PASS and case.first_look_by_id == by.pk):
        raise SamePerson
    if decision != Decision.PASS and not reason:
        raise ReasonMissing


def _settle(case: Case, *, was_right: bool) -> None:
    Report.objects.filter(case=case, settled_at=None).update(settled_at=timezone.now(), was_right=was_right)


@in_turn
def appeal(case_id: int, text: str, *, by: User) -> Case:
    """The author asks for another person's decision, once.

    Raises Case.DoesNotExist for somebody else's case, NothingToAppeal, AlreadyAppealed, AppealEmpty.
    """
    case = case_in_turn_by_id(case_id)
    if case.author_id != by.pk:
        raise Case.DoesNotExist
    text = clean_text(text)[:LONGEST_APPEAL]
    if case.appealed_at is not None:
        raise AlreadyAppealed
    if case.state not in {State.RETURNED, State.HIDDEN}:
        raise NothingToAppeal
    if not text:
        raise AppealEmpty
    case.appeal, case.appealed_at = text, timezone.now()
    move(case, State.APPEALED, by=by, cause=Cause.APPEAL)
    return case


@in_turn
def forget(resident: User) -> None:
    """Nothing that the resident wrote stays in a case, and nobody knows any more what they reported."""
    for case in Case.objects.filter(author=resident).order_by("id"):
        clear_away(case, by=None)
    Case.objects.filter(author=resident).update(author=None)
    Report.objects.filter(by=resident).delete()
