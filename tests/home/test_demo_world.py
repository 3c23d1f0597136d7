from io import StringIO

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.db.models import Count, F, Q, Sum
from django.test import Client

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.areas.models import Area

pytestmark = pytest.mark.django_db


def load() -> None:
    cache.clear()
    call_command("seed", verbosity=0, stdout=StringIO())


def test_the_demo_world_has_the_known_numbers_on_every_screen(client: Client) -> None:
    load()
    answer = client.get("/api/v1/stats/").json()
    assert (answer["residents"], answer["activities"], answer["participations"]) == (2046, 307, 2550)
    page = client.get("/").content.decode()
    for number in ("2,046", "307", "2,550"):
        assert f"<b>{number}</b>" in page


def test_the_demo_world_is_true_to_itself() -> None:
    load()
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


def test_the_next_weeks_show_every_state() -> None:
    load()
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
