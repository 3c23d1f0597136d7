import datetime as dt
import itertools
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from linlingtong.activities.actions import SessionCancelled, check_in, door_refusals
from linlingtong.activities.actions.attendance import (
    check_out_everybody,
    close_past_sessions,
    mark,
    stay_of,
)
from linlingtong.activities.actions.check_in import Item, arrive, confirm_arrival, pass_of, record
from linlingtong.activities.models import Registration, Scan, Session, codes
from linlingtong.core.refusal import Refusal
from tests.activities.door import MINUTE, code_of, digits_of, leader_of, scan, under_way
from tests.factories import ActivityFactory, AreaFactory, RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
Attendance, State, Verdict = Registration.Attendance, Registration.State, Scan.Verdict


@pytest.fixture
def session() -> Session:
    return under_way()


@pytest.fixture
def row(session: Session) -> Registration:
    return RegistrationFactory.create(session=session)


def attendance_of(row: Registration) -> str:
    row.refresh_from_db()
    return row.attendance


# -- the codes


def test_the_six_digits_of_a_session_are_all_different_and_lead_back_to_the_number() -> None:
    digits = [codes.spoken_digits(7, number) for number in range(1, 2000)]
    assert len(set(digits)) == len(digits)
    assert all(len(one) == 6 and one.isdecimal() for one in digits)
    assert [codes.spoken_number(7, one) for one in digits] == list(range(1, 2000))


def test_the_digits_of_another_session_are_others() -> None:
    assert codes.spoken_digits(7, 1) != codes.spoken_digits(8, 1)


@pytest.mark.parametrize("typed", ["482913", "482 913", "４８２９１３", " 482-913\n", "482　913"])
def test_digits_are_read_however_they_are_typed(typed: str) -> None:
    assert codes.read(typed).digits == "482913"


def test_a_scanner_may_send_the_address_in_capitals_or_full_width() -> None:
    code = codes.pass_code(35, 7, timezone.now())
    for typed in (code.text, f"https://llt.example/c/{code.text}\r", f"HTTPS://LLT.EXAMPLE/C/{code.text.upper()}"):
        assert codes.read(typed).code == code


@pytest.mark.parametrize("typed", ["陈明", "p1-2-short", "https://llt.example/c/", "p" + "z" * 13 + "-1-" + "a" * 16])
def test_what_is_no_code_is_a_name(typed: str) -> None:
    entry = codes.read(typed)
    assert (entry.code, entry.digits, entry.name) == (None, "", typed)


def test_a_photo_of_the_venues_code_is_useless_after_sixty_seconds() -> None:
    start = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
    code, digits = codes.venue_code(7, start), codes.venue_digits(7, start)
    fresh = [code.is_fresh(start + dt.timedelta(seconds=s)) for s in (0, 29, 30, 59, 60, 90)]
    assert fresh == [True, True, True, True, False, False]
    assert [codes.are_venue_digits(digits, 7, start + dt.timedelta(seconds=s)) for s in (0, 59, 60)] == [
        True, True, False,
    ]  # fmt: skip


def test_a_pass_changes_each_minute_and_crosses_a_slow_network() -> None:
    start = dt.datetime(2026, 11, 22, 9, tzinfo=dt.UTC)
    code = codes.pass_code(1, 7, start)
    assert code != codes.pass_code(1, 7, start + MINUTE)
    assert code.ends_at == start + MINUTE
    fresh = [code.is_fresh(start + minutes * MINUTE) for minutes in (-2, -1, 0, 2, 3)]
    assert fresh == [False, True, True, True, False]


# -- the leader's scan


def test_a_scan_checks_in_and_the_next_one_is_a_duplicate(row: Registration, session: Session) -> None:
    code = code_of(row)
    assert [scan(session, code).verdict for _ in range(3)] == [Verdict.ACCEPTED, Verdict.DUPLICATE, Verdict.DUPLICATE]
    assert attendance_of(row) == Attendance.CHECKED_IN
    assert row.scans.count() == 3


def test_spoken_digits_and_a_tick_do_the_same(session: Session) -> None:
    first, second = RegistrationFactory.create(session=session), RegistrationFactory.create(session=session)
    assert scan(session, digits_of(first)).verdict == Verdict.ACCEPTED
    assert scan(session, registration_id=second.pk).verdict == Verdict.ACCEPTED
    ways = list(Scan.objects.order_by("pk").values_list("way", flat=True))
    assert ways == [Scan.Way.DIGITS, Scan.Way.STAFF]
    assert {attendance_of(one) for one in (first, second)} == {Attendance.CHECKED_IN}


