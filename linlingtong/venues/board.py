from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.board import Board, Work
from linlingtong.core.search import Found
from linlingtong.venues import actions
from linlingtong.venues.models import Booking, Venue

MOST = 10


def card(request: HttpRequest) -> dict[str, Any]:
    """The reader's next booking, a time that is kept first."""
    if not isinstance(request.user, User):
        return {"next": None}
    coming = Booking.objects.visible_to(request.user).live().filter(ends_at__gt=timezone.now())
    rows = list(coming.select_related("venue").order_by("starts_at", "pk")[:MOST])
    rows.sort(key=lambda one: one.state != Booking.State.HELD)
    return {"next": rows[0] if rows else None}


def find(text: str, _user: User | None) -> list[Found]:
    rows = Venue.objects.shown().matching(text).order_by("name", "pk")[:MOST]
    return [
        Found("venue", one.pk, one.name, one.place, reverse("venues:venue", args=[one.slug]), "ball-football")
        for one in rows
    ]


def work(user: User) -> list[Work]:
    appeals = Booking.objects.managed_by(user).filter(appeal=Booking.Appeal.OPEN).count()
    listing = reverse("admin:venues_booking_changelist")
    return [(appeals, _("appeals of bookings"), f"{listing}?appeal__exact=open")]


board = Board(
    "venues",
    card=card,
    find=find,
    work=work,
    export=actions.own_bookings,
    forget=actions.forget,
    steps={
        "lapse_held_times": actions.lapse_holds,
        "see_who_came": actions.see_who_came,
        "remind_of_bookings": actions.remind,
    },
    words={"booking": actions.words},
)
