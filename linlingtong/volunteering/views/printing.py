"""The sheet as a PDF: one column of facts, the lines, and a code that anybody can check.

Loaded by whoever prints: the library takes 10 MB.
"""

import io
from collections.abc import Container, Sequence
from functools import cache
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import segno
from django.utils.translation import gettext as _
from reportlab.graphics.shapes import Drawing, Rect
from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from linlingtong.core.dates import hours_words
from linlingtong.volunteering.models import ServiceSheet, SheetLine
from linlingtong.volunteering.views.wording import (
    MARK,
    closing_words,
    disputed,
    facts_of,
    mark_words,
    sheet_title,
    titled,
    when,
)

FONT = "LinlingtongSansSC"
FILE = Path(__file__).parents[1] / "fonts" / "LinlingtongSansSC-Regular.ttf"
INK, SOFT, LINE, TIDE = HexColor("#10242B"), HexColor("#41555C"), HexColor("#D3DDDF"), HexColor("#0B5F75")


@cache
def font() -> str:
    """The name of the font, which is read from its file once in each process."""
    pdfmetrics.registerFont(TTFont(FONT, FILE))
    return FONT


def drawable(text: str) -> str:
    """The text with a box for what the font does not hold: a name is never silently shortened."""
    font()
    known = pdfmetrics.getFont(FONT).face.charToGlyph
    return escape("".join(character if ord(character) in known else "□" for character in text))


def style(size: float, **fields: Any) -> ParagraphStyle:
    plain = {"fontName": font(), "fontSize": size, "leading": size * 1.5, "textColor": INK, "wordWrap": "CJK"}
    return ParagraphStyle("text", **(plain | fields))


def sheet_pdf(sheet: ServiceSheet, lines: Sequence[SheetLine], address: str) -> bytes:
    """The whole document; `address` is where the serial number is checked."""
    asked = disputed(lines)
    target = io.BytesIO()
    document = SimpleDocTemplate(
        target, pagesize=A4, leftMargin=20 * mm, rightMargin=20 * mm, topMargin=18 * mm, bottomMargin=20 * mm,
        title=f"{sheet_title(sheet)} {sheet.serial}", author=sheet.issuer_name, lang="zh-CN",
    )  # fmt: skip

    def footer(canvas: Any, _document: Any) -> None:
        canvas.setFont(font(), 8)
        canvas.setFillColor(SOFT)
        canvas.drawString(20 * mm, 11 * mm, drawable(_("Serial number %(serial)s") % {"serial": sheet.serial}))
        canvas.drawRightString(A4[0] - 20 * mm, 11 * mm, str(canvas.getPageNumber()))

    story = [_head(sheet), Spacer(1, 6 * mm), _facts(sheet, address), Spacer(1, 6 * mm), _lines(lines, asked)]
    closing = [MARK + " " + mark_words()] * bool(asked) + [closing_words(sheet)]
    story += [Spacer(1, 6 * mm), *(Paragraph(drawable(text), style(9, textColor=SOFT)) for text in closing)]
    document.build(story, onFirstPage=footer, onLaterPages=footer)
    return target.getvalue()


def _head(sheet: ServiceSheet) -> Paragraph:
    return Paragraph(drawable(sheet_title(sheet)), style(20, alignment=TA_CENTER, textColor=TIDE))


def _facts(sheet: ServiceSheet, address: str) -> Table:
    key, value = style(10, textColor=SOFT), style(12)
    rows = [[Paragraph(drawable(k), key), Paragraph(drawable(v), value)] for k, v in facts_of(sheet)]
    facts = Table(rows, colWidths=[28 * mm, 92 * mm], style=[("VALIGN", (0, 0), (-1, -1), "MIDDLE")])
    scan = Paragraph(drawable(_("Scan to check")), style(9, alignment=TA_CENTER, textColor=SOFT))
    both = Table([[facts, [_code(address), scan]]], colWidths=[124 * mm, 46 * mm])
    both.setStyle(TableStyle([("VALIGN", (0, 0), (-1, -1), "MIDDLE"), ("BOX", (0, 0), (-1, -1), 0.7, LINE)]))
    return both


def _code(address: str) -> Drawing:
    """The QR code as rectangles: vector, sharp at any size."""
    rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]
    size = 38 * mm
    side = size / len(rows)
    drawing = Drawing(size, size, hAlign="CENTER")
    for y, row in enumerate(rows):
        for x, dark in enumerate(row):
            if dark:
                drawing.add(Rect(x * side, size - (y + 1) * side, side, side, fillColor=INK, strokeColor=None))
    return drawing


def _lines(lines: Sequence[SheetLine], asked: Container[int]) -> Table:
    head, cell = style(9, textColor=SOFT), style(9.5)
    rows = [[Paragraph(drawable(t), head) for t in (_("Date"), _("Service"), _("Place"), _("Hours"))]]
    for line in lines:
        entry = line.entry
        texts = (when(line), titled(line, asked), entry.place, hours_words(line.minutes))
        rows.append([Paragraph(drawable(text), cell) for text in texts])
    table = Table(rows, colWidths=[44 * mm, 62 * mm, 42 * mm, 22 * mm], repeatRows=1)
    table.setStyle(TableStyle([("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE), ("VALIGN", (0, 0), (-1, -1), "TOP")]))
    return table