def test_the_answer_names_who_came(row: Registration, session: Session) -> None:
    assert str(row.resident) in scan(session, code_of(row)).detail


def test_sent_again_an_item_counts_once(row: Registration, session: Session) -> None:
    client_id = uuid.uuid4()
    first = scan(session, code_of(row), client_id=client_id)
    again = scan(session, code_of(row), client_id=client_id)
    assert (first.verdict, again.verdict) == (Verdict.ACCEPTED, Verdict.DUPLICATE)
    assert row.scans.count() == 1


def test_a_refused_item_is_refused_again_in_words(session: Session) -> None:
    client_id = uuid.uuid4()
    for _ in range(2):
        answer = scan(session, "p1-1-aaaaaaaaaaaaaaaa", client_id=client_id)
        assert (answer.verdict, answer.code) == (Verdict.REFUSED, "code_forged")
        assert answer.detail == door_refusals.CodeForged().detail
    assert Scan.objects.count() == 1


def test_the_same_number_from_a_device_for_another_session_is_refused(session: Session, row: Registration) -> None:
    client_id = uuid.uuid4()
    scan(session, code_of(row), client_id=client_id)
    other = under_way(activity=session.activity)
    assert scan(other, "123456", client_id=client_id).code == "not_found"


REFUSED: dict[str, Callable[[Session], dict[str, Any]]] = {}


def refused(code: str) -> Callable[[Any], Any]:
    def named(case: Callable[[Session], dict[str, Any]]) -> Any:
        REFUSED[code] = case
        return case

    return named


@refused("code_forged")
def _forged(session: Session) -> dict[str, Any]:
    row = RegistrationFactory.create(session=session)
    return {"code": code_of(row)[:-2] + "aa"}


@refused("code_expired")
def _expired(session: Session) -> dict[str, Any]:
    return {"code": code_of(RegistrationFactory.create(session=session), timezone.now() - 5 * MINUTE)}


@refused("other_session")
def _other(_session: Session) -> dict[str, Any]:
    return {"code": code_of(RegistrationFactory.create(session=under_way()))}


@refused("registration_ended")
def _ended(session: Session) -> dict[str, Any]:
    return {"code": code_of(RegistrationFactory.create(session=session, state=State.CANCELLED))}


@refused("no_place_yet")
def _waiting(session: Session) -> dict[str, Any]:
    return {"code": code_of(RegistrationFactory.create(session=session, state=State.WAITLISTED))}


@refused("clock_wrong")
def _ahead(session: Session) -> dict[str, Any]:
    later = timezone.now() + 10 * MINUTE
    return {"code": code_of(RegistrationFactory.create(session=session), later), "scanned_at": later}


@refused("check_in_not_open")
def _early(session: Session) -> dict[str, Any]:
    before = session.starts_at - 61 * MINUTE
    return {"code": code_of(RegistrationFactory.create(session=session), before), "scanned_at": before}


@refused("own_arrival")
def _own(session: Session) -> dict[str, Any]:
    row = RegistrationFactory.create(session=session, resident=leader_of(session))
    return {"registration_id": row.pk}


@refused("session_cancelled")
def _cancelled(session: Session) -> dict[str, Any]:
    row = RegistrationFactory.create(session=session)
    Session.objects.filter(pk=session.pk).update(cancelled_at=timezone.now(), cancel_reason="大风")
    return {"code": code_of(row)}


@pytest.mark.parametrize("code", REFUSED)
def test_what_is_refused_says_why_and_stays_in_the_log(session: Session, code: str) -> None:
    answer = scan(session, **REFUSED[code](session))
    assert (answer.verdict, answer.code) == (Verdict.REFUSED, code)
    assert len(answer.detail) > 5
    kept = Scan.objects.get()
    assert (kept.verdict, kept.reason) == (Verdict.REFUSED, code)
    assert not Registration.objects.exclude(attendance=Attendance.UNKNOWN).exists()


def test_after_the_hours_no_code_is_taken_but_the_roster_can_be_ticked() -> None:
    now = timezone.now()
    session = under_way(starts_at=now - 300 * MINUTE, ends_at=now - 180 * MINUTE)
    row = RegistrationFactory.create(session=session)
    assert scan(session, code_of(row)).code == "check_in_over"
    assert scan(session, registration_id=row.pk).verdict == Verdict.ACCEPTED
    row.refresh_from_db()
    assert (row.presence.came_at, row.presence.left_at) == (session.starts_at, session.ends_at)


