import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    HasRegistrations,
    NoSession,
    NotPublishable,
    ReasonMissing,
    RisksMissing,
    cancel_activity,
    cancel_session,
    copy,
    delete_activity,
    finish_past,
    keep,
    let_go,
    publish,
    register,
    settle_dates,
)
from linlingtong.activities.models import Activity, Bookmark, ChangeNotice, Registration, Session
from linlingtong.core.time import at
from linlingtong.notifications.models import Kind, Message, Notification
from tests.activities.books import assert_books_balance
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    ChangeNoticeFactory,
    MessageFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
State, Status = Registration.State, Activity.Status
DAY = dt.timedelta(days=1)


def draft(**fields: object) -> tuple[Activity, User]:
    activity = ActivityFactory.create(status=Status.DRAFT, published_at=None, **fields)
    return activity, staff_of(activity.area)


def test_a_published_activity_is_seen_with_its_dates() -> None:
    activity, staff = draft()
    sessions = [SessionFactory.create(activity=activity), SessionFactory.create(activity=activity)]
    Activity.objects.update(starts_at=None, ends_at=None)
    for _ in range(2):
        published = publish(activity.pk, by=staff)
    assert published.status == Status.PUBLISHED
    assert published.published_at is not None
    assert (published.starts_at, published.ends_at) == (sessions[0].starts_at, sessions[0].ends_at)


def test_a_volunteer_activity_without_risks_protection_and_insurance_is_not_published() -> None:
    activity, staff = draft(kind=Activity.Kind.VOLUNTEER, risks="高温", protection="  ", insurance="志愿者保险")
    SessionFactory.create(activity=activity)
    with pytest.raises(RisksMissing):
        publish(activity.pk, by=staff)
    Activity.objects.update(protection="带队人急救包")
    assert publish(activity.pk, by=staff).status == Status.PUBLISHED


def test_an_activity_without_a_session_is_not_published() -> None:
    activity, staff = draft()
    with pytest.raises(NoSession):
        publish(activity.pk, by=staff)
    SessionFactory.create(activity=activity, cancelled_at=timezone.now())
    with pytest.raises(NoSession):
        publish(activity.pk, by=staff)


def test_what_is_over_is_not_published_again(session: Session, staff: User) -> None:
    cancel_activity(session.activity_id, by=staff, reason="台风")
    with pytest.raises(NotPublishable):
        publish(session.activity_id, by=staff)


def test_staff_of_another_area_touch_nothing(session: Session) -> None:
    stranger, activity = staff_of(AreaFactory.create()), session.activity_id
    for refused in (
        lambda: publish(activity, by=stranger),
        lambda: copy(activity, by=stranger),
        lambda: cancel_activity(activity, by=stranger, reason="x"),
        lambda: cancel_session(session.pk, by=stranger, reason="x"),
        lambda: delete_activity(activity, by=stranger),
    ):
        with pytest.raises(PermissionDenied):
            refused()


def test_staff_of_the_subdistrict_and_its_history_know_who_published() -> None:
    activity, _ = draft()
    SessionFactory.create(activity=activity)
    subdistrict = activity.area.parent
    assert subdistrict is not None
    staff = staff_of(subdistrict)
    publish(activity.pk, by=staff)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.metadata->>'actor', c.metadata->>'verb' FROM activities_activityevent e"
            " JOIN pghistory_context c ON c.id = e.pgh_context_id WHERE e.status = 'published'"
        )
        assert set(cursor.fetchall()) == {(str(staff.pk), "publish")}


@pytest.mark.parametrize(
    ("first", "copied"),
    [
        (dt.date(2030, 5, 15), dt.date(2030, 5, 22)),  # Wednesday of this week -> of next week
        (dt.date(2030, 2, 6), dt.date(2030, 5, 22)),  # a Wednesday long ago
        (dt.date(2030, 5, 29), dt.date(2030, 6, 5)),  # one to come -> a week after it
    ],
)
def test_a_copy_is_a_draft_on_the_same_weekday_next_week(first: dt.date, copied: dt.date) -> None:
    with time_machine.travel(at(dt.date(2030, 5, 13), dt.time(9)), tick=False):
        activity = ActivityFactory.create(opens_at=at(first) - 2 * DAY, title="长者茶话会")
        session = SessionFactory.create(
            activity=activity, starts_at=at(first, dt.time(9, 30)), role="引导", capacity=7
        )
        QuestionFactory.create(activity=activity, text="带孩子吗？")
        RegistrationFactory.create(session=session)
        made = copy(activity.pk, by=staff_of(activity.area))
    made = Activity.objects.get(pk=made.pk)
    again = made.sessions.get()
    assert (made.status, made.title, made.published_at) == (Status.DRAFT, "长者茶话会", None)
    assert made.slug != activity.slug
    assert again.starts_at == at(copied, dt.time(9, 30))
    assert (again.role, again.capacity, again.taken, again.last_number) == ("引导", 7, 0, 0)
    assert made.opens_at == at(copied) - 2 * DAY
    assert made.starts_at == again.starts_at
    assert made.questions.get().text == "带孩子吗？"
    assert Activity.objects.count() == 2


