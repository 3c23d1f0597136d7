"""The table of moves, the verbs of residents and of the desk, and who may do what."""

import datetime as dt
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.models import Area
from linlingtong.notifications.models import Notification
from linlingtong.photos.actions import prepare_waiting, receive
from linlingtong.photos.models import Photo
from linlingtong.tickets import actions
from linlingtong.tickets.actions import refusals
from linlingtong.tickets.actions.moves import MOVES, advance
from linlingtong.tickets.models import Follow, Ticket, TicketEvent
from tests.factories import AreaFactory, UserFactory
from tests.photos.pictures import jpeg
from tests.tickets.world import above, at_work, grid, kind, needs, row, settled, worker_of, written

pytestmark = pytest.mark.django_db
State, What = Ticket.State, TicketEvent.What
DAY = dt.timedelta(days=1)


@pytest.fixture
def area() -> Area:
    return grid()


@pytest.fixture
def worker(area: Area) -> User:
    return worker_of(area)


@pytest.fixture
def reporter() -> User:
    return UserFactory.create()


@pytest.mark.parametrize("before", State.values)
@pytest.mark.parametrize("after", State.values)
def test_the_table_says_where_a_report_may_go(before: str, after: str) -> None:
    ticket = row(before)
    values = needs(after) | ({} if after == State.WAITING else {"paused_at": None})
    if after in MOVES[before]:
        event = advance(ticket, after, What.NOTE, by=None, **values)
        assert (event.from_state, event.to_state) == (before, after)
        assert Ticket.objects.get(pk=ticket.pk).state == after
    else:
        with pytest.raises(refusals.NotNow):
            advance(ticket, after, What.NOTE, by=None, **values)
        assert not ticket.events.exists()


def test_a_report_takes_the_whole_way(area: Area, worker: User, reporter: User) -> None:
    ticket = settled(worker, reporter, area=area)
    actions.rate(ticket.pk, 5, "很快", by=reporter)
    ticket.refresh_from_db()
    assert (ticket.state, ticket.outcome, ticket.rating, ticket.was_in_time) == (State.RATED, "fixed", 5, True)
    steps = list(ticket.events.order_by("pk").values_list("what", flat=True))
    assert steps == [What.REPORTED, What.ACCEPTED, What.ASSIGNED, What.STARTED, What.CLOSED, What.RATED]
    assert Notification.objects.filter(resident=reporter, kind="ticket").count() == 4


def test_what_is_sent_twice_is_one_report(area: Area, reporter: User) -> None:
    assert written(reporter, area=area).pk == written(reporter, area=area).pk
    assert Ticket.objects.count() == 1


@pytest.mark.parametrize(
    ("facts", "refusal"),
    [
        ({"text": ""}, refusals.NothingToSee),
        ({"text": "\u200b"}, refusals.NothingToSee),
        ({"area": "community", "place": ""}, refusals.PlaceMissing),
        ({"area": "subdistrict"}, refusals.AreaUnfit),
        ({"category": "gone"}, refusals.CategoryGone),
    ],
)
def test_what_cannot_be_reported_says_why(facts: dict[str, Any], refusal: type[Exception]) -> None:
    community = AreaFactory.create()
    places = {"community": community, "subdistrict": community.parent}
    if "area" in facts:
        facts = facts | {"area": places[facts["area"]]}
    if "category" in facts:
        facts = facts | {"category": kind("gone", is_active=False)}
    with pytest.raises(refusal):
        written(**facts)


def test_so_many_reports_a_day_and_no_more(area: Area, reporter: User, settings: Any) -> None:
    settings.TICKETS_A_DAY = 2
    for number in range(2):
        written(reporter, area=area, text=f"第 {number} 盏")
    with pytest.raises(refusals.EnoughForToday):
        written(reporter, area=area, text="还有一盏")
    with time_machine.travel(timezone.now() + DAY * 1.1):
        written(reporter, area=area, text="还有一盏")


def test_a_photo_alone_is_enough(area: Area, reporter: User) -> None:
    photos = receive([jpeg()], by=reporter)
    ticket = written(reporter, area=area, text="", photos=photos)
    photo = Photo.objects.of("ticket", [ticket.pk]).get()
    assert not photo.is_public


