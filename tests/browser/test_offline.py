"""Numbers and guides without a network, after one look at the directory."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Open
from tests.factories import ContactFactory, GuideFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
KEPT = "caches.open('directory-1').then((kept) => kept.match(%r)).then(Boolean)"


def wait_for(page: Page, path: str) -> None:
    """Until the worker has kept the page; asked from outside, because the policy of our pages forbids `eval`."""
    for _ in range(100):
        if page.evaluate(KEPT % path):
            return
        page.wait_for_timeout(100)
    pytest.fail(f"{path} was not kept")


def test_after_one_look_numbers_and_every_guide_are_read_without_a_network(open_page: Open) -> None:
    ContactFactory.create(organization="临江卫生中心", phone="0571-0000 0302")
    guide = GuideFactory.create(title="怎么办居住证", steps="先登记\n再办证")
    page = open_page("/tools/contacts/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    wait_for(page, f"/tools/guides/{guide.slug}/")
    page.context.set_offline(True)
    assert page.evaluate("fetch('/healthz').then(() => 'online', () => 'offline')") == "offline"
    page.reload()
    assert "临江卫生中心" in page.locator("main").inner_text()
    assert page.locator("#offline-notice").is_visible()
    assert page.locator("a[href='tel:057100000302']").is_visible()
    assert page.evaluate("getComputedStyle(document.querySelector('.find')).display") == "flex"
    page.goto("/tools/guides/")
    assert guide.title in page.locator("main").inner_text()
    page.goto(f"/tools/guides/{guide.slug}/")
    assert "再办证" in page.locator("main").inner_text()
    page.goto("/tools/guides/unknown/")
    assert page.locator("main a[href='/tools/contacts/']").is_visible()


def test_the_plain_page_needs_no_worker(open_page: Open) -> None:
    contact = ContactFactory.create()
    page = open_page("/tools/contacts/", java_script_enabled=False)
    assert contact.organization in page.locator("main").inner_text()
    assert page.locator("#offline-notice").is_hidden()
