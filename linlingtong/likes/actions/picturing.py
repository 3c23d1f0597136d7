"""A picture of a praise for chats: the words, who is praised, and a code that leads to it."""

import hashlib
import io
from pathlib import Path

import segno
from django.core.cache import cache
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from PIL import Image, ImageDraw, ImageFont

from linlingtong import volunteering
from linlingtong.likes.models import Praise

FONT = Path(volunteering.__file__).parent / "fonts" / "LinlingtongSansSC-Regular.ttf"
WIDTH, HEIGHT, EDGE = 750, 1000, 60
SUN, INK, PAPER, TIDE = "#FFF0DA", "#10242B", "#FFFFFF", "#0B5F75"
LINE, MOST_LINES, TITLE = 15, 9, 13
VERSION, HOUR = "2", 3600


def fingerprint(praise: Praise, address: str) -> str:
    """Names one picture by everything that can be read in it."""
    name = praise.shown_name or praise.get_topic_display()
    parts = (VERSION, get_language() or "", address, name, praise.shown_text, str(praise.author))
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


def kept_picture(praise: Praise, address: str) -> bytes:
    """The picture, drawn once an hour at most for the same words."""
    key = f"praise-picture/{fingerprint(praise, address)}"
    content: bytes | None = cache.get(key)
    if content is None:
        content = picture(praise, address)
        cache.set(key, content, HOUR)
    return content


def picture(praise: Praise, address: str) -> bytes:
    """A PNG of 750 x 1000 pixels."""
    canvas = Image.new("RGB", (WIDTH, HEIGHT), SUN)
    draw = ImageDraw.Draw(canvas)
    draw.rounded_rectangle((30, 30, WIDTH - 30, HEIGHT - 30), 36, fill=PAPER)
    draw.text((EDGE, 70), str(_("Praise Linjiang")), font=_font(34), fill=TIDE)
    draw.text((EDGE, 130), _cut(praise.shown_name or praise.get_topic_display(), TITLE), font=_font(48), fill=INK)
    for number, line in enumerate(_lines(praise.shown_text)):
        draw.text((EDGE, 220 + number * 58), line, font=_font(40), fill=INK)
    code = segno.make(address, error="m")
    target = io.BytesIO()
    code.save(target, kind="png", scale=6, border=2)
    with Image.open(target) as qr:
        side = qr.width
        canvas.paste(qr.convert("RGB"), (WIDTH - EDGE - side, HEIGHT - EDGE - side))
    draw.text((EDGE, HEIGHT - 170), _cut(str(praise.author), MOST_LINES), font=_font(32), fill=INK)
    draw.text((EDGE, HEIGHT - 120), str(_("Scan to read it")), font=_font(28), fill=TIDE)
    answer = io.BytesIO()
    canvas.save(answer, "PNG", optimize=True)
    return answer.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONT), size)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _lines(text: str) -> list[str]:
    """At most nine lines of fifteen characters; what does not fit ends in an ellipsis."""
    rows = [row[at : at + LINE] for row in text.splitlines() for at in range(0, max(len(row), 1), LINE)]
    return rows if len(rows) <= MOST_LINES else [*rows[: MOST_LINES - 1], rows[MOST_LINES - 1][: LINE - 1] + "…"]
