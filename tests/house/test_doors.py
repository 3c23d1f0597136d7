"""Every address times every kind of person: nobody meets an error of ours, and closed doors stay closed."""

import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from linlingtong.accounts.models import User
from tests.factories import (
    AreaFactory,
    NotificationFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
OPEN, OWN, STAFF, APP = "open to all", "signed in, own things", "staff of the area", "the library's own rule"
# The rule of each address by its beginning; the first that fits counts.
RULES = {
    r"admin/": STAFF,
    r"me/display/": OPEN,
    r"me/data/export/<": OPEN,  # the link is the key
    r"me/": OWN,
    r"v/<": OPEN,
    r"_allauth/": APP,
    r"api/v1/(me|notifications|registrations|sessions|check-ins|photos|reports)/": OWN,
    r"check-in/": OWN,
    r"c/<": OPEN,
    r"api/v1/tickets/($|<)": OWN,
    r"tools/report/<slug:number>/me-too/": OWN,
    r"open311/": OPEN,
    r"api/": OPEN,
    r"static/": OPEN,
    r"moderation/": OWN,
    r"\^?photos/\(": OPEN,  # whether it is shown is the photo's own matter
    r"photos/": OWN,
    r"activities/.*bookmark": OWN,
    r"(activities|community|calendar|search|login|logout|display|language)/": OPEN,
    r"(privacy|terms|accessibility|feedback)/": OPEN,
    r"(tools|worker\.js)": OPEN,
    r"help/(new/)?$|help/<int:pk>/$|help/<int:pk>/claim/$": OPEN,
    r"help/": OWN,
    r"praise/(honours/)?$|praise/<int:pk>/(card\.png)?$|praise/<int:pk>/(un)?like/$": OPEN,
    r"praise/": OWN,
    r"dev/inbox/": OPEN,
    r"(healthz|readyz|metrics)": OPEN,
    r"$": OPEN,
}


def routes(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[str]:
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, prefix + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield prefix + str(entry.pattern)


def address(route: str, known: dict[str, str]) -> str:
    """A path for the route, with rows of somebody else in its places."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda m: known.get(m[1], known["pk"]), route)
    path = re.sub(r"\(\?P<\w+>[^)]*\)", known["pk"], path)
    return "/" + re.sub(r"[\^$\\]|\(\?[^)]*\)|\.\*", "", path)


@pytest.fixture
def world() -> dict[str, str]:
    session = SessionFactory.create(activity__contact_phone="0571-0000 0099")
    registration = RegistrationFactory.create(session=session)
    NotificationFactory.create(resident=registration.resident)
    return {"pk": str(registration.pk), "slug": session.activity.slug, "token": "nobody", "session": str(session.pk)}


@pytest.fixture
def people() -> dict[str, User | None]:
    return {"visitor": None, "resident": UserFactory.create(), "staff of elsewhere": staff_of(AreaFactory.create())}


def rule_of(route: str) -> str | None:
    return next((rule for pattern, rule in RULES.items() if re.match(pattern, route.lstrip("^"))), None)


def test_every_address_has_a_rule() -> None:
    assert [route for route in routes() if rule_of(route) is None] == []


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
def test_no_address_answers_anybody_with_an_error_of_ours(
    world: dict[str, str], people: dict[str, User | None], method: str
) -> None:
    trouble = []
    for who, user in people.items():
        for route in sorted(set(routes())):
            client = Client(raise_request_exception=False)
            if user is not None:
                client.force_login(user)
            path = address(route, world)
            status = getattr(client, method)(path).status_code
            if status >= 500 and not path.startswith("/readyz"):
                trouble.append(f"{who} {method} {path}: {status}")
            is_closed = status in {301, 302, 401, 403, 404, 405, 406, 415}
            if user is None and rule_of(route) in {OWN, STAFF} and not is_closed:
                trouble.append(f"{who} {method} {path}: open ({status})")
            if who == "resident" and rule_of(route) == STAFF and status not in {302, 404, 403, 405}:
                trouble.append(f"{who} {method} {path}: open ({status})")
    assert trouble == []
