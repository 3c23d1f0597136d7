"""Opening a workbook that came from anywhere, and finding the list of names in it. Nothing is written here."""

import datetime as dt
import hashlib
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import IO, Any

from linlingtong.activities.actions.cells import is_blank, text_of
from linlingtong.activities.actions.record_refusals import (
    HeaderMissing,
    NotASheet,
    OldSheet,
    PlainText,
    SheetEmpty,
    SheetTooLarge,
    UnsafeSheet,
)

MOST_BYTES = 5 * 1024 * 1024
MOST_UNPACKED = 40 * 1024 * 1024
MOST_PARTS = 1000
MOST_ROWS = 10_000
MOST_COLUMNS = 60
MOST_MERGED = 20_000
HEADER_WITHIN = 30
OLD = bytes.fromhex("d0cf11e0a1b11ae1")
MERGED = re.compile(rb'<(?:\w+:)?mergeCell\b[^>]*?\bref="([A-Z]{1,3}\d{1,7}:[A-Z]{1,3}\d{1,7})"')

# What the columns are called in the sheets of communities, without blanks and signs. A heading may go on in front
# (`志愿者联系电话`): what it ends with counts, the longest name first.
HEADINGS: dict[str, tuple[str, ...]] = {
    "name": ("姓名", "名字", "志愿者姓名", "志愿者", "参加人员", "参与人员", "人员姓名", "居民姓名", "参加人", "name"),
    "phone": ("手机", "手机号", "手机号码", "电话", "电话号码", "联系电话", "联系方式", "联系手机", "phone", "mobile"),
    "day": ("日期", "活动日期", "服务日期", "活动时间", "服务时间", "参加日期", "时间", "date"),
    "starts": ("开始时间", "签到时间", "开始", "到岗时间", "start"),
    "ends": ("结束时间", "签退时间", "结束", "离岗时间", "end"),
    "span": ("时间段", "时段", "起止时间"),
    "minutes": (
        "时长", "服务时长", "志愿时长", "志愿服务时长", "活动时长", "小时", "小时数", "分钟", "分钟数", "工时",
        "hours", "minutes", "duration",
    ),
    "title": ("活动名称", "活动", "活动主题", "活动内容", "项目", "项目名称", "服务项目", "activity", "title"),
    "place": ("地点", "活动地点", "服务地点", "地址", "活动地址", "place", "location"),
    "leader": ("带队人", "负责人", "组织者", "领队", "活动负责人", "leader"),
}  # fmt: skip
OF_SOMETHING_ELSE = (
    "出生", "生日", "身份证", "证件", "入党", "紧急", "家庭", "居住", "现住", "户籍", "单位", "累计", "总时",
)  # fmt: skip
UNITS = {"小时": "hours", "时": "hours", "h": "hours", "hours": "hours", "分钟": "minutes", "分": "minutes"}
# A heading is meant for all the lines that its merged cell spans; a name or a phone never is.
FILLED = ("day", "starts", "ends", "span", "minutes", "title", "place", "leader")
SUMS = ("合计", "总计", "小计", "共计")
REMARKS = ("备注", "说明", "填表人", "制表人", "审核人", "注:")


@dataclass
class Line:
    """One line of the list: its number in the sheet, and the cells of the columns that were recognised.

    `left_out` says why a line is about nobody; then `shown` is what stands there.
    """

    number: int
    cells: dict[str, Any]
    left_out: str = ""
    shown: str = ""


@dataclass
class Sheet:
    """The list in a workbook: `columns` are the headings by their meaning, `defaults` what stands above the list."""

    name: str
    digest: str
    epoch: dt.datetime
    columns: dict[str, str] = field(default_factory=dict)
    unit: str = ""
    defaults: dict[str, Any] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)


def read_sheet(file: IO[bytes]) -> Sheet:
    """The first list of names in the workbook. Raises NotASheet, SheetTooLarge, HeaderMissing or SheetEmpty.

    Limits are checked before anything is unpacked: sizes as the archive declares them, which unpacking cannot exceed.
    """
    from openpyxl import load_workbook  # noqa: PLC0415 - as in cells.py

    digest = _check(file)
    try:
        book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        return _first_list(book, file, digest)
    except (HeaderMissing, SheetEmpty, SheetTooLarge):
        raise
    except Exception as error:  # openpyxl raises whatever the broken part of a file leads to
        raise NotASheet from error


