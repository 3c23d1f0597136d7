"""Reports through the browser, the API, Open311 and the admin."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.models import Area
from linlingtong.home.boards import BOARDS
from linlingtong.photos.actions import prepare_waiting
from linlingtong.photos.models import Photo
from linlingtong.tickets import actions
from linlingtong.tickets.models import Ticket
from tests.api.conftest import App
from tests.factories import AreaFactory, UserFactory
from tests.photos.pictures import jpeg
from tests.tickets.world import above, at_work, grid, kind, row, settled, worker_of, written

pytestmark = pytest.mark.django_db
State = Ticket.State
HERE = "/tools/report/"


@pytest.fixture
def area() -> Area:
    kind()
    return grid()


@pytest.fixture
def worker(area: Area) -> User:
    return worker_of(area)


@pytest.fixture
def reporter() -> User:
    return UserFactory.create()


def typed(area: Area, **more: Any) -> dict[str, Any]:
    return {"category": "lamp", "area": area.pk, "place": "3 幢二楼", "text": "楼道灯不亮"} | more


class TestWriting:
    def test_signing_in_comes_last_and_keeps_everything(self, client: Client, area: Area, reporter: User) -> None:
        answer = client.post(HERE, typed(area, photos=jpeg(), is_public="on"))
        assert answer.status_code == 302
        assert answer["Location"] == f"/login/?next={HERE}"
        assert not Photo.objects.exists()
        client.force_login(reporter)
        page = client.get(HERE)
        assert "楼道灯不亮" in page.content.decode()
        photo = Photo.objects.get(owner=reporter)
        again = client.get(HERE).content.decode()
        assert photo.token in again
        answer = client.post(HERE, typed(area, photos_kept=photo.token, is_public="on"))
        ticket = Ticket.objects.get()
        assert answer["Location"] == f"/me/tickets/{ticket.pk}/"
        assert (ticket.place, ticket.is_public) == ("3 幢二楼", True)
        assert Photo.objects.of("ticket", [ticket.pk]).get() == photo
        assert "楼道灯不亮" not in client.get(HERE).content.decode()

    def test_a_photo_alone_before_signing_in(self, client: Client, area: Area, reporter: User) -> None:
        client.post(HERE, typed(area, text="", photos=jpeg()))
        client.force_login(reporter)
        client.get(HERE)
        client.post(HERE, typed(area, text="", photos_kept=Photo.objects.get().token))
        assert Ticket.objects.get().text == ""

    @pytest.mark.parametrize("is_signed_in", [False, True])
    def test_mistakes_stand_at_their_fields(
        self, client: Client, area: Area, reporter: User, is_signed_in: bool
    ) -> None:
        if is_signed_in:
            client.force_login(reporter)
        answer = client.post(HERE, {"place": "某处", "text": ""})
        assert set(answer.context["form"].errors) == {"category", "area", "text"}
        answer = client.post(HERE, typed(above(area), place=""))
        assert set(answer.context["form"].errors) == {"place"}
        answer = client.post(HERE, typed(area, photos=jpeg(), category="nothing"))
        assert set(answer.context["form"].errors) == {"category"}
        assert not Ticket.objects.exists()

    def test_a_file_that_is_no_photo_is_refused_before_signing_in(self, client: Client, area: Area) -> None:
        bad = SimpleUploadedFile("photo.jpg", b"hello", "image/jpeg")
        answer = client.post(HERE, typed(area, photos=bad))
        assert "photos" in answer.context["form"].errors

    def test_the_preview_shows_it_as_others_see_it_and_sends_nothing(self, client: Client, area: Area) -> None:
        page = client.post(HERE, typed(area, way="preview", is_public="on")).content.decode()
        assert 'id="preview"' in page
        assert not Ticket.objects.exists()

    def test_reports_nearby_are_shown_once_before_sending(self, client: Client, area: Area, reporter: User) -> None:
        near = row(State.RECEIVED, area=area, is_public=True, is_visible=True)
        client.force_login(reporter)
        page = client.post(HERE, typed(area)).content.decode()
        assert f"{HERE}{near.number}/" in page
        assert Ticket.objects.count() == 1
        client.post(HERE, typed(area, nearby_seen="1"))
        assert Ticket.objects.count() == 2
        client.post(f"{HERE}{near.number}/me-too/")
        assert near.follows.get().resident == reporter


class TestReading:
    def test_private_ones_are_nobodys_business(self, client: Client, area: Area, reporter: User) -> None:
        ticket = written(reporter, area=area)
        assert client.get(f"{HERE}{ticket.number}/").status_code == 404
        client.force_login(UserFactory.create())
        assert client.get(f"/me/tickets/{ticket.pk}/").status_code == 404
        for verb in ("reply", "withdraw", "rate", "reopen"):
            assert client.post(f"/me/tickets/{ticket.pk}/{verb}/", {"text": "x", "stars": 5}).status_code == 404

    def test_the_public_page_says_neither_who_nor_what_staff_asked(self, client: Client, reporter: User) -> None:
        ticket = row(State.WAITING, is_public=True, is_visible=True, reporter=reporter, question="您的门牌？")
        page = client.get(f"{HERE}{ticket.number}/").content.decode()
        assert str(reporter) not in page
        assert "您的门牌" not in page

    def test_internal_notes_reach_no_resident(self, client: Client, area: Area, worker: User, reporter: User) -> None:
        ticket = at_work(worker, reporter, area=area)
        actions.add_note(ticket.pk, "报修人常来电", by=worker)
        client.force_login(reporter)
        assert "常来电" not in client.get(f"/me/tickets/{ticket.pk}/").content.decode()
        assert "常来电" not in App(reporter).get(f"tickets/{ticket.pk}/").content.decode()
        assert "常来电" not in str(actions.own_tickets(reporter))

    def test_the_list_costs_the_same_with_three(
        self, client: Client, reporter: User, django_assert_max_num_queries: Any
    ) -> None:
        client.force_login(reporter)
        row(State.RECEIVED, reporter=reporter)
        client.get("/me/tickets/")
        for state in (State.WAITING, State.CLOSED, State.RATED):
            row(state, reporter=reporter)
        with django_assert_max_num_queries(12):
            assert client.get("/me/tickets/").status_code == 200

    def test_the_reporter_answers_rates_and_opens_again(
        self, client: Client, area: Area, worker: User, reporter: User
    ) -> None:
        ticket = at_work(worker, reporter, area=area)
        actions.ask_reporter(ticket.pk, "哪一盏？", by=worker)
        client.force_login(reporter)
        here = f"/me/tickets/{ticket.pk}/"
        assert "哪一盏" in client.get(here).content.decode()
        assert client.post(f"{here}reply/", {"text": ""}).context["reply_form"].errors
        client.post(f"{here}reply/", {"text": "三楼", "photos": jpeg()})
        actions.close(ticket.pk, "fixed", by=worker, explanation="换了")
        assert client.post(f"{here}rate/", {}).context["stars_form"].errors
        client.post(f"{here}rate/", {"stars": "4", "text": "还行"})
        assert client.post(f"{here}rate/", {"stars": "4"}).context["stars_form"].non_field_errors()
        client.post(f"{here}reopen/", {"text": "又坏了"})
        assert Ticket.objects.get().state == State.ACCEPTED
        client.post(f"{here}withdraw/")
        assert Ticket.objects.get().state == State.WITHDRAWN

    @pytest.mark.parametrize("state", State.values)
    def test_every_state_has_a_page(self, client: Client, reporter: User, state: str) -> None:
        ticket = row(state, reporter=reporter, is_public=True, is_visible=True)
        client.force_login(reporter)
        assert client.get(f"/me/tickets/{ticket.pk}/").status_code == 200
        expected = 404 if state in Ticket.ASIDE else 200
        assert client.get(f"{HERE}{ticket.number}/").status_code == expected


class TestApi:
    def test_a_report_and_its_way(self, area: Area, worker: User, reporter: User) -> None:
        app = App(reporter)
        body = {"kind": "lamp", "area": area.pk, "text": "灯坏了"}
        first, again = (app.post("tickets/", body, Idempotency_Key="k") for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 201)
        number = first.json()["id"]
        assert again.json()["id"] == number
        assert [one["id"] for one in app.get("me/tickets/").json()["results"]] == [number]
        actions.accept(number, by=worker)
        actions.assign(number, worker, by=worker)
        actions.ask_reporter(number, "哪一盏？", by=worker)
        assert app.get(f"tickets/{number}/").json()["question"] == "哪一盏？"
        assert app.post(f"tickets/{number}/reply/", {"text": "三楼"}, Idempotency_Key="r").status_code == 200
        actions.start(number, by=worker)
        actions.close(number, "fixed", by=worker, explanation="好了")
        rated = app.post(f"tickets/{number}/rate/", {"stars": 5}, Idempotency_Key="s")
        assert rated.json()["state"] == State.RATED
        opened = app.post(f"tickets/{number}/reopen/", {"text": "又坏了"}, Idempotency_Key="o").json()
        assert [one["what"] for one in opened["events"]][-2:] == ["rated", "reopened"]
        assert app.post(f"tickets/{number}/withdraw/", Idempotency_Key="w").json()["state"] == State.WITHDRAWN
        refused = app.post(f"tickets/{number}/rate/", {"stars": 5})
        assert (refused.status_code, refused.json()["code"]) == (409, "not_now")

    def test_photos_come_along_in_one_call(self, area: Area, reporter: User) -> None:
        app = App(reporter)
        body = {"kind": "lamp", "area": area.pk, "is_public": "true", "photos": [jpeg(), jpeg()]}
        answer = app.client.post("/api/v1/tickets/", body, headers=app.headers)
        assert answer.status_code == 201, answer.content
        assert len(answer.json()["photos"]) == 2
        assert answer.json()["is_public"]

    @pytest.mark.parametrize(
        ("more", "status", "code"),
        [
            ({"text": ""}, 409, "nothing_reported"),
            ({"kind": "nothing"}, 400, None),
            ({"area": 10**12}, 400, None),
            ({"text": 7}, 400, None),
        ],
    )
    def test_what_cannot_be_reported_says_why(
        self, area: Area, reporter: User, more: dict[str, Any], status: int, code: str | None
    ) -> None:
        answer = App(reporter).post("tickets/", {"kind": "lamp", "area": area.pk, "text": "灯坏了"} | more)
        assert answer.status_code == status, answer.content
        if code:
            assert answer.json()["code"] == code

    def test_of_others_there_is_nothing(self, area: Area, reporter: User) -> None:
        ticket, stranger = written(reporter, area=area), App(UserFactory.create())
        assert stranger.get(f"tickets/{ticket.pk}/").status_code == 404
        for verb, body in (
            ("reopen", {"text": "x"}),
            ("rate", {"stars": 5}),
            ("withdraw", None),
            ("reply", {"text": "x"}),
        ):
            assert stranger.post(f"tickets/{ticket.pk}/{verb}/", body).status_code == 404
        assert App().get("me/tickets/").status_code == 401
        assert App().post("tickets/", {}).status_code == 401


class TestAdmin:
    def step(self, ticket: Ticket, name: str) -> str:
        return reverse("admin:tickets_ticket_step", args=[ticket.pk, name])

    def test_staff_take_it_all_the_way(self, client: Client, area: Area, worker: User, reporter: User) -> None:
        ticket = written(reporter, area=area)
        client.force_login(worker)
        page = client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
        assert self.step(ticket, "accept") in page
        assert self.step(ticket, "close") not in page
        client.post(self.step(ticket, "accept"))
        client.post(self.step(ticket, "assign"), {"handler": worker.pk, "text": "带梯子"})
        client.post(self.step(ticket, "start"))
        client.post(self.step(ticket, "extend"), {"days": 2, "reason": "等配件"})
        client.post(self.step(ticket, "note"), {"text": "配件周三到"})
        answer = client.post(self.step(ticket, "close"), {"outcome": "fixed"})
        assert answer.context["form"].non_field_errors()
        client.post(self.step(ticket, "close"), {"outcome": "fixed", "photos": jpeg()})
        ticket.refresh_from_db()
        assert (ticket.state, ticket.handler) == (State.CLOSED, worker)
        prepare_waiting()
        page = client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).content.decode()
        assert "带梯子" in page
        assert Photo.objects.of("ticket_after", [ticket.pk]).get().small in page

    def test_photos_of_the_work_stay_when_something_else_is_missing(
        self, client: Client, area: Area, worker: User
    ) -> None:
        ticket = at_work(worker, area=area)
        client.force_login(worker)
        page = client.post(self.step(ticket, "close"), {"outcome": "planned", "photos": jpeg()})
        assert page.context["form"].non_field_errors()
        photo = Photo.objects.get(owner=worker)
        assert f'name="photos_kept" value="{photo.token}"' in page.content.decode()
        told = {"outcome": "planned", "explanation": "下周换", "photos_kept": photo.token}
        assert client.post(self.step(ticket, "close"), told).status_code == 302
        assert Photo.objects.of("ticket_after", [ticket.pk]).get() == photo

    def test_the_page_of_a_report_shows_only_what_there_is(self, client: Client, area: Area, worker: User) -> None:
        fresh, done = written(area=area), settled(worker, area=area, text="另一盏")
        client.force_login(worker)
        pages = [
            client.get(reverse("admin:tickets_ticket_change", args=[one.pk])).content.decode() for one in (fresh, done)
        ]
        assert ["field-answer" in page for page in pages] == [False, True]
        assert ["field-rating" in page for page in pages] == [False, False]
        assert all("field-to_do" in page for page in pages)

    @pytest.mark.parametrize("name", ["accept", "assign", "start", "ask", "transfer", "close", "extend", "category",
                                      "merge", "refuse", "note"])  # fmt: skip
    def test_each_step_has_a_page_for_its_desk_alone(self, client: Client, area: Area, name: str) -> None:
        ticket = written(area=area)
        for staff, status in ((worker_of(area), 200), (worker_of(AreaFactory.create()), 404)):
            client.force_login(staff)
            assert client.get(self.step(ticket, name)).status_code == status
            assert client.get(reverse("admin:tickets_ticket_change", args=[ticket.pk])).status_code == status
        client.post(self.step(ticket, name), {"reason": "x", "text": "x", "question": "x", "unit": "x"})
        assert Ticket.objects.get().state == State.RECEIVED

    def test_a_refusal_stands_on_the_page(self, client: Client, area: Area, worker: User) -> None:
        ticket = at_work(worker, area=area)
        client.force_login(worker)
        assert client.post(self.step(ticket, "accept")).context["form"].non_field_errors()
        assert client.post(self.step(ticket, "refuse"), {"reason": "晚了"}).context["form"].non_field_errors()

    def test_asking_passing_on_merging_refusing_and_another_kind(
        self, client: Client, area: Area, worker: User
    ) -> None:
        one, two, three = (written(area=area, text=text) for text in "一二三")
        client.force_login(worker)
        for ticket in (one, two):
            client.post(self.step(ticket, "accept"))
        client.post(self.step(one, "ask"), {"question": "哪里？"})
        client.post(self.step(two, "category"), {"category": kind("road").pk})
        client.post(self.step(two, "transfer"), {"unit": "供电所"})
        client.post(self.step(three, "refuse"), {"reason": "不归这里"})
        states = [Ticket.objects.get(pk=each.pk).state for each in (one, two, three)]
        assert states == [State.WAITING, State.TRANSFERRED, State.REFUSED]
        client.post(self.step(one, "merge"), {"into": two.number})
        assert Ticket.objects.get(pk=one.pk).merged_into == two

    def test_overdue_stands_first_with_words(self, client: Client, area: Area, worker: User) -> None:
        ago = timezone.now() - dt.timedelta(days=20)
        fresh = row(State.RECEIVED, area=area)
        late = row(State.IN_PROGRESS, area=area, clock_from=ago, finish_due_at=ago, desk=area)
        row(State.RECEIVED)
        client.force_login(worker)
        listing = client.get(reverse("admin:tickets_ticket_changelist"))
        assert [one.pk for one in listing.context["cl"].result_list] == [late.pk, fresh.pk]
        for value in ("overdue", "running", "mine"):
            assert client.get(reverse("admin:tickets_ticket_changelist"), {"due": value}).status_code == 200
        overdue = client.get(reverse("admin:tickets_ticket_changelist"), {"due": "overdue"})
        assert [one.pk for one in overdue.context["cl"].result_list] == [late.pk]

    def test_kinds_are_for_the_subdistrict(self, client: Client, area: Area) -> None:
        client.force_login(worker_of(area, Appointment.Role.MANAGER))
        assert client.get(reverse("admin:tickets_category_changelist")).status_code == 404
        community = area.parent
        assert community is not None
        assert community.parent is not None
        client.force_login(worker_of(community.parent, Appointment.Role.MANAGER))
        assert client.get(reverse("admin:tickets_category_changelist")).status_code == 200


class TestBoard:
    board = next(one for one in BOARDS if one.name == "tickets")

    @pytest.mark.parametrize(
        ("state", "is_shown"), [(State.WAITING, True), (State.CLOSED, True), (State.RECEIVED, False)]
    )
    def test_the_home_screen_names_what_waits_for_its_reporter(
        self, client: Client, reporter: User, state: str, is_shown: bool
    ) -> None:
        ticket = row(state, reporter=reporter, question="哪一盏？")
        row(State.WAITING, question="别人的")
        client.force_login(reporter)
        page = client.get("/").content.decode()
        assert (f'href="/me/tickets/{ticket.pk}/"' in page) is is_shown

    def test_search_finds_ones_own_and_public_ones(self, area: Area, reporter: User) -> None:
        mine = written(reporter, area=area, text="紫色的路灯")
        shown = row(State.RECEIVED, text="紫色的井盖", is_public=True, is_visible=True)
        row(State.RECEIVED, text="紫色的围栏")
        assert [one.id for one in self.board.find("紫色", None)] == [shown.pk]
        assert {one.id for one in self.board.find("紫色", reporter)} == {mine.pk, shown.pk}

    def test_figures_and_work(self, area: Area, worker: User) -> None:
        settled(worker, area=area)
        written(area=area, text="还有一盏")
        row(State.RECEIVED, area=area, accept_due_at=timezone.now() - dt.timedelta(hours=1))
        assert self.board.figures(area.path) == {"tickets_closed": 1, "tickets_in_time": 1}
        assert [count for count, _label, _url in self.board.work(worker)] == [1, 2]
        assert self.board.work(worker_of(AreaFactory.create())) == []


def test_a_report_is_found_by_its_number_by_its_reporter_alone(client: Client, reporter: User) -> None:
    mine, others = written(reporter), written()
    client.force_login(reporter)
    page = client.get("/search/", {"q": f" {mine.number.lower()} "}).content.decode()
    assert f"/me/tickets/{mine.pk}/" in page
    page = client.get("/search/", {"q": others.number}).content.decode()
    assert f"{others.number}/" not in page
    assert f"/me/tickets/{others.pk}/" not in page
