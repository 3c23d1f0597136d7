import datetime as dt
from typing import Any

import pytest

from linlingtong.accounts.models import User
from linlingtong.core.time import today
from linlingtong.notifications.models import Notification, Preferences
from tests.api.conftest import App
from tests.factories import AreaFactory, MembershipFactory, NotificationFactory, UserFactory, subdistrict

pytestmark = pytest.mark.django_db


def test_me(app: App, resident: User) -> None:
    home = AreaFactory.create()
    User.objects.filter(pk=resident.pk).update(home_area=home)
    membership = MembershipFactory.create(user=resident)
    response = app.get("me/")
    assert response["Cache-Control"] == "no-store"
    answer = response.json()
    assert resident.phone is not None
    assert resident.phone not in response.content.decode()
    assert answer["phone"] == resident.masked_phone
    assert answer["home_area"] == {"id": home.pk, "level": "community", "name": home.name, "path": home.path}
    assert answer["memberships"] == [
        {
            "organization": membership.organization.pk,
            "name": membership.organization.name,
            "kind": "company",
            "is_confirmed": True,
        }
    ]
    assert (answer["language"], answer["elder_mode"], answer["level"]) == ("zh-hans", False, 2)


def test_changing_some_of_the_profile(app: App, resident: User) -> None:
    home = AreaFactory.create()
    body = {"nickname": " 老陈\u200b ", "home_area": home.pk, "elder_mode": True, "language": "en", "is_staff": True}
    response = app.patch("me/", body | {"phone": "+8619900009999", "suspended_until": None})
    assert response.status_code == 200, response.content
    resident.refresh_from_db()
    assert (resident.nickname, resident.home_area, resident.elder_mode) == ("老陈", home, True)
    assert (resident.language, resident.is_staff) == ("en", False)
    assert resident.phone != "+8619900009999"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"nickname": "\u3164"}, "nickname"),
        ({"nickname": 5}, "nickname"),
        ({"nickname": "长" * 31}, "nickname"),
        ({"home_area": 4711000}, "home_area"),
        ({"home_area": "1"}, "home_area"),
        ({"born_on": "0001-01-01"}, "born_on"),
        ({"born_on": "2999-01-01"}, "born_on"),
        ({"born_on": f"{today() + dt.timedelta(days=1)}"}, "born_on"),
        ({"elder_mode": "true"}, "elder_mode"),
        ({"language": "fr"}, "language"),
        ({"theme": {}}, "theme"),
        ({"text_size": []}, "text_size"),
        ([1], "non_field_errors"),
    ],
)
def test_a_bad_profile_is_refused(app: App, body: Any, field: str) -> None:
    response = app.patch("me/", body)
    assert response.status_code == 400, response.content
    assert field in response.json()["errors"]


def test_an_old_persons_birthday_is_a_birthday(app: App, resident: User) -> None:
    assert app.patch("me/", {"born_on": "1938-02-11"}).json()["born_on"] == "1938-02-11"


def test_the_inbox(app: App, resident: User) -> None:
    lines = NotificationFactory.create_batch(3, resident=resident)
    NotificationFactory.create(resident=UserFactory.create())
    rows = app.get("notifications/").json()["results"]
    assert [row["id"] for row in rows] == [line.pk for line in reversed(lines)]
    response = app.post("notifications/read/", {"ids": [lines[0].pk]})
    assert response.json() == {"read": 1}
    assert len(app.get("notifications/?unread=true").json()["results"]) == 2
    assert len(app.get("notifications/?unread=false").json()["results"]) == 1
    assert app.post("notifications/read/").json() == {"read": 2}


def test_nobody_reads_anothers_inbox(app: App) -> None:
    line = NotificationFactory.create(resident=UserFactory.create())
    assert app.post("notifications/read/", {"ids": [line.pk]}).json() == {"read": 0}
    assert Notification.objects.unread().count() == 1
    assert app.get("notifications/").json()["results"] == []


@pytest.mark.parametrize("ids", ["all", [0], ["1"], [2**63], [1.5], [None], [1] * 501])
def test_bad_ids_are_refused(app: App, ids: Any) -> None:
    assert app.post("notifications/read/", {"ids": ids}).status_code == 400


def test_the_preferences(app: App, resident: User) -> None:
    assert app.get("me/preferences/").json() == {"muted": [], "quiet_from": "22:00", "quiet_until": "07:30"}
    response = app.patch("me/preferences/", {"muted": ["reminder_day:sms"], "quiet_from": "09:00"})
    assert response.status_code == 200, response.content
    assert response.json() == {"muted": ["reminder_day:sms"], "quiet_from": "09:00", "quiet_until": "07:30"}
    assert app.get("me/preferences/").json() == response.json()
    assert Preferences.objects.get().resident == resident


@pytest.mark.parametrize(
    "body", [{"muted": ["everything"]}, {"muted": "sms"}, {"quiet_from": "25:00"}, {"muted": [{}]}]
)
def test_bad_preferences_are_refused(app: App, body: Any) -> None:
    assert app.patch("me/preferences/", body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "me/"),
        ("PATCH", "me/"),
        ("GET", "me/registrations/"),
        ("GET", "me/preferences/"),
        ("PATCH", "me/preferences/"),
        ("GET", "notifications/"),
        ("POST", "notifications/read/"),
    ],
)
def test_personal_things_need_a_person(anonymous: App, method: str, path: str) -> None:
    response = anonymous.call(method, path)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
    assert response["Cache-Control"] == "no-store"
    assert response.json()["code"] == "not_authenticated"


@pytest.mark.parametrize("level", ["subdistrict", "micro_grid"])
def test_nobody_lives_in_the_whole_subdistrict(app: App, level: str) -> None:
    inside = AreaFactory.create()
    area = subdistrict() if level == "subdistrict" else AreaFactory.create(level=level, parent=inside)
    answer = app.patch("me/", {"home_area": area.pk})
    assert answer.status_code == 400
    assert answer.json()["errors"]["home_area"][0]["code"] == "not_a_home"
