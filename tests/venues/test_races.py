"""Who wants the same hour at the same moment; the controls show what happens without the turn or without the wall."""

import datetime as dt
import threading
from functools import partial
from typing import Any

import pytest
from django.db import connection
from django.db.utils import IntegrityError

from linlingtong.core.time import at, today
from linlingtong.venues.actions import Order, accept, book, booking, cancel, wait
from linlingtong.venues.actions.refusals import OverQuota, SlotTaken
from linlingtong.venues.models import Booking, Occupancy, Unit, Venue
from tests.factories import UserFactory, VenueFactory
from tests.races import at_once

pytestmark = pytest.mark.django_db(transaction=True)
RESIDENTS, THREADS = 50, 25


def tomorrow(hour: int = 10) -> dt.datetime:
    return at(today() + dt.timedelta(days=1), dt.time(hour))


def order(venue: Venue, units: tuple[int, ...], hour: int = 10) -> Order:
    return Order(venue.pk, tomorrow(hour), tomorrow(hour + 1), units)


def rush(venue: Venue) -> list[Any]:
    units = tuple(venue.units.values_list("pk", flat=True))
    residents = UserFactory.create_batch(RESIDENTS)
    return at_once([partial(book, order(venue, units), one, by=one) for one in residents], threads=THREADS)


def unlocked(monkeypatch: pytest.MonkeyPatch) -> None:
    def look(venue: Venue) -> list[Unit]:
        return list(venue.units.order_by("pk"))

    monkeypatch.setattr(booking, "units_in_turn", look)


def unwalled() -> None:
    """Away with the last wall for the rest of the test; the database is thrown away table by table afterwards."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE venues_occupancy DROP CONSTRAINT a_unit_is_taken_once_at_a_time")


@pytest.fixture
def wall() -> Any:
    yield
    constraint = next(c for c in Occupancy._meta.constraints if c.name == "a_unit_is_taken_once_at_a_time")
    Occupancy.objects.all().delete()
    with connection.schema_editor() as editor:
        editor.add_constraint(Occupancy, constraint)


def test_of_fifty_who_want_one_hour_one_gets_it() -> None:
    venue = VenueFactory.create()
    answers = rush(venue)
    assert sum(isinstance(one, Booking) for one in answers) == 1
    assert sum(isinstance(one, SlotTaken) for one in answers) == RESIDENTS - 1
    assert Occupancy.objects.count() == 2


@pytest.mark.usefixtures("wall")
def test_without_turn_and_wall_the_hour_is_sold_several_times(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked(monkeypatch)
    unwalled()
    choose, gate = booking.choose, threading.Barrier(THREADS)

    def slowly(*args: Any) -> list[Unit]:
        """Everybody looks before anybody writes."""
        found = choose(*args)
        gate.wait(timeout=20)
        return found

    monkeypatch.setattr(booking, "choose", slowly)
    assert sum(isinstance(one, Booking) for one in rush(VenueFactory.create())) == THREADS


def test_the_wall_alone_holds_too(monkeypatch: pytest.MonkeyPatch) -> None:
    unlocked(monkeypatch)
    venue = VenueFactory.create()
    rush(venue)
    assert Booking.objects.live().count() == 1


def test_halves_against_the_whole_end_without_a_circle_of_waiting() -> None:
    venue = VenueFactory.create()
    north, south = venue.units.order_by("pk").values_list("pk", flat=True)
    wishes = [(north,), (south,), (north, south), (south, north)] * 12
    residents = UserFactory.create_batch(len(wishes))
    jobs = [partial(book, order(venue, wish), one, by=one) for wish, one in zip(wishes, residents, strict=True)]
    answers = at_once(jobs, threads=24)
    assert all(isinstance(one, Booking | SlotTaken) for one in answers)
    assert Occupancy.objects.count() == 2


def test_a_quota_holds_when_one_person_books_everything_at_once() -> None:
    venue = VenueFactory.create(most_bookings=2, days_ahead=30)
    monday = today() + dt.timedelta(days=7 - today().weekday())
    units = tuple(venue.units.values_list("pk", flat=True))
    resident = UserFactory.create()
    wishes = [
        Order(venue.pk, at(monday, dt.time(hour)), at(monday, dt.time(hour + 1)), units) for hour in range(8, 20)
    ]
    answers = at_once([partial(book, wish, resident, by=resident) for wish in wishes])
    assert sum(isinstance(one, Booking) for one in answers) == 2
    assert sum(isinstance(one, OverQuota) for one in answers) == len(wishes) - 2


def test_a_double_tap_is_one_booking() -> None:
    venue = VenueFactory.create()
    units = tuple(venue.units.values_list("pk", flat=True))
    resident = UserFactory.create()
    answers = at_once([partial(book, order(venue, units), resident, by=resident)] * 12)
    assert len({one.pk for one in answers}) == 1


def test_who_waits_gets_the_freed_hour_before_any_newcomer() -> None:
    venue = VenueFactory.create()
    units = tuple(venue.units.values_list("pk", flat=True))
    owner, first, *newcomers = UserFactory.create_batch(14)
    booked = book(order(venue, units), owner, by=owner)
    wait(venue.pk, tomorrow(10), tomorrow(11), first, by=first)
    Unit.objects.filter(pk=units[1]).update(is_usable=False)
    jobs = [partial(cancel, booked.pk, by=owner)]
    jobs += [partial(book, order(venue, units[:1]), one, by=one) for one in newcomers[:11]]
    answers = at_once(jobs)
    assert sum(isinstance(one, SlotTaken) for one in answers) == 11
    held = Booking.objects.get(state="held")
    assert held.resident == first
    assert accept(held.pk, by=first).state == "booked"


def test_the_database_itself_refuses_a_second_owner() -> None:
    venue = VenueFactory.create()
    resident = UserFactory.create()
    units = tuple(venue.units.values_list("pk", flat=True))
    booked = book(order(venue, units), resident, by=resident)
    taken = booked.occupancies.all()[0]
    with pytest.raises(IntegrityError):
        Occupancy.objects.create(unit_id=taken.unit_id, during=taken.during, booking=booked)
