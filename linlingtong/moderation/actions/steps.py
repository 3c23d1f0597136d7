"""The moves that every verb of this room is made of: find the case in its turn, move it, make the board follow."""

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.subject import Subject, subject_of
from linlingtong.core.turns import take_turn
from linlingtong.moderation.models import Case, CaseEvent
from linlingtong.photos.actions import set_hidden

State = Case.State
Cause = Case.Cause


def case_in_turn(kind: str, object_id: int) -> Case | None:
    """The object's case, after everybody who came before has finished with it."""
    take_turn(f"case/{kind}", object_id)
    return Case.objects.select_related("author").filter(kind=kind, object_id=object_id).first()


def case_in_turn_by_id(case_id: int) -> Case:
    kind, object_id = Case.objects.values_list("kind", "object_id").get(pk=case_id)
    return case_in_turn(kind, object_id) or Case.objects.get(pk=case_id)


def move(case: Case, state: str, *, by: User | None, cause: str = "", reason: str = "") -> CaseEvent:
    """Bring the case into the state, save all of it, and write the step down."""
    before = case.state if case.pk else ""
    case.state = state
    if case.is_waiting:
        case.waiting_since = case.waiting_since or timezone.now()
        case.cause = cause or case.cause
    else:
        case.waiting_since, case.first_look_by = None, None
    case.save()
    return CaseEvent.objects.create(
        case=case, by=by, from_state=before, to_state=state, cause=case.cause if case.is_waiting else "", reason=reason
    )


def follow(case: Case) -> None:
    """The board's object and its photos become what the case says; the board has the last word about both."""
    set_hidden(case.kind, case.object_id, is_hidden=not case.is_visible)
    subject: Subject | None = subject_of(case.kind)
    if subject is not None:
        (subject.show if case.is_visible else subject.hide)(case.object_id)
