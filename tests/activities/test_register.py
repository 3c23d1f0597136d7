import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import (
    AgeUnknown,
    AnswerMissing,
    ClashingSession,
    Guest,
    HomeNotConfirmed,
    NotRegistered,
    OutsideArea,
    PartyTooLarge,
    QueueFull,
    RegistrationClosed,
    RegistrationNotOpen,
    SessionCancelled,
    Suspended,
    TooLateToCancel,
    TooYoung,
    drop_companion,
    give_up,
    register,
)
from linlingtong.activities.actions.looking import look
from linlingtong.activities.models import Activity, Question, Registration, Session
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import today
from linlingtong.notifications.models import Message, Notification
from tests.activities.books import assert_books_balance
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    ChangeNoticeFactory,
    MembershipFactory,
    MessageFactory,
    OrganizationFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
State = Registration.State
HOUR = dt.timedelta(hours=1)


def change(session: Session, **fields: Any) -> None:
    Activity.objects.filter(pk=session.activity_id).update(**fields)


def test_somebody_who_finds_a_place_is_confirmed(session: Session, resident: User) -> None:
    placed = register(session.pk, resident, by=resident, note=" 我会晚到 ", may_be_photographed=True)
    registration = Registration.objects.get()
    assert placed.created
    assert placed.registration == registration
    assert (registration.state, registration.number, registration.places) == (State.CONFIRMED, 1, 1)
    assert registration.note == "我会晚到"
    assert registration.may_be_photographed
    assert registration.area_path == session.activity.area_path
    assert (registration.during.lower, registration.during.upper) == (session.starts_at, session.ends_at)
    assert registration.confirmed_at is not None
    session.refresh_from_db()
    assert (session.taken, session.last_number) == (1, 1)
    assert_books_balance(session)


def test_the_answer_in_memory_is_what_is_stored(session: Session, resident: User) -> None:
    given = register(session.pk, resident, by=resident, party=[Guest("小明", 8)]).registration
    stored = Registration.objects.get()
    for field in Registration._meta.concrete_fields:
        if field.name != "during":
            assert getattr(given, field.attname) == getattr(stored, field.attname), field.name


def test_each_step_of_a_registration_is_an_event(session: Session, resident: User) -> None:
    registration = register(session.pk, resident, by=resident).registration
    give_up(session.pk, resident, by=resident, reason="加班")
    events = list(registration.events.order_by("id").values_list("from_state", "to_state", "by", "reason"))
    assert events == [
        ("", State.CONFIRMED, resident.pk, ""),
        (State.CONFIRMED, State.CANCELLED, resident.pk, "加班"),
    ]


def test_the_confirmation_says_what_a_reminder_would_say(resident: User) -> None:
    activity = ActivityFactory.create(
        title="沿江湿地净滩",
        meeting_point="北侧入口",
        bring="帽子",
        contact_name="王社工",
        contact_phone="0571-00000001",
    )
    session = SessionFactory.create(activity=activity)
    registration = register(session.pk, resident, by=resident).registration
    line, message = Notification.objects.get(), Message.objects.get()
    for fact in ("北侧入口", "帽子", "王社工", "0571-00000001", "10:00"):
        assert fact in line.body
    assert line.url == f"/me/registrations/{registration.pk}/"
    assert message.text.startswith("【临灵通】")
    assert "沿江湿地净滩" in message.text
    assert "北侧入口" in message.text
    assert len(message.text) <= 70
    assert (message.subject, message.subject_id) == ("registration", registration.pk)
    assert message.for_start == session.starts_at


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("capacity", [1, 0])
@pytest.mark.parametrize("needs_approval", [False, True])
def test_no_text_message_is_longer_than_one_sms(language: str, capacity: int, needs_approval: bool) -> None:
    resident = UserFactory.create(language=language)
    activity = ActivityFactory.create(title="长" * 80, meeting_point="远" * 100, needs_approval=needs_approval)
    register(SessionFactory.create(activity=activity, capacity=capacity).pk, resident, by=resident)
    give_up(Session.objects.get().pk, resident, by=resident)
    assert all(len(message.text) <= 70 for message in Message.objects.all())