def _check(file: IO[bytes]) -> str:
    content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise _too_large()
    if content.startswith(OLD):
        raise OldSheet
    if not content.startswith(b"PK"):
        raise PlainText if content.strip() and b"\0" not in content[:4000] else NotASheet
    try:
        with zipfile.ZipFile(file) as archive:
            _check_parts(archive)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NotASheet from error
    file.seek(0)
    return hashlib.sha256(content).hexdigest()


def _check_parts(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    names = {part.filename for part in parts}
    if not {"[Content_Types].xml", "xl/workbook.xml"} <= names:
        raise NotASheet
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise _too_large()
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UnsafeSheet
    for part in parts:
        if part.filename.endswith((".xml", ".rels")):
            _check_xml(archive.read(part))


def _check_xml(content: bytes) -> None:
    """No document type, so no entities; only UTF-8, in which the check can see one."""
    start = content.removeprefix(b"\xef\xbb\xbf")[:64].lstrip()
    if (start and not start.startswith(b"<")) or b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise UnsafeSheet


def _too_large() -> SheetTooLarge:
    return SheetTooLarge(megabytes=MOST_BYTES // 1024 // 1024, rows=MOST_ROWS)


def _first_list(book: Any, file: IO[bytes], digest: str) -> Sheet:
    is_found = False
    for page in book.worksheets:
        if page.sheet_state != "visible":
            continue
        page.reset_dimensions()
        sheet = Sheet(page.title[:60], digest, book.epoch)
        spans = _merged(file, page)
        if not _read(sheet, _rows(page), spans):
            continue
        is_found = True
        if any(not line.left_out for line in sheet.lines):
            return sheet
    raise SheetEmpty if is_found else HeaderMissing


def _rows(page: Any) -> Iterator[tuple[int, tuple[Any, ...]]]:
    """Lines with something in them, by their number."""
    how_many = 0
    for number, cells in enumerate(page.iter_rows(max_col=MOST_COLUMNS, values_only=True), start=1):
        if any(cell is not None for cell in cells) and not all(is_blank(cell) for cell in cells):
            how_many += 1
            if how_many > MOST_ROWS + HEADER_WITHIN:
                raise _too_large()
            yield number, cells


def _merged(file: IO[bytes], page: Any) -> dict[int, dict[int, int]]:
    """Merged cells by column: the first line of each and its last. Streaming leaves them out."""
    from openpyxl.utils.cell import range_boundaries  # noqa: PLC0415 - as in cells.py

    with zipfile.ZipFile(file) as archive:
        content = archive.read(page._worksheet_path.lstrip("/"))  # noqa: SLF001 - openpyxl tells it nowhere else
    spans: dict[int, dict[int, int]] = {}
    for found in MERGED.findall(content)[:MOST_MERGED]:
        left, top, _right, bottom = range_boundaries(found.decode())
        if bottom > top and left <= MOST_COLUMNS:
            spans.setdefault(left - 1, {})[top] = bottom
    return spans


def _read(sheet: Sheet, rows: Iterator[tuple[int, tuple[Any, ...]]], spans: dict[int, dict[int, int]]) -> bool:
    """Fill the sheet from the lines of a page; False when no line looks like headings."""
    first = list(islice(rows, HEADER_WITHIN))
    # above the list there may be a line like `负责人姓名 | 张三 | 联系电话 | …`: the fullest line wins, then the last
    how_many, at = max(((len(_headings(cells)), at) for at, (_number, cells) in enumerate(first)), default=(0, 0))
    if not how_many:
        return False
    columns = _headings(first[at][1])
    sheet.columns = {meaning: text_of(first[at][1][column])[:40] for meaning, column in columns.items()}
    sheet.unit = _unit(sheet.columns.get("minutes", ""))
    sheet.defaults = _said_above([cells for _number, cells in first[:at]])
    sheet.lines = list(_lines(chain(first[at + 1 :], rows), columns, spans))
    if len(sheet.lines) > MOST_ROWS:
        raise _too_large()
    return True


def meaning_of(heading: Any) -> str:
    """Which column this heading names; "" for one that we do not need."""
    plain = _plain(text_of(heading))
    if len(plain) > 14 or any(word in plain for word in OF_SOMETHING_ELSE):
        return ""
    all_names = [(name, meaning) for meaning, names in HEADINGS.items() for name in names]
    fitting = [pair for pair in all_names if plain.endswith(pair[0])]
    fitting = fitting or [pair for pair in all_names if len(pair[0]) > 2 and pair[0] in plain]
    return max(fitting, key=lambda pair: len(pair[0]))[1] if fitting else ""


def _plain(heading: str) -> str:
    """`服务时长 (小时)*` -> `服务时长`."""
    without = re.sub(r"[(\[【][^)\]】]*[)\]】]?", "", heading) or heading
    return re.sub(r"[\s*:：/、.。_\-]", "", without).lower()


def _unit(heading: str) -> str:
    inside = re.findall(r"[(\[【](.*?)[)\]】]", heading)
    for words in [*(one.strip().lower() for one in inside), _plain(heading)]:
        for name, unit in UNITS.items():
            if words == name or (len(name) > 1 and name in words):
                return unit
    return ""


def _headings(cells: tuple[Any, ...]) -> dict[str, int]:
    """The columns of a line of headings; empty for any other line."""
    found: dict[str, int] = {}
    for at, cell in enumerate(cells):
        if isinstance(cell, str) and len(cell) <= 40:
            meaning = meaning_of(cell)
            if meaning and meaning not in found:
                found[meaning] = at
    alone = [text_of(cell) for cell in cells if not is_blank(cell)]
    is_list_of_names = len(alone) == 1 and _plain(alone[0]) in {"姓名", "名字", "name"}
    return found if "name" in found and (len(found) > 1 or is_list_of_names) else {}


def _said_above(above: list[tuple[Any, ...]]) -> dict[str, Any]:
    """`活动名称：清洁家园` in the lines over the list, in one cell or in two."""
    said: dict[str, Any] = {}
    for cells in above:
        texts = [cell for cell in cells if not is_blank(cell)]
        for at, cell in enumerate(texts):
            label, colon, value = text_of(cell).partition(":")
            meaning = meaning_of(label) if len(label) <= 10 else ""
            if meaning in {"", "name", "phone"} or meaning in said:
                continue
            if colon and value.strip():
                said[meaning] = value.strip()
            elif at + 1 < len(texts):
                said[meaning] = texts[at + 1]
    return said


def _lines(
    rows: Iterator[tuple[int, tuple[Any, ...]]], columns: dict[str, int], spans: dict[int, dict[int, int]]
) -> Iterator[Line]:
    filling: dict[int, tuple[int, Any]] = {}
    for number, cells in rows:
        for at, lines in spans.items():
            if number in lines and at < len(cells):
                filling[at] = (lines[number], cells[at])
        line = {}
        for meaning, at in columns.items():
            value = cells[at] if at < len(cells) else None
            if value is None and meaning in FILLED and at in filling and number <= filling[at][0]:
                value = filling[at][1]
            line[meaning] = value
        texts = [text_of(cell) for cell in cells if not is_blank(cell)]
        if left_out := _about_nobody(texts[0], text_of(line.get("name"))):
            yield Line(number, line, left_out, " ".join(texts))
        elif _is_entry(line):
            yield Line(number, line)


def _about_nobody(first: str, name: str) -> str:
    """Why a line is a sum or a remark below the list; "" for any other."""
    starts = "".join(first.split()), "".join(name.split())
    if any(text.startswith(SUMS) for text in starts):
        return "looks_like_total"
    return "looks_like_remark" if any(text.startswith(REMARKS) for text in starts) else ""


def _is_entry(line: dict[str, Any]) -> bool:
    """A line about somebody: neither empty nor the headings again."""
    name = text_of(line.get("name"))
    if _plain(name) in HEADINGS["name"]:
        return False
    return bool(name) or not is_blank(line.get("phone"))
