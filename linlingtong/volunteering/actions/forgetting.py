from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.volunteering.actions.sheets import revoke_sheets
from linlingtong.volunteering.models import Dispute, ServiceEntry, ServiceRecord, ServiceSheet


def forget(resident: User) -> None:
    """Who leaves takes the names along; the hours stay as an account of what was served, with nobody's name.

    The law asks for records of voluntary service that last; the ledger holds ids only.
    """
    revoke_sheets(resident, reason=_("The holder left the platform."))
    ServiceSheet.objects.filter(resident=resident).update(holder_name="")
    asked = Dispute.objects.filter(resident=resident)
    asked.filter(answered_at=None).update(answered_at=timezone.now(), outcome=Dispute.Outcome.KEPT)
    asked.update(reason="", answer="")


def own_hours(resident: User) -> dict[str, Any]:
    """Everything the ledger knows of a resident, in plain values."""
    entries = ServiceEntry.objects.filter(resident=resident).order_by("starts_at", "id")
    records = ServiceRecord.objects.filter(resident=resident).order_by("id")
    disputes = Dispute.objects.filter(resident=resident).order_by("id")
    sheets = ServiceSheet.objects.filter(resident=resident).order_by("id")
    return {
        "service_entries": list(
            entries.values(
                *("id", "key", "title", "place", "area__name", "starts_at", "ends_at", "planned_minutes", "minutes"),
                *("source", "proof", "evidence", "note", "recorded_at"),
            )
        ),
        "service_records": list(records.values("entry", "kind", "minutes", "reason", "at")),
        "disputes": list(
            disputes.values("entry", "reason", "opened_at", "due_at", "outcome", "answer", "answered_at")
        ),
        "service_sheets": list(
            sheets.values(
                *("serial", "holder_name", "issuer_name", "first_on", "last_on", "minutes", "issued_at"),
                *("revoked_at", "revoked_because"),
            )
        ),
    }
