import re

import pytest
from django.test import Client
from django.utils import translation

from linlingtong.accounts.models import User
from tests.factories import UserFactory

PAGE = "/me/display/"


def html_tag(client: Client, url: str = PAGE) -> str:
    page = client.get(url).content.decode()
    found = re.search(r"<html[^>]*>", page)
    assert found
    return found[0]


@pytest.fixture
def me(db: None) -> User:
    return UserFactory.create()


@pytest.fixture
def signed_in(client: Client, me: User) -> Client:
    client.force_login(me)
    return client


@pytest.mark.django_db
def test_a_visitor_without_wishes_gets_the_plain_page(client: Client) -> None:
    assert html_tag(client) == '<html lang="zh-CN">'


@pytest.mark.django_db
def test_a_visitor_keeps_the_large_text_edition_in_a_cookie_for_a_year(client: Client) -> None:
    answer = client.post("/display/", {"elder_mode": "on", "next": "/privacy/"})

    assert answer.status_code == 302
    assert answer["Location"] == "/privacy/"
    cookie = answer.cookies["llt_display"]
    assert (cookie["max-age"], cookie["samesite"], bool(cookie["httponly"])) == (31_536_000, "Lax", True)
    assert " data-elder" in html_tag(client)


@pytest.mark.django_db
def test_only_what_is_sent_changes(client: Client) -> None:
    client.post("/display/", {"size": "xl", "theme": "dark"})
    client.post("/display/", {"elder_mode": "on"})
    assert html_tag(client) == '<html lang="zh-CN" data-size="xl" data-elder data-theme="dark">'

    client.post("/display/", {"elder_mode": ""})
    assert html_tag(client) == '<html lang="zh-CN" data-size="xl" data-theme="dark">'


def test_a_resident_keeps_it_in_the_profile(signed_in: Client, me: User) -> None:
    signed_in.post("/display/", {"elder_mode": "on", "size": "l", "theme": "light"})

    me.refresh_from_db()
    assert (me.elder_mode, me.text_size, me.theme) == (True, "l", "light")


def test_the_look_stays_after_signing_out(signed_in: Client) -> None:
    signed_in.post("/display/", {"elder_mode": "on"})
    signed_in.logout()
    signed_in.cookies.load("llt_display=.1.")
    assert " data-elder" in html_tag(signed_in)


def test_the_profile_counts_more_than_the_cookie(signed_in: Client) -> None:
    signed_in.cookies.load("llt_display=xxl.1.dark")
    assert html_tag(signed_in) == '<html lang="zh-CN">'


@pytest.mark.django_db
@pytest.mark.parametrize("cookie", ["", "...", "huge.1x.pink", '"><script>.x.<b>', "xl", "." * 500])
def test_a_cookie_that_is_not_ours_changes_nothing_it_should_not(client: Client, cookie: str) -> None:
    client.cookies["llt_display"] = cookie
    assert re.fullmatch(r'<html lang="zh-CN"( data-size="xl")?>', html_tag(client))


@pytest.mark.django_db
@pytest.mark.parametrize("wish", [{"size": "giant"}, {"theme": "pink"}, {"elder_mode": "maybe"}])
def test_a_wish_that_nobody_offers_is_left_out(client: Client, wish: dict[str, str]) -> None:
    client.post("/display/", {"theme": "dark"})
    assert client.post("/display/", wish).status_code == 302
    assert html_tag(client) == '<html lang="zh-CN" data-theme="dark">'


UNSAFE = [
    "//evil.example", "https://evil.example/", "javascript:alert(1)", "\\\\evil.example", "/\\evil.example",
    "http:///evil.example", "///evil.example", "\t//evil.example", "",
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/display/", "/language/"])
@pytest.mark.parametrize("target", UNSAFE)
def test_it_never_leads_away_from_the_site(client: Client, url: str, target: str) -> None:
    assert client.post(url, {"next": target})["Location"] == "/"


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["/display/", "/language/"])
def test_switches_are_only_posted(client: Client, url: str) -> None:
    assert client.get(url).status_code == 405


@pytest.mark.django_db
def test_switches_want_their_own_form(client: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    assert strict.post("/display/", {"elder_mode": "on"}).status_code == 403


@pytest.mark.django_db
def test_a_visitor_chooses_english(client: Client) -> None:
    answer = client.post("/language/", {"language": "en", "next": PAGE})
    assert answer["Location"] == PAGE
    assert answer.cookies["llt_language"].value == "en"
    assert html_tag(client).startswith('<html lang="en"')


def test_a_resident_chooses_english_in_the_profile(signed_in: Client, me: User) -> None:
    signed_in.post("/language/", {"language": "en"})
    me.refresh_from_db()
    assert me.language == "en"
    assert html_tag(signed_in).startswith('<html lang="en"')


@pytest.mark.django_db
def test_a_language_nobody_speaks_here_changes_nothing(client: Client) -> None:
    answer = client.post("/language/", {"language": "tlh"})
    assert answer.status_code == 302
    assert "llt_language" not in answer.cookies


def test_choosing_a_language_does_not_reach_the_next_request(signed_in: Client) -> None:
    with translation.override("zh-hans"):
        signed_in.post("/language/", {"language": "en"})
        assert translation.get_language() == "zh-hans"


@pytest.mark.django_db
def test_the_page_shows_each_size_and_marks_the_chosen_one(client: Client) -> None:
    client.post("/display/", {"size": "xxl"})
    page = client.get(PAGE).content.decode()
    assert [page.count(f'data-as="{size}"') for size in ("", "l", "xl", "xxl")] == [1, 1, 1, 1]
    assert re.search(r'name="size" value="xxl"[^>]*checked', page)


def test_the_page_saves_everything_at_once(signed_in: Client, me: User) -> None:
    answer = signed_in.post(PAGE, {"size": "xl", "elder_mode": "on", "theme": "dark"}, follow=True)
    me.refresh_from_db()
    assert (me.elder_mode, me.text_size, me.theme) == (True, "xl", "dark")
    assert b'role="status"' in answer.content


@pytest.mark.django_db
def test_the_page_refuses_a_size_it_does_not_offer(client: Client) -> None:
    answer = client.post(PAGE, {"size": "giant", "elder_mode": "", "theme": ""})
    assert answer.status_code == 200
    assert b'id="error-summary"' in answer.content
