"""From a claim to thanks in a browser, on a phone; and the pages of the board in every mode."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from linlingtong.mutual_aid.models import HelpPost
from tests.browser.conftest import Open, follow
from tests.browser.reading import trouble_with
from tests.factories import AreaFactory, UserFactory
from tests.mutual_aid.factories import ClaimFactory, HelpPostFactory, settled_neighbour

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("has_script", [True, False])
def test_asking_claiming_meeting_and_thanking(open_page: Open, has_script: bool) -> None:
    home = AreaFactory.create(name="高新社区")
    asker, helper = settled_neighbour(nickname="周大姐", home_area=home), UserFactory.create(nickname="小郭")
    options: dict[str, Any] = {"java_script_enabled": has_script}
    page = open_page("/help/new/?type=request", asker, **options)
    page.locator("#id_title").fill("陪奶奶去卫生中心复查")
    page.locator("#id_kind").select_option("elder")
    page.locator("#id_door").fill("3 单元 501")
    follow(page.locator(".abar button"))
    post = HelpPost.objects.get()
    assert page.url.endswith(f"/help/{post.pk}/")
    theirs = open_page("/help/?type=request", helper, **options)
    theirs.get_by_role("link", name=post.title).first.click()
    assert "501" not in theirs.content()
    follow(theirs.locator(".abar button"))
    follow(theirs.locator(f"form[action='/help/{post.pk}/contact/'] button"))
    assert str(asker.phone) in theirs.content()
    assert "3 单元 501" in theirs.content()
    theirs.goto(f"/help/{post.pk}/")
    theirs.locator("#minutes").select_option("60")
    follow(theirs.locator("#main-thing button"))
    page.goto(f"/help/{post.pk}/")
    follow(page.locator(".abar button"))
    follow(page.locator(f"a[href='/help/{post.pk}/thanks/']"))
    page.locator("#id_text").fill("一口水都没喝就走了，谢谢。")
    follow(page.locator("main form button.btn-big"))
    post.refresh_from_db()
    assert (post.state, post.thanks) == ("completed", "一口水都没喝就走了，谢谢。")
    page.goto("/me/help/seen/")
    assert "小郭" in page.content()


def test_every_page_of_the_board_in_every_mode(open_page: Open) -> None:
    stair = AreaFactory.create(level="building", parent=AreaFactory.create(level="grid", parent=AreaFactory.create()))
    me = UserFactory.create(home_area=stair)
    tomorrow = timezone.now() + dt.timedelta(hours=20)
    own = HelpPostFactory.create(author=me, area=stair, lets_choose=True, title="想" * 60)
    ClaimFactory.create(post=own, state="applied", seat=None, accepted_at=None, note="我会修")
    HelpPost.objects.filter(pk=own.pk).update(state="offered")
    claim = ClaimFactory.create(helper=me, post__type="wish", post__budget_cap=100, post__minutes=60)
    HelpPostFactory.create(type="wish", surname="周", person="grandma", needed_at=tomorrow, area=stair)
    done = HelpPostFactory.create(state="completed", thanks="谢谢", ended_at=timezone.now())
    paths = [
        "/help/", "/help/?type=request", "/help/?type=offer", "/help/new/?type=wish", "/help/new/?type=request",
        f"/help/{own.pk}/", f"/help/{claim.post_id}/", f"/help/{done.pk}/", f"/help/{own.pk}/withdraw/", "/me/help/",
        "/me/help/?tab=past", "/me/help/seen/",
    ]  # fmt: skip
    assert trouble_with(open_page, {path: (path, me) for path in paths}) == []
