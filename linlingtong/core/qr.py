"""QR codes as pictures that need no other file."""

import io

import segno
from django.utils.safestring import SafeString, mark_safe

INK, PAPER = "#10242b", "#ffffff"


def qr_svg(text: str, *, label: str = "") -> SafeString:
    """The text as an SVG that fills the room it is given; always dark on white, so that scanners read it."""
    picture = io.BytesIO()
    segno.make(text, error="m", micro=False).save(
        picture, kind="svg", dark=INK, light=PAPER, border=2, xmldecl=False, nl=False, omitsize=True, svgclass=None,
        lineclass=None, title=label or None,
    )  # fmt: skip
    return mark_safe(picture.getvalue().decode())  # noqa: S308 - segno escapes the title, the rest is numbers
