"""Make the font of the sheets of hours: a subset of Debian's Noto Sans CJK SC with the outlines that reportlab reads.

Needs fonttools and fonts-noto-cjk: `python scripts/sheet_font.py TARGET.ttf`.
"""

import sys
from typing import Any

from fontTools import subset
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, newTable

SOURCE = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"
RANGES = [(0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x202F), (0x3000, 0x301F), (0xFF01, 0xFF5E), (0x4E00, 0x9FA5)]
RARE = "•…※℃★☆￥𠮷𬱖㛃㛚㭎㳇㴔㵐㸌㺹䶮䲟䥑"
LARGEST_ERROR = 4  # of 1000 units: nobody sees it, and it saves half a megabyte
LIMITS = (
    "maxTwilightPoints maxStorage maxFunctionDefs maxInstructionDefs maxStackElements maxSizeOfInstructions"
    " maxComponentElements maxPoints maxContours maxCompositePoints maxCompositeContours maxComponentDepth"
)


def wanted() -> set[int]:
    pairs = (bytes([high, low]) for high in range(0xA1, 0xF8) for low in range(0xA1, 0xFF))
    gb2312 = "".join(pair.decode("gb2312", errors="ignore") for pair in pairs)
    return {code for first, last in RANGES for code in range(first, last + 1)} | {ord(c) for c in gb2312 + RARE}


def simplified() -> Any:
    names = ((font, font["name"].getDebugName(1)) for font in TTCollection(SOURCE).fonts)
    return next(font for font, name in names if "SC" in name and "Mono" not in name)


def cut(font: Any) -> None:
    options = subset.Options(layout_features=[], hinting=False, desubroutinize=True, notdef_outline=True)
    options.drop_tables += ["GSUB", "GPOS", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    tool = subset.Subsetter(options)
    tool.populate(unicodes=wanted())
    tool.subset(font)


def with_truetype_outlines(font: Any) -> None:
    order, drawn, glyphs = font.getGlyphOrder(), font.getGlyphSet(), {}
    for name in order:
        pen = TTGlyphPen(None)
        drawn[name].draw(Cu2QuPen(pen, LARGEST_ERROR, reverse_direction=True))
        glyphs[name] = pen.glyph()
    font["loca"], font["glyf"] = newTable("loca"), newTable("glyf")
    font["glyf"].glyphOrder, font["glyf"].glyphs = order, glyphs
    for name in order:
        glyphs[name].recalcBounds(font["glyf"])
        font["hmtx"][name] = (font["hmtx"][name][0], getattr(glyphs[name], "xMin", 0))
    del font["CFF "]
    font["maxp"].tableVersion, font["maxp"].maxZones = 0x00010000, 1
    for limit in LIMITS.split():
        setattr(font["maxp"], limit, 0)
    font["post"].formatType, font["post"].extraNames, font["post"].mapping = 3.0, [], {}
    font["post"].glyphOrder = order
    font.sfntVersion, font["head"].glyphDataFormat = "\x00\x01\x00\x00", 0


def named(font: Any) -> None:
    for record in font["name"].names:
        if record.nameID in {1, 4}:
            record.string = "Linlingtong Sans SC"
        if record.nameID == 6:
            record.string = "LinlingtongSansSC-Regular"


if __name__ == "__main__":
    made = simplified()
    cut(made)
    with_truetype_outlines(made)
    named(made)
    made.save(sys.argv[1])
