"""A report from the first tap to the last star, in a browser, with and without scripts."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import expect

from linlingtong.areas.models import Area
from linlingtong.photos.models import Photo
from linlingtong.tickets import actions
from linlingtong.tickets.models import Ticket
from tests.browser.conftest import Open, follow, sign_in
from tests.factories import AreaFactory, UserFactory
from tests.photos.pictures import jpeg
from tests.tickets.world import at_work, grid, kind, worker_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PICTURE: Any = {"name": "lamp.jpg", "mimeType": "image/jpeg"}


@pytest.mark.parametrize("has_script", [True, False])
def test_filled_in_before_signing_in_and_sent_after(open_page: Open, settings: Any, has_script: bool) -> None:
    kind("light", name="路灯照明", icon="bulb")
    here = grid(AreaFactory.create(name="高新社区"))
    me = UserFactory.create()
    page = open_page("/tools/report/", java_script_enabled=has_script)
    page.locator("input[type=file]").set_input_files(PICTURE | {"buffer": jpeg().read()})
    page.locator("label[for=id_kind_light]").click()
    page.locator(f"label[for=area_{here.pk}]").click()
    page.locator("#id_place").fill("3 幢二楼")
    page.locator(".abar button").click()
    page.wait_for_url("**/login/**")
    cookie = {"name": settings.SESSION_COOKIE_NAME, "url": page.url.split("/login/")[0]}
    before = next(one for one in page.context.cookies() if one.get("name") == settings.SESSION_COOKIE_NAME)
    page.context.add_cookies([cookie | {"value": _carried(before.get("value", ""), sign_in(me))}])  # type: ignore[list-item]
    page.goto("/tools/report/")
    assert page.locator("#id_place").input_value() == "3 幢二楼"
    assert page.locator("#id_kind_light").is_checked()
    page.locator(".abar button").click()
    page.wait_for_url("**/me/tickets/*/")
    ticket = Ticket.objects.get()
    assert Photo.objects.of("ticket", [ticket.pk]).count() == 1
    assert ticket.number in page.content()


def _carried(before: str, after: str) -> str:
    """What the session of the visitor held, in the session of who has signed in, as Django's login does it."""
    session = SessionStore(after)
    session["ticket_draft"] = SessionStore(before)["ticket_draft"]
    session.save()
    return after


def test_a_draft_is_for_its_writer(open_page: Open) -> None:
    """Two people on one phone: what the first one typed and did not send is gone for the second one."""
    kind()
    grid()
    page = open_page("/tools/report/", UserFactory.create())
    page.locator("#id_text").fill("楼道里有人抽烟")
    page.reload()
    expect(page.locator("#id_text")).to_have_value("楼道里有人抽烟")
    page.context.clear_cookies()
    page.reload()
    expect(page.locator("#id_text")).to_have_value("")
    assert page.evaluate("localStorage.getItem('linlingtong-report')") is None


@pytest.mark.parametrize("button", ["English", "大字版"])
def test_what_is_typed_survives_another_language_or_size(open_page: Open, button: str) -> None:
    page = open_page("/help/new/?type=request", UserFactory.create(home_area=AreaFactory.create()))
    page.locator("#id_title").fill("陪奶奶去复查")
    page.locator("#id_kind").select_option("elder")
    follow(page.get_by_role("button", name=button).last)
    expect(page.locator("#id_title")).to_have_value("陪奶奶去复查")
    expect(page.locator("#id_kind")).to_have_value("elder")
    page.reload()
    assert page.locator("#id_title").input_value() != "elder"


def test_what_was_typed_without_a_network_is_there_again(open_page: Open) -> None:
    kind()
    grid()
    page = open_page("/tools/report/")
    page.locator("#id_text").fill("离线写的")
    page.context.set_offline(True)
    page.locator(".abar button").click()
    assert page.locator("[data-said]").inner_text()
    page.context.set_offline(False)
    page.goto("/tools/report/")
    assert page.locator("#id_text").input_value() == "离线写的"


def test_typing_or_standing_somewhere_finds_the_place(open_page: Open) -> None:
    kind()
    gaoxin, jiayuan = AreaFactory.create(name="高新社区"), AreaFactory.create(name="临江佳苑社区")
    for at, (community, lat) in enumerate(((gaoxin, 30.28), (jiayuan, 30.30))):
        for number in (1, 7):
            lies = {"lat": lat + number / 1000, "long": 120.6}
            AreaFactory.create(
                parent=community, level="grid", name=f"第 {number} 网格", slug=f"g{at}-{number}", **lies
            )
    near = Area.objects.get(slug="g1-1")
    page = open_page(
        "/tools/report/", permissions=["geolocation"], geolocation={"latitude": 30.3011, "longitude": 120.6}
    )
    assert page.locator(".pick:visible").count() == 0
    page.locator("#id_places_find").fill("佳苑 7")
    assert page.locator(".pick:visible").all_inner_texts() == ["第 7 网格"]
    page.locator("#id_places_find").press("Enter")
    assert page.locator(f"#area_{Area.objects.get(slug='g1-7').pk}").is_checked()
    page.locator("#id_places_find").fill("没有")
    assert page.locator(".pick:visible").count() == 0
    page.locator("[data-places-here]").click()
    said = page.locator("[data-places-said]")
    expect(said).to_contain_text("临江佳苑社区 第 1 网格")
    assert page.locator(f"#area_{near.pk}").is_checked()
    page.context.set_geolocation({"latitude": 39.9, "longitude": 116.4})
    page.locator("[data-places-here]").click()
    expect(said).not_to_contain_text("第 1 网格")
    assert page.locator(f"#area_{near.pk}").is_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_reports_fit_and_can_be_read(open_page: Open, scheme: Any) -> None:
    area, me = grid(), UserFactory.create()
    worker = worker_of(area)
    ticket = at_work(worker, me, area=area)
    actions.ask_reporter(ticket.pk, "哪一盏？", by=worker)
    for path, who in (("/tools/report/", None), ("/me/tickets/", me), (f"/me/tickets/{ticket.pk}/", me)):
        page = open_page(path, who, viewport={"width": 320, "height": 700}, color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        assert Axe().run(page).response["violations"] == []
