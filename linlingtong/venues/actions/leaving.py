from typing import Any

from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn
from linlingtong.venues.actions.booking import booking_in_turn, fill, release
from linlingtong.venues.models import Booking, WaitEntry


def forget(resident: User) -> None:
    """Times to come go to those who wait; what was written about them is deleted."""
    WaitEntry.objects.filter(resident=resident).delete()
    coming = Booking.objects.live().filter(resident=resident, ends_at__gt=timezone.now())
    for pk in coming.order_by("pk").values_list("pk", flat=True):
        _free(pk)
    written = ~Q(purpose="") | ~Q(appeal_text="") | ~Q(reason="")
    Booking.objects.filter(written, resident=resident).update(purpose="", appeal_text="", reason="")


@in_turn
def _free(booking_id: int) -> None:
    booking, units = booking_in_turn(booking_id)
    if booking.state in Booking.LIVE:
        release(booking, Booking.State.CANCELLED)
        fill(booking.venue, units, booking.starts_at, booking.ends_at)


def own_bookings(resident: User) -> dict[str, Any]:
    """Every booking of a person, in plain values."""
    rows = Booking.objects.visible_to(resident).order_by("starts_at", "pk")
    columns = ("venue__name", "starts_at", "ends_at", "state", "purpose", "headcount", "reason", "appeal_text")
    return {"bookings": list(rows.values(*columns, "appeal_answer", "created_at", "checked_in_at"))}