def test_digits_that_fit_nobody_are_to_be_looked_at(session: Session) -> None:
    answer = scan(session, codes.spoken_digits(session.pk, 999))
    assert (answer.verdict, answer.code) == (Verdict.UNRESOLVED, "unknown_code")
    assert Scan.objects.get().typed == codes.spoken_digits(session.pk, 999)


def test_a_clock_that_is_a_little_ahead_is_put_right(row: Registration, session: Session) -> None:
    ahead = timezone.now() + MINUTE
    assert scan(session, code_of(row), scanned_at=ahead).verdict == Verdict.ACCEPTED
    assert row.scans.get().scanned_at < ahead


def test_what_was_scanned_without_a_network_counts_from_then(row: Registration, session: Session) -> None:
    then = timezone.now() - 20 * MINUTE
    assert scan(session, code_of(row, then), scanned_at=then).verdict == Verdict.ACCEPTED
    row.refresh_from_db()
    assert row.presence.came_at == then


def test_staff_of_elsewhere_and_residents_learn_nothing(row: Registration, session: Session) -> None:
    for by in (staff_of(AreaFactory.create()), UserFactory.create(), row.resident):
        answer = scan(session, code_of(row), by=by)
        assert (answer.verdict, answer.code, answer.registration) == (Verdict.REFUSED, "not_found", None)
    assert scan(under_way(activity=ActivityFactory.create(status="draft", leader=leader_of(session))), "123456").code
    assert not Scan.objects.exists()


def test_staff_of_the_area_run_the_door_too(row: Registration, session: Session) -> None:
    assert scan(session, code_of(row), by=staff_of(session.activity.area)).verdict == Verdict.ACCEPTED


# -- any order


def test_scans_of_two_devices_come_to_the_same_in_any_order(session: Session) -> None:
    start = session.starts_at
    noted = [("in", 2), ("in", 5), ("out", 20), ("out", 25)]
    ends = set()
    for order in itertools.permutations(noted):
        row = RegistrationFactory.create(session=session)
        for kind, minute in order:
            at = start + minute * MINUTE
            scan(session, code_of(row, at), kind, scanned_at=at)
        row.refresh_from_db()
        ends.add((row.attendance, row.presence.came_at, row.presence.left_at))
    assert ends == {(Attendance.CHECKED_OUT, start + 2 * MINUTE, start + 25 * MINUTE)}


def test_who_comes_back_is_there_again(row: Registration, session: Session) -> None:
    for kind, minute in (("in", 1), ("out", 10), ("in", 20)):
        at = session.starts_at + minute * MINUTE
        scan(session, code_of(row, at), kind, scanned_at=at)
    row.refresh_from_db()
    assert (row.attendance, row.presence.left_at) == (Attendance.CHECKED_IN, None)
    assert row.presence.came_at == session.starts_at + MINUTE


def test_who_only_checks_out_was_there(row: Registration, session: Session) -> None:
    assert scan(session, code_of(row), "out").verdict == Verdict.ACCEPTED
    assert attendance_of(row) == Attendance.CHECKED_OUT


# -- the roster


def test_staff_tick_and_take_back(row: Registration, session: Session) -> None:
    by = leader_of(session)
    for kind, attendance in (
        ("in", Attendance.CHECKED_IN), ("out", Attendance.CHECKED_OUT), ("undone", Attendance.UNKNOWN),
        ("absent", Attendance.ABSENT), ("excused", Attendance.EXCUSED), ("in", Attendance.CHECKED_IN),
    ):  # fmt: skip
        mark(row.pk, kind, by=by)
        assert attendance_of(row) == attendance
    assert row.scans.count() == 6


def test_nobody_ticks_themselves_or_a_foreign_roster(session: Session, row: Registration) -> None:
    own = RegistrationFactory.create(session=session, resident=leader_of(session))
    with pytest.raises(door_refusals.OwnArrival):
        mark(own.pk, "in", by=leader_of(session))
    with pytest.raises(PermissionDenied):
        mark(row.pk, "in", by=staff_of(AreaFactory.create()))


def test_absent_is_nobody_before_the_start() -> None:
    session = under_way(starts_at=timezone.now() + 20 * MINUTE)
    row = RegistrationFactory.create(session=session)
    with pytest.raises(door_refusals.NotStarted):
        mark(row.pk, "absent", by=leader_of(session))
    mark(row.pk, "excused", by=leader_of(session))
    assert attendance_of(row) == Attendance.EXCUSED


