import datetime as dt
import threading
from collections.abc import Callable

import pytest
import time_machine
from django.db import connection
from django.utils import timezone, translation

from linlingtong.activities.actions import cancel_session, give_up, reschedule, tidings
from linlingtong.activities.actions.reminders import plan_reminders, tell_changes, tell_openings, words
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.core.time import at, local
from linlingtong.home.tasks import WORDS
from linlingtong.notifications.actions import deliver, ticked, withdraw
from linlingtong.notifications.models import Kind, Message, Notification
from tests.factories import (
    ActivityFactory,
    BookmarkFactory,
    ChangeNoticeFactory,
    PreferencesFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)
from tests.notifications.phone import Phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
State = Message.State
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR


def session_at(day: int, hour: int, minute: int = 0, title: str = "沿江湿地净滩", **fields: object) -> Session:
    starts_at = at(dt.date(2026, 11, day), dt.time(hour, minute))
    activity = ActivityFactory.create(title=title, place="北侧入口")
    session: Session = SessionFactory.create(
        activity=activity, starts_at=starts_at, ends_at=starts_at + HOUR, **fields
    )
    return session


def joined(session: Session, **fields: object) -> Registration:
    fields = {"confirmed_at": timezone.now() - 3 * DAY} | fields
    registration: Registration = RegistrationFactory.create(session=session, **fields)
    return registration


def local_words(moment: dt.datetime) -> str:
    return f"{local(moment):%d %H:%M}"


def test_a_reminder_is_planned_once_and_goes_out_a_day_before(phone: Phone, clock: time_machine.Traveller) -> None:
    registration = joined(session_at(20, 8, 30))
    assert plan_reminders() == 1
    assert plan_reminders() == 0
    message = Message.objects.get()
    assert message.key == f"reminder_day/{registration.pk}/{int(registration.session.starts_at.timestamp())}/sms"
    assert deliver(WORDS) == {}
    assert not Notification.objects.exists()
    clock.move_to(message.due_at)
    for _beat in range(2):
        plan_reminders()
        deliver(WORDS)
    assert phone.said() == ["【临灵通】明天 8:30 沿江湿地净滩，北侧入口。来不了请把名额让出来。"]
    line = Notification.objects.get()
    assert (line.kind, line.url) == (Kind.REMINDER_DAY, f"/me/registrations/{registration.pk}/")
    assert "沿江湿地净滩" in line.title
    assert "11月20日 8:30" in line.title


@pytest.mark.parametrize(
    ("day", "hour", "minute", "due"),
    [
        (19, 22, 0, "18 21:30"),  # just inside
        (19, 21, 59, "18 21:59"),
        (20, 7, 29, "18 21:30"),  # the evening before the moment, which is early in the morning
        (20, 7, 30, "19 07:30"),
        (20, 0, 0, "18 21:30"),
        (20, 12, 0, "19 12:00"),
    ],
)
def test_a_day_reminder_in_quiet_hours_moves_to_the_evening_before(day: int, hour: int, minute: int, due: str) -> None:
    joined(session_at(day, hour, minute))
    plan_reminders()
    if not (message := Message.objects.filter(kind=Kind.REMINDER_DAY).first()):
        pytest.fail("not planned")
    assert local_words(message.due_at) == due


def test_who_works_at_night_has_other_quiet_hours() -> None:
    night = PreferencesFactory.create(quiet_from=dt.time(8), quiet_until=dt.time(16)).resident
    joined(session_at(19, 23), resident=night)
    joined(session_at(20, 10), resident=night)
    plan_reminders()
    assert [local_words(m.due_at) for m in Message.objects.order_by("id")] == ["18 23:00", "19 07:30"]


def test_who_registered_shortly_before_the_moment_needs_no_reminder() -> None:
    session = session_at(19, 13)
    due = session.starts_at - DAY
    joined(session, confirmed_at=due - 2 * HOUR + dt.timedelta(seconds=1))
    joined(session, confirmed_at=due - 2 * HOUR)
    soon = session_at(18, 14, 5)
    joined(soon, confirmed_at=soon.starts_at - 2 * HOUR - dt.timedelta(minutes=29))
    joined(soon, confirmed_at=soon.starts_at - 2 * HOUR - dt.timedelta(minutes=30))
    plan_reminders()
    kinds = list(Message.objects.order_by("id").values_list("kind", flat=True))
    assert sorted(kinds) == [Kind.REMINDER_DAY, Kind.REMINDER_SOON]


