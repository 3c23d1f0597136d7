"""What a file claims to be is checked from its first bytes, before anything is decoded."""

import re
import warnings
import zipfile
from dataclasses import dataclass
from io import BytesIO

from django.core.files import File
from PIL import Image, UnidentifiedImageError

from linlingtong.core.text import clean_text
from linlingtong.photos.actions.refusals import (
    HiddenContent,
    MovingPicture,
    NotAPhoto,
    PhotoTooLarge,
    TooManyPixels,
    UnknownPhotoFormat,
)

LARGEST_BYTES = 10 * 1024 * 1024
# A JPEG of this size is opened at half its size, the others whole.
LARGEST_PIXELS = {"JPEG": 50_000_000, "PNG": 25_000_000, "WEBP": 25_000_000}
FORMATS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
HEIC = {b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"}
FOREIGN = re.compile(rb"<script|<html[\s>]|<\?php|<svg[\s>]|%PDF-1\.", re.IGNORECASE)
NAME_LENGTH = 40

Image.MAX_IMAGE_PIXELS = max(LARGEST_PIXELS.values())
warnings.simplefilter("error", Image.DecompressionBombWarning)


@dataclass(frozen=True)
class Inspected:
    """A file that looks like a still photo, and the size that its header tells."""

    content: bytes
    width: int
    height: int


def inspect(file: File[bytes]) -> Inspected:
    """Read the file and refuse what is no still photo of a sensible size, with a sentence for whoever sent it."""
    name = name_of(file)
    if file.size > LARGEST_BYTES:
        raise PhotoTooLarge(name=name)
    file.seek(0)
    content = file.read(LARGEST_BYTES + 1)
    kind = _format(content, name)
    width, height = _size(content, kind, name)
    if width * height > LARGEST_PIXELS[kind]:
        raise TooManyPixels(name=name, width=width, height=height)
    if _hides_something(content, kind):
        raise HiddenContent(name=name)
    return Inspected(content, width, height)


def name_of(file: File[bytes]) -> str:
    """The file's name as its sender knows it, short enough for a sentence."""
    name = clean_text((file.name or "").rsplit("/", 1)[-1]).replace("%", "")
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def _format(content: bytes, name: str) -> str:
    for signature, kind in FORMATS.items():
        if content.startswith(signature):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[:4] == b"GIF8":
        raise MovingPicture(name=name)
    if content[4:8] == b"ftyp" and content[8:12] in HEIC:
        raise UnknownPhotoFormat(name=name)
    raise NotAPhoto(name=name)


def _size(content: bytes, kind: str, name: str) -> tuple[int, int]:
    try:
        with Image.open(BytesIO(content), formats=[kind]) as image:
            # A phone's JPEG may carry a second picture (depth, brightness); only the first is used.
            if kind != "JPEG" and getattr(image, "n_frames", 1) > 1:
                raise MovingPicture(name=name)
            return image.size
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as bomb:
        raise TooManyPixels(name=name, width="?", height="?") from bomb
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, KeyError, EOFError, OverflowError) as broken:
        raise NotAPhoto(name=name) from broken


def _hides_something(content: bytes, kind: str) -> bool:
    """Whether the file is also a page, a program's text, a document or an archive."""
    if FOREIGN.search(content) or zipfile.is_zipfile(BytesIO(content)):
        return True
    if kind == "JPEG":
        # Phones put films and second pictures behind it; making it new leaves them out.
        return False
    end = _png_end(content) if kind == "PNG" else _webp_end(content)
    return bool(content[end:].strip(b"\x00\r\n"))


def _png_end(content: bytes) -> int:
    at = 8
    while at + 12 <= len(content):
        length, name = int.from_bytes(content[at : at + 4], "big"), content[at + 4 : at + 8]
        at += 12 + length
        if name == b"IEND":
            break
    return at


def _webp_end(content: bytes) -> int:
    length = int.from_bytes(content[4:8], "little")
    return 8 + length + length % 2
