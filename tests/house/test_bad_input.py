"""What frameworks let through, at every address: odd questions, forged hosts, no token, foreign fields."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from django.db.models import Model
from django.test import Client

from linlingtong.accounts.models import User
from linlingtong.activities.models import Registration
from linlingtong.core.search import LONGEST_QUERY, matching
from linlingtong.likes.models import Praise
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.tickets.models import Ticket
from linlingtong.venues.models import Booking
from tests.api.conftest import token_of
from tests.factories import AreaFactory, SessionFactory, UserFactory, VenueFactory
from tests.house.conftest import address, routes
from tests.house.town import Town
from tests.mutual_aid.factories import HelpPostFactory

pytestmark = pytest.mark.django_db
GARBAGE = {
    "letters for numbers": "abc",
    "nul": "a\x00b",
    "beyond numbers": "9" * 40,
    "below": "-1",
    "three thousand words": "临江 " * 3000,
    "turned around": "\u202e\u2066",
    "half a letter": "%ED%A0%80",
    "markup": "<script>alert(1)</script>",
    "from another plane": "𠮷",
    "the first day": "0001-01-01",
    "the last day": "9999-12-31",
    "the first moment": "0001-01-01T00:00+14:00",
    "the last moment": "9999-12-31T23:59-12:00",
}
NAMES = (
    "q", "page", "cursor", "page_size", "area", "community", "kind", "topic", "type", "state", "open", "date", "day",
    "month", "week", "from", "to", "next", "cap", "category", "audience", "side", "unread", "upcoming", "lang", "id",
    "at", "after", "year", "first_on", "last_on", "start_date", "end_date", "service_code", "service_request_id",
    "lat", "long", "status", "o", "p", "e", "all", "id__exact", "pk__in", "state__exact", "area__id__exact",
    "starts_at__gte",
)  # fmt: skip
INVISIBLE = ("\u200b\u200b", "\u3164", "\u202e\u2066\u2069", "\u00ad", "\u2800", " \u00a0 ")
# Calls whose caller is known by what is in them, not by a cookie.
WITHOUT_COOKIE = re.compile(r"_allauth/|api/|metrics|healthz|readyz")


@pytest.mark.parametrize("name", GARBAGE)
def test_no_question_breaks_a_list(town: Town, knock: Callable[..., Any], name: str) -> None:
    """Each page of residents and of staff, once with the same odd value for everything that it could be asked."""
    value = GARBAGE[name]
    names = ("q", "term", "area", "cursor") if len(value) > 1000 else NAMES
    given = "&".join(f"{one}={value if '%' in value else quote(value)}" for one in names)
    broken = {}
    for route in routes():
        if ("<" in route and route.startswith("admin/")) or route.endswith("/add/"):
            continue
        path, role = address(route, town), "superuser" if route.startswith("admin/") else "owner"
        answer = knock(role, "get", f"{path}?{given}")
        if answer.status_code >= 500 and path != "/readyz":
            broken[path] = answer.status_code
    assert broken == {}


def test_a_search_looks_at_a_short_question_only() -> None:
    """However long it is, what reaches the database is bounded."""
    value = matching("临江 " * 3000).get_source_expressions()[0]
    assert len(vars(value)["value"]) == LONGEST_QUERY < 100


def test_staff_search_with_a_short_question_too() -> None:
    AreaFactory.create()
    boss = Client()
    boss.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    for path in ("venues/booking/", "tickets/ticket/", "activities/registration/", "account/emailaddress/"):
        page = boss.get(f"/admin/{path}", {"q": "临江 " * 3000})
        assert len(page.context["cl"].query) == LONGEST_QUERY, path


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80@localhost", "a" * 300, "..", "localhost:abc"])
def test_a_forged_host_is_a_400(settings: Any, host: str) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    for path in ("/", "/api/v1/activities/", "/admin/", "/login/"):
        answer = Client(raise_request_exception=False).get(path, headers={"host": host})
        assert answer.status_code == 400, path
        assert "evil" not in answer.headers.get("Location", "")


def test_no_post_of_a_browser_counts_without_its_token(town: Town) -> None:
    """As htmx sends them too: signed in by cookie, no token, so nothing is done."""
    browser = Client(enforce_csrf_checks=True, raise_request_exception=False)
    browser.force_login(User.objects.get(pk=town.world.resident.pk))
    taken = []
    for route in routes():
        path = address(route, town)
        answer = browser.post(path, {"text": "x"}, headers={"HX-Request": "true"})
        if answer.status_code < 400 and not WITHOUT_COOKIE.match(route):
            taken.append(f"{route}: {answer.status_code}")
        if route.startswith("api/v1/") and answer.status_code < 400:
            taken.append(f"{route}: {answer.status_code}")
    assert taken == []


@pytest.mark.parametrize("nickname", INVISIBLE)
def test_a_name_that_nobody_can_see_is_no_name(nickname: str) -> None:
    """Through the page, the API and the staff's pages."""
    resident, boss = UserFactory.create(nickname="李姐"), UserFactory.create(is_staff=True, is_superuser=True)
    page, back_office = Client(), Client()
    page.force_login(resident)
    back_office.force_login(boss)
    page.post("/me/profile/", {"nickname": nickname})
    api = Client(headers={"X-Session-Token": token_of(resident)})
    body = orjson.dumps({"nickname": nickname})
    assert api.patch("/api/v1/me/", body, content_type="application/json").status_code == 400
    back_office.post(f"/admin/accounts/user/{resident.pk}/change/", {"nickname": nickname})
    resident.refresh_from_db()
    assert resident.nickname == "李姐"


