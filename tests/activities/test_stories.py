"""What a registration's page tells about what comes next never promises what is over."""

import datetime as dt

import pytest
from django.test import Client
from django.utils import timezone, translation

from linlingtong.activities.models import Registration
from linlingtong.activities.models.standing import standing, with_position
from linlingtong.activities.views.stories import what_next
from tests.factories import ActivityFactory, RegistrationFactory, SessionFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def told(state: str, hours: float, joined: float = 0) -> list[dict[str, str]]:
    activity = ActivityFactory.create(place="Hall", meeting_point="Gate 3")
    session = SessionFactory.create(activity=activity, starts_at=timezone.now() + hours * HOUR)
    row = RegistrationFactory.create(session=session, state=state, confirmed_at=timezone.now() - joined * HOUR)
    found = with_position(Registration.objects.filter(pk=row.pk)).select_related("session__activity").get()
    with translation.override("en"):
        return what_next(found, standing(found.session, found, timezone.now(), is_authenticated=True))


@pytest.mark.parametrize(("hours", "is_early"), [(30, True), (23, False), (5, False)])
def test_who_waits_reads_how_the_place_will_come(hours: float, is_early: bool) -> None:
    entries = told("waitlisted", hours)
    assert ("at once" in entries[1]["text"]) == is_early
    assert [entry["state"] for entry in entries].count("now") == 1
    assert len(entries) == (4 if is_early else 3)


@pytest.mark.parametrize(("hours", "words"), [(30, "One day and two"), (20, "Two hours"), (2.2, "")])
def test_who_comes_reads_which_reminders_are_still_to_come(hours: float, words: str) -> None:
    entries = told("confirmed", hours)
    reminders = [entry["text"] for entry in entries if entry["title"] == "We remind you"]
    assert [text.startswith(words) for text in reminders] == ([True] if words else [])
    assert [entry["state"] for entry in entries].count("now") == 1
    assert "Hall · Gate 3" in next(entry["text"] for entry in entries if entry["title"] == "See you there")


def test_the_page_shows_it(client: Client) -> None:
    row = RegistrationFactory.create(
        session=SessionFactory.create(starts_at=timezone.now() + 5 * HOUR), state="waitlisted"
    )
    client.force_login(row.resident, "django.contrib.auth.backends.ModelBackend")
    assert "按顺序问到你" in client.get(f"/me/registrations/{row.pk}/").content.decode()


def test_who_waits_when_nobody_moves_up_any_more_is_promised_nothing() -> None:
    entries = told("waitlisted", 1.5)
    assert [entry["state"] for entry in entries] == ["done", "now"]
    assert "Staff have this list" in entries[1]["text"]


@pytest.mark.parametrize(("hours", "is_said"), [(0, True), (6, True), (12, False), (24, False)])
def test_the_page_says_from_when_giving_up_is_noted(client: Client, hours: int, is_said: bool) -> None:
    slot = SessionFactory.create(activity__cancel_hours=hours)
    text = client.get(f"/activities/{slot.activity.slug}/").content.decode()
    assert ("12 小时内取消会记一次" in text) == is_said