def test_only_confirmed_places_of_published_sessions_are_reminded() -> None:
    joined(session_at(19, 13), state=Registration.State.WAITLISTED)
    joined(session_at(19, 13, cancelled_at=timezone.now()))
    off = joined(session_at(19, 13))
    Activity.objects.filter(sessions=off.session_id).update(status=Activity.Status.FINISHED)
    assert plan_reminders() == 0


def test_three_sessions_tomorrow_are_one_message(phone: Phone, clock: time_machine.Traveller) -> None:
    resident = UserFactory.create()
    for hour, title in ((13, "沿江湿地净滩志愿服务活动第三期"), (9, "电商直播技能培训"), (19, "睦邻议事会")):
        joined(session_at(19, hour, title=title), resident=resident)
    for _beat in range(24 * 3):
        plan_reminders()
        deliver(WORDS)
        clock.shift(HOUR / 3)
    day = [sms for sms in phone.texts if sms.template == Kind.REMINDER_DAY]
    assert len(day) == 1
    assert day[0].text.startswith("【临灵通】明天你有3场活动：9:00 电商")
    assert "13:00 沿江" in day[0].text
    assert len(day[0].text) <= 70
    assert Message.objects.filter(kind=Kind.REMINDER_DAY, state=State.SENT).count() == 3
    line = Notification.objects.get(kind=Kind.REMINDER_DAY)
    assert (line.title, line.url) == ("提醒：11月19日你有3场活动", "/me/registrations/")
    assert line.body.splitlines() == [
        "9:00 电商直播技能培训 · 北侧入口",
        "13:00 沿江湿地净滩志愿服务活动第三期 · 北侧入口",
        "19:00 睦邻议事会 · 北侧入口",
    ]


def test_what_came_later_or_moved_is_a_line_of_its_own(phone: Phone, clock: time_machine.Traveller) -> None:
    resident = UserFactory.create()
    first, moving = session_at(19, 13, title="first"), session_at(19, 15, title="moving")
    for session in (first, moving):
        joined(session, resident=resident)
    clock.move_to(first.starts_at - DAY)
    plan_reminders()
    joined(session_at(19, 19, title="later"), resident=resident, confirmed_at=timezone.now())
    moving.starts_at, moving.ends_at = moving.starts_at + HOUR / 2, moving.ends_at + HOUR / 2
    moving.save()
    for _beat in range(24):
        clock.shift(HOUR / 4)
        plan_reminders()
    titles = list(Notification.objects.filter(kind=Kind.REMINDER_DAY).order_by("id").values_list("title", flat=True))
    assert titles == ["提醒：11月19日你有2场活动", "提醒：11月19日你有2场活动"]
    assert "later" in Notification.objects.order_by("id")[1].body


def test_a_very_full_day_still_names_everything_once(clock: time_machine.Traveller) -> None:
    resident = UserFactory.create()
    for number in range(12):
        joined(session_at(19, 9 + number, title=f"no. {number}."), resident=resident)
    clock.move_to(at(dt.date(2026, 11, 18), dt.time(9)))
    plan_reminders()
    plan_reminders()
    lines = Notification.objects.filter(kind=Kind.REMINDER_DAY)
    said = " ".join(lines.values_list("body", flat=True))
    assert [said.count(f"no. {number}.") for number in range(12)] == [1] * 12
    assert lines.count() == 3


