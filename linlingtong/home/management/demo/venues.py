"""The pitch in two halves, the gym, the hall and the infant station, with a week of bookings."""

import datetime as dt
import random

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from linlingtong.core.time import at, today
from linlingtong.home.management.demo.people import People, Place
from linlingtong.venues.hours import Hours
from linlingtong.venues.models import Block, Booking, Occupancy, OpeningRule, Unit, Venue

PURPOSES = ["踢球", "同事对抗赛", "练习", "家庭活动", "社团训练"]
DAYS, BUSY = range(-14, 7), 0.45


def add_venues(place: Place, people: People, chance: random.Random) -> None:
    venues = _venues(place)
    bookings: list[Booking] = []
    taken: list[Occupancy] = []
    for venue in venues:
        _fill(venue, people, chance, bookings, taken)
    Booking.objects.bulk_create(bookings)
    for one in taken:
        one.booking_id = one.booking.pk if one.booking else None
    Occupancy.objects.bulk_create(taken)
    _own_booking(venues[0], people, chance)
    _maintenance(venues[0], people)


def _venues(place: Place) -> list[Venue]:
    jiayuan, gaoxin = place.communities[1], place.communities[0]
    rows = [
        (jiayuan, "五人制足球场", "pitch", "pitch", "临江佳苑社区西侧公园", ["北半场", "南半场"], True, 60, 2),
        (gaoxin, "百姓健身房", "gym", "gym", "临江邻里中心三楼", [f"{n} 号位" for n in range(1, 13)], False, 60, 4),
        (gaoxin, "多功能活动室", "hall", "hall", "高新社区服务中心二楼", ["全室"], False, 60, 2),
        (
            gaoxin,
            "婴幼儿成长驿站",
            "infant",
            "infant-station",
            "临江邻里中心一楼",
            [f"{n} 号" for n in range(1, 5)],
            False,
            120,
            2,
        ),
    ]
    venues = []
    for area, name, kind, slug, spot, units, chooses, minutes, most in rows:
        venue = Venue.objects.create(
            area=area, name=name, kind=kind, slug=slug, place=spot, chooses_units=chooses, slot_minutes=minutes,
            most_bookings=most, most_hours=most * 2, phone=area.phone,
            rules="提前 10 分钟到，扫门口的码签到\n爱护设施，垃圾带走\n三次约了没来，暂停提前预约 30 天",
        )  # fmt: skip
        Unit.objects.bulk_create(Unit(venue=venue, name=unit) for unit in units)
        opens = dt.time(9)
        OpeningRule.objects.create(venue=venue, opens_at=opens, closes_at=dt.time(21 if minutes == 60 else 17))
        venues.append(venue)
    for days in ("5", "6"):
        OpeningRule.objects.create(
            venue=venues[0], days=days, opens_at=dt.time(10), closes_at=dt.time(12), reserved_for="幼儿园训练"
        )
    return venues


def _fill(
    venue: Venue, people: People, chance: random.Random, bookings: list[Booking], taken: list[Occupancy]
) -> None:
    now, units = timezone.now(), list(venue.units.order_by("pk"))
    hours = Hours(venue, today() + dt.timedelta(days=DAYS[0]), today() + dt.timedelta(days=DAYS[-1]))
    for offset in DAYS:
        for slot in hours.slots(today() + dt.timedelta(days=offset)):
            for unit in [] if slot.reserved_for else _some(venue, units, chance):
                resident = people.residents[chance.randint(1, len(people.residents) - 1)]
                is_past = slot.ends_at <= now
                booking = Booking(
                    venue=venue, resident=resident, by=resident, starts_at=slot.starts_at, ends_at=slot.ends_at,
                    state=_past_state(chance) if is_past else Booking.State.BOOKED, purpose=chance.choice(PURPOSES),
                    headcount=chance.randint(1, 10), created_at=slot.starts_at - dt.timedelta(days=3),
                    ended_at=slot.ends_at if is_past else None,
                )  # fmt: skip
                bookings.append(booking)
                if booking.state in (Booking.State.BOOKED, Booking.State.OVER):
                    during = DateTimeTZRange(slot.starts_at, slot.ends_at)
                    taken += [Occupancy(unit=one, booking=booking, during=during) for one in unit]


def _some(venue: Venue, units: list[Unit], chance: random.Random) -> list[list[Unit]]:
    """Which units are booked in one slot: the whole, some of them, or none."""
    if chance.random() > BUSY:
        return []
    if not venue.chooses_units:
        return [[unit] for unit in units[: chance.randint(1, len(units))]]
    return [units] if chance.random() < 0.7 else [[units[0]]]


def _past_state(chance: random.Random) -> str:
    return Booking.State.NO_SHOW if chance.random() < 0.05 else Booking.State.OVER


def _own_booking(pitch: Venue, people: People, chance: random.Random) -> None:
    """陈师傅 plays in two evenings, wherever the pitch is still free."""
    hours = Hours(pitch, today(), today() + dt.timedelta(days=6))
    for offset in range(2, 7):
        for slot in hours.slots(today() + dt.timedelta(days=offset)):
            during = DateTimeTZRange(slot.starts_at, slot.ends_at)
            is_taken = Occupancy.objects.filter(unit__venue=pitch, during__overlap=during).exists()
            if slot.starts_at < at(slot.starts_at.date(), dt.time(17)) or is_taken or slot.reserved_for:
                continue
            booking = Booking.objects.create(
                venue=pitch, resident=people.resident, by=people.resident, starts_at=slot.starts_at,
                ends_at=slot.ends_at, purpose=chance.choice(PURPOSES), headcount=10,
            )  # fmt: skip
            Occupancy.objects.bulk_create(
                Occupancy(unit=unit, booking=booking, during=during) for unit in pitch.units.all()
            )
            return


def _maintenance(pitch: Venue, people: People) -> None:
    """The lawn is looked after on a morning of next week."""
    day = today() + dt.timedelta(days=8)
    block = Block.objects.create(
        venue=pitch, kind=Block.Kind.MAINTENANCE, starts_at=at(day, dt.time(9)), ends_at=at(day, dt.time(12)),
        reason="草坪养护", by=people.community_staff,
    )  # fmt: skip
    during = DateTimeTZRange(block.starts_at, block.ends_at)
    Occupancy.objects.bulk_create(Occupancy(unit=unit, block=block, during=during) for unit in pitch.units.all())
