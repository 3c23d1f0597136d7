"""Open311 GeoReport v2, read by a client that others wrote, over real HTTP; then line by line as the standard says."""

import datetime as dt
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone
from georeport import GeoReport
from requests import HTTPError

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.tickets.models import Category, Ticket
from tests.factories import AreaFactory, UserFactory
from tests.tickets.world import grid, kind, row

State = Ticket.State
HERE = "/open311/v2"
OF_A_REQUEST = {
    "service_request_id", "status", "status_notes", "service_name", "service_code", "description",
    "agency_responsible", "service_notice", "requested_datetime", "updated_datetime", "expected_datetime", "address",
    "address_id", "zipcode", "lat", "long", "media_url",
}  # fmt: skip


def public(state: str = State.RECEIVED, **facts: Any) -> Ticket:
    return row(state, **{"is_public": True, "is_visible": True} | facts)


def placed(lat: float, long: float) -> Area:
    return AreaFactory.create(parent=AreaFactory.create(), level=Area.Level.GRID, lat=lat, long=long)


@pytest.fixture
def reporter() -> User:
    return UserFactory.create()


def status_of(error: HTTPError) -> int | None:
    return error.response.status_code if error.response is not None else None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("form", ["json", "xml"])
class TestSomebodyElsesClient:
    """`georeport`, the Python client that is kept up."""

    def test_it_reads_kinds_reports_and_one_report(self, live_server: Any, form: str) -> None:
        grids = [placed(30.2846, 120.6127), grid()]
        tickets = [public(area=one, text="路灯 <不亮> & 闪") for one in grids]
        kind("road", name="路面")
        client = GeoReport(f"{live_server.url}{HERE}", output_format=form)
        assert {one["service_code"] for one in client.get_service_list()} >= {"lamp", "road"}
        assert client.get_service_definition("lamp")["service_code"] == "lamp"
        found = client.get_service_requests(status="open", service_code="lamp")
        assert [one["service_request_id"] for one in found] == [tickets[1].number, tickets[0].number]
        assert found[0]["description"] == "路灯 <不亮> & 闪"
        assert found[0]["lat"] is None
        assert (float(found[1]["lat"]), float(found[1]["long"])) == (30.2846, 120.6127)
        one = client.get_service_request(tickets[0].number)
        assert (one[0] if isinstance(one, list) else one)["address_id"] == str(grids[0].pk)

    def test_it_is_told_what_is_not_there(self, live_server: Any, form: str) -> None:
        client = GeoReport(f"{live_server.url}{HERE}", output_format=form)
        for ask in (client.get_service_definition, client.get_service_request):
            with pytest.raises(HTTPError) as refused:
                ask("nothing")
            assert status_of(refused.value) == 404
        with pytest.raises(HTTPError) as refused:
            client.get_service_requests(start_date="gestern")
        assert status_of(refused.value) == 400


