"""Reports in every state, some of them overdue; places and words are made up."""

import datetime as dt
import random
from typing import Any

from django.utils import timezone
from PIL import Image, ImageDraw

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.home.management.demo.people import People, Place, next_ids
from linlingtong.moderation.actions import add_clear_cases
from linlingtong.photos.actions import draw_in
from linlingtong.tickets.actions import AFTER, KIND, lay_kinds
from linlingtong.tickets.actions.reporting import desk_for
from linlingtong.tickets.deadlines import WARNINGS, next_warning, set_deadlines, used_share
from linlingtong.tickets.models import Category, Follow, Ticket, TicketEvent
from linlingtong.tickets.models.ticket import ALPHABET

State, What, Outcome = Ticket.State, TicketEvent.What, Ticket.Outcome
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
# Each with kind, place, what was seen, and what was done about it.
SEEN = [
    ("light", "江堤步道 3 号灯杆", "路灯不亮两天了，夜班回来看不清路。", "换了灯泡，顺手查了相邻两盏。"),
    ("road", "佳苑东门", "井盖松了，车一过就响。", "加了胶垫，已经不响。"),
    ("waste", "5 幢后面", "大件垃圾堆了一个礼拜。", "已经清走，贴了投放时间。"),
    ("parking", "9 幢一层", "电瓶车堵在消防通道。", "当天挪走，划了停车线。"),
    ("noise", "青年公寓旁工地", "夜里十一点还在打桩。", "已约谈施工方，晚上十点后停工。"),
    ("danger", "12 幢三楼", "有人从窗口拉线给电瓶车充电。", "拆了飞线，楼下加装充电桩。"),
    ("company", "高科园 2 号楼", "园区公交末班太早，夜班工人回不去。", "已和公交公司商量，下月试行加一班。"),
    ("other", "足球场边上", "长椅断了一根木条。", "换了木条。"),
    ("road", "临江小学门口", "人行道地砖翘起来，孩子绊过。", "重新铺平。"),
    ("light", "7 幢二楼", "楼道声控灯坏了。", "换了感应器。"),
    ("waste", "菜场西侧", "垃圾桶满了没人收，有味道。", "加了一个桶，每天收两次。"),
    ("company", "青蓝精工宿舍", "想请街道来讲一次社保转移。", "约好周四晚上来讲。"),
]
# How many of each state, and how many hours ago they were written at the most.
STATES = [
    (State.RECEIVED, 6, 30), (State.ACCEPTED, 5, 60), (State.ASSIGNED, 5, 90), (State.IN_PROGRESS, 9, 520),
    (State.WAITING, 3, 80), (State.TRANSFERRED, 3, 200), (State.CLOSED, 6, 200), (State.RATED, 8, 900),
    (State.AUTO_CLOSED, 4, 900), (State.REFUSED, 2, 400), (State.DUPLICATE, 2, 120), (State.WITHDRAWN, 2, 300),
]  # fmt: skip
WAY = {
    State.RECEIVED: (),
    State.ACCEPTED: (What.ACCEPTED,),
    State.ASSIGNED: (What.ACCEPTED, What.ASSIGNED),
    State.IN_PROGRESS: (What.ACCEPTED, What.ASSIGNED, What.STARTED),
    State.WAITING: (What.ACCEPTED, What.ASSIGNED, What.STARTED, What.ASKED),
    State.TRANSFERRED: (What.ACCEPTED, What.TRANSFERRED),
    State.CLOSED: (What.ACCEPTED, What.ASSIGNED, What.STARTED, What.CLOSED),
    State.RATED: (What.ACCEPTED, What.ASSIGNED, What.STARTED, What.CLOSED, What.RATED),
    State.AUTO_CLOSED: (What.ACCEPTED, What.ASSIGNED, What.STARTED, What.CLOSED, What.AUTO_CLOSED),
    State.REFUSED: (What.REFUSED,),
    State.DUPLICATE: (What.MERGED,),
    State.WITHDRAWN: (What.WITHDRAWN,),
}
LEADS_TO = {
    What.ACCEPTED: State.ACCEPTED, What.ASSIGNED: State.ASSIGNED, What.STARTED: State.IN_PROGRESS,
    What.ASKED: State.WAITING, What.TRANSFERRED: State.TRANSFERRED, What.CLOSED: State.CLOSED,
    What.RATED: State.RATED, What.AUTO_CLOSED: State.AUTO_CLOSED, What.REFUSED: State.REFUSED,
    What.MERGED: State.DUPLICATE, What.WITHDRAWN: State.WITHDRAWN,
}  # fmt: skip
QUESTION, REFUSAL = "请问是第几单元？方便再拍一张吗？", "这条路归区里养护，已把电话发给你。"
OF_RESIDENTS = (What.RATED, What.WITHDRAWN)
PICTURES = 8
SIZE = (960, 720)


