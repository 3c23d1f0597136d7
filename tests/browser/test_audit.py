"""Every page of the demo world: accessible, no sideways scroll, targets large enough, light in bytes."""

import gzip
from io import StringIO
from urllib.parse import quote

import pytest
from django.conf import settings
from django.core.management import call_command
from django.utils import timezone
from playwright.sync_api import Page

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.core.time import today
from linlingtong.likes.models import Praise
from linlingtong.venues.grid import Grid
from linlingtong.venues.models import Booking, Venue
from tests.browser.conftest import Open
from tests.browser.reading import trouble_with

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def pages() -> dict[str, str]:
    """The pages of residents, by what they are called; `-` in front asks for a visitor without account."""
    open_one = Session.objects.upcoming().filter(waiting=0, taken__gt=0, activity__opens_at=None).first()
    festival = Activity.objects.get(kind=Activity.Kind.FESTIVAL, starts_at__gt=timezone.now())
    mine = Registration.objects.filter(resident__phone="+8619900000001")
    assert open_one
    booked = mine.filter(state="confirmed", session__starts_at__gt=timezone.now()).first()
    waiting = mine.get(state="waitlisted")
    praise = Praise.objects.visible_to().exclude(comment_count=0).newest_first()[0]
    assert booked
    return {
        "home": "/",
        "- home": "/",
        "list": "/activities/",
        "empty list": "/activities/?q=没有这样的活动",
        "month": "/activities/month/",
        "detail": f"/activities/{open_one.activity.slug}/",
        "detail of two": f"/activities/{festival.slug}/",
        "join": f"/activities/{festival.slug}/join/",
        "my registrations": "/me/registrations/",
        "booked": f"/me/registrations/{booked.pk}/",
        "waiting": f"/me/registrations/{waiting.pk}/",
        "give up": f"/me/registrations/{booked.pk}/give-up/",
        "inbox": "/me/messages/",
        "preferences": "/me/messages/preferences/",
        "me": "/me/",
        "profile": "/me/profile/",
        "display": "/me/display/",
        "my privacy": "/me/privacy/",
        "search": "/search/?q=净滩",
        "my data": "/me/data/",
        "lists of names": "/me/participations/",
        "hours": "/me/hours/",
        "under review": "/me/reviews/",
        "- wall": "/praise/",
        "praise": f"/praise/{praise.pk}/",
        "praise somebody": "/praise/new/",
        "asked for consent": f"/praise/{Praise.objects.get(consent='asked').pk}/consent/",
        "- roll of honour": "/praise/honours/",
        "shelf": "/tools/",
        "found on the shelf": "/tools/?q=居住证",
        "- directory": "/tools/contacts/",
        "guides": "/tools/guides/",
        "guide": "/tools/guides/juzhuzheng/",
        "venues": "/tools/pitch/",
        "- venue": "/tools/pitch/pitch/",
        "chosen time": f"/tools/pitch/pitch/?at={free_time()}",
        "bookings": "/me/bookings/",
        "booking": f"/me/bookings/{Booking.objects.get(resident__phone='+8619900000001').pk}/",
        "feedback": "/feedback/",
        "community": "/community/gaoxin/",
        "- login": "/login/",
        "- privacy": "/privacy/",
        "- missing": "/nothing/here/",
    }


def free_time() -> str:
    """A free hour of the pitch, as it stands in an address."""
    grid = Grid(Venue.objects.get(slug="pitch"), today(), 7, None)
    cell = next(cell for day in grid.days for cell in day.cells if cell.is_free)
    return quote(cell.slot.starts_at.isoformat())


def test_the_demo_world_is_light_and_can_be_read_and_touched_in_every_mode(open_page: Open) -> None:
    """One seed for both: it takes a while."""
    call_command("seed", stdout=StringIO())
    weighs_at_most_sixty_kilobytes(open_page("/"))
    resident = User.objects.get(phone="+8619900000001")
    by_reader = {name: (path, None if name.startswith("-") else resident) for name, path in pages().items()}
    assert trouble_with(open_page, by_reader) == []


def weighs_at_most_sixty_kilobytes(home: Page) -> None:
    static = settings.BASE_DIR / "static"
    files = [static / name for name in ("app.css", "app.js", "icons.svg")]
    parts = [home.content().encode(), *(f.read_bytes() for f in files)]
    assert sum(len(gzip.compress(part)) for part in parts) <= 60 * 1024
    outside = home.evaluate("performance.getEntriesByType('resource').map(r => r.name)")
    assert all(name.startswith(home.url.rstrip("/")) for name in outside)
