import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone
from django.utils.formats import date_format

from linlingtong.accounts.models import User
from linlingtong.core.subject import Subject, subject_of
from linlingtong.core.text import clean_text
from linlingtong.core.time import local
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.moderation.actions import telling
from linlingtong.moderation.actions.refusals import OwnContent, ReportsOfToday, ReportsPaused
from linlingtong.moderation.actions.steps import Cause, State, case_in_turn, follow, move
from linlingtong.moderation.models import Case, Report

DAY = dt.timedelta(hours=24)
MONTH = dt.timedelta(days=30)
WRONG_ONES = 5
LONGEST_NOTE = 300


@dataclass(frozen=True)
class Reported:
    """What stands noted; not `is_new` when the same person said so before."""

    row: Report
    is_new: bool


@in_turn
def report(kind: str, object_id: int, *, reason: str, by: User, note: str = "") -> Reported:
    """Say that something should be looked at; saying it twice is saying it once.

    The third different neighbour with a verified phone hides it until staff have looked.
    Raises Case.DoesNotExist for what one does not see, OwnContent, ReportsOfToday, ReportsPaused.
    """
    subject = subject_of(kind)
    if subject is None or not subject.may_see(object_id, by):
        raise Case.DoesNotExist
    take_turn("reporter", by.pk)
    case = case_in_turn(kind, object_id) or _opened(subject, object_id)
    if case.author_id == by.pk:
        raise OwnContent
    known = case.reports.filter(by=by, created_at__gte=case.submitted_at).order_by("-id").first()
    if known is not None:
        return Reported(known, is_new=False)
    _check_limits(by)
    row = Report.objects.create(
        case=case, by=by, reason=reason, note=clean_text(note)[:LONGEST_NOTE], counts=by.phone_verified_at is not None
    )
    _weigh(case, row)
    return Reported(row, is_new=True)


def _opened(subject: Subject, object_id: int) -> Case:
    """A case for something that was written before anybody kept cases."""
    facts = subject.facts(object_id)
    if facts is None:
        raise Case.DoesNotExist
    case = Case(
        kind=subject.kind, object_id=object_id, author=facts.author, text=facts.text, area_path=facts.area_path
    )
    move(case, State.CLEAR, by=None)
    return case


def _check_limits(by: User) -> None:
    now = timezone.now()
    most: int = settings.MODERATION_REPORTS_A_DAY
    made = Report.objects.filter(by=by, created_at__gt=now - DAY).order_by("-created_at")
    moments = list(made.values_list("created_at", flat=True)[:most])
    if len(moments) >= most:
        raise ReportsOfToday(most=most, when=_clock(moments[-1] + DAY))
    settled = Report.objects.filter(by=by, settled_at__gt=now - MONTH, was_right__isnull=False)
    wrong = list(settled.filter(was_right=False).order_by("-settled_at").values_list("settled_at", flat=True))
    if len(wrong) >= WRONG_ONES and len(wrong) > settled.filter(was_right=True).count():
        last = wrong[WRONG_ONES - 1]
        raise ReportsPaused(when=_clock((last or now) + MONTH))


def _clock(moment: dt.datetime) -> str:
    return date_format(local(moment), "n-j G:i")


def _weigh(case: Case, row: Report) -> None:
    """Into the queue, and out of sight when enough neighbours say so; the caller holds the case's turn."""
    if row.reason == Report.Reason.CHILD:
        case.has_minors = True
    count = case.reports.filter(settled_at=None, counts=True).count()
    is_enough = case.is_visible and count >= settings.MODERATION_REPORTS_TO_HIDE
    if is_enough:
        case.is_visible = False
    event = move(case, State.WAITING, by=None, cause=case.cause if case.is_waiting else Cause.REPORTS)
    if is_enough:
        follow(case)
        telling.tell_author(case, event, telling.hidden_by_reports)
