"""A sheet of hours is made of credited lines only, in the resident's turn: no line is taken back meanwhile."""

import datetime as dt

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.text import clean_text
from linlingtong.core.time import at, day_bounds, today
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.volunteering.actions.refusals import NameMissing, NothingToPrint, TooManySheets
from linlingtong.volunteering.models import ServiceRecord, ServiceSheet, SheetLine
from linlingtong.volunteering.models.totals import issuer_of, levels_of, minutes_of, summed

MOST_A_DAY = 10
LONGEST_NAME = 30


@in_turn
def make_sheet(resident: User, *, by: User, first_on: dt.date, last_on: dt.date, holder_name: str) -> ServiceSheet:
    """Issue a sheet of everything credited between two days, both included; the same wish on one day finds it again.

    Raises PermissionDenied for anybody else's hours, NameMissing, NothingToPrint, TooManySheets.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    name = " ".join(clean_text(holder_name).split())[:LONGEST_NAME]
    if not name:
        raise NameMissing
    take_turns([("hours", resident.pk)])
    live = ServiceRecord.objects.filter(kind="credit", resident=resident, entry__span__isnull=False)
    served = list(
        live.filter(entry__starts_at__gte=at(first_on), entry__starts_at__lt=day_bounds(last_on)[1]).order_by("entry")
    )
    if not served:
        raise NothingToPrint
    start, end = day_bounds(today())
    todays = ServiceSheet.objects.filter(resident=resident, issued_at__gte=start, issued_at__lt=end)
    known = _same(todays, served, first_on, last_on, name)
    if known is not None:
        return known
    if todays.count() >= MOST_A_DAY:
        raise TooManySheets(number=MOST_A_DAY)
    return _issued(resident, served, first_on, last_on, name)


def _same(
    todays: QuerySet[ServiceSheet], served: list[ServiceRecord], first_on: dt.date, last_on: dt.date, name: str
) -> ServiceSheet | None:
    wish = {"first_on": first_on, "last_on": last_on, "holder_name": name, "revoked_at": None}
    minutes = sum(record.minutes for record in served)
    return todays.filter(**wish, minutes=minutes, line_count=len(served)).first()


def _issued(
    resident: User, served: list[ServiceRecord], first_on: dt.date, last_on: dt.date, name: str
) -> ServiceSheet:
    issuer = issuer_of(resident.home_area)
    sheet = ServiceSheet.objects.create(
        resident=resident, holder_name=name, issuer=issuer if issuer.pk else None, issuer_name=issuer.name,
        is_certificate=issuer.is_issuing_body, first_on=first_on, last_on=last_on,
        minutes=sum(record.minutes for record in served), line_count=len(served),
        stars=summed(minutes_of(resident), levels_of(issuer)).stars,
    )  # fmt: skip
    SheetLine.objects.bulk_create(
        [SheetLine(sheet=sheet, entry_id=record.entry_id, minutes=record.minutes) for record in served]
    )
    return sheet


@in_turn
def revoke_sheets(resident: User, *, reason: str) -> int:
    """No sheet of the resident is valid any more."""
    take_turns([("hours", resident.pk)])
    live = ServiceSheet.objects.filter(resident=resident, revoked_at=None)
    return live.update(revoked_at=timezone.now(), revoked_because=reason[:200])
