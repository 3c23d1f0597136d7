import csv
import io
import json
import zipfile
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.home.boards import BOARDS
from linlingtong.home.models import DataExport

AT_ONCE = 20
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


def ask_for_export(resident: User, *, by: User) -> DataExport:
    """A copy of one's own data will be ready soon. While one is being made, or is ready, it stays that one.

    Raises PermissionDenied for somebody else's data.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    outdated = Q(ready_at__lt=timezone.now() - DataExport.KEPT_FOR)
    DataExport.objects.filter(outdated, resident=resident).delete()
    export, _ = DataExport.objects.get_or_create(resident=resident)
    return export


def make_exports() -> int:
    """Put together the copies that were asked for, the oldest first; answers how many."""
    made = 0
    for pk in DataExport.objects.filter(ready_at=None).order_by("asked_at").values_list("pk", flat=True)[:AT_ONCE]:
        with transaction.atomic():
            export = DataExport.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if export is None or export.ready_at:
                continue
            export.archive = _archive(export.resident)
            export.ready_at = timezone.now()
            export.save(update_fields=["archive", "ready_at"])
            made += 1
    return made


def drop_old_exports() -> None:
    """Copies older than a week go."""
    DataExport.objects.filter(ready_at__lt=timezone.now() - DataExport.KEPT_FOR).delete()


def _archive(resident: User) -> bytes:
    """A ZIP of `data.json`, a CSV for each list in it, and the files that rooms keep."""
    known = {board.name: board.export(resident) for board in BOARDS}
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for room, told in known.items():
            for name, content in told.pop("files", {}).items():
                archive.writestr(f"{room}/{name}", content)
            for name, rows in told.items():
                if isinstance(rows, list) and rows:
                    archive.writestr(f"{room}/{name}.csv", _csv(rows))
        told_rooms = {room: told for room, told in known.items() if told}
        archive.writestr("data.json", json.dumps(told_rooms, ensure_ascii=False, indent=1, default=str))
    return target.getvalue()


def _csv(rows: list[dict[str, Any]]) -> str:
    """With the mark by which spreadsheets know UTF-8, and nothing that they would take for a formula."""
    target = io.StringIO()
    target.write("\ufeff")
    writer = csv.writer(target)
    writer.writerow(rows[0])
    writer.writerows([_plain(value) for value in row.values()] for row in rows)
    return target.getvalue()


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
