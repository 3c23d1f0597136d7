from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.conf import settings
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.core.turns import in_turn
from linlingtong.moderation.actions import telling
from linlingtong.moderation.actions.refusals import StaysHidden
from linlingtong.moderation.actions.steps import Cause, State, case_in_turn, move
from linlingtong.moderation.actions.words import found_in
from linlingtong.moderation.models import Case, Report
from linlingtong.photos.actions import set_hidden

TAKEN_AWAY = (State.HIDDEN, State.APPEALED)


@in_turn
def submit(
    kind: str,
    object_id: int,
    *,
    author: User,
    text: str,
    area_path: str,
    by: User,
    has_minors: bool = False,
    holds_newcomers: bool = True,
    may_replace: bool = False,
) -> Case:
    """Somebody wrote or changed something: `is_visible` of the case says whether everybody may see it at once.

    Raises StaysHidden when it was hidden before, unless it `may_replace` what was hidden.
    """
    case = case_in_turn(kind, object_id) or Case(kind=kind, object_id=object_id, state=State.GONE, is_visible=False)
    if case.state in TAKEN_AWAY and not may_replace:
        raise StaysHidden
    words, case.has_minors = found_in(text), has_minors or case.has_minors
    cause = _cause(case, words, by=by, author=author, area_path=area_path, holds_newcomers=holds_newcomers)
    was_waiting, was_visible = case.is_waiting, case.is_visible
    case.author, case.text, case.area_path, case.words = author, text, area_path, words
    case.submitted_at, case.checked_at, case.first_look_by = timezone.now(), None, None
    case.is_visible = not cause and (was_visible or not was_waiting)
    event = move(case, _state(case, cause, was_waiting=was_waiting), by=by, cause=cause)
    set_hidden(kind, object_id, is_hidden=not case.is_visible)
    if cause and (was_visible or not was_waiting):
        telling.tell_author(case, event, telling.held)
    return case


def _state(case: Case, cause: str, *, was_waiting: bool) -> str:
    if cause or was_waiting:
        return State.WAITING
    return State.PASSED if case.state == State.PASSED else State.CLEAR


def _cause(case: Case, words: Sequence[str], *, by: User, author: User, area_path: str, holds_newcomers: bool) -> str:
    """Why it has to wait; empty when it need not."""
    if words:
        return Cause.WORD
    if case.has_minors:
        return Cause.MINORS
    if case.state in {State.RETURNED, *TAKEN_AWAY}:
        return Cause.CHANGED
    if holds_newcomers and is_newcomer(author) and not _works_there(by, area_path):
        return Cause.NEWCOMER
    return Cause.CHECKER if settings.MODERATION_CHECKER else Cause.NONE


def is_newcomer(author: User) -> bool:
    """Somebody of whom staff have not yet let three things pass."""
    most: int = settings.MODERATION_NEWCOMER_POSTS
    return len(Case.objects.filter(author=author, state=State.PASSED).exclude(kind="nickname")[:most]) < most


def _works_there(user: User, area_path: str) -> bool:
    return user.is_staff and in_scope(area_path, scope_for(user))


@in_turn
def drop(kind: str, object_ids: Collection[int], *, by: User | None) -> None:
    """The objects are gone: nobody has to look at them any more, and their texts are not kept here."""
    for object_id in sorted(object_ids):
        case = case_in_turn(kind, object_id)
        if case is not None and case.state != State.GONE:
            clear_away(case, by=by)


def clear_away(case: Case, *, by: User | None) -> None:
    case.text, case.words, case.appeal, case.is_visible = "", [], "", False
    move(case, State.GONE, by=by)
    Report.objects.filter(case=case, settled_at=None).update(settled_at=timezone.now(), note="")


def add_clear_cases(rows: Iterable[Sequence[Any]]) -> None:
    """Cases of a made-up world, looked at and passed: (kind, object id, author's id, path, text, moment) each."""
    Case.objects.bulk_create(
        [
            Case(
                kind=kind, object_id=object_id, author_id=author_id, area_path=path, text=text, state=State.PASSED,
                submitted_at=moment, decided_at=moment,
            )
            for kind, object_id, author_id, path, text, moment in rows
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )  # fmt: skip


@in_turn
def add_waiting_case(
    kind: str, object_id: int, *, author: User, area_path: str, text: str, cause: str = Cause.NEWCOMER
) -> Case:
    """A case of a made-up world that waits for a look; the board's row has to be invisible."""
    case = Case(kind=kind, object_id=object_id, author=author, area_path=area_path, text=text, is_visible=False)
    case.words = found_in(text)
    move(case, State.WAITING, by=author, cause=cause)
    set_hidden(kind, object_id, is_hidden=True)
    return case
