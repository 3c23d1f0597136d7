import datetime as dt
from typing import Any

from django.db.models import Max, Min
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import tidings
from linlingtong.activities.actions.leaving import unflag
from linlingtong.activities.actions.moves import Ended, State, needed_reason
from linlingtong.activities.actions.refusals import HasRegistrations, NoSession, NotPublishable, RisksMissing
from linlingtong.activities.models import (
    Activity,
    ChangeNotice,
    Question,
    Registration,
    RegistrationEvent,
    Session,
)
from linlingtong.activities.models.activity import new_slug
from linlingtong.activities.permissions import check_manages
from linlingtong.audit.actions import acting
from linlingtong.core.time import local, today
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.notifications.actions import Tiding, tell, withdraw
from linlingtong.notifications.models import Kind

Status = Activity.Status
WEEK = dt.timedelta(days=7)


@in_turn
def publish(activity_id: int, *, by: User | None) -> Activity:
    """Everybody sees the activity and may register once its window is open. Raises RisksMissing, NoSession."""
    activity = activity_in_turns(activity_id, by)
    if activity.status == Status.PUBLISHED:
        return activity
    if activity.status != Status.DRAFT:
        raise NotPublishable
    is_careful = activity.risks.strip() and activity.protection.strip() and activity.insurance.strip()
    if activity.kind == Activity.Kind.VOLUNTEER and not is_careful:
        raise RisksMissing
    if not activity.sessions.filter(cancelled_at=None).exists():
        raise NoSession
    activity.status, activity.published_at = Status.PUBLISHED, timezone.now()
    with acting(by, "publish"):
        activity.save(update_fields=["status", "published_at", "updated_at"])
        settle_dates(activity.pk)
    activity.refresh_from_db(fields=["area_path", "starts_at", "ends_at"])
    return activity


def activity_in_turns(activity_id: int, by: User | None) -> Activity:
    """The activity, read and locked in the turns of all its sessions; raises PermissionDenied."""
    numbers = Session.objects.filter(activity=activity_id).order_by("pk").values_list("pk", flat=True)
    take_turns([("session", number) for number in numbers])
    activity = Activity.objects.select_related("area").select_for_update(of=("self",), no_key=True).get(pk=activity_id)
    check_manages(by, activity)
    return activity


@in_turn
def copy(activity_id: int, *, by: User | None) -> Activity:
    """A draft like this one, its sessions on the same weekdays next week, without registrations."""
    activity = activity_in_turns(activity_id, by)
    sessions = list(activity.sessions.order_by("starts_at", "pk"))
    questions = list(activity.questions.order_by("position", "pk"))
    shift = _to_next_week(sessions[0].starts_at) if sessions else WEEK
    fresh: dict[str, Any] = {"pk": None, "slug": new_slug(), "status": Status.DRAFT, "created_at": timezone.now()}
    fresh |= {"published_at": None, "cancelled_at": None, "cancel_reason": ""}
    fresh |= {name: moment and moment + shift for name, moment in _window(activity).items()}
    for name, value in fresh.items():
        setattr(activity, name, value)
    activity._state.adding = True  # noqa: SLF001 - Django's documented way to copy a row
    with acting(by, "copy"):
        activity.save()
        Session.objects.bulk_create([_moved(session, activity, shift) for session in sessions])
    Question.objects.bulk_create([_asked_again(question, activity) for question in questions])
    return activity


def _window(activity: Activity) -> dict[str, dt.datetime | None]:
    return {name: getattr(activity, name) for name in ("opens_at", "closes_at", "starts_at", "ends_at")}


def _to_next_week(first: dt.datetime) -> dt.timedelta:
    """Whole weeks, at least one, that bring the day into next week or later."""
    day = local(first).date()
    monday, this_monday = day - dt.timedelta(days=day.weekday()), today() - dt.timedelta(days=today().weekday())
    return max(this_monday + WEEK - monday, WEEK)


def _moved(session: Session, activity: Activity, shift: dt.timedelta) -> Session:
    return Session(
        activity=activity, role=session.role, starts_at=session.starts_at + shift, ends_at=session.ends_at + shift,
        capacity=session.capacity, is_unlimited=session.is_unlimited, minimum_needed=session.minimum_needed,
    )  # fmt: skip


def _asked_again(question: Question, activity: Activity) -> Question:
    return Question(
        activity=activity, text=question.text, kind=question.kind, choices=question.choices,
        is_required=question.is_required, position=question.position,
    )  # fmt: skip


@in_turn
def cancel_activity(activity_id: int, *, by: User | None, reason: str) -> int:
    """Call the whole activity off: what is past stays, everybody else is told at once. Answers how many people."""
    reason = needed_reason(reason)
    return _call_off(activity_in_turns(activity_id, by), by=by, reason=reason)


