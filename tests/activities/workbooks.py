"""Real workbooks, made the way staff make them."""

import io
import zipfile
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

HEADER = ["序号", "姓名", "联系电话", "活动名称", "活动日期", "服务时长(小时)", "活动地点"]
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def workbook(rows: Iterable[Any], *, merged: Sequence[str] = (), title: str = "签到表") -> io.BytesIO:
    """A workbook with one sheet of these lines."""
    book = Workbook()
    page: Any = book.active
    page.title = title
    for row in rows:
        page.append(list(row))
    for span in merged:
        page.merge_cells(span)
    return saved(book)


def saved(book: Any) -> io.BytesIO:
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def cleaning(
    *people: tuple[str, Any], title: str = "清洁家园", day: Any = "2022年9月3日", hours: Any = 2
) -> io.BytesIO:
    """A usual sheet: these people at one activity."""
    lines = [[at, name, phone, title, day, hours, "临江佳苑南门"] for at, (name, phone) in enumerate(people, start=1)]
    return workbook([HEADER, *lines])


def uploaded(file: io.BytesIO, name: str = "签到表.xlsx") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, file.getvalue(), XLSX)


def with_part(file: io.BytesIO, name: str, content: bytes) -> io.BytesIO:
    """The same workbook with one part added or replaced."""
    out = io.BytesIO()
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.infolist():
            if part.filename != name:
                new.writestr(part, old.read(part))
        new.writestr(name, content)
    out.seek(0)
    return out
