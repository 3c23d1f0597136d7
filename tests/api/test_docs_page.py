import pytest
from playwright.sync_api import Page, expect
from pytest_django.live_server_helper import LiveServer


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_documentation_works_under_our_policy(page: Page, live_server: LiveServer) -> None:
    blocked: list[str] = []
    page.on("console", lambda message: blocked.append(message.text) if "Content Security" in message.text else None)
    outside: list[str] = []
    page.on(
        "request", lambda call: None if call.url.startswith((live_server.url, "data:")) else outside.append(call.url)
    )
    page.goto(f"{live_server.url}/api/docs/")
    expect(page.locator(".opblock").first).to_be_visible(timeout=15_000)
    assert page.locator(".opblock").count() >= 17
    assert blocked == []
    assert outside == []