def _call_off(activity: Activity, *, by: User | None, reason: str) -> int:
    if activity.status in {Status.CANCELLED, Status.FINISHED}:
        return 0
    now = timezone.now()
    activity.status, activity.cancelled_at, activity.cancel_reason = Status.CANCELLED, now, reason
    with acting(by, "cancel_activity"):
        activity.save(update_fields=["status", "cancelled_at", "cancel_reason", "updated_at"])
        sessions = list(activity.sessions.filter(ends_at__gt=now, cancelled_at=None).order_by("pk"))
        return _end_sessions(activity, sessions, by=by, reason=reason)


@in_turn
def cancel_session(session_id: int, *, by: User | None, reason: str) -> int:
    """Call one session off and tell its people at once; with its last session the activity is off too."""
    reason = needed_reason(reason)
    activity = activity_in_turns(Session.objects.only("activity_id").get(pk=session_id).activity_id, by)
    session = activity.sessions.get(pk=session_id)
    if session.cancelled_at:
        return 0
    if not activity.sessions.filter(cancelled_at=None).exclude(pk=session_id).exists():
        return _call_off(activity, by=by, reason=reason)
    with acting(by, "cancel_session"):
        told = _end_sessions(activity, [session], by=by, reason=reason)
        settle_dates(activity.pk)
    return told


def _end_sessions(activity: Activity, sessions: list[Session], *, by: User | None, reason: str) -> int:
    """Sessions off, registrations ended, reminders stopped, people told: as many statements for two as for 2,000."""
    now = timezone.now()
    numbers = [session.pk for session in sessions]
    rows = list(
        Registration.objects.live()
        .filter(session__in=numbers)
        .select_related("resident")
        .order_by("session", "number")
    )
    by_number = {session.pk: session for session in sessions}
    for row in rows:
        row.session = by_number[row.session_id]
        row.session.activity = activity
    Session.objects.filter(pk__in=numbers).update(
        cancelled_at=now, cancel_reason=reason, taken=0, held=0, waiting=0, pending=0, overbooked_to=0
    )
    _end_rows(rows, by=by, reason=reason, now=now)
    ChangeNotice.objects.filter(session__in=numbers, told_at=None).update(told_at=now)
    tell(_news(rows))
    return len({row.resident_id for row in rows})


def _end_rows(rows: list[Registration], *, by: User | None, reason: str, now: dt.datetime) -> None:
    ids = [row.pk for row in rows]
    RegistrationEvent.objects.bulk_create(
        RegistrationEvent(
            registration=row, by=by, from_state=row.state, to_state=State.CANCELLED, reason=reason, at=now
        )
        for row in rows
    )
    Registration.objects.filter(pk__in=ids).update(
        state=State.CANCELLED, ended_by=Ended.BY_EVENT, reason=reason, offered_until=None, clash_flagged=False,
        updated_at=now,
    )  # fmt: skip
    for row in rows:
        row.state, row.reason = State.CANCELLED, reason
    unflag([row.resident_id for row in rows])
    withdraw("registration", ids)


def _news(rows: list[Registration]) -> list[Tiding]:
    """One tiding for each person and moment of cancelling, about the earliest of the person's sessions."""
    first: dict[int, Registration] = {}
    for row in sorted(rows, key=lambda row: row.session.starts_at):
        first.setdefault(row.resident_id, row)
    return [
        tidings.tiding(row, Kind.CANCELLATION, f"called-off/{row.pk}", tidings.called_off) for row in first.values()
    ]


@in_turn
def delete_activity(activity_id: int, *, by: User | None) -> None:
    """Remove an activity that nobody ever registered for; raises HasRegistrations."""
    activity = activity_in_turns(activity_id, by)
    if Registration.objects.filter(session__activity=activity).exists():
        raise HasRegistrations
    with acting(by, "delete_activity"):
        activity.delete()


def settle_dates(activity_id: int) -> None:
    """The activity's path and dates follow its area and its sessions, cancelled ones only if there are no others."""
    activity = Activity.objects.select_related("area").get(pk=activity_id)
    sessions = activity.sessions.filter(cancelled_at=None)
    dates = sessions.aggregate(starts_at=Min("starts_at"), ends_at=Max("ends_at"))
    if dates["starts_at"] is None:
        dates = activity.sessions.aggregate(starts_at=Min("starts_at"), ends_at=Max("ends_at"))
    if activity.area_path != activity.area.path:
        Registration.objects.filter(session__activity=activity).update(area_path=activity.area.path)
    Activity.objects.filter(pk=activity_id).update(area_path=activity.area.path, **dates)


def finish_past() -> int:
    """Published activities whose last session is over become finished; answers how many."""
    return Activity.objects.published().filter(ends_at__lt=timezone.now()).update(status=Status.FINISHED)
