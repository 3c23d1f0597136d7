"""The cheap refusals: what can be said before anybody's turn is taken."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from linlingtong.accounts.models import Membership, User
from linlingtong.activities.actions.refusals import (
    AgeUnknown,
    AnswerMissing,
    HomeNotConfirmed,
    OutsideArea,
    PartyTooLarge,
    RegistrationClosed,
    RegistrationNotOpen,
    SessionCancelled,
    Suspended,
    TooYoung,
)
from linlingtong.activities.actions.tidings import moment
from linlingtong.activities.models import Activity, Question, Session
from linlingtong.core.text import clean_text
from linlingtong.core.time import local

LONGEST_ANSWER = 500


@dataclass(frozen=True)
class Guest:
    """Somebody a resident brings along."""

    name: str
    age: int | None = None


def check_open(session: Session, now: dt.datetime) -> None:
    """Raises SessionCancelled, RegistrationNotOpen or RegistrationClosed."""
    activity = session.activity
    if session.cancelled_at or activity.status == Activity.Status.CANCELLED:
        raise SessionCancelled(reason=session.cancel_reason or activity.cancel_reason)
    if activity.opens_at and now < activity.opens_at:
        raise RegistrationNotOpen(opens=moment(activity.opens_at))
    is_closed = activity.closes_at is not None and now >= activity.closes_at
    if is_closed or now >= session.starts_at or activity.status == Activity.Status.FINISHED:
        raise RegistrationClosed


def check_resident(session: Session, resident: User, now: dt.datetime) -> None:
    """Raises Suspended, OutsideArea, AgeUnknown or TooYoung; memberships are read only where they count."""
    activity = session.activity
    if resident.suspended_until and now < resident.suspended_until:
        raise Suspended(until=moment(resident.suspended_until))
    area = activity.eligible_area
    if area and not (resident.home_area and resident.home_area.path.startswith(area.path)):
        raise OutsideArea(where=area.name)
    _check_membership(activity, resident)
    if activity.minimum_age is not None:
        age = resident.age_on(local(session.starts_at).date())
        if age is None:
            raise AgeUnknown(age=activity.minimum_age)
        if age < activity.minimum_age:
            raise TooYoung(age=activity.minimum_age)


def _check_membership(activity: Activity, resident: User) -> None:
    organization = activity.eligible_organization
    if organization is None and not activity.needs_confirmed_membership:
        return
    held = Membership.objects.filter(user=resident).current()
    if organization is not None:
        held = held.filter(Q(organization=organization) | Q(organization__company=organization))
    found = list(held.values_list("confirmed_at", flat=True))
    if organization is not None and not found:
        raise OutsideArea(where=organization.name)
    is_confirmed = resident.home_confirmed_at is not None and organization is None
    if activity.needs_confirmed_membership and not is_confirmed and not any(found):
        raise HomeNotConfirmed


def checked_party(session: Session, party: Sequence[Guest]) -> list[Guest]:
    """The companions with clean names; raises PartyTooLarge, TooYoung or AnswerMissing (a nameless one)."""
    activity = session.activity
    room = len(party) if session.capacity is None else max(session.capacity - 1, 0)
    if len(party) > min(activity.largest_party, room):
        raise PartyTooLarge(most=min(activity.largest_party, room))
    guests = [Guest(clean_text(guest.name)[:30], guest.age) for guest in party]
    if not all(guest.name for guest in guests):
        raise AnswerMissing(question=_("name of the companion"))
    if activity.minimum_age and any(g.age is not None and g.age < activity.minimum_age for g in guests):
        raise TooYoung(age=activity.minimum_age)
    return guests


def checked_answers(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to the activity's own questions, by the question's id; raises AnswerMissing."""
    kept: dict[str, Any] = {}
    for question in questions:
        answer = _answer(question, answers.get(str(question.pk)))
        if answer is None and question.is_required:
            raise AnswerMissing(question=question.text)
        if answer is not None:
            kept[str(question.pk)] = answer
    return kept


def _answer(question: Question, given: Any) -> str | bool | None:
    if question.kind == Question.Kind.YES_NO:
        return {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "0": False}.get(
            str(given).lower()
        )
    text = clean_text(given)[:LONGEST_ANSWER] if isinstance(given, str) else ""
    if question.kind == Question.Kind.CHOICE and text not in question.choices:
        return None
    return text or None