def test_names_from_the_second_plane_are_names() -> None:
    resident = UserFactory.create()
    api = Client(headers={"X-Session-Token": token_of(resident)})
    body = orjson.dumps({"nickname": "𠮷田"})
    assert api.patch("/api/v1/me/", body, content_type="application/json").json()["nickname"] == "𠮷田"
    page = Client()
    page.force_login(resident)
    assert "𠮷田" in page.get("/me/").content.decode()


# What only the product may write, on top of a call that is right.
FOREIGN: dict[str, Any] = {
    "id": 4711, "pk": 4711, "is_staff": True, "is_superuser": True, "is_active": False, "phone_verified_at": None,
    "home_confirmed_at": "2020-01-01T00:00:00Z", "suspended_until": "2099-01-01T00:00:00Z", "state": "completed",
    "number": 1, "places": 9, "taken": 9, "attendance": "checked_out", "author": 1, "resident": 1, "reporter": 1,
    "by": 1, "is_visible": True, "like_count": 999, "comment_count": 999, "consent": "public", "handler": 1,
    "desk": 1, "outcome": "fixed", "held_until": "2099-01-01T00:00:00Z", "area_path": "/1/",
    "created_at": "2020-01-01T00:00:00Z",
}  # fmt: skip

# The same as a form would send it.
TYPED = {name: value for name, value in FOREIGN.items() if value is not None}


def _written(method: str, path: str, body: dict[str, Any], resident: User) -> int:
    api = Client(headers={"X-Session-Token": token_of(resident)})
    sent = orjson.dumps(FOREIGN | body)
    return int(getattr(api, method)(f"/api/v1/{path}", sent, content_type="application/json").status_code)


def _unlike(row: Model, *own: str) -> list[str]:
    """The columns that took what they were not to take."""
    columns = {field.attname: field.name for field in row._meta.concrete_fields}
    return [
        name for attribute, name in columns.items()
        if name in FOREIGN and name not in own and str(getattr(row, attribute)) == str(FOREIGN[name])
    ]  # fmt: skip


def test_nobody_makes_themselves_staff(town: Town) -> None:
    resident = UserFactory.create()
    assert _written("patch", "me/", {"nickname": "张三"}, resident) == 200
    page = Client()
    page.force_login(resident)
    page.post(
        "/me/profile/", {**FOREIGN, "nickname": "李四", "home_confirmed_at": "2020-01-01", "phone_verified_at": ""}
    )
    resident.refresh_from_db()
    assert _unlike(resident) == []
    assert (resident.is_staff, resident.is_superuser, resident.is_active) == (False, False, True)


def test_foreign_fields_write_no_column(town: Town) -> None:
    resident = UserFactory.create(home_area=town.here)
    session = SessionFactory.create()
    assert _written("put", f"sessions/{session.pk}/registration/", {"note": "x"}, resident) == 201
    registration = Registration.objects.get(session=session)
    assert (registration.state, registration.places, registration.resident) == ("confirmed", 1, resident)
    assert _unlike(registration, "number") == []  # the first is number one
    assert _written("post", "praises/", {"topic": "service", "text": "谢谢保洁阿姨"}, resident) == 201
    praise = Praise.objects.latest("pk")
    assert (praise.author, praise.like_count, praise.is_visible) == (resident, 0, False)
    assert _unlike(praise) == []
    assert _written("post", "help-posts/", {"type": "request", "title": "搬沙发", "text": "周六上午"}, resident) == 201
    post = HelpPost.objects.latest("pk")
    assert (post.author, post.taken, post.is_visible) == (resident, 0, False)
    assert _unlike(post) == []


def test_foreign_fields_book_and_report_nothing_else(town: Town) -> None:
    resident = UserFactory.create(home_area=town.here)
    venue = VenueFactory.create()
    starts = town.world.ten
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + dt.timedelta(hours=1)).isoformat()}
    order = {"venue": venue.pk, "units": [venue.units.earliest("pk").pk], **times}
    assert _written("post", "bookings/", order, resident) == 201
    booking = Booking.objects.latest("pk")
    assert (booking.resident, booking.by, booking.state, booking.held_until) == (resident, resident, "booked", None)
    kind = Ticket.objects.latest("pk").category
    body = {"kind": kind.slug, "area": town.there.pk, "text": "路灯不亮", "place": "三号楼", "photos": []}
    assert _written("post", "tickets/", body, resident) == 201
    ticket = Ticket.objects.latest("pk")
    assert (ticket.reporter, ticket.state, ticket.handler, ticket.outcome) == (resident, "received", None, "")
    assert _unlike(ticket) == []


def test_pages_take_no_foreign_field_either(town: Town) -> None:
    resident = UserFactory.create()
    mine = HelpPostFactory.create(author=resident, area=town.here)
    page = Client()
    page.force_login(resident)
    given = {"title": "换了题目", "text": "一起去", "type": "request", "kind": "elder", "area": town.here.pk}
    page.post(f"/help/{mine.pk}/edit/", {**TYPED, **given})
    mine.refresh_from_db()
    assert (mine.author, mine.state, mine.taken) == (resident, "open", 0)
