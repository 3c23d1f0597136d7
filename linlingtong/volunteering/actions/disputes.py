"""A resident says a line is wrong; somebody who did not record it answers in time."""

import datetime as dt
import secrets

from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.working_time import end_of_working_day
from linlingtong.core.dates import date_words
from linlingtong.core.text import clean_text
from linlingtong.core.time import local
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.volunteering.actions import tidings
from linlingtong.volunteering.actions.crediting import Service, newest, replace
from linlingtong.volunteering.actions.deciding import check_second_person, entry_in_turn, needed
from linlingtong.volunteering.actions.refusals import AlreadyAnswered, AlreadyDisputed, DisputeTooLate, ReasonMissing
from linlingtong.volunteering.models import Dispute, ServiceEntry
from linlingtong.volunteering.models.totals import issuer_of
from linlingtong.volunteering.permissions import check_decides

LONGEST = 300


@in_turn
def dispute(entry_id: int, reason: str, *, by: User) -> Dispute:
    """Ask for a correction of one's own line; the answer is due after so many working days.

    The same words again answer the open dispute. Raises ServiceEntry.DoesNotExist for lines of others, ReasonMissing,
    AlreadyDisputed, DisputeTooLate.
    """
    reason = clean_text(reason)[:LONGEST]
    if not reason:
        raise ReasonMissing
    take_turns([("hours", by.pk)])
    entry = ServiceEntry.objects.visible_to(by).select_related("area").get(pk=entry_id)
    known = entry.disputes.unanswered().first()
    if known is not None and known.reason == reason:
        return known
    if known is not None:
        raise AlreadyDisputed(due=date_words(local(known.due_at).date()))
    issuer, now = issuer_of(entry.area), timezone.now()
    last = entry.records.order_by("-pk").values_list("at", flat=True).first() or now
    if now > last + dt.timedelta(days=issuer.dispute_within_days):
        raise DisputeTooLate(days=issuer.dispute_within_days)
    due = end_of_working_day(now, issuer.answer_within_days)
    return Dispute.objects.create(entry=entry, resident=by, reason=reason, opened_at=now, due_at=due)


@in_turn
def answer(dispute_id: int, text: str, *, by: User, minutes: int | None = None) -> Dispute:
    """Answer a dispute; with `minutes` the line is corrected: a new entry takes its place once a colleague approves.

    Raises PermissionDenied, OwnHours, SecondPersonNeeded, ReasonMissing, AlreadyAnswered.
    """
    text = needed(text)
    found = Dispute.objects.values_list("entry_id", flat=True).get(pk=dispute_id)
    entry = entry_in_turn(found)
    check_decides(by, entry)
    check_second_person(entry, by)
    asked = Dispute.objects.select_related("entry__resident", "entry__area").get(pk=dispute_id)
    if asked.answered_at:
        if (asked.answer, asked.answered_by_id) == (text, by.pk):
            return asked
        raise AlreadyAnswered
    asked.outcome = Dispute.Outcome.KEPT if minutes is None else Dispute.Outcome.CORRECTED
    asked.answer, asked.answered_by, asked.answered_at = text, by, timezone.now()
    asked.save(update_fields=["outcome", "answer", "answered_by", "answered_at"])
    if minutes is not None:
        correct(newest(entry.key) or entry, minutes, by=by, because=f"dispute/{asked.pk}")
    tidings.tell_answered(asked)
    return asked


def correct(entry: ServiceEntry, minutes: int, *, by: User, because: str) -> ServiceEntry:
    """Enter other minutes for the same deed, on paper: a third person approves them."""
    service = Service(
        key=f"{entry.key[:80]}/{secrets.token_hex(4)}", resident_id=entry.resident_id, title=entry.title,
        area_id=entry.area_id, starts_at=entry.starts_at, ends_at=entry.ends_at,
        planned_minutes=entry.planned_minutes, source=ServiceEntry.Source.STAFF, proof=ServiceEntry.Proof.C,
        place=entry.place, minutes=minutes, recorder_id=by.pk, leader_id=entry.leader_id,
        evidence={**entry.evidence, "because": because},
    )  # fmt: skip
    return replace(entry, service)