def test_everybody_out_leaves_out_whoever_left_or_never_came(session: Session) -> None:
    here, gone, missing = (RegistrationFactory.create(session=session) for _ in range(3))
    for row in (here, gone):
        scan(session, code_of(row))
    scan(session, code_of(gone), "out")
    assert check_out_everybody(session.pk, by=leader_of(session)) == 1
    assert [attendance_of(row) for row in (here, gone, missing)] == [
        Attendance.CHECKED_OUT, Attendance.CHECKED_OUT, Attendance.UNKNOWN,
    ]  # fmt: skip
    assert here.presence.left_way == Scan.Way.EVERYBODY


# -- the end of the session


def test_a_forgotten_check_out_closes_at_the_end_and_never_grows(row: Registration, session: Session) -> None:
    scan(session, code_of(row))
    with time_machine.travel(session.ends_at + 5 * MINUTE, tick=False):
        close_past_sessions()
        close_past_sessions()
    row.refresh_from_db()
    assert (row.attendance, row.presence.left_at) == (Attendance.CHECKED_OUT, session.ends_at)
    assert row.presence.left_automatically
    with time_machine.travel(session.ends_at + 600 * MINUTE, tick=False):
        close_past_sessions()
    row.presence.refresh_from_db()
    assert row.presence.left_at == session.ends_at
    assert row.presence.settled_at


def test_a_check_out_that_arrives_late_replaces_the_automatic_one(row: Registration, session: Session) -> None:
    scan(session, code_of(row))
    left = session.ends_at - 10 * MINUTE
    with time_machine.travel(session.ends_at + 5 * MINUTE, tick=False):
        close_past_sessions()
        assert scan(session, code_of(row, left), "out", scanned_at=left).verdict == Verdict.ACCEPTED
    row.refresh_from_db()
    assert (row.presence.left_at, row.presence.left_automatically) == (left, False)


def test_while_the_session_runs_nothing_is_closed(row: Registration, session: Session) -> None:
    scan(session, code_of(row))
    assert close_past_sessions() == 0
    assert attendance_of(row) == Attendance.CHECKED_IN


# -- the log


def test_the_database_keeps_scans_as_they_are(row: Registration, session: Session) -> None:
    scan(session, code_of(row))
    for change in (Scan.objects.all().delete, lambda: Scan.objects.update(kind="out")):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()
    assert Scan.objects.get().kind == "in"


# -- the resident's pass


def test_a_pass_is_an_address_that_lasts_a_minute_with_lasting_digits(row: Registration) -> None:
    now = timezone.now()
    shown, later = pass_of(row, now), pass_of(row, now + 2 * MINUTE)
    assert shown.url.endswith(f"/c/{shown.code}")
    assert shown.code != later.code
    assert shown.digits == later.digits
    assert now < shown.expires_at <= now + MINUTE


@pytest.mark.parametrize(
    ("state", "code"), [(State.CANCELLED, "registration_ended"), (State.WAITLISTED, "no_place_yet")]
)
def test_without_a_place_there_is_no_pass(session: Session, state: str, code: str) -> None:
    row = RegistrationFactory.create(session=session, state=state)
    with pytest.raises(Refusal) as error:
        pass_of(row, timezone.now())
    assert error.value.code == code


def test_a_pass_ends_with_the_door_and_with_the_session(row: Registration, session: Session) -> None:
    with pytest.raises(door_refusals.CheckInOver):
        pass_of(row, session.ends_at + 121 * MINUTE)
    row.session.cancelled_at = timezone.now()
    with pytest.raises(SessionCancelled):
        pass_of(row, timezone.now())


# -- the venue's code


def venue(session: Session, at: dt.datetime | None = None) -> str:
    return codes.venue_code(session.pk, at or timezone.now()).text


def test_a_resident_checks_in_and_out_by_the_code_on_the_screen(row: Registration, session: Session) -> None:
    by = row.resident
    assert arrive(session.pk, by, by=by, code=venue(session)).verdict == Verdict.ACCEPTED
    assert arrive(session.pk, by, by=by, code=codes.venue_digits(session.pk, timezone.now())).verdict == (
        Verdict.DUPLICATE
    )
    arrive(session.pk, by, by=by, code=venue(session), kind="out")
    assert attendance_of(row) == Attendance.CHECKED_OUT
    assert row.presence.is_scanned_twice


def test_an_old_code_counts_when_this_site_saw_it_in_time(row: Registration, session: Session) -> None:
    then = timezone.now() - 5 * MINUTE
    answer = arrive(session.pk, row.resident, by=row.resident, code=venue(session, then), seen_at=then)
    assert answer.verdict == Verdict.ACCEPTED
    row.refresh_from_db()
    assert row.presence.came_at == then


