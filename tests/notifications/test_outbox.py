import datetime as dt
from collections.abc import Sequence

import pytest
import time_machine
from django.core import mail
from django.utils import timezone
from pytest_django.fixtures import Settings

from linlingtong.core.time import at, local
from linlingtong.delivery.channel import Outcome, Sms, failed, refused, sent, unknown
from linlingtong.notifications.actions import ask_for_receipts, deliver, withdraw
from linlingtong.notifications.actions.outbox import TRIES, Verdict, claim_due, expire_leases, settle
from linlingtong.notifications.models import Channel, Kind, Message, quiet_until
from tests.factories import MessageFactory, PreferencesFactory, UserFactory
from tests.notifications.phone import Phone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
State = Message.State
MINUTE = dt.timedelta(minutes=1)


def state_of(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def test_what_is_due_goes_out_once(phone: Phone) -> None:
    message = MessageFactory.create()
    later = MessageFactory.create(due_at=timezone.now() + MINUTE)
    assert deliver({}) == {"sent": 1}
    assert deliver({}) == {}
    assert phone.said() == ["【临灵通】报名成功。"]
    assert phone.texts[0].phone == message.resident.phone
    assert (state_of(message), state_of(later)) == (State.SENT, State.PENDING)


def test_what_the_board_no_longer_says_is_dropped(phone: Phone) -> None:
    true, stale = MessageFactory.create_batch(2, subject="registration", subject_id=1, text="")

    def words(messages: Sequence[Message]) -> dict[int, str]:
        return {message.pk: "是真的" for message in messages if message == true}

    assert deliver({"registration": words}) == {"sent": 1, "dropped": 1}
    assert phone.said() == ["是真的"]
    assert (state_of(true), state_of(stale)) == (State.SENT, State.DROPPED)


def test_messages_of_one_resident_that_say_the_same_are_one_text(phone: Phone) -> None:
    resident = UserFactory.create()
    first, second, third = MessageFactory.create_batch(3, resident=resident, text="明天有三场")
    MessageFactory.create(resident=resident, text="别的")
    assert deliver({}) == {"sent": 4}
    assert sorted(phone.said()) == ["别的", "明天有三场"]
    assert {state_of(message) for message in (first, second, third)} == {State.SENT}
    assert second.sent_as == third.sent_as == first.key


def test_day_reminders_of_one_day_are_claimed_together_before_their_own_moment() -> None:
    resident, now = UserFactory.create(), timezone.now()
    tomorrow = at(local(now).date() + dt.timedelta(days=1), dt.time(12))
    fields = {"resident": resident, "kind": Kind.REMINDER_DAY}
    morning = MessageFactory.create(**fields, for_start=tomorrow)
    evening = MessageFactory.create(**fields, for_start=tomorrow.replace(hour=20), due_at=now + 8 * 60 * MINUTE)
    MessageFactory.create(**fields, for_start=tomorrow + dt.timedelta(days=1), due_at=now + dt.timedelta(days=1))
    MessageFactory.create(kind=Kind.REMINDER_DAY, for_start=tomorrow.replace(hour=20), due_at=now + MINUTE)
    assert {claim.message.pk for claim in claim_due(10)} == {morning.pk, evening.pk}


def test_a_broken_text_stops_one_message(phone: Phone) -> None:
    broken, *_good = MessageFactory.create_batch(4, subject="registration", subject_id=1)

    def words(messages: Sequence[Message]) -> dict[int, str]:
        if broken in messages:
            raise ZeroDivisionError
        return {message.pk: message.text for message in messages}

    assert deliver({"registration": words}) == {"sent": 3, "pending": 1}
    assert len(phone.texts) == 3
    broken.refresh_from_db()
    assert (broken.outcome, broken.failures) == ("no-words", 1)


def test_a_message_without_words_and_without_a_board_is_dropped(phone: Phone) -> None:
    message = MessageFactory.create(text="", subject="nobody")
    deliver({})
    assert state_of(message) == State.DROPPED
    assert not phone.texts


def test_a_failure_is_tried_again_later_until_it_is_given_up(phone: Phone, clock: time_machine.Traveller) -> None:
    MessageFactory.create_batch(2)
    phone.script.extend([failed("busy")])
    assert deliver({}) == {"pending": 1, "sent": 1}
    assert deliver({}) == {}
    message = Message.objects.get(state=State.PENDING)
    assert message.due_at == timezone.now() + MINUTE / 2
    phone.script.extend([failed("busy")] * TRIES)
    for _number in range(TRIES):
        clock.shift(60 * MINUTE)
        deliver({})
    assert state_of(message) == State.FAILED
    assert (message.failures, message.outcome) == (TRIES, "busy")


def test_a_refused_message_is_not_sent_again(phone: Phone, clock: time_machine.Traveller) -> None:
    message = MessageFactory.create()
    phone.script.append(refused("isv.BLACK"))
    assert deliver({}) == {"failed": 1}
    clock.shift(60 * MINUTE)
    assert deliver({}) == {}
    assert state_of(message) == State.FAILED


@pytest.mark.parametrize("trouble", [unknown("time-out"), RuntimeError("broken gateway")])
def test_an_unknown_message_waits_for_its_receipt(
    phone: Phone, clock: time_machine.Traveller, trouble: Outcome | Exception
) -> None:
    message, fine = MessageFactory.create_batch(2)
    phone.script.append(trouble)
    assert deliver({}) == {"unknown": 1, "sent": 1}
    assert state_of(fine) == State.SENT
    clock.shift(2 * MINUTE)
    assert deliver({}) == {}
    assert ask_for_receipts() == 0, "too early to believe that there is no trace"
    phone.receipts[message.key] = sent()
    clock.shift(5 * MINUTE)
    assert ask_for_receipts() == 1
    assert state_of(message) == State.SENT
    assert len(phone.texts) == 1


def test_only_a_proven_absence_is_sent_again(phone: Phone, clock: time_machine.Traveller) -> None:
    message = MessageFactory.create()
    phone.script.append(unknown("time-out"))
    deliver({})
    Phone.absence_is_proof = False
    clock.shift(10 * MINUTE)
    assert ask_for_receipts() == 0
    Phone.absence_is_proof = True
    clock.shift(10 * MINUTE)
    assert ask_for_receipts() == 1
    assert deliver({}) == {"sent": 1}
    assert state_of(message) == State.SENT


def test_an_undelivered_receipt_is_a_failure_and_no_answer_is_asked_again(
    phone: Phone, clock: time_machine.Traveller
) -> None:
    message = MessageFactory.create()
    phone.script.append(unknown("time-out"))
    deliver({})
    phone.receipts[message.key] = unknown("receipt-unavailable")
    clock.shift(10 * MINUTE)
    assert ask_for_receipts() == 0
    phone.receipts[message.key] = refused("no-such-number")
    clock.shift(10 * MINUTE)
    assert ask_for_receipts() == 1
    assert state_of(message) == State.FAILED


def test_where_the_channel_knows_keys_an_unknown_message_goes_again_under_the_same_key(
    phone: Phone, clock: time_machine.Traveller
) -> None:
    Phone.deduplicates = True
    resident = UserFactory.create()
    first, second = MessageFactory.create_batch(2, resident=resident, text="一样")
    phone.script.append(unknown("time-out"))
    keys: list[str] = []
    Phone.before = lambda sms: keys.append(sms.key)
    deliver({})
    clock.shift(MINUTE)
    third = MessageFactory.create(resident=resident, text="一样")
    deliver({})
    assert keys == [first.key, first.key, third.key]
    assert {state_of(first), state_of(second), state_of(third)} == {State.SENT}


def test_too_late_is_missed_and_never_sent(phone: Phone) -> None:
    message = MessageFactory.create(not_after=timezone.now())
    assert deliver({}) == {"missed": 1}
    assert state_of(message) == State.MISSED
    assert not phone.texts


def test_what_is_withdrawn_while_it_is_being_sent_stays_here(phone: Phone) -> None:
    first, second = MessageFactory.create_batch(2, subject="registration")
    Message.objects.filter(pk=second.pk).update(subject_id=2)
    Phone.before = lambda _sms: withdraw("registration", [2])
    deliver({})
    assert [sms.key for sms in phone.texts] == [first.key]
    assert state_of(second) == State.DROPPED


def test_the_channel_follows_wishes_and_addresses(phone: Phone, settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    both = UserFactory.create(email="both@example.org")
    staff = UserFactory.create(phone=None, email="staff@example.org")
    silent = PreferencesFactory.create(muted=["registration:sms", "registration:email"]).resident
    by_mail = UserFactory.create(email="mail@example.org")
    PreferencesFactory.create(resident=by_mail, muted=["registration:sms"])
    gone = UserFactory.create(is_active=False)
    for resident in (both, staff, silent, by_mail, gone):
        MessageFactory.create(resident=resident, url="/me/registrations/1/")
    assert deliver({}) == {"sent": 3, "dropped": 2}
    assert [sms.phone for sms in phone.texts] == [both.phone]
    assert sorted(letter.to[0] for letter in mail.outbox) == ["mail@example.org", "staff@example.org"]
    assert "/me/registrations/1/" in mail.outbox[0].body
    assert Message.objects.filter(channel=Channel.EMAIL).count() == 2


def test_an_expired_lease_gives_back_what_was_not_begun(phone: Phone) -> None:
    begun, waiting = MessageFactory.create_batch(2)
    claim_due(10)
    past = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    Message.objects.update(lease_until=past)
    Message.objects.filter(pk=begun.pk).update(outcome="sending", sent_as=begun.key)
    assert expire_leases() == 2
    assert (state_of(begun), state_of(waiting)) == (State.UNKNOWN, State.PENDING)
    assert deliver({}) == {"sent": 1}


def test_a_worker_that_comes_too_late_changes_nothing() -> None:
    MessageFactory.create()
    slow = claim_due(1)[0].message
    Message.objects.update(state=State.PENDING)
    fast = claim_due(1)[0].message
    assert settle([Verdict(slow, State.FAILED)]) == 0
    assert settle([Verdict(fast, State.SENT)]) == 1
    assert settle([]) == 0


def test_a_slow_channel_is_given_back_what_does_not_fit_in_the_time(phone: Phone) -> None:
    MessageFactory.create_batch(3)
    assert deliver({}, seconds=0) == {}
    assert Message.objects.filter(state=State.PENDING).count() == 3


@pytest.mark.parametrize(
    ("clock_", "start", "end", "expected"),
    [
        ("21:59", "22:00", "7:30", None),
        ("22:00", "22:00", "7:30", "19 07:30"),
        ("23:59", "22:00", "7:30", "19 07:30"),
        ("00:00", "22:00", "7:30", "18 07:30"),
        ("07:29", "22:00", "7:30", "18 07:30"),
        ("07:30", "22:00", "7:30", None),
        ("08:00", "8:00", "16:00", "18 16:00"),
        ("15:59", "8:00", "16:00", "18 16:00"),
        ("16:00", "8:00", "16:00", None),
        ("07:59", "8:00", "16:00", None),
        ("12:00", "9:00", "9:00", None),
    ],
)
def test_quiet_hours_also_over_midnight(clock_: str, start: str, end: str, expected: str | None) -> None:
    def time(text: str) -> dt.time:
        return dt.datetime.strptime(text, "%H:%M").time()  # noqa: DTZ007 - a time of day

    until = quiet_until(at(dt.date(2026, 11, 18), time(clock_)), time(start), time(end))
    assert (f"{local(until):%d %H:%M}" if until else None) == expected


def test_nothing_leaves_the_house_in_quiet_hours(phone: Phone, clock: time_machine.Traveller) -> None:
    clock.move_to(at(dt.date(2026, 11, 18), dt.time(23)))
    morning = at(dt.date(2026, 11, 19), dt.time(7, 30))
    plain = MessageFactory.create()
    pointless = MessageFactory.create(not_after=morning)
    far = MessageFactory.create(kind=Kind.CANCELLATION, for_start=morning + dt.timedelta(days=1))
    near = MessageFactory.create(kind=Kind.CANCELLATION, for_start=morning - MINUTE, text="取消")
    awake = PreferencesFactory.create(quiet_from=dt.time(8), quiet_until=dt.time(16)).resident
    MessageFactory.create(resident=awake, text="夜班")
    assert deliver({}) == {"sent": 2, "pending": 2, "dropped": 1}
    assert sorted(phone.said()) == ["取消", "夜班"]
    assert state_of(plain) == State.PENDING
    assert plain.due_at == morning
    assert (state_of(pointless), state_of(far), state_of(near)) == (State.DROPPED, State.PENDING, State.SENT)
    clock.move_to(morning)
    assert deliver({}) == {"sent": 2}


def test_a_long_text_is_cut_in_two_for_gateways(phone: Phone) -> None:
    MessageFactory.create(text="【临灵通】" + "长" * 40)
    deliver({})
    sms: Sms = phone.texts[0]
    assert sms.params == {"text": "长" * 35, "more": "长" * 5}
