"""What volunteers are told about their hours, in their language."""

from collections.abc import Callable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import override

from linlingtong.core.dates import hours_words
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind
from linlingtong.volunteering.models import Dispute, ServiceEntry, ServiceRecord


def _tiding(entry: ServiceEntry, key: str, words: Callable[[], tuple[str, str]]) -> Tiding:
    with override(entry.resident.language):
        title, body = words()
    return Tiding(
        resident_id=entry.resident_id, kind=Kind.HOURS, key=f"hours/{entry.pk}/{key}", title=title[:120], body=body,
        url=f"/me/hours/{entry.pk}/", subject="service_entry", subject_id=entry.pk,
    )  # fmt: skip


def tell_entered(entries: Sequence[ServiceEntry]) -> None:
    tell([_tiding(entry, "entered", lambda e=entry: _entered(e)) for entry in entries])  # type: ignore[misc]


def _entered(entry: ServiceEntry) -> tuple[str, str]:
    facts = {"hours": hours_words(entry.minutes), "title": entry.title}
    if entry.note:
        return _("%(hours)s wait for approval: %(title)s") % facts, _(
            "Staff look at it and you get an answer. Is something wrong? Open the line and ask for a correction."
        )
    return _("%(hours)s credited: %(title)s") % facts, _("Thank you! Is something wrong? Open the line and say so.")


def tell_approved(entry: ServiceEntry, minutes: int) -> None:
    def words() -> tuple[str, str]:
        facts = {"hours": hours_words(minutes), "title": entry.title}
        return _("%(hours)s credited: %(title)s") % facts, _("Staff approved it. Thank you!")

    tell([_tiding(entry, "approved", words)])


def tell_declined(entry: ServiceEntry, reason: str) -> None:
    def words() -> tuple[str, str]:
        return _("Not credited: %(title)s") % {"title": entry.title}, _("Why: %(reason)s") % {"reason": reason}

    tell([_tiding(entry, "declined", words)])


def tell_reversed(entry: ServiceEntry, reversal: ServiceRecord) -> None:
    def words() -> tuple[str, str]:
        facts = {"hours": hours_words(-reversal.minutes), "title": entry.title}
        why = _("Why: %(reason)s") % {"reason": reversal.reason}
        return _("%(hours)s taken back: %(title)s") % facts, why

    tell([_tiding(entry, "reversed", words)])


def tell_answered(dispute: Dispute) -> None:
    def words() -> tuple[str, str]:
        facts = {"title": dispute.entry.title}
        title = _("Corrected: %(title)s") if dispute.outcome == Dispute.Outcome.CORRECTED else _("Answer: %(title)s")
        return title % facts, dispute.answer

    tell([_tiding(dispute.entry, f"answered/{dispute.pk}", words)])