def test_the_level_of_its_kind_says_which_desk_has_it() -> None:
    community = AreaFactory.create()
    here = grid(community)
    desks = {
        level: written(area=here, category=kind(level[:8], level=level)).desk.level
        for level in ("grid", "community", "subdistrict")
    }
    assert desks == {"grid": "grid", "community": "community", "subdistrict": "subdistrict"}
    assert written(area=community, place="门口", category=kind("g", level="grid")).desk == community


def test_the_desk_is_told_and_where_nobody_works_the_one_above() -> None:
    community = AreaFactory.create()
    manager = worker_of(community, Appointment.Role.MANAGER)
    here = grid(community)
    written(area=here)
    assert Notification.objects.filter(resident=manager).count() == 1
    worker = worker_of(here)
    written(area=here)
    assert Notification.objects.filter(resident=worker).count() == 1
    assert Notification.objects.filter(resident=manager).count() == 1


def test_only_the_desk_and_those_above_handle_it(area: Area, worker: User, reporter: User) -> None:
    ticket = written(reporter, area=area, category=kind("c", level="community"))
    for somebody in (worker, reporter, worker_of(AreaFactory.create(), Appointment.Role.MANAGER)):
        with pytest.raises(PermissionDenied):
            actions.accept(ticket.pk, by=somebody)
    manager = worker_of(above(area), Appointment.Role.MANAGER)
    actions.accept(ticket.pk, by=manager)
    actions.assign(ticket.pk, worker, by=manager)
    actions.start(ticket.pk, by=worker)
    with pytest.raises(refusals.NotOfDesk):
        actions.assign(ticket.pk, UserFactory.create(), by=manager)


def test_others_do_nothing_with_somebodys_report(area: Area, worker: User, reporter: User) -> None:
    ticket = settled(worker, reporter, area=area)
    stranger = UserFactory.create()
    verbs: list[Callable[[], object]] = [
        partial(actions.rate, ticket.pk, 5, by=stranger),
        partial(actions.reopen, ticket.pk, "不行", by=stranger),
        partial(actions.take_back, ticket.pk, by=stranger),
        partial(actions.reply, ticket.pk, "是", by=stranger),
    ]
    for verb in verbs:
        with pytest.raises(PermissionDenied):
            verb()


def test_closing_needs_a_photo_or_an_explanation(area: Area, worker: User) -> None:
    ticket = at_work(worker, area=area)
    with pytest.raises(refusals.ProofMissing):
        actions.close(ticket.pk, "fixed", by=worker)
    photos = receive([jpeg()], by=worker)
    with pytest.raises(refusals.ProofMissing):
        actions.close(ticket.pk, "not_fixed", by=worker, photos=photos)
    actions.close(ticket.pk, "fixed", by=worker, photos=photos)
    assert Photo.objects.of("ticket_after", [ticket.pk]).count() == 1


def test_the_reporter_is_asked_and_answers(area: Area, worker: User, reporter: User) -> None:
    ticket = at_work(worker, reporter, area=area)
    actions.ask_reporter(ticket.pk, "是哪一盏？", by=worker)
    with pytest.raises(refusals.NotNow):
        actions.ask_reporter(ticket.pk, "是哪一盏？", by=worker)
    with pytest.raises(refusals.TextMissing):
        actions.reply(ticket.pk, " ", by=reporter)
    again = actions.reply(ticket.pk, "三号楼前面", by=reporter)
    assert (again.state, again.question) == (State.IN_PROGRESS, "")
    with pytest.raises(refusals.NotNow):
        actions.reply(ticket.pk, "三号楼前面", by=reporter)


def test_merging_takes_everybody_along(area: Area, worker: User, reporter: User) -> None:
    first, second = written(area=area, is_public=False), written(reporter, area=area, text="灯坏了", is_public=True)
    neighbour = UserFactory.create()
    Follow.objects.create(ticket=second, resident=neighbour)
    with pytest.raises(refusals.OwnDuplicate):
        actions.merge(second.pk, second.pk, by=worker)
    actions.merge(second.pk, first.pk, by=worker)
    assert Ticket.objects.get(pk=second.pk).state == State.DUPLICATE
    told = Notification.objects.filter(resident__in=[reporter, neighbour]).values_list("resident", flat=True)
    assert set(told) == {reporter.pk, neighbour.pk}
    assert set(first.follows.values_list("resident", flat=True)) == {reporter.pk, neighbour.pk}
    actions.accept(first.pk, by=worker)
    line = Notification.objects.filter(resident=reporter).latest("pk")
    assert first.number not in line.title + line.url
    with pytest.raises(refusals.OwnDuplicate):
        actions.merge(first.pk, second.pk, by=worker)


