"""What a sheet says, on its page and on paper."""

from collections.abc import Container, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linlingtong.core.dates import clock, hours_words
from linlingtong.core.time import local
from linlingtong.volunteering.models import ServiceSheet, SheetLine, open_disputes

MARK = "※"


def sheet_title(sheet: ServiceSheet) -> str:
    return _("Certificate of voluntary service") if sheet.is_certificate else _("Record of voluntary service")


def facts_of(sheet: ServiceSheet) -> list[tuple[str, str]]:
    """What stands on the sheet above its lines; the page shows the same."""
    span = f"{sheet.first_on:%Y-%m-%d} – {sheet.last_on:%Y-%m-%d}"
    times = ngettext("%(number)d time", "%(number)d times", sheet.line_count) % {"number": sheet.line_count}
    facts = [
        (_("Name"), sheet.holder_name),
        (_("Time"), span),
        (_("Service hours"), f"{hours_words(sheet.minutes)} · {times}"),
        (_("Star level"), stars_words(sheet.stars)),
        (_("Issued by"), sheet.issuer_name),
        (_("Issued on"), f"{local(sheet.issued_at):%Y-%m-%d}"),
    ]
    return [(key, value) for key, value in facts if value]


def stars_words(stars: int) -> str:
    return ngettext("%(stars)d star", "%(stars)d stars", stars) % {"stars": stars} if stars else ""


def disputed(lines: Sequence[SheetLine]) -> set[int]:
    """The entries of those lines that their owner disputes at this moment."""
    return set(open_disputes([line.entry for line in lines]))


def titled(line: SheetLine, asked: Container[int]) -> str:
    """What was done, with the mark of a line whose owner has asked for a correction."""
    return f"{line.entry.title} {MARK}" if line.entry_id in asked else line.entry.title


def mark_words() -> str:
    return _("The holder has asked for a correction of this line; the answer is still open.")


def when(line: SheetLine) -> str:
    entry = line.entry
    return f"{local(entry.starts_at):%Y-%m-%d} {clock(entry.starts_at)}–{clock(entry.ends_at)}"


def closing_words(sheet: ServiceSheet) -> str:
    if sheet.is_certificate:
        return _("Valid with the stamp of the issuing body. Anybody can check it by its code or serial number.")
    return _(
        "This record is drawn from the platform's ledger and carries no stamp. Anybody can check it by its code or"
        " serial number; it is no longer valid once one of its lines is taken back."
    )
