"""From a word of praise to consent, likes and comments in a browser, on a phone, with and without scripts."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from linlingtong.likes.models import Praise
from linlingtong.moderation.models import Case
from tests.browser.conftest import Open, follow
from tests.factories import AreaFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("has_script", [True, False])
def test_praising_deciding_liking_and_answering(open_page: Open, has_script: bool) -> None:
    home = AreaFactory.create(name="高新社区")
    long_ago = timezone.now() - dt.timedelta(days=100)
    author = UserFactory.create(nickname="装配三线小赵", home_area=home, date_joined=long_ago)
    praised = UserFactory.create(nickname="夜班小周", home_area=home)
    fan = UserFactory.create(nickname="慧慧妈妈", home_area=home)
    for number in range(3):
        Case.objects.create(kind="praise", object_id=10**6 + number, author=author, state=Case.State.PASSED)
    options: dict[str, Any] = {"java_script_enabled": has_script}

    mine = open_page("/praise/new/", author, **options)
    follow(mine.locator("#praise-form button[type=submit]"))
    assert mine.locator("#id_text_error, .err").count()
    mine.locator("#id_text").fill("夜班小周陪我等维修师傅到十点")
    mine.locator("#id_about").fill("夜班小周")
    mine.locator("#id_phone").fill((praised.phone or "").removeprefix("+86"))
    follow(mine.locator("#praise-form button[type=submit]"))
    mine.locator(".praise-whole").wait_for()
    praise = Praise.objects.get()
    assert "夜班小周" not in mine.content()

    theirs = open_page("/me/messages/", praised, **options)
    follow(theirs.locator("a.msg").first)
    theirs.locator("input[value=public]").check()
    follow(theirs.locator("main form button.btn-big"))
    theirs.goto(f"/praise/{praise.pk}/")
    assert "夜班小周陪我等" in theirs.content()

    wall = open_page("/praise/?topic=neighbour", fan, **options)
    wall.locator(f"#like-{praise.pk} button").click()
    wall.locator(f"#like-{praise.pk} .is-liked").wait_for()
    assert wall.url.split("#")[0].endswith("/praise/?topic=neighbour")
    wall.locator(f"#like-{praise.pk} button").click()
    wall.locator(f"#like-{praise.pk} button:not(.is-liked)").wait_for()
    wall.locator(f"#like-{praise.pk} button").click()
    wall.locator(f"#like-{praise.pk} .is-liked").wait_for()
    praise.refresh_from_db()
    assert praise.like_count == 1

    wall.goto(f"/praise/{praise.pk}/")
    wall.locator("#id_text").fill("我也遇到过他，真热心")
    wall.locator("#comments > form button").click()
    wall.locator(".said", has_text="真热心").wait_for()
    mine.goto(f"/praise/{praise.pk}/")
    mine.locator(".said-thread summary").click()
    mine.locator(".said-thread textarea").fill("是啊")
    mine.locator(".said-thread details button").click()
    mine.locator(".said-reply", has_text="是啊").wait_for()
    praise.refresh_from_db()
    assert praise.comment_count == 2