def test_me_too_is_for_public_reports(area: Area) -> None:
    neighbour = UserFactory.create()
    hidden = written(area=area)
    with pytest.raises(Ticket.DoesNotExist):
        actions.me_too(hidden.pk, by=neighbour)
    shown = row(State.RECEIVED, is_public=True, is_visible=True)
    assert actions.me_too(shown.pk, by=neighbour) == 1
    assert actions.me_too(shown.pk, by=neighbour) == 1
    assert actions.me_too(shown.pk, by=shown.reporter) == 1


def test_nearby_are_open_public_ones_of_the_same_kind_and_grid(area: Area) -> None:
    facts = {"area": area, "is_public": True, "is_visible": True}
    found = row(State.RECEIVED, **facts)
    row(State.RECEIVED, area=area)
    row(State.CLOSED, **facts)
    row(State.RECEIVED, **facts, created_at=timezone.now() - 15 * DAY)
    row(State.RECEIVED, **facts | {"area": grid()})
    row(State.RECEIVED, **facts, category=kind("other"))
    assert actions.nearby(found.category, area) == [found]


def test_opening_again_twice_and_the_second_goes_one_level_up(area: Area, worker: User, reporter: User) -> None:
    ticket = settled(worker, reporter, area=area)
    with pytest.raises(refusals.TextMissing):
        actions.reopen(ticket.pk, "", by=reporter)
    ticket = actions.reopen(ticket.pk, "又不亮了", by=reporter)
    assert (ticket.state, ticket.desk_id, ticket.outcome) == (State.ACCEPTED, area.pk, "")
    actions.assign(ticket.pk, worker, by=worker)
    actions.start(ticket.pk, by=worker)
    actions.close(ticket.pk, "fixed", by=worker, explanation="换了线")
    ticket = actions.reopen(ticket.pk, "还是不亮", by=reporter)
    assert (ticket.desk_id, ticket.handler) == (area.parent_id, None)
    with pytest.raises(PermissionDenied):
        actions.transfer(ticket.pk, "供电所", by=worker)
    manager = worker_of(ticket.desk, Appointment.Role.MANAGER)
    actions.transfer(ticket.pk, "供电所", by=manager)
    actions.close(ticket.pk, "fixed", by=manager, explanation="供电所换了电缆")
    with pytest.raises(refusals.ReopenedEnough):
        actions.reopen(ticket.pk, "又坏了", by=reporter)


def test_after_seven_days_it_rests_and_opens_no_more(area: Area, worker: User, reporter: User) -> None:
    ticket = settled(worker, reporter, area=area)
    with time_machine.travel(timezone.now() + 6.9 * DAY):
        assert actions.let_rest() == 0
    with time_machine.travel(timezone.now() + 7.1 * DAY):
        with pytest.raises(refusals.TooLateToReopen):
            actions.reopen(ticket.pk, "又坏了", by=reporter)
        assert actions.let_rest() == 1
        assert actions.let_rest() == 0
    assert Ticket.objects.get(pk=ticket.pk).state == State.AUTO_CLOSED


def test_a_public_report_is_held_for_newcomers_and_leaves_the_public_when_taken_back(
    area: Area, reporter: User, settings: Any
) -> None:
    held = written(reporter, area=area, is_public=True)
    assert not held.is_visible
    settings.MODERATION_NEWCOMER_POSTS = 0
    shown = written(UserFactory.create(), area=area, is_public=True)
    assert Ticket.objects.public().get() == shown
    actions.hide_ticket(shown.pk)
    assert not Ticket.objects.public().exists()
    actions.show_ticket(shown.pk)
    actions.take_back(shown.pk, by=shown.reporter)
    assert not Ticket.objects.public().exists()
    assert actions.take_back(shown.pk, by=shown.reporter).state == State.WITHDRAWN