@pytest.mark.django_db
class TestTheStandard:
    def test_discovery_leads_to_the_endpoint_in_both_forms(self, client: Client) -> None:
        AreaFactory.create()
        changed = kind()
        told = client.get("/open311/discovery.json").json()
        assert set(told) == {"changeset", "contact", "key_service", "endpoints"}
        (endpoint,) = told["endpoints"]
        assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert endpoint["url"].endswith(HERE)
        assert (endpoint["type"], endpoint["formats"]) == ("production", ["application/json", "text/xml"])
        assert "临江街道" in told["contact"]
        assert dt.datetime.fromisoformat(told["changeset"]).tzinfo is not None
        top = ET.fromstring(client.get("/open311/discovery.xml").content)  # noqa: S314 - our own
        assert top.tag == "discovery"
        assert top.findtext("endpoints/endpoint/url") == endpoint["url"]
        assert [one.text for one in top.findall("endpoints/endpoint/formats/format")] == endpoint["formats"]
        assert client.get("/open311/discovery.csv").status_code == 404
        changed.name = "另一个名字"
        changed.save()
        assert client.get("/open311/discovery.json").json()["changeset"] >= told["changeset"]

    def test_without_any_kind_discovery_says_when_it_looked(self, client: Client) -> None:
        Category.objects.all().delete()
        apps.get_model("tickets", "CategoryEvent").objects.all().delete()
        assert client.get("/open311/discovery.json").status_code == 200

    def test_services_say_what_each_kind_is(self, client: Client) -> None:
        kind("lamp", example="路灯不亮")
        kinds = {one["service_code"]: one for one in client.get(f"{HERE}/services.json").json()}
        row_ = kinds["lamp"]
        assert set(row_) == {
            "service_code", "service_name", "description", "metadata", "type", "keywords", "group",
        }  # fmt: skip
        assert (row_["description"], row_["metadata"], row_["type"]) == ("路灯不亮", False, "realtime")
        answer = client.get(f"{HERE}/services.xml?jurisdiction_id=linjiang")
        assert answer["Content-Type"] == "text/xml; charset=utf-8"
        assert answer.content.lower().startswith(b"<?xml version='1.0' encoding='utf-8'?>")
        top = ET.fromstring(answer.content)  # noqa: S314 - our own
        assert (top.tag, top[-1].tag, top[-1].findtext("metadata")) == ("services", "service", "false")

    def test_a_definition_has_its_own_root(self, client: Client) -> None:
        kind()
        assert client.get(f"{HERE}/services/lamp.json").json() == {"service_code": "lamp", "attributes": []}
        top = ET.fromstring(client.get(f"{HERE}/services/lamp.xml").content)  # noqa: S314 - our own
        assert top.tag == "service_definition"
        assert [one.tag for one in top] == ["service_code", "attributes"]
        assert len(top[1]) == 0

    def test_requests_carry_every_field_and_nobodys_name(self, client: Client, reporter: User) -> None:
        ticket = public(State.CLOSED, text="<灯> & 线", answer="换了", reporter=reporter)
        row(State.RECEIVED)
        (found,) = client.get(f"{HERE}/requests.json").json()
        assert set(found) == OF_A_REQUEST
        assert (found["service_request_id"], found["status"]) == (ticket.number, "closed")
        for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
            assert dt.datetime.fromisoformat(found[name]).tzinfo is not None
        top = ET.fromstring(client.get(f"{HERE}/requests.xml?jurisdiction_id=x").content)  # noqa: S314 - our own
        assert (top.tag, top[0].tag) == ("service_requests", "request")
        assert {one.tag for one in top[0]} == OF_A_REQUEST
        assert top[0].findtext("description") == "<灯> & 线"
        assert client.get(f"{HERE}/requests/{ticket.number}.json").json() == [found]
        assert str(reporter) not in str(found)

    def test_a_report_lies_where_its_grid_does_never_nearer(self, client: Client) -> None:
        here = placed(30.2846, 120.6127)
        stair = AreaFactory.create(parent=here, level=Area.Level.BUILDING)
        public(area=stair, place="3 幢二楼")
        (found,) = client.get(f"{HERE}/requests.json").json()
        assert (found["lat"], found["long"]) == (30.2846, 120.6127)

    def test_who_asks_around_a_point_gets_what_lies_there(self, client: Client) -> None:
        near, far = public(area=placed(30.2846, 120.6127)), public(area=placed(30.2990, 120.6127))
        public()

        def numbers(query: str) -> set[str]:
            answer = client.get(f"{HERE}/requests.json?{query}")
            assert answer.status_code == 200, answer.content
            return {one["service_request_id"] for one in answer.json()}

        assert numbers("lat=30.2850&long=120.6130") == {near.number}
        assert numbers("lat=30.2850&long=120.6130&radius=20") == set()
        assert numbers("lat=30.2850&long=120.6130&radius=5000") == {near.number, far.number}

    def test_numbers_codes_states_days_and_pages_narrow_it(self, client: Client) -> None:
        opened = public()
        closed = public(State.RATED, category=kind("road"))
        old = public(State.RATED, created_at=timezone.now() - dt.timedelta(days=100))

        def numbers(query: str) -> list[str]:
            return [one["service_request_id"] for one in client.get(f"{HERE}/requests.json?{query}").json()]

        def day(ago: int) -> str:
            return (timezone.now() - dt.timedelta(days=ago)).strftime("%Y-%m-%dT%H:%M:%SZ")

        assert numbers("status=open") == [opened.number]
        assert numbers("status=open,closed") == [closed.number, opened.number]
        assert numbers("service_code=road") == [closed.number]
        assert numbers(f"service_request_id={old.number},{opened.number}&status=closed") == [old.number, opened.number]
        assert numbers(f"end_date={day(90)}") == [old.number]
        assert numbers(f"start_date={day(101)}") == [old.number]
        assert numbers(f"start_date={day(120)}&end_date={day(1)}") == []
        assert numbers("page_size=1&page=2") == [opened.number]

    def test_a_thousand_come_without_asking_for_pages(self, client: Client) -> None:
        shared: dict[str, Any] = {"category": kind(), "area": grid(), "reporter": UserFactory.create()}
        for _ in range(60):
            public(**shared)
        assert len(client.get(f"{HERE}/requests.json").json()) == 60

    @pytest.mark.parametrize(
        "query",
        [
            "status=gone", "start_date=yesterday", "page=x", "page_size=0", "start_date=0001-01-01T00:00:00Z",
            "lat=30.2", "long=120.6", "lat=x&long=120", "lat=91&long=120", "lat=nan&long=120",
            "lat=30.2&long=120.6&radius=-1", "lat=30.2&long=120.6&radius=inf",
        ],
    )  # fmt: skip
    @pytest.mark.parametrize("form", ["json", "xml"])
    def test_what_is_not_understood_is_refused_by_name(self, client: Client, query: str, form: str) -> None:
        answer = client.get(f"{HERE}/requests.{form}?{query}")
        assert answer.status_code == 400
        if form == "json":
            (error,) = answer.json()
            assert set(error) == {"code", "description"}
        else:
            top = ET.fromstring(answer.content)  # noqa: S314 - our own
            assert (top.tag, top[0].tag, top[0].findtext("code")) == ("errors", "error", "400")

    def test_what_is_not_there_and_what_is_not_offered(self, client: Client) -> None:
        hidden = row(State.RECEIVED, is_public=True)
        row(State.REFUSED, is_public=True, is_visible=True)
        assert client.get(f"{HERE}/requests.json").json() == []
        for path in (f"requests/{hidden.number}.json", "requests/nothing.xml", "requests.csv", "services/no.json"):
            assert client.get(f"{HERE}/{path}").status_code == 404
        assert client.post(f"{HERE}/requests.json").status_code == 405

    def test_many_cost_as_many_queries_as_one(
        self, client: Client, reporter: User, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(3):
            public(reporter=reporter)
        with django_assert_max_num_queries(4):
            assert len(client.get(f"{HERE}/requests.json").json()) == 3