def test_a_reminder_names_the_place_and_where_to_meet(phone: Phone, clock: time_machine.Traveller) -> None:
    session = session_at(20, 8, 30)
    session.activity.meeting_point = "停车场东南角"
    session.activity.save()
    joined(session)
    clock.move_to(session.starts_at - DAY)
    plan_reminders()
    deliver(WORDS)
    assert "北侧入口 · 停车场东南角" in phone.said()[0]
    assert Notification.objects.get().body == "北侧入口 · 停车场东南角"


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("length", [4, 20, 80])
@pytest.mark.parametrize("words_", [tidings.confirmed, tidings.promoted])
def test_long_names_leave_something_of_the_place_and_of_the_meeting_point(
    language: str, length: int, words_: Callable[[Registration], tidings.Words]
) -> None:
    registration = joined(session_at(20, 8, 30, title="活" * length))
    registration.session.activity.place, registration.session.activity.meeting_point = "地" * length, "集" * length
    with translation.override(language):
        text = words_(registration).short
    assert len(text) <= 70
    assert all(sign * 4 in text for sign in "活地集")


def test_the_language_is_the_residents(phone: Phone) -> None:
    joined(session_at(19, 12, title="Clean-up"), resident=UserFactory.create(language="en"))
    plan_reminders()
    deliver(WORDS)
    assert phone.said() == ["【临灵通】tomorrow 12:00 Clean-up, 北侧入口. Cannot come? Give it up."]
    assert Notification.objects.get().title == "Reminder: Thu 19 Nov, 12:00 Clean-up"


def test_after_downtime_a_reminder_goes_out_late_or_is_missed_but_never_after_the_start(
    phone: Phone, clock: time_machine.Traveller
) -> None:
    ticked("plan_reminders")
    joined(session_at(21, 8))
    clock.move_to(at(dt.date(2026, 11, 21), dt.time(1, 0)))  # five and a half hours later than a day before
    plan_reminders()
    assert deliver(WORDS) == {"missed": 1}, "quiet hours now, and only until two in the morning"


def test_a_reminder_whose_time_is_over_is_missed_and_visible(phone: Phone, clock: time_machine.Traveller) -> None:
    ticked("plan_reminders")
    joined(session_at(20, 15))
    joined(session_at(20, 20))
    clock.move_to(at(dt.date(2026, 11, 20), dt.time(14, 39)))
    assert plan_reminders() == 3
    assert deliver(WORDS) == {"missed": 2, "sent": 1}
    by_kind = {(m.kind, local(m.for_start).hour): m.state for m in Message.objects.all() if m.for_start}
    assert by_kind == {
        (Kind.REMINDER_DAY, 15): State.MISSED,
        (Kind.REMINDER_DAY, 20): State.MISSED,
        (Kind.REMINDER_SOON, 15): State.SENT,
    }


def test_a_fresh_installation_does_not_miss_what_was_before_it() -> None:
    joined(session_at(18, 15))
    plan_reminders()
    assert not Message.objects.filter(kind=Kind.REMINDER_DAY).exists()


def test_a_moved_session_gets_a_fresh_reminder_and_the_old_one_is_dropped(
    phone: Phone, clock: time_machine.Traveller
) -> None:
    registration = joined(session_at(19, 12, 30))
    plan_reminders()
    session = registration.session
    Session.objects.filter(pk=session.pk).update(starts_at=session.starts_at + HOUR, ends_at=session.ends_at + HOUR)
    clock.shift(HOUR / 2)
    assert deliver(WORDS) == {"dropped": 1}
    assert plan_reminders() == 1
    clock.shift(HOUR)
    assert deliver(WORDS) == {"sent": 1}
    assert "13:30" in phone.said()[0]
    Session.objects.filter(pk=session.pk).update(starts_at=session.starts_at, ends_at=session.ends_at)
    assert plan_reminders() == 1, "moved back: the dropped one is true again"


def test_the_verb_that_moves_a_session_leaves_one_true_reminder(phone: Phone, clock: time_machine.Traveller) -> None:
    registration = joined(session_at(19, 12, 30))
    plan_reminders()
    session = registration.session
    staff = staff_of(session.activity.area)
    reschedule(session.pk, by=staff, starts_at=session.starts_at + HOUR, ends_at=session.ends_at + HOUR)
    clock.shift(HOUR * 2)
    plan_reminders()
    deliver(WORDS)
    assert [sms.template for sms in phone.texts] == [Kind.REMINDER_DAY]
    assert "13:30" in phone.said()[0]