def test_a_second_tap_answers_the_same_registration_with_one_message(session: Session, resident: User) -> None:
    first = register(session.pk, resident, by=resident)
    second = register(session.pk, resident, by=resident, party=[Guest("小明")])
    assert (first.created, second.created) == (True, False)
    assert first.registration == second.registration
    assert Message.objects.count() == Notification.objects.count() == 1
    assert_books_balance(session)


def test_the_second_tap_is_answered_even_after_registration_has_closed(session: Session, resident: User) -> None:
    register(session.pk, resident, by=resident)
    change(session, closes_at=timezone.now() - HOUR)
    assert not register(session.pk, resident, by=resident).created


def test_who_registers_again_after_cancelling_starts_at_the_end(resident: User) -> None:
    session = SessionFactory.create(capacity=1)
    old = register(session.pk, resident, by=resident).registration
    other = UserFactory.create()
    register(session.pk, other, by=other)
    give_up(session.pk, resident, by=resident)
    new = register(session.pk, resident, by=resident).registration
    assert new.pk != old.pk
    assert (new.state, new.number) == (State.WAITLISTED, 3)
    assert Registration.objects.get(pk=old.pk).state == State.CANCELLED
    assert_books_balance(session)


def test_a_session_without_limit_confirms_everybody() -> None:
    session = SessionFactory.create(capacity=None)
    for resident in UserFactory.create_batch(5):
        assert register(session.pk, resident, by=resident).registration.state == State.CONFIRMED
    assert_books_balance(session)


def test_the_first_without_a_place_waits_with_a_position(resident: User) -> None:
    session = SessionFactory.create(capacity=1)
    for other in UserFactory.create_batch(2):
        register(session.pk, other, by=other)
    assert register(session.pk, resident, by=resident).registration.state == State.WAITLISTED
    line = Notification.objects.filter(resident=resident).get()
    assert "2" in line.title
    assert_books_balance(session)


def test_where_staff_approve_a_registration_waits_for_them_and_takes_no_place(resident: User) -> None:
    session = SessionFactory.create(activity__needs_approval=True, capacity=1)
    assert register(session.pk, resident, by=resident).registration.state == State.PENDING_REVIEW
    session.refresh_from_db()
    assert (session.taken, session.pending, session.places_left) == (0, 1, 1)


def test_a_party_counts_everybody(session: Session, resident: User) -> None:
    guests = [Guest("小明\u200b", 8), Guest(" 奶奶 ")]
    registration = register(session.pk, resident, by=resident, party=guests).registration
    session.refresh_from_db()
    assert (registration.places, session.taken) == (3, 3)
    assert list(registration.companions.order_by("id").values_list("name", "age")) == [("小明", 8), ("奶奶", None)]


def test_a_party_that_does_not_fit_waits_together(resident: User) -> None:
    session = SessionFactory.create(capacity=2)
    first = UserFactory.create()
    register(session.pk, first, by=first)
    assert register(session.pk, resident, by=resident, party=[Guest("小明")]).registration.state == State.WAITLISTED
    session.refresh_from_db()
    assert (session.taken, session.waiting) == (1, 1)


def test_removing_one_companion_frees_exactly_one_place(resident: User) -> None:
    session = SessionFactory.create(capacity=3)
    registration = register(session.pk, resident, by=resident, party=[Guest("小明"), Guest("奶奶")]).registration
    waiting = [register(session.pk, other, by=other).registration for other in UserFactory.create_batch(2)]
    companion = registration.companions.get(name="奶奶")
    after = drop_companion(registration.pk, companion.pk, by=resident)
    again = drop_companion(registration.pk, companion.pk, by=resident)
    assert (after.places, again.places) == (2, 2)
    states = [Registration.objects.get(pk=row.pk).state for row in waiting]
    assert states == [State.CONFIRMED, State.WAITLISTED]
    assert_books_balance(session)


def test_nobody_drops_somebody_elses_companion(session: Session, resident: User) -> None:
    registration = register(session.pk, resident, by=resident, party=[Guest("小明")]).registration
    with pytest.raises(PermissionDenied):
        drop_companion(registration.pk, registration.companions.get().pk, by=UserFactory.create())
    give_up(session.pk, resident, by=resident)
    with pytest.raises(NotRegistered):
        drop_companion(registration.pk, registration.companions.get().pk, by=resident)


