"""Pictures made for tests, honest ones and others."""

import struct
import zlib
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from linlingtong.accounts.models import User
from linlingtong.photos.actions import attach, prepare_waiting, receive
from linlingtong.photos.models import Photo


def drawn(width: int = 60, height: int = 40, color: str = "teal") -> Image.Image:
    return Image.new("RGB", (width, height), color)


def content(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def upload(body: bytes, name: str = "photo.jpg", content_type: str = "image/jpeg") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, body, content_type)


def jpeg(width: int = 60, height: int = 40, **options: Any) -> SimpleUploadedFile:
    return upload(content(drawn(width, height), **options))


def png(width: int = 60, height: int = 40) -> SimpleUploadedFile:
    return upload(content(drawn(width, height), "PNG"), "photo.png", "image/png")


def located(width: int = 60, height: int = 40, orientation: int = 6) -> bytes:
    """A phone's photo: turned by a quarter, with the place where it was taken."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "CanaryPhone"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[2] = (30.0, 16.0, 48.0)
    return content(drawn(width, height), exif=exif, comment=b"CanaryComment")


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bomb(side: int = 22_500) -> bytes:
    """A PNG of few bytes that says it is huge: decoded it would fill a gigabyte."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    lines = b"\0" * (side + 1)
    packed = b"".join(packer.compress(lines) for _ in range(side)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def ready_photo(owner: User, *, subject: str = "", subject_id: int = 0, area_path: str = "", **facts: Any) -> Photo:
    """A photo that went the whole way."""
    (photo,) = receive([jpeg()], by=owner)
    if subject:
        is_public = facts.get("is_public", True)
        attach([photo], subject=subject, subject_id=subject_id, area_path=area_path, is_public=is_public, by=owner)
    prepare_waiting()
    photo.refresh_from_db()
    return photo