def test_photos_of_a_report_are_as_public_as_their_page(
    area: Area, worker: User, reporter: User, client: Client, settings: Any
) -> None:
    """What answers a question is for staff, and what was done is not shown while moderation holds the report."""
    settings.MODERATION_NEWCOMER_POSTS = 0
    ticket = at_work(worker, reporter, area=area, is_public=True, photos=receive([jpeg()], by=reporter))
    actions.ask_reporter(ticket.pk, "哪一盏？", by=worker)
    actions.reply(ticket.pk, "三楼", by=reporter, photos=receive([jpeg()], by=reporter))
    actions.hide_ticket(ticket.pk)
    actions.close(ticket.pk, "fixed", by=worker, photos=receive([jpeg()], by=worker))
    prepare_waiting()
    first = Photo.objects.of("ticket", [ticket.pk]).get()
    answer = Photo.objects.of("ticket_reply", [ticket.pk]).get()
    after = Photo.objects.of("ticket_after", [ticket.pk]).get()
    assert [client.get(photo.medium).status_code for photo in (first, answer, after)] == [200, 404, 404]
    actions.show_ticket(ticket.pk)
    assert [client.get(photo.medium).status_code for photo in (first, answer, after)] == [200, 404, 200]
    page = client.get(f"/tools/report/{ticket.number}/").content.decode()
    assert (first.token in page, answer.token in page, after.token in page) == (True, False, True)
    client.force_login(reporter)
    page = client.get(f"/me/tickets/{ticket.pk}/").content.decode()
    assert all(photo.token in page for photo in (first, answer, after))


def test_what_neighbours_wait_for_goes_on_without_its_reporter(area: Area, worker: User, reporter: User) -> None:
    """The lamp of two others stays on the list of staff when the first one says that it is settled, or leaves."""
    first, second = written(reporter, area=area), written(UserFactory.create(), area=area)
    actions.accept(first.pk, by=worker)
    actions.merge(second.pk, first.pk, by=worker)
    left = actions.take_back(first.pk, by=reporter)
    assert left.state == State.ACCEPTED
    assert actions.take_back(first.pk, by=reporter).events.filter(what="left").count() == 1
    assert Notification.objects.filter(resident=worker, key__contains=f"ticket/{first.pk}/").exists()
    client = Client()
    client.force_login(reporter)
    page = client.get(f"/me/tickets/{first.pk}/").content.decode()
    assert f"/me/tickets/{first.pk}/withdraw/" not in page
    actions.forget(reporter)
    actions.assign(first.pk, worker, by=worker)
    actions.start(first.pk, by=worker)
    actions.close(first.pk, "fixed", by=worker, explanation="换了灯")
    line = Notification.objects.filter(resident=second.reporter).latest("pk")
    assert line.url == f"/me/tickets/{second.pk}/"


def test_refusing_needs_a_reason_that_the_reporter_reads(area: Area, worker: User, reporter: User) -> None:
    ticket = written(reporter, area=area)
    with pytest.raises(refusals.TextMissing):
        actions.refuse(ticket.pk, "", by=worker)
    actions.refuse(ticket.pk, "这条路归区里管", by=worker)
    line = Notification.objects.filter(resident=reporter).latest("pk")
    assert line.body == "这条路归区里管"
    with pytest.raises(refusals.NotNow):
        actions.take_back(ticket.pk, by=reporter)


def test_whoever_leaves_leaves_numbers_only(area: Area, worker: User, reporter: User) -> None:
    done, still = settled(worker, reporter, area=area, text="秘密一"), written(reporter, area=area, text="秘密二")
    photos = receive([jpeg()], by=reporter)
    seen = written(reporter, area=area, text="秘密三", photos=photos)
    kept = actions.own_tickets(reporter)
    assert [one["text"] for one in kept["tickets"]] == ["秘密一", "秘密二", "秘密三"]
    for _ in range(2):
        actions.forget(reporter)
    assert not Ticket.objects.exclude(text="", place="", answer="").exists()
    assert not TicketEvent.objects.exclude(text="").exists()
    assert not Photo.objects.of("ticket", [seen.pk]).exists()
    assert [Ticket.objects.get(pk=one.pk).state for one in (done, still)] == [State.CLOSED, State.WITHDRAWN]