def test_a_cancelled_activity_tells_everybody_at_once_and_stops_their_reminders(staff: User) -> None:
    activity = ActivityFactory.create(area=staff.appointments.get().area)
    past = SessionFactory.create(activity=activity, starts_at=timezone.now() - 2 * DAY)
    sessions = [SessionFactory.create(activity=activity, starts_at=timezone.now() + n * DAY) for n in (2, 3)]
    went = RegistrationFactory.create(session=past)
    people = UserFactory.create_batch(2)
    for session in sessions:
        for person in people:
            register(session.pk, person, by=person)
    waiting = RegistrationFactory.create(session=sessions[0], state=State.WAITLISTED)
    reminder = MessageFactory.create(subject="registration", subject_id=waiting.pk, kind=Kind.REMINDER_DAY)
    ChangeNoticeFactory.create(session=sessions[0])
    assert cancel_activity(activity.pk, by=staff, reason="台风“梅花”") == 3
    assert cancel_activity(activity.pk, by=staff, reason="台风") == 0
    activity.refresh_from_db()
    went.refresh_from_db()
    reminder.refresh_from_db()
    assert (activity.status, activity.cancel_reason) == (Status.CANCELLED, "台风“梅花”")
    assert went.state == State.CONFIRMED
    assert reminder.state == Message.State.DROPPED
    assert not ChangeNotice.objects.filter(told_at=None).exists()
    told = Notification.objects.filter(kind=Kind.CANCELLATION)
    assert sorted(line.resident_id for line in told) == sorted(
        [*(person.pk for person in people), waiting.resident_id]
    )
    assert all("台风“梅花”" in line.body for line in told)
    assert all("台风“梅花”" in message.text for message in Message.objects.filter(kind=Kind.CANCELLATION))
    for session in sessions:
        assert_books_balance(session)
        assert set(session.registrations.values_list("state", "ended_by", "reason")) == {
            (State.CANCELLED, Registration.Ended.BY_EVENT, "台风“梅花”")
        }


def test_cancelling_needs_a_reason(session: Session, staff: User) -> None:
    with pytest.raises(ReasonMissing):
        cancel_activity(session.activity_id, by=staff, reason="\u200b ")
    with pytest.raises(ReasonMissing):
        cancel_session(session.pk, by=staff, reason="")


def test_one_cancelled_session_leaves_the_others_and_the_last_takes_the_activity_with_it(staff: User) -> None:
    activity = ActivityFactory.create(area=staff.appointments.get().area)
    first, second = (SessionFactory.create(activity=activity, starts_at=timezone.now() + n * DAY) for n in (2, 3))
    row = RegistrationFactory.create(session=first)
    assert cancel_session(first.pk, by=staff, reason="台风") == 1
    assert cancel_session(first.pk, by=staff, reason="台风") == 0
    row.refresh_from_db()
    activity.refresh_from_db()
    assert row.state == State.CANCELLED
    assert (activity.status, activity.starts_at) == (Status.PUBLISHED, second.starts_at)
    cancel_session(second.pk, by=staff, reason="台风")
    activity.refresh_from_db()
    assert activity.status == Status.CANCELLED


def test_cancelling_costs_the_same_for_three_people_and_for_thirty(staff: User) -> None:
    costs = []
    for amount in (3, 30):
        session = SessionFactory.create(activity__area=staff.appointments.get().area)
        for _ in range(amount):
            RegistrationFactory.create(session=session, state=State.WAITLISTED)
        with CaptureQueriesContext(connection) as captured:
            assert cancel_activity(session.activity_id, by=staff, reason="台风") == amount
        costs.append(len(captured))
    assert costs[0] == costs[1] <= 30


def test_an_activity_is_deleted_only_before_anybody_registers(session: Session, staff: User) -> None:
    empty = SessionFactory.create(activity__area=session.activity.area)
    delete_activity(empty.activity_id, by=staff)
    assert not Session.objects.filter(pk=empty.pk).exists()
    RegistrationFactory.create(session=session, state=State.CANCELLED)
    with pytest.raises(HasRegistrations):
        delete_activity(session.activity_id, by=staff)


def test_dates_and_paths_follow_sessions_and_area(session: Session) -> None:
    row = RegistrationFactory.create(session=session)
    area = AreaFactory.create()
    Activity.objects.update(area=area)
    Session.objects.update(starts_at=session.starts_at - DAY)
    settle_dates(session.activity_id)
    row.refresh_from_db()
    activity = Activity.objects.get()
    assert activity.area_path == row.area_path == area.path
    assert activity.starts_at == session.starts_at - DAY
    Session.objects.update(cancelled_at=timezone.now())
    settle_dates(session.activity_id)
    assert Activity.objects.get().starts_at == activity.starts_at


def test_what_is_over_becomes_finished(session: Session) -> None:
    past = SessionFactory.create(starts_at=timezone.now() - 2 * DAY).activity
    assert finish_past() == 1
    assert finish_past() == 0
    past.refresh_from_db()
    assert past.status == Status.FINISHED


def test_a_bookmark_is_kept_and_let_go_any_number_of_times(session: Session, resident: User) -> None:
    for _ in range(2):
        keep(session.activity_id, resident, by=resident)
    assert Bookmark.objects.get().resident == resident
    with pytest.raises(PermissionDenied):
        let_go(session.activity_id, resident, by=UserFactory.create())
    for _ in range(2):
        let_go(session.activity_id, resident, by=resident)
    assert not Bookmark.objects.exists()
    activity, _ = draft()
    with pytest.raises(Activity.DoesNotExist):
        keep(activity.pk, resident, by=resident)