def test_giving_up_and_cancelling_stop_reminders(phone: Phone, clock: time_machine.Traveller) -> None:
    first, second = joined(session_at(19, 12, 30)), joined(session_at(19, 12, 45))
    plan_reminders()
    give_up(first.session_id, first.resident, by=first.resident)
    cancel_session(second.session_id, by=staff_of(second.session.activity.area), reason="大风")
    clock.shift(HOUR)
    plan_reminders()
    deliver(WORDS)
    assert Kind.REMINDER_DAY not in {sms.template for sms in phone.texts}


def test_a_withdrawn_reminder_comes_back_with_the_place() -> None:
    registration = joined(session_at(19, 12, 30))
    plan_reminders()
    withdraw("registration", [registration.pk])
    Registration.objects.update(state=Registration.State.WAITLISTED)
    assert plan_reminders() == 0
    Registration.objects.update(state=Registration.State.CONFIRMED)
    assert plan_reminders() == 1
    assert Message.objects.get().state == State.PENDING


def test_an_offer_is_silent_once_its_registration_has_ended() -> None:
    row = joined(session_at(20, 12), state=Registration.State.CANCELLED)
    offer = Message(pk=1, kind=Kind.OFFER, subject_id=row.pk, text="有名额")
    farewell = Message(pk=2, kind=Kind.REGISTRATION, subject_id=row.pk, text="已退出")
    unheard = Message(pk=3, kind=Kind.REGISTRATION, subject_id=0, text="?")
    assert words([offer, farewell, unheard]) == {2: "已退出"}


def test_edits_are_told_in_one_message_old_and_new(phone: Phone, clock: time_machine.Traveller) -> None:
    session = session_at(20, 8, 30)
    rows = [joined(session), joined(session, resident=UserFactory.create(language="en"))]
    joined(session, state=Registration.State.CANCELLED)
    staff = staff_of(session.activity.area)
    for hours in (3, 2, 1):
        starts_at = session.starts_at + hours * HOUR
        reschedule(session.pk, by=staff, starts_at=starts_at, ends_at=starts_at + HOUR)
    assert tell_changes() == 0
    clock.shift(HOUR / 4)
    assert tell_changes() == 2
    assert tell_changes() == 0
    deliver(WORDS)
    said = {sms.phone: sms.text for sms in phone.texts if sms.template == Kind.CHANGE}
    assert len(said) == 2
    assert "8:30–9:30 → " in said[str(rows[0].resident.phone)]
    assert all(len(text) <= 70 for text in said.values())
    assert Notification.objects.filter(kind=Kind.CHANGE).count() == 2


def test_every_field_that_changed_is_named_and_what_came_back_is_not(phone: Phone) -> None:
    session = session_at(20, 8, 30)
    joined(session)
    before = {"starts_at": session.starts_at.isoformat(), "place": "南侧入口", "contact_name": "", "address": ""}
    ChangeNoticeFactory.create(session=session, before=before)
    assert tell_changes() == 1
    line = Notification.objects.get()
    assert line.body.startswith("地点：南侧入口 → 北侧入口")
    ChangeNoticeFactory.create(session=session, before={"place": "北侧入口"})
    assert tell_changes() == 0


def test_a_bookmark_is_told_once_when_registration_opens(phone: Phone, clock: time_machine.Traveller) -> None:
    activity = ActivityFactory.create(opens_at=timezone.now() + HOUR, title="羽毛球赛")
    BookmarkFactory.create(activity=activity)
    assert tell_openings() == 0
    clock.shift(HOUR)
    assert tell_openings() == 1
    assert tell_openings() == 0
    deliver(WORDS)
    assert phone.said() == ["【临灵通】开始报名了：羽毛球赛。"]
    assert Notification.objects.get().url == f"/activities/{activity.slug}/"


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_plan_each_reminder_once() -> None:
    session = session_at(19, 12, 30, capacity=50)
    for _number in range(30):
        joined(session)
    gate = threading.Barrier(2)

    def beat() -> None:
        gate.wait()
        plan_reminders()
        connection.close()

    threads = [threading.Thread(target=beat) for _number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Message.objects.count() == 30
