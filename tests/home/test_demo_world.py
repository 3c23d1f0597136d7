import datetime as dt
from io import StringIO

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.db.models import Count, F, Q, Sum
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.actions import accept
from linlingtong.activities.actions.queue import lapse_offers
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.areas.models import Area
from linlingtong.core.time import at, local
from linlingtong.home.management.demo.people import RESIDENT
from linlingtong.likes.models import Praise
from linlingtong.moderation.models import Case
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.notifications.models import Notification
from linlingtong.tickets.models import Ticket
from linlingtong.toolbox.models import Contact, Guide
from linlingtong.venues.models import Booking
from linlingtong.volunteering.models import ServiceRecord

pytestmark = pytest.mark.django_db


def load() -> None:
    cache.clear()
    call_command("seed", "--activities", verbosity=0, stdout=StringIO())


def test_the_whole_demo_world(client: Client) -> None:
    """One seed for all that is only read: it takes a while."""
    cache.clear()
    call_command("seed", verbosity=0, stdout=StringIO())
    known_numbers_on_every_screen(client)
    true_to_itself()
    every_state_in_the_next_weeks()
    something_on_every_board()


def something_on_every_board() -> None:
    assert ServiceRecord.objects.count() > 2000
    assert Praise.objects.count() >= 40
    assert HelpPost.objects.count() >= 60
    assert set(HelpPost.objects.values_list("state", flat=True)) >= {"open", "claimed", "completed", "expired"}
    assert Contact.objects.count() >= 30
    assert Guide.objects.count() >= 12
    assert Booking.objects.filter(state="booked").exists()
    assert Ticket.objects.count() >= 40
    assert Case.objects.filter(is_visible=False).exists()


def known_numbers_on_every_screen(client: Client) -> None:
    answer = client.get("/api/v1/stats/").json()
    assert (answer["residents"], answer["activities"], answer["participations"]) == (2046, 307, 2550)
    page = client.get("/").content.decode()
    for number in ("2,046", "307", "2,550"):
        assert f"<b>{number}</b>" in page


def true_to_itself() -> None:
    gaoxin = Area.objects.get(slug="gaoxin")
    below = Area.objects.filter(path__startswith=gaoxin.path)
    levels = dict(below.values_list("level").annotate(number=Count("pk")))
    assert (levels["grid"], levels["micro_grid"]) == (12, 50)
    heads = Appointment.objects.filter(role=Appointment.Role.BUILDING_HEAD, area__path__startswith=gaoxin.path)
    assert heads.count() == 46
    confirmed = Q(registrations__state=Registration.State.CONFIRMED)
    waiting = Q(registrations__state=Registration.State.WAITLISTED)
    counted = Session.objects.annotate(
        people=Sum("registrations__places", filter=confirmed, default=0),
        queue=Count("registrations", filter=waiting),
    )
    assert not counted.exclude(people=F("taken"), queue=F("waiting")).exists()
    assert User.objects.filter(phone="+8619900000001", nickname="陈师傅").exists()


def every_state_in_the_next_weeks() -> None:
    coming = Session.objects.upcoming().filter(activity__status=Activity.Status.PUBLISHED)
    assert coming.filter(waiting__gt=0).exists()
    assert coming.filter(pending__gt=0, activity__needs_approval=True).exists()
    assert coming.filter(activity__opens_at__isnull=False).exists()
    assert coming.filter(is_unlimited=True).exists()
    assert coming.filter(taken__lt=F("capacity"), taken__gte=F("capacity") - 3).exists()
    assert Activity.objects.upcoming().filter(status=Activity.Status.CANCELLED).exclude(cancel_reason="").exists()


def test_the_seed_refuses_a_database_with_people() -> None:
    load()
    before = User.objects.count()
    call_command("seed", "--if-empty")
    assert User.objects.count() == before


@pytest.mark.parametrize("hour", [0, 6, 12, 21])
def test_the_offer_of_the_demo_account_can_be_taken_whenever_the_world_is_made(hour: int, client: Client) -> None:
    made_at = at(dt.date(2026, 11, 18), dt.time(hour, 40))
    with time_machine.travel(made_at, tick=False):
        load()
        offer = Registration.objects.select_related("session").get(resident__phone=RESIDENT, state="offered")
        session = offer.session
        assert made_at < session.starts_at <= made_at + dt.timedelta(hours=24)
        assert (session.taken + session.held, session.waiting) == (session.capacity, 2)
        assert offer.offered_until is not None
        assert made_at + dt.timedelta(minutes=30) <= offer.offered_until <= session.starts_at - dt.timedelta(hours=2)
        assert dt.time(7, 30) <= local(offer.offered_until).time() <= dt.time(22)
        client.force_login(offer.resident, "django.contrib.auth.backends.ModelBackend")
        assert f"/me/registrations/{offer.pk}/accept/" in client.get("/me/registrations/").content.decode()
        accept(offer.pk, by=offer.resident)
        assert not Notification.objects.to_answer(timezone.now()).filter(resident=offer.resident).exists()


def test_a_day_later_the_demo_world_promises_nothing_that_is_over(client: Client) -> None:
    load()
    offer = Registration.objects.get(resident__phone=RESIDENT, state="offered")
    with time_machine.travel(timezone.now() + dt.timedelta(hours=25)):
        cache.clear()
        lapse_offers()
        offer.refresh_from_db()
        assert offer.state == "lapsed"
        client.force_login(offer.resident, "django.contrib.auth.backends.ModelBackend")
        assert f"/me/registrations/{offer.pk}/accept/" not in client.get("/me/registrations/").content.decode()
        assert not Notification.objects.to_answer(timezone.now()).filter(resident=offer.resident).exists()
