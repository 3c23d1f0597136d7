"""English words are longer: title bar, tabs and forms hold them in the largest text too."""

import pytest

from tests.browser.conftest import Open
from tests.factories import SessionFactory, UserFactory, subdistrict

pytestmark = pytest.mark.browser
PATHS = ("/", "/activities/", "/help/", "/praise/", "/tools/", "/tools/report/", "/me/", "/me/hours/", "/me/data/")
TOO_LONG = """[...document.querySelectorAll('.tabbar a')]
    .filter(tab => tab.scrollWidth > tab.clientWidth + 1).map(tab => tab.textContent.trim())"""


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("size", ["xl", "xxl"])
def test_nothing_is_wider_than_the_phone(open_page: Open, size: str, width: int) -> None:
    subdistrict()
    SessionFactory.create()
    me = UserFactory.create(language="en", text_size=size)
    page = open_page("/", me, viewport={"width": width, "height": 844})
    wrong = {}
    for path in PATHS:
        page.goto(path)
        assert page.locator("html[lang=en]").count() == 1
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        tabs = page.evaluate(TOO_LONG)
        bar = page.locator(".topbar").bounding_box()
        if over > 0 or tabs or (bar and bar["height"] > 170):
            wrong[path] = over, tabs, bar
    assert wrong == {}