def add_tickets(place: Place, people: People, chance: random.Random) -> None:
    lay_kinds()
    world = Reports(place, people, chance)
    for state, amount, hours in STATES:
        for number in range(amount):
            world.add(state, dt.timedelta(hours=2 + (hours - 2) * (number + 1) / amount))
    world.of_the_resident()
    world.write()


class Reports:
    """Reports with their steps, collected first and written in bulk."""

    def __init__(self, place: Place, people: People, chance: random.Random) -> None:
        self.place, self.people, self.chance = place, people, chance
        self.now = timezone.now()
        self.kinds = {kind.slug: kind for kind in Category.objects.all()}
        self.ids = iter(next_ids(Ticket, sum(amount for _s, amount, _h in STATES) + 10))
        self.tickets: list[Ticket] = []
        self.events: list[TicketEvent] = []
        self.desks: dict[tuple[int, str], Area] = {}

    def add(self, state: str, age: dt.timedelta, *, by: User | None = None, seen: int | None = None) -> Ticket:
        slug, where, text, done = SEEN[len(self.tickets) % len(SEEN) if seen is None else seen]
        grids = self.place.grids[self.chance.choice((0, 0, 0, 1, 2))]
        reporter = by or self.chance.choice(self.people.residents[1:])
        area = by.home_area if by and by.home_area else self.chance.choice(grids)
        kind, is_public = self.kinds[slug], by is None and self.chance.random() < 0.6
        written = self.now - age
        ticket = Ticket(
            pk=next(self.ids), number=self._number(written), reporter=reporter, category=kind, area=area,
            area_path=area.path, desk=self._desk(area, kind.level), place=where, text=text, is_public=is_public,
            is_visible=is_public, state=state, created_at=written, clock_from=written,
        )  # fmt: skip
        self._tell(ticket, done)
        self._count(ticket)
        self.tickets.append(ticket)
        return ticket

    def _number(self, written: dt.datetime) -> str:
        return f"{written:%y%m%d}-{''.join(self.chance.choice(ALPHABET) for _ in range(5))}"

    def _desk(self, area: Area, level: str) -> Area:
        key = area.pk, level
        if key not in self.desks:
            self.desks[key] = desk_for(area, level)
        return self.desks[key]

    def _tell(self, ticket: Ticket, done: str) -> None:
        """Every step on the way to where it stands, spread over the time since it was written."""
        way, staff = WAY[State(ticket.state)], self.people.community_staff
        span = min(self.now - ticket.created_at, len(way) * 20 * HOUR)
        before, moment = "", ticket.created_at
        words = {What.CLOSED: done, What.ASKED: QUESTION, What.REFUSED: REFUSAL, What.TRANSFERRED: "区城管中队"}
        self._event(ticket, What.REPORTED, ("", State.RECEIVED), created_at=moment, by=ticket.reporter)
        before = State.RECEIVED
        for at, what in enumerate(way, start=1):
            moment = ticket.created_at + span * at / (len(way) + 1)
            by = ticket.reporter if what in OF_RESIDENTS else None if what == What.AUTO_CLOSED else staff
            after = LEADS_TO[what]
            self._event(ticket, what, (before, after), created_at=moment, by=by, text=words.get(what, ""))
            before = after
            if what == What.CLOSED:
                ticket.closed_at, ticket.outcome, ticket.answer = moment, Outcome.FIXED, done
        ticket.moved_at = moment
        ticket.handler = staff if What.ASSIGNED in way else None
        self._facts(ticket)

    def _facts(self, ticket: Ticket) -> None:
        """What the columns say besides the state."""
        if ticket.state == State.WAITING:
            ticket.question, ticket.paused_at, ticket.resumes = QUESTION, ticket.moved_at, State.IN_PROGRESS
        elif ticket.state == State.TRANSFERRED:
            ticket.unit = "区城管中队"
        elif ticket.state == State.REFUSED:
            ticket.answer = REFUSAL
        elif ticket.state == State.RATED:
            ticket.rating, ticket.rating_text = self.chance.choice((5, 5, 5, 4, 3)), "谢谢，挺快的。"
        elif ticket.state == State.AUTO_CLOSED and ticket.closed_at:
            ticket.moved_at = min(self.now, ticket.closed_at + 7 * DAY)
        elif ticket.state == State.DUPLICATE:
            ticket.merged_into = self.tickets[0]

    def _event(self, ticket: Ticket, what: str, states: tuple[str, str], **facts: Any) -> None:
        before, after = states
        self.events.append(TicketEvent(ticket=ticket, what=what, from_state=before, to_state=after, **facts))

    def _count(self, ticket: Ticket) -> None:
        """Deadlines as the verbs would store them; warnings that are past have been given."""
        set_deadlines(ticket)
        if ticket.closed_at:
            ticket.was_in_time = ticket.closed_at <= ticket.finish_due_at
        share = used_share(ticket) / 100
        ticket.escalation = sum(share >= step for step in WARNINGS) if ticket.state in Ticket.TIMED else 0
        ticket.escalates_at = next_warning(ticket) if ticket.state in Ticket.TIMED else None

    def of_the_resident(self) -> None:
        """What the resident whom visitors sign in as has reported: one under way, one to answer, one to rate."""
        me = self.people.resident
        self.add(State.IN_PROGRESS, 30 * HOUR, by=me, seen=8)
        self.add(State.WAITING, 20 * HOUR, by=me, seen=9)
        self.add(State.CLOSED, 70 * HOUR, by=me, seen=0)

    def write(self) -> None:
        Ticket.objects.bulk_create(self.tickets)
        TicketEvent.objects.bulk_create(sorted(self.events, key=lambda event: event.created_at))
        shown = [one for one in self.tickets if one.is_public]
        add_clear_cases(
            [
                (KIND, one.pk, one.reporter_id, one.area_path, f"{one.place}\n{one.text}", one.created_at)
                for one in shown
            ]
        )
        follows = [
            Follow(ticket=one, resident=resident, created_at=one.created_at + HOUR)
            for one in shown
            for resident in self.chance.sample(self.people.residents[1:200], self.chance.randint(0, 4))
            if resident.pk != one.reporter_id
        ]
        follows += [
            Follow(ticket=one.merged_into, resident=one.reporter, via=one)
            for one in self.tickets
            if one.merged_into is not None and one.reporter_id != one.merged_into.reporter_id
        ]
        Follow.objects.bulk_create(follows, ignore_conflicts=True)
        self._draw()

    def _draw(self) -> None:
        lamps = [one for one in self.tickets if one.category.slug == "light" and one.state in Ticket.SETTLED]
        for ticket in lamps[-PICTURES:]:
            for subject, owner in ((KIND, ticket.reporter), (AFTER, self.people.community_staff)):
                picture = _drawn(self.chance, is_after=subject == AFTER)
                draw_in(
                    picture, owner=owner, subject=subject, subject_id=ticket.pk, area_path=ticket.area_path,
                    is_public=ticket.is_public, alt=ticket.category.name,
                )  # fmt: skip


def _drawn(chance: random.Random, *, is_after: bool) -> Image.Image:
    """A lamp by the river at night: dark before, lit afterwards."""
    picture = Image.new("RGB", SIZE, (24, 38, 52))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 520, *SIZE), fill=(38, 60, 66))
    at = chance.randint(300, 660)
    pen.rectangle((at, 180, at + 14, 620), fill=(90, 100, 108))
    if is_after:
        pen.ellipse((at - 150, 60, at + 164, 374), fill=(92, 88, 60))
    pen.ellipse((at - 34, 150, at + 48, 226), fill=(255, 214, 120) if is_after else (60, 68, 76))
    return picture
