"""Lists of people that leave the house: scoped, counted, with a reason when they are long, and remembered."""

import csv
import io
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, Any

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, is_whole, scope_for
from linlingtong.activities.actions.record_refusals import ExportReasonMissing, NothingToExport
from linlingtong.activities.models import Participant, Registration, RosterExport, Session
from linlingtong.activities.permissions import check_manages, may_see_phones
from linlingtong.areas.models import inside
from linlingtong.audit.actions import acting
from linlingtong.core.dates import clock
from linlingtong.core.text import clean_text
from linlingtong.core.time import local

What = RosterExport.What
WITHOUT_REASON = 200
# What a spreadsheet may take for a formula, also after blanks and in full width.
DANGEROUS = tuple("=+-@\t\r\n|%＝＋－＠")
BOM = "\ufeff"


def harmless(value: Any) -> Any:
    """A cell that Excel, WPS and LibreOffice show as text, whatever it begins with."""
    if not isinstance(value, str):
        return value
    bare = value.lstrip(" \u3000\u200b\u200c\u200d\ufeff\u00a0")
    text = "".join(c if c in "\t\n\r" or ord(c) >= 32 else " " for c in value)
    return f"'{text}" if bare.startswith(DANGEROUS) else text


def export_roster(session_id: int, *, by: User, reason: str = "", with_phones: bool = False) -> "Export":
    """Everybody on the list of one session. Raises ExportReasonMissing, NothingToExport."""
    session = Session.objects.select_related("activity").get(pk=session_id)
    check_manages(by, session.activity)
    registrations = session.registrations.filter(state=Registration.State.CONFIRMED).order_by("number")
    people = session.participants.order_by("pk")
    path = session.activity.area_path
    rows = registrations.count() + people.count()
    kept = _remember(What.ROSTER, path, rows, by=by, reason=reason, with_phones=with_phones, session=session)
    return Export(kept, registrations, people, session.activity.title)


def export_records(path: str, *, by: User, reason: str = "", with_phones: bool = False) -> "Export":
    """Everybody who was there at any activity of an area, by check-in or by a roster on paper."""
    scope = scope_for(by)
    if not (in_scope(path, scope) or (not path and is_whole(scope))):
        raise PermissionDenied
    attended = [Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT]
    registrations = Registration.objects.filter(inside([path], "area_path"), attendance__in=attended).order_by("pk")
    people = Participant.objects.filter(inside([path], "area_path")).order_by("pk")
    rows = registrations.count() + people.count()
    kept = _remember(What.RECORDS, path, rows, by=by, reason=reason, with_phones=with_phones)
    return Export(kept, registrations, people, _("participations"))


def _remember(
    what: str,
    path: str,
    rows: int,
    *,
    by: User,
    reason: str,
    with_phones: bool,
    session: Session | None = None,
) -> RosterExport:
    reason = clean_text(reason)[:200]
    if with_phones and not may_see_phones(by, path):
        raise PermissionDenied
    if not rows:
        raise NothingToExport
    if (rows > WITHOUT_REASON or with_phones) and not reason:
        raise ExportReasonMissing(most=WITHOUT_REASON)
    with acting(by, "export"):
        return RosterExport.objects.create(
            what=what, session=session, area_path=path, rows=rows, has_phones=with_phones, reason=reason, by=by
        )


class Export:
    """The rows of one export, read from the database as they are written out."""

    def __init__(
        self,
        kept: RosterExport,
        registrations: QuerySet[Registration],
        people: QuerySet[Participant],
        name: str,
    ) -> None:
        self.kept, self.name = kept, name
        self.registrations, self.people = registrations, people

    @property
    def headings(self) -> list[str]:
        return [
            _("name"), _("phone"), _("activity"), _("date"), _("time"), _("place"), _("attendance"), _("minutes"),
            _("source"),
        ]  # fmt: skip

    def rows(self) -> Iterator[list[Any]]:
        for registration in self.registrations.select_related("session__activity", "resident").iterator(500):
            yield self._registered(registration)
        for person in self.people.select_related("session__activity", "resident").iterator(500):
            yield self._listed(person)

    def _registered(self, row: Registration) -> list[Any]:
        phone = self._phone(row.resident, row.resident.masked_phone)
        return [
            str(row.resident), phone, *_session_cells(row.session), row.get_attendance_display(), None,
            _("registered online"),
        ]  # fmt: skip

    def _listed(self, row: Participant) -> list[Any]:
        phone = self._phone(row.resident, row.phone_mask)
        source = _("paper roster") if row.resident_id else _("paper roster, no account")
        return [row.name, phone, *_session_cells(row.session), _("was there"), row.minutes, source]

    def _phone(self, resident: User | None, masked: str) -> str:
        if not self.kept.has_phones or resident is None or not resident.phone:
            return masked
        return resident.phone.removeprefix("+86")

    def csv(self) -> Iterator[str]:
        """Line by line, with the mark by which Excel knows UTF-8, in the language of whoever asks."""
        return self._csv(get_language())

    def _csv(self, language: str | None) -> Iterator[str]:
        with override(language):
            yield BOM + _line(self.headings)
        for row in self.rows():
            with override(language):
                yield _line(row)

    def xlsx(self) -> IO[bytes]:
        """A workbook in a temporary file, written row by row."""
        from openpyxl import Workbook  # noqa: PLC0415 - as in cells.py

        book = Workbook(write_only=True)
        page = book.create_sheet(_("list"))
        page.freeze_panes = "A2"
        for letter, width in zip("ABCDEFGHI", (12, 14, 28, 12, 13, 22, 12, 8, 18), strict=True):
            page.column_dimensions[letter].width = width
        page.append([_bold(page, text) for text in self.headings])
        for row in self.rows():
            page.append([_cell(page, value) for value in row])
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it when it is sent
        book.save(file)
        file.seek(0)
        return file


def _session_cells(session: Session) -> Sequence[str]:
    starts = local(session.starts_at)
    span = f"{clock(session.starts_at)}-{clock(session.ends_at)}"
    return session.activity.title, f"{starts:%Y-%m-%d}", span, session.activity.place


def _line(values: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([harmless(value) for value in values])
    return out.getvalue()


def _bold(page: Any, text: str) -> Any:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - as in cells.py
    from openpyxl.styles import Font  # noqa: PLC0415 - as in cells.py

    cell = WriteOnlyCell(page, text)
    cell.font = Font(bold=True)
    return cell


def _cell(page: Any, value: Any) -> Any:
    """Text stays text: openpyxl would make a formula of whatever begins with `=`."""
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415 - as in cells.py

    cell = WriteOnlyCell(page, harmless(value))
    if isinstance(value, str):
        cell.data_type = "s"
    return cell