@pytest.mark.parametrize(
    ("make", "code"),
    [
        (lambda session, _row: venue(session, timezone.now() - 2 * MINUTE), "code_expired"),
        (lambda session, _row: venue(session)[:-2] + "zz", "code_forged"),
        (lambda _session, _row: venue(under_way()), "other_session"),
        (lambda _session, _row: "000000", "unknown_code"),
        (lambda _session, _row: "hello", "code_forged"),
        (lambda _session, row: code_of(row), "own_pass"),
    ],
)
def test_the_wrong_code_says_what_is_wrong(row: Registration, session: Session, make: Any, code: str) -> None:
    with pytest.raises(Refusal) as error:
        arrive(session.pk, row.resident, by=row.resident, code=make(session, row))
    assert error.value.code == code
    assert attendance_of(row) == Attendance.UNKNOWN
    assert Scan.objects.get().reason == code


def test_nobody_finds_the_digits_by_trying(row: Registration, session: Session) -> None:
    wrong = "000000" if codes.venue_digits(session.pk, timezone.now()) != "000000" else "000001"
    found = []
    for _ in range(11):
        with pytest.raises(Refusal) as error:
            arrive(session.pk, row.resident, by=row.resident, code=wrong)
        found.append(error.value.code)
    assert found == ["unknown_code"] * 10 + ["too_many_tries"]


def test_who_is_not_registered_is_sent_to_the_leader(session: Session) -> None:
    stranger = UserFactory.create()
    with pytest.raises(door_refusals.NotOnTheList):
        arrive(session.pk, stranger, by=stranger, code=venue(session))


def test_nobody_checks_in_for_somebody_else_by_the_screen(row: Registration, session: Session) -> None:
    with pytest.raises(PermissionDenied):
        arrive(session.pk, row.resident, by=UserFactory.create(), code=venue(session))


def test_far_away_is_noted_and_refuses_nobody() -> None:
    session = under_way(activity__latitude="30.280000", activity__longitude="120.620000")
    row = RegistrationFactory.create(session=session)
    for spot, is_far in (((30.281, 120.62), False), ((31.2, 121.5), True)):
        arrive(session.pk, row.resident, by=row.resident, code=venue(session), spot=spot)
        last = Scan.objects.order_by("pk").last()
        assert last
        assert last.is_far == is_far
    assert attendance_of(row) == Attendance.CHECKED_IN


# -- the printed code


def printed(session: Session) -> str:
    return codes.printed_code(session.pk).text


def test_a_printed_code_waits_for_the_leaders_tap(row: Registration, session: Session) -> None:
    for _ in range(2):
        assert arrive(session.pk, row.resident, by=row.resident, code=printed(session)).verdict == Verdict.UNRESOLVED
    assert attendance_of(row) == Attendance.UNKNOWN
    pending = session.scans.pending().get()
    confirm_arrival(pending.pk, by=leader_of(session), is_here=True)
    row.refresh_from_db()
    assert row.attendance == Attendance.CHECKED_IN
    assert row.presence.came_at == pending.counts_at
    assert not row.presence.is_scanned
    with pytest.raises(door_refusals.NothingToSettle):
        confirm_arrival(pending.pk, by=leader_of(session), is_here=True)


def test_who_was_not_seen_is_not_checked_in(row: Registration, session: Session) -> None:
    arrive(session.pk, row.resident, by=row.resident, code=printed(session))
    confirm_arrival(session.scans.pending().get().pk, by=leader_of(session), is_here=False)
    assert attendance_of(row) == Attendance.UNKNOWN
    assert not session.scans.pending().exists()


def test_nobody_confirms_their_own_arrival(session: Session) -> None:
    row = RegistrationFactory.create(session=session, resident=leader_of(session))
    arrive(session.pk, row.resident, by=row.resident, code=printed(session))
    pending = session.scans.pending().get()
    with pytest.raises(door_refusals.OwnArrival):
        confirm_arrival(pending.pk, by=leader_of(session), is_here=True)
    with pytest.raises(PermissionDenied):
        confirm_arrival(pending.pk, by=UserFactory.create(), is_here=True)


def test_a_stay_without_scans_is_unknown(session: Session) -> None:
    assert stay_of([], session, timezone.now()).attendance == Attendance.UNKNOWN


def test_an_unknown_session_is_not_found() -> None:
    item = Item(uuid.uuid4(), 10**9, "in", timezone.now(), "123456")
    assert record(item, by=UserFactory.create()).code == "not_found"
    assert check_in.said_of("nothing_known") == check_in.said_of("other_session")
    assert SessionFactory.create().scans.count() == 0
