import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.factories import PraiseFactory, UserFactory
from tests.mutual_aid.factories import ClaimFactory


def test_a_bare_address_of_a_button_leads_to_its_page(db: None, client: Client) -> None:
    claim, praise = ClaimFactory.create(), PraiseFactory.create()
    ways = {
        f"/help/{claim.post_id}/claim/": f"/help/{claim.post_id}/",
        f"/help/{claim.post_id}/done/": f"/help/{claim.post_id}/",
        f"/help/{claim.post_id}/claims/{claim.pk}/accept/": f"/help/{claim.post_id}/",
        f"/praise/{praise.pk}/like/": f"/praise/{praise.pk}/",
        "/me/bookings/7/cancel/": "/me/bookings/7/",
        "/me/bookings/waiting/7/leave/": "/me/bookings/",
        "/me/tickets/7/rate/": "/me/tickets/7/",
        "/tools/report/abc/me-too/": "/tools/report/abc/",
        "/tools/pitch/abc/wait/": "/tools/pitch/abc/",
        "/check-in/7/everybody-out/": "/check-in/7/",
        "/me/data/leave/": "/me/data/",
    }
    for user in (None, UserFactory.create()):
        if user:
            client.force_login(user)
        for address, page in ways.items():
            assert client.get(address)["Location"] == page, address
            assert client.head(address)["Location"] == page, address
            assert client.put(address).status_code == 405, address


def test_after_signing_in_on_the_way_to_a_button_there_is_a_page(db: None, client: Client) -> None:
    claim = ClaimFactory.create()
    sent = client.post(f"/help/{claim.post_id}/release/")
    assert "next=" in sent["Location"]
    client.force_login(claim.helper)
    assert client.get(f"/help/{claim.post_id}/release/", follow=True).status_code == 200


@pytest.mark.parametrize("room", ["likes", "mutual_aid", "venues", "tickets", "activities"])
def test_no_page_of_a_board_answers_a_bare_405(room: str, db: None, client: Client) -> None:
    client.force_login(UserFactory.create())
    routes = [one for part in get_resolver().url_patterns for one in _routes(part) if _room(one) == room]
    assert len(routes) > 5
    for route in routes:
        if isinstance(route, URLPattern):
            address = "/" + str(route.pattern)
            for kind, value in (("int", "7"), ("slug", "abc"), ("str", "abc"), ("uuid", "0" * 32), ("id", "7")):
                while f"<{kind}:" in address:
                    start = address.index(f"<{kind}:")
                    address = address[:start] + value + address[address.index(">", start) + 1 :]
            assert client.get(address).status_code != 405, address


def _routes(part: URLPattern | URLResolver) -> list[URLPattern]:
    return [part] if isinstance(part, URLPattern) else [one for sub in part.url_patterns for one in _routes(sub)]


def _room(route: URLPattern) -> str:
    module = route.callback.__module__.split(".")
    return module[1] if module[2:3] == ["views"] else ""