REFUSED: list[tuple[type[Refusal], dict[str, Any], dict[str, Any]]] = [
    (RegistrationNotOpen, {"opens_at": timezone.now() + HOUR}, {}),
    (RegistrationClosed, {"closes_at": timezone.now() - HOUR}, {}),
    (RegistrationClosed, {"status": Activity.Status.FINISHED}, {}),
    (SessionCancelled, {"status": Activity.Status.CANCELLED, "cancel_reason": "台风"}, {}),
    (TooYoung, {"minimum_age": 18}, {"born_on": today() - dt.timedelta(days=16 * 365)}),
    (AgeUnknown, {"minimum_age": 18}, {}),
    (HomeNotConfirmed, {"needs_confirmed_membership": True}, {}),
    (Suspended, {}, {"suspended_until": timezone.now() + HOUR}),
]


@pytest.mark.parametrize(("refusal", "activity", "person"), REFUSED, ids=lambda value: getattr(value, "code", ""))
def test_what_is_not_possible_is_refused_with_a_reason(
    session: Session, refusal: type[Refusal], activity: dict[str, Any], person: dict[str, Any]
) -> None:
    change(session, **activity)
    resident = UserFactory.create(**person)
    with pytest.raises(refusal) as caught:
        register(session.pk, resident, by=resident)
    assert caught.value.detail
    assert "%(" not in caught.value.detail
    assert not Registration.objects.exists()


def test_a_session_that_runs_takes_nobody(resident: User) -> None:
    session = SessionFactory.create(starts_at=timezone.now() - HOUR)
    with pytest.raises(RegistrationClosed):
        register(session.pk, resident, by=resident)


def test_a_draft_does_not_exist_for_residents(session: Session, resident: User) -> None:
    change(session, status=Activity.Status.DRAFT)
    with pytest.raises(Session.DoesNotExist):
        register(session.pk, resident, by=resident)
    with pytest.raises(Session.DoesNotExist):
        register(0, resident, by=resident)


def test_an_activity_for_one_area_is_open_below_it_and_closed_beside_it(session: Session) -> None:
    community, beside = AreaFactory.create(), AreaFactory.create()
    change(session, eligible_area=community)
    below = UserFactory.create(home_area=AreaFactory.create(parent=community, level="grid"))
    assert register(session.pk, below, by=below).created
    for outsider in (UserFactory.create(home_area=beside), UserFactory.create()):
        with pytest.raises(OutsideArea) as caught:
            register(session.pk, outsider, by=outsider)
        assert community.name in caught.value.detail


def test_an_activity_for_a_company_is_open_to_its_people_and_its_dormitories(session: Session) -> None:
    company = OrganizationFactory.create()
    dormitory = OrganizationFactory.create(kind="dormitory", company=company)
    change(session, eligible_organization=company)
    for organization in (company, dormitory):
        insider = MembershipFactory.create(organization=organization).user
        assert register(session.pk, insider, by=insider).created
    former = MembershipFactory.create(
        organization=company, starts_on=today() - 9 * HOUR * 24, ends_on=today() - 24 * HOUR
    )
    with pytest.raises(OutsideArea):
        register(session.pk, former.user, by=former.user)


def test_a_confirmed_home_or_membership_opens_what_needs_one(session: Session) -> None:
    change(session, needs_confirmed_membership=True)
    at_home = UserFactory.create(home_confirmed_at=timezone.now())
    at_work = MembershipFactory.create().user
    unconfirmed = MembershipFactory.create(confirmed_at=None).user
    assert register(session.pk, at_home, by=at_home).created
    assert register(session.pk, at_work, by=at_work).created
    with pytest.raises(HomeNotConfirmed):
        register(session.pk, unconfirmed, by=unconfirmed)


def test_somebody_old_enough_on_the_day_may_come(session: Session) -> None:
    change(session, minimum_age=18)
    resident = UserFactory.create(born_on=today() - dt.timedelta(days=30 * 365))
    with pytest.raises(TooYoung):
        register(session.pk, resident, by=resident, party=[Guest("小明", 8)])
    assert register(session.pk, resident, by=resident, party=[Guest("奶奶", 70)]).created


