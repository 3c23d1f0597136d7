import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.actions import load_calendar
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import at, today
from linlingtong.notifications.models import Message, Notification
from linlingtong.venues.actions import (
    Order,
    accept,
    answer_appeal,
    appeal,
    arrive,
    block,
    book,
    cancel,
    check_in,
    hit_by,
    lapse_holds,
    lift,
    remind,
    see_who_came,
    wait,
)
from linlingtong.venues.actions.refusals import (
    BlockedAlready,
    Closed,
    NoSuchUnits,
    NotKept,
    NotNow,
    NotOfTeam,
    OffGrid,
    OverQuota,
    Paused,
    SlotTaken,
    StillFree,
    TeamOverQuota,
    TooEarly,
    TooLate,
    TooLateToCancel,
    TooManyPeople,
    WaitsAlready,
)
from linlingtong.venues.models import Booking, DayException, Occupancy, OpeningRule, Venue, WaitEntry
from linlingtong.venues.permissions import paused_until
from tests.api.conftest import App
from tests.factories import (
    AreaFactory,
    BookingFactory,
    MembershipFactory,
    OrganizationFactory,
    UserFactory,
    VenueFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
State = Booking.State


def clock(hour: int, days: int = 1) -> dt.datetime:
    return at(today() + dt.timedelta(days=days), dt.time(hour))


def order(venue: Venue, hour: int = 10, *, days: int = 1, hours: int = 1, units: Any = None, **more: Any) -> Order:
    starts_at = clock(hour, days)
    every = tuple(venue.units.order_by("pk").values_list("pk", flat=True)) if venue.chooses_units else ()
    return Order(venue.pk, starts_at, starts_at + hours * HOUR, every if units is None else units, **more)


@pytest.fixture
def venue() -> Venue:
    return VenueFactory.create()


@pytest.fixture
def resident() -> User:
    return UserFactory.create()


def test_a_booking_takes_its_units_and_tells(venue: Venue, resident: User) -> None:
    booking = book(order(venue, purpose="踢球", headcount=8), resident, by=resident)
    assert (booking.state, booking.headcount) == (State.BOOKED, 8)
    assert booking.occupancies.count() == 2
    assert Notification.objects.get(resident=resident).key == f"booking/{booking.pk}/booked"


def test_the_same_order_again_is_the_same_booking(venue: Venue, resident: User) -> None:
    first, second = (book(order(venue), resident, by=resident) for _ in range(2))
    assert first.pk == second.pk
    assert Notification.objects.count() == 1


def test_halves_stand_beside_each_other_and_against_the_whole(venue: Venue) -> None:
    north, south = venue.units.order_by("pk")
    one, two, three = UserFactory.create_batch(3)
    book(order(venue, units=(north.pk,)), one, by=one)
    with pytest.raises(SlotTaken):
        book(order(venue), three, by=three)
    book(order(venue, units=(south.pk,)), two, by=two)
    with pytest.raises(SlotTaken):
        book(order(venue, units=(south.pk,)), three, by=three)


def test_back_to_back_is_fine(venue: Venue) -> None:
    one, two = UserFactory.create_batch(2)
    book(order(venue, 10), one, by=one)
    book(order(venue, 11), two, by=two)


def test_a_taken_time_comes_with_the_nearest_free_ones(venue: Venue) -> None:
    one, two = UserFactory.create_batch(2)
    book(order(venue, 10), one, by=one)
    with pytest.raises(SlotTaken) as refused:
        book(order(venue, 10), two, by=two)
    starts = [start for start, _end in refused.value.alternatives]
    assert sorted(starts[:2]) == [clock(9), clock(11)]
    for start, end in refused.value.alternatives:
        assert end - start == HOUR


def test_places_of_a_station_are_given_as_long_as_there_are_any(resident: User) -> None:
    station = VenueFactory.create(chooses_units=False, units=["1", "2", "3", "4"])
    neighbour = UserFactory.create()
    book(order(station, how_many=3), neighbour, by=neighbour)
    with pytest.raises(SlotTaken):
        book(order(station, how_many=2), resident, by=resident)
    assert book(order(station), resident, by=resident).occupancies.count() == 1


def test_what_cannot_be_booked_says_why(venue: Venue, resident: User) -> None:
    venue.days_ahead, venue.most_people = 7, 10
    venue.save()
    past = Order(venue.pk, timezone.now() - HOUR, timezone.now(), order(venue).units)
    askew = Order(venue.pk, clock(10) + HOUR / 2, clock(11) + HOUR / 2, order(venue).units)
    for refusal, wanted in (
        (TooLate, past),
        (TooEarly, order(venue, days=9)),
        (Closed, askew),
        (Closed, order(venue, 23)),
        (OffGrid, order(venue, hours=3)),
        (TooManyPeople, order(venue, headcount=11)),
        (NoSuchUnits, order(venue, units=(10**9,))),
        (NoSuchUnits, order(venue, units=())),
        (NotOfTeam, order(venue, team_id=OrganizationFactory.create(kind="team").pk)),
    ):
        with pytest.raises(refusal):
            book(wanted, resident, by=resident)
    assert not Booking.objects.exists()


@pytest.mark.parametrize("year", [1, 9999])
def test_years_without_neighbours_are_refused_to_everybody(venue: Venue, resident: User, year: int) -> None:
    moment = dt.datetime(year, 12 if year > 1 else 1, 31 if year > 1 else 1, 12, tzinfo=dt.UTC)
    wanted = Order(venue.pk, moment, max(moment + HOUR, timezone.now() + HOUR), order(venue).units)
    staff = staff_of(venue.area)
    for by in (resident, staff):
        with pytest.raises(TooLate if year == 1 else TooEarly):
            book(wanted, resident, by=by)
    with pytest.raises(TooLate if year == 1 else TooEarly):
        wait(venue.pk, wanted.starts_at, wanted.ends_at, resident, by=resident)


def test_quotas_count_by_week_in_bookings_and_hours(venue: Venue, resident: User) -> None:
    venue.most_bookings, venue.most_hours, venue.days_ahead = 2, 3, 30
    venue.save()
    monday = 7 - today().weekday()
    book(order(venue, 10, days=monday, hours=2), resident, by=resident)
    with pytest.raises(OverQuota):
        book(order(venue, 10, days=monday + 1, hours=2), resident, by=resident)
    second = book(order(venue, 10, days=monday + 6), resident, by=resident)
    with pytest.raises(OverQuota):
        book(order(venue, 12, days=monday + 2), resident, by=resident)
    book(order(venue, 10, days=monday + 7), resident, by=resident)
    cancel(second.pk, by=resident)
    book(order(venue, 12, days=monday + 2), resident, by=resident)


def test_teams_have_a_quota_of_their_own(venue: Venue, resident: User) -> None:
    venue.most_bookings, venue.most_team_bookings, venue.days_ahead = 1, 1, 30
    venue.save()
    team = OrganizationFactory.create(kind="team")
    MembershipFactory.create(user=resident, organization=team, confirmed_at=timezone.now())
    monday = 7 - today().weekday()
    book(order(venue, 10, days=monday), resident, by=resident)
    book(order(venue, 12, days=monday, team_id=team.pk), resident, by=resident)
    with pytest.raises(TeamOverQuota):
        book(order(venue, 14, days=monday, team_id=team.pk), resident, by=resident)


def test_opening_rules_follow_the_calendar_exceptions_and_who_it_is_kept_for(resident: User) -> None:
    load_calendar()
    venue = VenueFactory.create(days_ahead=30)
    venue.opening_rules.all().delete()
    OpeningRule.objects.create(venue=venue, days="off", opens_at=dt.time(9), closes_at=dt.time(21))
    OpeningRule.objects.create(venue=venue, days="worked", opens_at=dt.time(17), closes_at=dt.time(21))
    OpeningRule.objects.create(
        venue=venue, days="5", opens_at=dt.time(9), closes_at=dt.time(11), reserved_for="幼儿园训练"
    )
    with time_machine.travel(dt.datetime(2026, 9, 30, 1, tzinfo=dt.UTC), tick=False):
        book(order(venue, 10, days=1), resident, by=resident)  # National Day, a Thursday: off
        with pytest.raises(Closed):
            book(order(venue, 10, days=8), resident, by=resident)  # 8 October is worked
        with pytest.raises(Closed):
            book(order(venue, 10, days=10), resident, by=resident)  # Saturday the 10th is worked
        with pytest.raises(Closed):
            book(order(venue, 10, days=3), resident, by=resident)  # Saturday the 3rd: kept for the nursery
        DayException.objects.create(venue=venue, day=dt.date(2026, 10, 4), reason="台风")
        with pytest.raises(Closed):
            book(order(venue, 10, days=4), resident, by=resident)


def test_cancelling_frees_the_time_for_the_next_in_line_and_keeps_it_for_twenty_minutes(venue: Venue) -> None:
    owner, first, second = UserFactory.create_batch(3)
    with time_machine.travel(at(today(), dt.time(12)), tick=False):
        booking = book(order(venue), owner, by=owner)
        wait(venue.pk, clock(10), clock(11), first, by=first, how_many=2)
        wait(venue.pk, clock(10), clock(11), second, by=second, how_many=2)
        assert cancel(booking.pk, by=owner).state == State.CANCELLED
        assert cancel(booking.pk, by=owner).state == State.CANCELLED
        held = Booking.objects.get(state=State.HELD)
        assert (held.resident, held.held_until) == (first, timezone.now() + dt.timedelta(minutes=20))
        with pytest.raises(SlotTaken):
            book(order(venue, units=(venue.units.all()[0].pk,)), owner, by=owner)
        with pytest.raises(PermissionDenied):
            accept(held.pk, by=second)
    with time_machine.travel(at(today(), dt.time(12, 21)), tick=False):
        with pytest.raises(NotKept):
            accept(held.pk, by=first)
        assert lapse_holds() == 1
        assert lapse_holds() == 0
        held = Booking.objects.get(state=State.HELD)
        assert held.resident == second
        assert accept(held.pk, by=second).state == State.BOOKED
        assert accept(held.pk, by=second).state == State.BOOKED


def test_who_has_all_they_may_have_by_now_is_passed_over(venue: Venue) -> None:
    Venue.objects.update(most_bookings=1)
    owner, greedy, next_one = UserFactory.create_batch(3)
    with time_machine.travel(at(today(), dt.time(12)), tick=False):
        booking = book(order(venue), owner, by=owner)
        wait(venue.pk, clock(10), clock(11), greedy, by=greedy)
        wait(venue.pk, clock(10), clock(11), next_one, by=next_one)
        book(order(venue, 14), greedy, by=greedy)
        cancel(booking.pk, by=owner)
        assert Booking.objects.get(state=State.HELD).resident == next_one


def test_at_night_a_time_is_kept_until_people_are_awake(venue: Venue) -> None:
    owner, sleeper = UserFactory.create_batch(2)
    with time_machine.travel(at(today(), dt.time(23)), tick=False):
        booking = book(order(venue, 12), owner, by=owner)
        wait(venue.pk, clock(12), clock(13), sleeper, by=sleeper)
        cancel(booking.pk, by=owner)
        assert Booking.objects.get(state=State.HELD).held_until == clock(7) + dt.timedelta(minutes=50)


def test_waiting_is_refused_where_it_makes_no_sense(venue: Venue, resident: User) -> None:
    with pytest.raises(StillFree):
        wait(venue.pk, clock(10), clock(11), resident, by=resident)
    for hour in range(10, 16):
        BookingFactory.create(venue=venue, starts_at=clock(hour))
    for hour in range(10, 15):
        wait(venue.pk, clock(hour), clock(hour + 1), resident, by=resident)
    wait(venue.pk, clock(10), clock(11), resident, by=resident)
    assert WaitEntry.objects.count() == 5
    with pytest.raises(WaitsAlready):
        wait(venue.pk, clock(15), clock(16), resident, by=resident)


def test_cancelling_has_a_deadline_for_residents_and_a_reason_from_staff(venue: Venue, resident: User) -> None:
    booking = BookingFactory.create(venue=venue, resident=resident, starts_at=timezone.now() + HOUR)
    with pytest.raises(TooLateToCancel):
        cancel(booking.pk, by=resident)
    for stranger in (UserFactory.create(), staff_of(AreaFactory.create())):
        with pytest.raises(PermissionDenied):
            cancel(booking.pk, by=stranger)
    cancel(booking.pk, by=staff_of(venue.area), reason="灯坏了")
    assert "灯坏了" in Message.objects.get(resident=resident).text


def test_who_does_not_come_three_times_books_nothing_ahead_until_it_is_excused(venue: Venue, resident: User) -> None:
    for days in (50, 20, 3):
        BookingFactory.create(
            venue=venue, resident=resident, state=State.NO_SHOW, starts_at=timezone.now() - dt.timedelta(days=days)
        )
    until = paused_until(resident)
    assert until is not None
    assert (until - timezone.now()).days in {26, 27}
    with pytest.raises(Paused):
        book(order(venue), resident, by=resident)
    last = Booking.objects.order_by("-starts_at")[0]
    appeal(last.pk, "孩子发烧", by=resident)
    with pytest.raises(NotNow):
        appeal(last.pk, "再说一次", by=resident)
    with pytest.raises(PermissionDenied):
        answer_appeal(last.pk, "好", is_granted=True, by=staff_of(AreaFactory.create()))
    answer_appeal(last.pk, "理解", is_granted=True, by=staff_of(venue.area))
    assert paused_until(resident) is None
    book(order(venue), resident, by=resident)


def test_strikes_far_apart_pause_nobody(venue: Venue, resident: User) -> None:
    for days in (80, 45, 3):
        BookingFactory.create(
            venue=venue, resident=resident, state=State.NO_SHOW, starts_at=timezone.now() - dt.timedelta(days=days)
        )
    assert paused_until(resident) is None


def test_nobody_checks_in_is_noted_after_the_grace_and_told_once(venue: Venue, resident: User) -> None:
    booking = BookingFactory.create(
        venue=venue,
        resident=resident,
        created_at=timezone.now() - HOUR,
        starts_at=timezone.now() - dt.timedelta(minutes=10),
        ends_at=timezone.now() + HOUR,
    )
    assert see_who_came() == 0
    Booking.objects.update(starts_at=timezone.now() - dt.timedelta(minutes=16))
    assert see_who_came() == 1
    assert see_who_came() == 0
    booking.refresh_from_db()
    assert booking.state == State.NO_SHOW
    assert not Occupancy.objects.exists()
    assert Notification.objects.filter(resident=resident).count() == 1


def test_checking_in_on_the_spot_saves_from_that(venue: Venue, resident: User) -> None:
    booking = BookingFactory.create(
        venue=venue,
        resident=resident,
        starts_at=timezone.now() - dt.timedelta(minutes=20),
        ends_at=timezone.now() + HOUR,
    )
    assert arrive(venue, resident, by=resident).pk == booking.pk
    assert arrive(venue, resident, by=resident).state == State.CHECKED_IN
    assert see_who_came() == 0
    Booking.objects.update(ends_at=timezone.now())
    assert see_who_came() == 1
    booking.refresh_from_db()
    assert booking.state == State.OVER
    with pytest.raises(NotNow):
        check_in(booking.pk, by=resident)


def test_a_storm_ends_bookings_without_a_mark_and_lifting_it_gives_the_time_back(venue: Venue, resident: User) -> None:
    booking = BookingFactory.create(venue=venue, resident=resident)
    units = [unit.pk for unit in venue.units.all()]
    staff = staff_of(venue.area)
    assert list(hit_by(venue, units, clock(9), clock(12))) == [booking]
    row = block(venue.pk, units, clock(9), clock(12), kind="weather", reason="台风红色预警", by=staff)
    booking.refresh_from_db()
    assert booking.state == State.CALLED_OFF
    assert "台风红色预警" in Message.objects.get(resident=resident).text
    with pytest.raises(SlotTaken):
        book(order(venue), resident, by=resident)
    with pytest.raises(BlockedAlready):
        block(venue.pk, units, clock(11), clock(13), kind="event", reason="比赛", by=staff)
    with pytest.raises(PermissionDenied):
        lift(row.pk, by=staff_of(AreaFactory.create()))
    wait(venue.pk, clock(10), clock(11), resident, by=resident)
    lift(row.pk, by=staff)
    lift(row.pk, by=staff)
    assert Booking.objects.get(state=State.HELD).resident == resident


def test_staff_book_for_somebody_who_called_and_nobody_else_does(venue: Venue, resident: User) -> None:
    venue.most_bookings = 0
    venue.save()
    staff = staff_of(venue.area)
    booking = book(order(venue), resident, by=staff)
    assert (booking.resident, booking.by) == (resident, staff)
    with pytest.raises(PermissionDenied):
        book(order(venue, 12), resident, by=UserFactory.create())


def test_units_are_offered_to_staff_with_the_name_of_their_venue(venue: Venue, client: Client) -> None:
    VenueFactory.create()
    client.force_login(staff_of(venue.area))
    form = client.get("/admin/venues/booking/on-behalf/").context["asked"].form
    labels = [label for _key, label in form.fields["units"].choices]
    assert labels == [f"{venue} · {unit}" for unit in venue.units.order_by("pk")]


def test_reminded_once_two_hours_ahead_unless_just_booked(venue: Venue, resident: User) -> None:
    soon = timezone.now() + 1.5 * HOUR
    told = BookingFactory.create(
        venue=venue, resident=resident, starts_at=soon, created_at=timezone.now() - dt.timedelta(days=1)
    )
    BookingFactory.create(starts_at=soon)
    remind()
    remind()
    assert Message.objects.get().subject_id == told.pk


REFUSED: list[tuple[type[Refusal], dict[str, Any]]] = [
    (SlotTaken, {}),
    (Closed, {"starts_at": 23, "ends_at": 24}),
    (TooManyPeople, {"headcount": 100}),
    (OffGrid, {"ends_at": 14}),
]


@pytest.mark.parametrize(("refusal", "wish"), REFUSED)
def test_each_refusal_comes_through_page_and_api(
    venue: Venue, resident: User, client: Client, refusal: type[Refusal], wish: dict[str, Any]
) -> None:
    if refusal is SlotTaken:
        BookingFactory.create(venue=venue, starts_at=clock(10))
    starts_at, ends_at = clock(wish.get("starts_at", 10)), clock(0) + wish.get("ends_at", 11) * HOUR
    body = {
        "venue": venue.pk,
        "units": [unit.pk for unit in venue.units.all()],
        "starts_at": starts_at.isoformat(),
        "ends_at": ends_at.isoformat(),
        "headcount": wish.get("headcount", 4),
    }
    answer = App(resident).post("bookings/", body, Idempotency_Key="one")
    assert (answer.status_code, answer.json()["code"]) == (409, refusal.code)
    if refusal is SlotTaken:
        assert len(answer.json()["alternatives"]) == 3
        assert answer.json()["alternatives"][0]["starts_at"].endswith("+08:00")
    client.force_login(resident)
    form = {
        "at": starts_at.isoformat(),
        "part": "whole",
        "slots": int((ends_at - starts_at) / HOUR),
        "headcount": wish.get("headcount", 4),
        "purpose": "踢球",
    }
    page = client.post(f"/tools/pitch/{venue.slug}/", form)
    assert page.status_code in {200, 409}
    assert 'id="error-summary"' in page.content.decode()
    assert not Booking.objects.filter(resident=resident).exists()


def test_booking_over_the_api_from_the_slots_to_giving_it_back(venue: Venue, resident: User) -> None:
    app = App(resident)
    assert App().get("venues/").json()["results"][0]["chooses_units"] is True
    tomorrow = (today() + dt.timedelta(days=1)).isoformat()
    slots = app.get(f"venues/{venue.pk}/availability/?date={tomorrow}").json()["slots"]
    slot = next(one for one in slots if one["starts_at"] == clock(10).isoformat())
    assert slot["state"] == "free"
    body = {"venue": venue.pk, "units": slot["units"], "starts_at": slot["starts_at"], "ends_at": slot["ends_at"]}
    made = app.post("bookings/", body, Idempotency_Key="k")
    assert made.status_code == 201
    assert app.post("bookings/", body, Idempotency_Key="k").json() == made.json()
    assert app.post("bookings/", body | {"purpose": "别的"}, Idempotency_Key="k").status_code == 422
    assert app.get("me/bookings/").json()["results"][0]["id"] == made.json()["id"]
    slots = app.get(f"venues/{venue.pk}/availability/?date={tomorrow}").json()["slots"]
    assert next(one for one in slots if one["starts_at"] == clock(10).isoformat())["state"] == "mine"
    assert App(UserFactory.create()).get(f"bookings/{made.json()['id']}/").status_code == 404
    assert App(UserFactory.create()).delete(f"bookings/{made.json()['id']}/").status_code == 404
    assert app.delete(f"bookings/{made.json()['id']}/").json()["state"] == "cancelled"
    assert App().post("bookings/", body).status_code == 401
    assert app.post("bookings/", body | {"venue": "x"}).status_code == 400
    assert app.get("venues/99999/availability/").status_code == 404
    assert app.get(f"venues/{venue.pk}/availability/?date=2099-01-01").json()["slots"] == []


@pytest.fixture
def full_week(_tuesday: None, venue: Venue, resident: User) -> dt.datetime:
    """The resident has booked the one time a week that is allowed; answers when that week ends."""
    venue.most_bookings, venue.days_ahead = 1, 10
    venue.save()
    booked = book(order(venue, 10), resident, by=resident)
    return at(booked.starts_at.date() + dt.timedelta(days=7 - timezone.localtime(booked.starts_at).weekday()))


class TestOverTheQuota:
    """A Tuesday: what one may book this week is booked."""

    @pytest.fixture(autouse=True)
    def _tuesday(self) -> Iterator[None]:
        with time_machine.travel("2026-11-24 09:00+08:00", tick=False):
            yield

    def page(self, client: Client, venue: Venue, hour: int = 15) -> Any:
        return client.get(f"/tools/pitch/{venue.slug}/?at={clock(hour).isoformat().replace('+', '%2B')}")

    def test_it_shows_before_anything_is_filled_in(self, venue: Venue, resident: User, client: Client) -> None:
        venue.most_bookings = 1
        venue.save()
        book(order(venue, 10), resident, by=resident)
        client.force_login(resident)
        page = client.get(f"/tools/pitch/{venue.slug}/")
        states = {
            cell["standing"]
            for group in page.context["table"]["groups"]
            for row in group["rows"]
            for cell in row["cells"]
            if cell
        }
        assert "over_quota" in states
        slots = App(resident).get(f"venues/{venue.pk}/availability/?date={clock(12).date()}").json()["slots"]
        assert {one["state"] for one in slots} <= {"over_quota", "mine", "past"}

    def test_a_tap_says_why_when_there_is_room_again_and_where_the_bookings_are(
        self, venue: Venue, resident: User, client: Client, full_week: dt.datetime
    ) -> None:
        client.force_login(resident)
        page = self.page(client, venue)
        assert page.context["cell"].standing == "over_quota"
        assert page.context["next_free"]["at"] >= full_week
        text = page.content.decode()
        assert page.context["next_free"]["url"].replace("&", "&amp;") in text
        assert 'href="/me/bookings/"' in text.split('id="chosen"')[1]
        assert 'id="book"' not in text

    def test_what_others_have_cannot_be_waited_for_either(
        self, venue: Venue, resident: User, client: Client, full_week: dt.datetime
    ) -> None:
        other = UserFactory.create()
        book(order(venue, 15), other, by=other)
        client.force_login(resident)
        page = self.page(client, venue)
        assert page.context["cell"].standing == "taken"
        assert 'action="/tools/pitch/' not in page.content.decode()
        assert full_week > clock(15)

    def test_a_refusal_says_the_same(
        self, venue: Venue, resident: User, client: Client, full_week: dt.datetime
    ) -> None:
        client.force_login(resident)
        form = {"at": clock(15).isoformat(), "part": "whole", "slots": 1, "headcount": 6, "purpose": ""}
        page = client.post(f"/tools/pitch/{venue.slug}/", form)
        assert page.status_code == 409
        assert page.context["next_free"]["at"] >= full_week
        assert Booking.objects.count() == 1

    def test_without_any_free_day_it_says_that_new_ones_open(
        self, venue: Venue, resident: User, client: Client, full_week: dt.datetime
    ) -> None:
        venue.days_ahead = 2
        venue.save()
        client.force_login(resident)
        page = self.page(client, venue)
        assert page.context["next_free"] is None
        assert full_week > timezone.now()

    def test_for_the_team_there_is_room_and_nobody_books_for_themselves(
        self, venue: Venue, resident: User, client: Client, full_week: dt.datetime
    ) -> None:
        team = OrganizationFactory.create(kind="team")
        MembershipFactory.create(user=resident, organization=team, confirmed_at=timezone.now())
        client.force_login(resident)
        field = self.page(client, venue).context["form"].fields["team"]
        assert [key for key, _label in field.choices] == [team.pk]
        form = {"at": clock(15).isoformat(), "part": "whole", "slots": 1, "headcount": 6, "purpose": ""}
        client.post(f"/tools/pitch/{venue.slug}/", form)
        assert not Booking.objects.filter(starts_at=clock(15)).exists()
        client.post(f"/tools/pitch/{venue.slug}/", form | {"team": team.pk})
        assert Booking.objects.get(starts_at=clock(15)).team == team
        assert full_week > clock(15)


def test_booking_in_the_browser_takes_two_taps_and_a_look(venue: Venue, resident: User, client: Client) -> None:
    url = f"/tools/pitch/{venue.slug}/?at={clock(10).isoformat().replace('+', '%2B')}"
    assert "/login/" in client.get(url).content.decode()
    client.force_login(resident)
    page = client.get(url)
    assert page.context["cell"].is_free
    form = {"at": clock(10).isoformat(), "part": "whole", "slots": 1, "headcount": 6, "purpose": ""}
    answer = client.post(f"/tools/pitch/{venue.slug}/", form)
    booking = Booking.objects.get()
    assert answer["Location"] == f"/me/bookings/{booking.pk}/"
    assert client.get(answer["Location"]).status_code == 200
    assert client.get("/me/bookings/").status_code == 200
    client.post(f"/me/bookings/{booking.pk}/cancel/")
    booking.refresh_from_db()
    assert booking.state == State.CANCELLED


@pytest.mark.parametrize("part", ["whole", "north"])
def test_who_was_slower_in_the_browser_reads_it_and_what_is_free(
    venue: Venue, resident: User, client: Client, part: str
) -> None:
    north, south = venue.units.order_by("pk")
    other = UserFactory.create()
    book(order(venue, units=(north.pk,)), other, by=other)
    client.force_login(resident)
    form = {"at": clock(10).isoformat(), "part": part.replace("north", str(north.pk)), "slots": 1, "headcount": 6}
    page = client.post(f"/tools/pitch/{venue.slug}/", form)
    assert page.status_code == 409
    text = page.content.decode()
    assert SlotTaken().detail in text
    assert len(page.context["others"]) == 3
    assert [choice.data["value"] for choice in page.context["form"]["part"]] == [str(south.pk)]
    assert f'value="{north.pk}"' not in text


def test_whom_staff_let_in_late_has_the_usual_grace(venue: Venue, resident: User) -> None:
    with time_machine.travel(clock(10) + dt.timedelta(minutes=40), tick=False) as now:
        made = book(order(venue, days=0), resident, by=staff_of(venue.area))
        see_who_came()
        made.refresh_from_db()
        assert made.state == State.BOOKED
        now.shift(dt.timedelta(minutes=venue.grace_minutes + 1))
        see_who_came()
        made.refresh_from_db()
        assert made.state == State.NO_SHOW


def test_what_is_closed_says_why(venue: Venue, resident: User) -> None:
    block(
        venue.pk, list(venue.units.values_list("pk", flat=True)), clock(9), clock(18), kind="weather", reason="台风",
        by=staff_of(venue.area),
    )  # fmt: skip
    with pytest.raises(SlotTaken) as refusal:
        book(order(venue), resident, by=resident)
    assert "台风" in refusal.value.detail
    assert refusal.value.alternatives


def test_who_waits_hears_of_a_closure_and_stays_in_line(venue: Venue, resident: User) -> None:
    other, staff, units = UserFactory.create(), staff_of(venue.area), list(venue.units.values_list("pk", flat=True))
    book(order(venue), other, by=other)
    wait(venue.pk, clock(10), clock(11), resident, by=resident)
    closed = block(venue.pk, units, clock(9), clock(18), kind="weather", reason="台风", by=staff)
    told = Notification.objects.get(resident=resident)
    assert "台风" in told.body
    lift(closed.pk, by=staff)
    assert Booking.objects.get(resident=resident).state == State.HELD


def test_a_kept_time_can_be_passed_on_at_once(venue: Venue, resident: User, client: Client) -> None:
    other = UserFactory.create()
    first = book(order(venue), other, by=other)
    wait(venue.pk, clock(10), clock(11), resident, by=resident)
    cancel(first.pk, by=other)
    held = Booking.objects.get(resident=resident)
    client.force_login(resident)
    assert f'action="/me/bookings/{held.pk}/cancel/"' in client.get(f"/me/bookings/{held.pk}/").content.decode()
    client.post(f"/me/bookings/{held.pk}/cancel/")
    assert not Booking.objects.live().exists()


def test_strangers_find_nobody_elses_booking(venue: Venue, client: Client) -> None:
    booking = BookingFactory.create(venue=venue)
    client.force_login(UserFactory.create())
    assert client.get(f"/me/bookings/{booking.pk}/").status_code == 404
    for verb in ("cancel", "accept", "appeal"):
        assert client.post(f"/me/bookings/{booking.pk}/{verb}/", {"text": "x"}).status_code == 404


def test_the_code_on_the_spot_only_looks_until_it_is_tapped(venue: Venue, resident: User, client: Client) -> None:
    booking = BookingFactory.create(
        venue=venue, resident=resident, starts_at=timezone.now(), ends_at=timezone.now() + HOUR
    )
    client.force_login(resident)
    url = f"/me/bookings/here/{venue.code}/"
    client.get(url)
    booking.refresh_from_db()
    assert booking.state == State.BOOKED
    assert client.post(url).status_code == 302
    client.force_login(UserFactory.create())
    assert client.post(url).status_code == 409
    assert client.get("/me/bookings/here/nonsense/").status_code == 404


@pytest.mark.parametrize(
    "query",
    [
        "at=nonsense",
        "at=2026-99-99T10:00",
        "date=nonsense",
        "date=9999-12-31",
        "at=9999-12-31T10:00%2B08:00",
        "at=0001-01-01T00:00%2B14:00",
    ],
)
def test_strange_addresses_show_the_week(venue: Venue, client: Client, query: str) -> None:
    assert client.get(f"/tools/pitch/{venue.slug}/?{query}").status_code == 200
