import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from playwright.sync_api import Browser, Locator, Page

from linlingtong.accounts.models import User
from linlingtong.delivery.models import DevelopmentMessage

PHONE = {"width": 390, "height": 844}
Open = Callable[..., Page]


@pytest.fixture
def open_page(browser: Browser, live_server: Any) -> Iterator[Open]:
    """Open a path as somebody, on a phone unless told otherwise; every context closes with the test."""
    contexts = []

    def opened(path: str, user: User | None = None, **options: Any) -> Page:
        options = {"viewport": PHONE, "locale": "zh-CN", "base_url": live_server.url} | options
        context = browser.new_context(**options)
        context.set_default_timeout(10_000)
        contexts.append(context)
        if user is not None:
            context.add_cookies(
                [{"name": settings.SESSION_COOKIE_NAME, "value": sign_in(user), "url": live_server.url}]
            )
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


def sign_in(user: User) -> str:
    """A session as signing in makes it; answers its key."""
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return str(session.session_key)


def follow(link: Locator) -> None:
    """Click what leads to another page, and go on only when that page is there."""
    with link.page.expect_navigation():
        link.click()


def code_from_sms() -> str:
    message = DevelopmentMessage.objects.order_by("-pk").first()
    assert message is not None, "no SMS was sent"
    found = re.search(r"\d{6}", message.text)
    assert found
    return found[0]