def test_a_party_larger_than_allowed_or_than_the_session_is_refused(session: Session, resident: User) -> None:
    with pytest.raises(PartyTooLarge):
        register(session.pk, resident, by=resident, party=[Guest("甲")] * 4)
    small = SessionFactory.create(capacity=2)
    with pytest.raises(PartyTooLarge) as caught:
        register(small.pk, resident, by=resident, party=[Guest("甲")] * 2)
    assert caught.value.facts == {"most": 1}


def test_a_full_queue_takes_nobody(resident: User) -> None:
    session = SessionFactory.create(capacity=1, activity__longest_queue=1)
    for other in UserFactory.create_batch(2):
        register(session.pk, other, by=other)
    with pytest.raises(QueueFull):
        register(session.pk, resident, by=resident)
    assert_books_balance(session)


def test_the_refusal_names_the_session_that_clashes(session: Session, resident: User) -> None:
    register(session.pk, resident, by=resident)
    other = SessionFactory.create(starts_at=session.starts_at + HOUR)
    with pytest.raises(ClashingSession) as caught:
        register(other.pk, resident, by=resident)
    assert session.activity.title in caught.value.detail
    assert caught.value.facts["session"] == session.pk


def test_back_to_back_sessions_do_not_clash(session: Session, resident: User) -> None:
    register(session.pk, resident, by=resident)
    assert register(SessionFactory.create(starts_at=session.ends_at).pk, resident, by=resident).created


def test_required_questions_are_answered(session: Session, resident: User) -> None:
    size = QuestionFactory.create(
        activity=session.activity, kind=Question.Kind.CHOICE, choices=["S", "L"], is_required=True
    )
    lunch = QuestionFactory.create(activity=session.activity, kind=Question.Kind.YES_NO, is_required=True)
    note = QuestionFactory.create(activity=session.activity)
    good = {str(size.pk): "L", str(lunch.pk): False, str(note.pk): " 素食 ", "999": "x"}
    for answers in ({}, good | {str(size.pk): "XL"}, good | {str(lunch.pk): "perhaps"}):
        with pytest.raises(AnswerMissing):
            register(session.pk, resident, by=resident, answers=answers)
    kept = register(session.pk, resident, by=resident, answers=good).registration.answers
    assert kept == {str(size.pk): "L", str(lunch.pk): False, str(note.pk): "素食"}


def test_a_companion_needs_a_name_that_can_be_seen(session: Session, resident: User) -> None:
    with pytest.raises(AnswerMissing):
        register(session.pk, resident, by=resident, party=[Guest("\u3164\u200b")])


def test_staff_of_the_area_may_register_somebody_and_others_may_not(
    session: Session, resident: User, staff: User
) -> None:
    for other in (UserFactory.create(), staff_of(AreaFactory.create())):
        with pytest.raises(PermissionDenied):
            register(session.pk, resident, by=other)
        with pytest.raises(PermissionDenied):
            give_up(session.pk, resident, by=other)
    registration = register(session.pk, resident, by=staff).registration
    assert registration.events.get().by == staff
    assert give_up(session.pk, resident, by=staff).state == State.CANCELLED


def test_giving_up_twice_is_harmless_and_told_once(session: Session, resident: User) -> None:
    register(session.pk, resident, by=resident)
    first = give_up(session.pk, resident, by=resident)
    again = give_up(session.pk, resident, by=resident)
    assert first == again
    assert (again.state, again.ended_by, again.was_late) == (State.CANCELLED, Registration.Ended.BY_SELF, False)
    assert Notification.objects.count() == 2
    assert_books_balance(session)


def test_nobody_gives_up_what_they_do_not_have(session: Session, resident: User) -> None:
    with pytest.raises(NotRegistered):
        give_up(session.pk, resident, by=resident)
    RegistrationFactory.create(session=session, resident=resident, state=State.LAPSED)
    with pytest.raises(NotRegistered):
        give_up(session.pk, resident, by=resident)


def test_giving_up_stops_what_was_still_to_be_sent(session: Session, resident: User) -> None:
    registration = register(session.pk, resident, by=resident).registration
    reminder = MessageFactory.create(resident=resident, subject="registration", subject_id=registration.pk)
    give_up(session.pk, resident, by=resident)
    reminder.refresh_from_db()
    assert reminder.state == Message.State.DROPPED


