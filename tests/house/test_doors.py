"""Every address times every kind of person: no error of ours, closed doors stay closed, nothing private gets out."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.test import RequestFactory

from linlingtong.core.subject import known_subjects
from linlingtong.photos.actions import set_hidden
from linlingtong.photos.models import Photo
from linlingtong.tickets.models import Ticket
from tests.house.conftest import address, routes
from tests.house.town import PHONES, SECRET, Town
from tests.photos.pictures import ready_photo

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
# The staff of that place are at every address in test_canary.py.
ROLES = ("anonymous", "resident", "building head", "grid worker", "manager", "superuser")
# Whose rights on the pages of residents a manager has as well.
AT_WORK_ONLY = {"building head", "grid worker", "superuser"}
FROM_HERE = ("building head", "grid worker", "manager")
CLOSED = {301, 302, 401, 403, 404, 405, 406, 415}
# Rows of the whole subdistrict, that all of its staff may look at.
SHARED = ("areas/calendarday", "moderation/word", "tickets/category", "toolbox/tool", "home/feedback")


def rule_of(route: str) -> str | None:
    return next((rule for pattern, rule in RULES.items() if re.match(pattern, route.lstrip("^"))), None)


def autocompletes() -> Iterator[str]:
    """The addresses that fill the choices of the staff's forms."""
    for model, page in admin.site._registry.items():
        for field in page.autocomplete_fields:
            label, name = model._meta.app_label, model._meta.model_name
            yield f"/admin/autocomplete/?app_label={label}&model_name={name}&field_name={field}&term="


def leaks(answer: Any) -> bool:
    return any(secret in answer.said for secret in (SECRET, *PHONES))


def is_about_a_row(route: str) -> bool:
    return "<" in route and not any(shared in route for shared in SHARED)


def complaint(role: str, route: str, answer: Any) -> str:
    """What is wrong with the answer, or nothing."""
    rule, status = rule_of(route), answer.status_code
    if status >= 500 and not route.startswith("readyz"):
        return f"broke: {status}"
    if role != "superuser" and leaks(answer) and not route.startswith("me/data/export/<"):
        return "told a secret"
    is_closed = {"anonymous": rule in {OWN, STAFF}, "resident": rule == STAFF}.get(
        role, role in FROM_HERE and rule == STAFF and is_about_a_row(route)
    )
    return f"is open: {status}" if is_closed and status not in CLOSED else ""


def visited_by(role: str) -> list[str]:
    return [route for route in sorted(set(routes())) if role not in AT_WORK_ONLY or rule_of(route) in {OWN, STAFF}]


def test_every_address_has_a_rule_and_something_behind_it(town: Town) -> None:
    assert [route for route in routes() if rule_of(route) is None] == []
    for route in routes():
        assert "<" not in address(route, town), route


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("method", ["get", "post"])
def test_no_address_breaks_opens_or_tells(town: Town, knock: Callable[..., Any], method: str, role: str) -> None:
    found = {route: complaint(role, route, knock(role, method, address(route, town))) for route in visited_by(role)}
    assert {route: wrong for route, wrong in found.items() if wrong} == {}


@pytest.mark.parametrize("role", ["anonymous", "resident"])
@pytest.mark.parametrize("method", ["put", "delete"])
def test_other_methods_break_nothing_either(town: Town, knock: Callable[..., Any], method: str, role: str) -> None:
    found = {route: complaint(role, route, knock(role, method, address(route, town))) for route in visited_by(role)}
    assert {route: wrong for route, wrong in found.items() if wrong} == {}


def test_secrets_are_told_to_those_whose_they_are(town: Town, knock: Callable[..., Any]) -> None:
    """The control: the pages that tell nobody from here anything are not simply empty."""
    staffed = [route for route in sorted(set(routes())) if rule_of(route) == STAFF]
    told = [route for route in staffed if leaks(knock("staff there", "get", address(route, town)))]
    assert len(told) > 15


@pytest.mark.parametrize("role", ["anonymous", "resident", *FROM_HERE])
def test_staff_actions_and_choices_reach_nobody_elsewhere(town: Town, knock: Callable[..., Any], role: str) -> None:
    """Each action of each list is tried on a row there; so are the choices of the staff's forms."""
    wrong = []
    request = RequestFactory().get("/admin/")
    request.user = town.people["superuser"] or AnonymousUser()
    for model, page in admin.site._registry.items():
        label = f"{model._meta.app_label}/{model._meta.model_name}"
        row = town.rows.get(label)
        if row is None or label in SHARED:
            continue
        before = model._default_manager.filter(pk=row.pk).values().get()
        for name in page.get_actions(request):
            given = {
                "action": name,
                "_selected_action": row.pk,
                "_sent": "1",
                "reason": "x",
                "text": "x",
                "post": "yes",
            }
            with transaction.atomic():
                answer = knock(role, "post", f"/admin/{label}/", given)
                after = model._default_manager.filter(pk=row.pk).values().get()
            if answer.status_code >= 500 or leaks(answer) or after != before:
                wrong.append(f"{label} {name}: {answer.status_code}")
    wrong += [path for path in autocompletes() if complaint(role, "admin/autocomplete/", knock(role, "get", path))]
    assert wrong == []


@pytest.fixture
def photos(town: Town) -> dict[str, Photo]:
    """Photos that are not for everybody: of each kind of private thing there, one that was hidden, one never sent."""
    ticket = Ticket.objects.get(pk=town.world.behind["tickets"][0])
    kinds = [one.kind for one in known_subjects() if one.kind.startswith("ticket")]
    facts: Any = {"subject_id": ticket.pk, "area_path": ticket.area_path, "is_public": False}
    made = {kind: ready_photo(town.world.resident, subject=kind, **facts) for kind in kinds}
    praise = town.world.behind["praises"][0]
    hidden = ready_photo(town.world.resident, subject="praise", subject_id=praise, area_path=town.there.path)
    set_hidden("praise", praise, is_hidden=True)
    return made | {"hidden": hidden, "unsent": ready_photo(town.world.resident)}


@pytest.mark.parametrize("role", ["anonymous", "resident", *FROM_HERE])
def test_photos_that_are_not_for_everybody(
    town: Town, knock: Callable[..., Any], photos: dict[str, Photo], role: str
) -> None:
    assert len(photos) >= 3
    for kind, photo in photos.items():
        for size in (photo.small, photo.medium, photo.large):
            assert knock(role, "get", size).status_code == 404, kind
        assert knock("owner", "get", photo.medium).status_code == 200, kind
        assert knock("staff there", "get", photo.medium).status_code == (404 if kind == "unsent" else 200), kind
