"""The only place where lines of the ledger are written; call in the resident's turn."""

from collections.abc import Sequence

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone
from django.utils.translation import gettext, override

from linlingtong.accounts.models import User
from linlingtong.volunteering.models import ServiceEntry, ServiceRecord, ServiceSheet

Kind = ServiceRecord.Kind


def line(entry: ServiceEntry, kind: str, minutes: int, approver: User | None, reason: str = "") -> ServiceRecord:
    return ServiceRecord(
        entry=entry, resident_id=entry.resident_id, area_id=entry.area_id, kind=kind, minutes=minutes,
        proof=entry.proof, during=DateTimeTZRange(entry.starts_at, entry.ends_at), recorder_id=entry.recorder_id,
        approver=approver, reason=reason,
    )  # fmt: skip


def book_credits(pairs: Sequence[tuple[ServiceEntry, int]], *, approver: User | None, reason: str = "") -> None:
    """Credit entries with minutes each; what an entry replaces is taken back or declined first."""
    for entry, _minutes in pairs:
        if entry.replaces_id:
            retire(entry)
    ServiceRecord.objects.bulk_create(
        [line(entry, Kind.CREDIT, minutes, approver, reason) for entry, minutes in pairs]
    )


def retire(entry: ServiceEntry) -> None:
    """What `entry` replaces counts no more."""
    old = entry.replaces
    if old is None:
        return
    with override(entry.resident.language):
        reason = gettext("Corrected: a new line takes its place.")
    kinds = set(old.records.values_list("kind", flat=True))
    if not kinds:
        ServiceRecord.objects.bulk_create([line(old, Kind.DECLINE, 0, None, reason)])
    elif kinds == {Kind.CREDIT}:
        book_reversal(old, by=None, reason=reason)


def book_reversal(entry: ServiceEntry, *, by: User | None, reason: str) -> ServiceRecord:
    """Take the whole credit back; every sheet that shows it is worth nothing from this moment."""
    credited = entry.records.get(kind=Kind.CREDIT)
    reversal = line(entry, Kind.REVERSAL, -credited.minutes, by, reason)
    reversal.save(force_insert=True)
    sheets = ServiceSheet.objects.filter(lines__entry=entry, revoked_at=None)
    sheets.update(revoked_at=timezone.now(), revoked_because=reason)
    return reversal