def test_giving_up_in_the_last_twelve_hours_is_remembered(resident: User) -> None:
    session = SessionFactory.create(starts_at=timezone.now() + 11 * HOUR)
    register(session.pk, resident, by=resident)
    assert give_up(session.pk, resident, by=resident).was_late


def test_a_waiting_place_is_left_without_a_mark(resident: User) -> None:
    session = SessionFactory.create(starts_at=timezone.now() + 11 * HOUR, capacity=0, activity__cancel_hours=24)
    register(session.pk, resident, by=resident)
    assert not give_up(session.pk, resident, by=resident).was_late


def test_after_the_cancel_deadline_the_refusal_names_whom_to_call(resident: User) -> None:
    activity = ActivityFactory.create(cancel_hours=24, contact_name="王社工", contact_phone="0571-00000001")
    session = SessionFactory.create(activity=activity, starts_at=timezone.now() + 23 * HOUR)
    register(session.pk, resident, by=resident)
    with pytest.raises(TooLateToCancel) as caught:
        give_up(session.pk, resident, by=resident)
    assert "王社工 0571-00000001" in caught.value.detail


def test_a_session_changed_since_registering_may_be_cancelled_freely(resident: User) -> None:
    activity = ActivityFactory.create(cancel_hours=24)
    session = SessionFactory.create(activity=activity, starts_at=timezone.now() + 3 * HOUR)
    register(session.pk, resident, by=resident)
    ChangeNoticeFactory.create(session=session, due_at=timezone.now() + HOUR)
    assert not give_up(session.pk, resident, by=resident).was_late


def test_nobody_cancels_once_it_has_begun(resident: User) -> None:
    session = SessionFactory.create(starts_at=timezone.now() - HOUR)
    RegistrationFactory.create(session=session, resident=resident)
    with pytest.raises(TooLateToCancel):
        give_up(session.pk, resident, by=resident)


@pytest.mark.parametrize("capacity", [30, 10], ids=["a place", "the queue"])
def test_registering_costs_the_same_few_round_trips_with_twenty_and_with_two_thousand_rows(capacity: int) -> None:
    session = SessionFactory.create(capacity=capacity)

    def cost() -> int:
        newcomer = UserFactory.create()
        with CaptureQueriesContext(
            connection,
        ) as captured:
            register(session.pk, newcomer, by=newcomer)
        return len(captured)

    def crowd(amount: int, state: str) -> None:
        first = Session.objects.get(pk=session.pk).last_number
        people = User.objects.bulk_create(
            [User(phone=f"+8619{first + n:09d}", nickname="邻居") for n in range(1, amount + 1)]
        )
        Registration.objects.bulk_create(
            Registration(
                session=session, resident=person, area_path="/", state=state, number=first + at,
                during=(session.starts_at, session.ends_at),
            )
            for at, person in enumerate(people, 1)
        )  # fmt: skip
        session.refresh_from_db()
        session.last_number = first + amount
        session.capacity = capacity if state == State.WAITLISTED else session.taken + amount + 10
        session.taken += amount if state == State.CONFIRMED else 0
        session.waiting += amount if state == State.WAITLISTED else 0
        session.save()

    state = State.WAITLISTED if capacity == 10 else State.CONFIRMED
    crowd(10, State.CONFIRMED)
    session.capacity = capacity
    session.save()
    crowd(20, state)
    few = cost()
    crowd(2000, state)
    assert cost() == few <= 8  # the savepoint of a test costs as much as BEGIN and COMMIT


def test_the_first_look_sees_what_the_orm_sees(resident: User) -> None:
    area = AreaFactory.create()
    activity = ActivityFactory.create(eligible_area=area, eligible_organization=OrganizationFactory.create())
    session = SessionFactory.create(activity=activity)
    QuestionFactory.create(activity=activity)
    seen = look(session.pk, resident)
    twin = Session.objects.select_related("activity").get(pk=session.pk)
    for ours, theirs in ((seen.session, twin), (seen.session.activity, twin.activity)):
        for field in theirs._meta.concrete_fields:
            assert getattr(ours, field.attname) == getattr(theirs, field.attname)
    assert seen.session.activity.eligible_area == area
    assert (seen.live_id, seen.is_asking) == (None, True)
    registration = RegistrationFactory.create(session=session, resident=resident, state=State.WAITLISTED)
    assert look(session.pk, resident).live_id == registration.pk
