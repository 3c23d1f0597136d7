import re

import pytest
from playwright.sync_api import Page, expect

from linlingtong.accounts.models import User
from linlingtong.activities.models import Registration
from tests.browser.conftest import Open, code_from_sms, follow
from tests.factories import ActivityFactory, RegistrationFactory, SessionFactory, UserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
WITH_AND_WITHOUT_JAVASCRIPT = pytest.mark.parametrize("java_script_enabled", [True, False], ids=["js", "no-js"])


def sign_in_by_code(page: Page) -> None:
    page.get_by_role("textbox", name="手机号").fill("199 0000 9001")
    page.get_by_role("checkbox").check()
    follow(page.locator("#f button[type=submit]"))
    page.locator("input[name=code]").fill(code_from_sms())
    follow(page.locator("#f button[type=submit]"))


@WITH_AND_WITHOUT_JAVASCRIPT
def test_a_newcomer_goes_from_a_link_to_a_place(open_page: Open, java_script_enabled: bool) -> None:
    session = SessionFactory.create(capacity=5)
    page = open_page(f"/activities/{session.activity.slug}/", java_script_enabled=java_script_enabled)
    page.get_by_role("link", name="登录后报名").locator("visible=true").first.click()
    sign_in_by_code(page)
    expect(page).to_have_url(re.compile("/join/"))
    page.get_by_role("button", name="确认报名").locator("visible=true").first.click()
    expect(page).to_have_url(re.compile("/done/"))
    registration = Registration.objects.get(session=session)
    assert registration.state == Registration.State.CONFIRMED
    assert registration.resident.phone == "+8619900009001"


@WITH_AND_WITHOUT_JAVASCRIPT
def test_somebody_waits_sees_the_position_and_leaves_the_line(open_page: Open, java_script_enabled: bool) -> None:
    session = SessionFactory.create(capacity=1)
    RegistrationFactory.create(session=session)
    user = UserFactory.create()
    page = open_page(f"/activities/{session.activity.slug}/", user, java_script_enabled=java_script_enabled)
    page.get_by_role("link", name="候补").locator("visible=true").first.click()
    page.get_by_role("button", name="候补").locator("visible=true").first.click()
    expect(page.get_by_role("main")).to_contain_text("第 1 位")
    page.goto("/me/registrations/")
    page.goto(f"/me/registrations/{Registration.objects.get(resident=user).pk}/give-up/")
    follow(page.locator("main form button[type=submit], .abar button").locator("visible=true").first)
    assert Registration.objects.get(resident=user).state == Registration.State.CANCELLED


def test_the_first_tab_leads_to_the_content_and_an_error_takes_the_focus(open_page: Open) -> None:
    page = open_page("/login/")
    page.keyboard.press("Tab")
    expect(page.locator(":focus")).to_have_text("跳到正文")
    page.get_by_role("textbox", name="手机号").fill("1990000")
    follow(page.locator("#f button[type=submit]"))
    expect(page).to_have_title(re.compile("^错误"))
    expect(page.get_by_role("textbox", name="手机号")).to_have_value("1990000")
    expect(page.locator(".errsum:focus, .errsum :focus")).to_be_visible()


@WITH_AND_WITHOUT_JAVASCRIPT
def test_the_large_text_edition_is_one_tap_away_and_stays(open_page: Open, java_script_enabled: bool) -> None:
    ActivityFactory.create()
    page = open_page("/activities/", java_script_enabled=java_script_enabled)
    follow(page.get_by_role("button", name="大字版").first)
    expect(page).to_have_url(re.compile("/activities/$"))
    page.goto("/")
    assert page.locator("html[data-elder]").count() == 1


def test_english_stays_after_signing_in(open_page: Open) -> None:
    page = open_page("/login/")
    page.get_by_role("button", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.get_by_label("Mobile number").fill("199 0000 9001")
    page.get_by_role("checkbox").check()
    follow(page.locator("#f button[type=submit]"))
    page.locator("input[name=code]").fill(code_from_sms())
    follow(page.locator("#f button[type=submit]"))
    expect(page).to_have_url(re.compile(":[0-9]+/$"))
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert User.objects.get().language == "en"


def test_what_was_typed_before_signing_in_is_still_there(open_page: Open) -> None:
    session = SessionFactory.create(capacity=5)
    page = open_page(f"/activities/{session.activity.slug}/join/")
    page.locator("[name=note]").fill("我带水")
    page.locator("button[form=join], main form[method=post] button[type=submit]").locator("visible=true").first.click()
    sign_in_by_code(page)
    expect(page.locator("[name=note]")).to_have_value("我带水")
