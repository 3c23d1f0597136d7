import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from linlingtong.core.refusal import Refusal


class SlotTaken(Refusal):
    """Somebody else has it; `alternatives` are the nearest times that are free, as (from, until)."""

    code = "slot_taken"
    message = _("Somebody was faster: this time is taken. Take another one, or wait for it.")

    alternatives: Sequence[tuple[dt.datetime, dt.datetime]] = ()

    @property
    def more(self) -> dict[str, Any]:
        return {"alternatives": [{"starts_at": start, "ends_at": end} for start, end in self.alternatives]}


class ClosedForAWhile(SlotTaken):
    message = _("Closed at that time: %(reason)s. Choose another one.")


class OverQuota(Refusal):
    code = "over_quota"
    message = _("You have booked as much as one may in that week: %(limit)s. Choose another week.")


class TeamOverQuota(OverQuota):
    message = _("Your team has booked %(limit)s times in that week, which is the most. Choose another week.")


class TooLate(Refusal):
    code = "too_late"
    message = _("This time has begun or is too near. Choose a later one.")


class TooEarly(Refusal):
    code = "too_early"
    message = _("So far ahead nothing can be booked yet: at most %(days)s days.")


class Closed(Refusal):
    code = "closed"
    message = _("The venue is not open to everybody at that time. The green times are.")


class OffGrid(Refusal):
    code = "off_grid"
    message = _("Bookings begin and end on the lines of the table, %(most)s slots at most.")


class TooManyPeople(Refusal):
    code = "too_many_people"
    message = _("At most %(most)s people fit.")


class NoSuchUnits(Refusal):
    code = "no_such_units"
    message = _("Choose which part you need.")


class NotOfTeam(Refusal):
    code = "not_of_team"
    message = _("You can book for a team or company when staff have confirmed that you belong to it.")


class Paused(Refusal):
    code = "paused"
    message = _(
        "Three times nobody came, so until %(until)s you can book only what is free right now. You may appeal."
    )


class TooLateToCancel(Refusal):
    code = "too_late_to_cancel"
    message = _("It starts in less than %(hours)s hours. Call %(phone)s if you cannot come.")


class NotKept(Refusal):
    code = "offer_expired"
    message = _("This time is not kept for you any more; it went to the next in line.")


class StillFree(Refusal):
    code = "still_free"
    message = _("This time is free: book it, no need to wait.")


class WaitsAlready(Refusal):
    code = "waits_enough"
    message = _("You are waiting for five times already. Leave one of them first.")


class NothingBookedNow(Refusal):
    code = "nothing_booked_now"
    message = _("You have no booking here right now. Check-in opens 15 minutes before the start.")


class NotNow(Refusal):
    code = "not_now"
    message = _("This is not possible any more: the booking is %(state)s.")


class BlockedAlready(Refusal):
    code = "blocked_already"
    message = _("A part of that time is blocked already: %(reason)s.")


class TextMissing(Refusal):
    code = "text_missing"
    message = _("Write a few words: they will be read.")
