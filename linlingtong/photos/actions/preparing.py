"""Decoding happens here and nowhere else: in the worker, one photo at a time, from what was sent to what is shown."""

import datetime as dt
import struct
import time
from io import BytesIO
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from PIL import Image, ImageCms, ImageFilter, ImageOps

from linlingtong.accounts.models import User
from linlingtong.photos.actions.receiving import delete_files
from linlingtong.photos.models import SIZES, Photo, new_token

LEASE = dt.timedelta(minutes=2)
TRIES = 3
QUALITY = 80
LONGEST = max(SIZES)
log = structlog.get_logger(__name__)


def prepare_waiting(seconds: float = 20) -> int:
    """Make waiting photos ready until none is left or the time is over; any number of workers may do it at once."""
    count, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and (photo := _claim()):
        _prepare(photo)
        count += 1
    return count


def _claim() -> Photo | None:
    """One photo for this worker alone; one that a worker died over three times is refused."""
    now = timezone.now()
    free = Photo.objects.waiting().filter(Q(lease_until=None) | Q(lease_until__lt=now))
    with transaction.atomic():
        photo = free.order_by("id").select_for_update(skip_locked=True, no_key=True).first()
        if photo is None:
            return None
        photo.attempts, photo.lease_until = photo.attempts + 1, now + LEASE
        photo.save(update_fields=["attempts", "lease_until"])
    return photo


def _prepare(photo: Photo) -> None:
    if photo.attempts > TRIES:
        _refuse(photo, Photo.Reason.BROKEN)
        return
    try:
        image = opened(_raw(photo), photo.blurred)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError):
        _refuse(photo, Photo.Reason.TOO_LARGE)
    except Exception as error:  # noqa: BLE001 - whatever a decoder raises about a stranger's file, the file is at fault
        log.info("photo_refused", photo=photo.pk, error=type(error).__name__)
        _refuse(photo, Photo.Reason.BROKEN)
    else:
        _keep(photo, image)


def _raw(photo: Photo) -> bytes:
    with default_storage.open(photo.raw) as file:
        content: bytes = file.read()
    return content


def opened(content: bytes, blurred: list[list[float]] | None = None) -> Image.Image:
    """The picture upright, in sRGB, on white, without anything that was written beside it."""
    with Image.open(BytesIO(content), formats=["JPEG", "PNG", "WEBP"]) as image:
        image.draft("RGB", (LONGEST, LONGEST))
        upright = _upright(image)
        upright.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        plain = _on_white(_in_srgb(upright))
    for box in blurred or []:
        _blur(plain, box)
    return plain


def _upright(image: Image.Image) -> Image.Image:
    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except (SyntaxError, ValueError, TypeError, KeyError, OSError, struct.error):
        # What the camera wrote about the photo is damaged; the photo is not.
        return image.copy()


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in {"RGB", "RGBA", "CMYK", "L"}:
        return image
    try:
        mode = "RGBA" if image.mode == "RGBA" else "RGB"
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        shown = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode=mode)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return shown or image


def _on_white(image: Image.Image) -> Image.Image:
    """A new picture of the pixels alone: what stood beside them is not copied."""
    if "A" not in image.mode and "transparency" not in image.info:
        pixels = image.convert("RGB")
    else:
        layer = image.convert("RGBA")
        pixels = Image.new("RGB", layer.size, "white")
        pixels.paste(layer, mask=layer.getchannel("A"))
    plain = Image.new("RGB", pixels.size)
    plain.paste(pixels)
    return plain


def _blur(image: Image.Image, box: list[float]) -> None:
    left, top, right, bottom = (round(share * side) for share, side in zip(box, image.size * 2, strict=True))
    area = (max(0, left), max(0, top), min(image.width, right), min(image.height, bottom))
    if area[0] >= area[2] or area[1] >= area[3]:
        return
    part = image.crop(area)
    # Squares first: a blur alone can be worked back to a face.
    tiny = part.resize((max(1, part.width // 24), max(1, part.height // 24)), Image.Resampling.BOX)
    image.paste(tiny.resize(part.size, Image.Resampling.NEAREST).filter(ImageFilter.GaussianBlur(8)), area)


def written(image: Image.Image, size: int) -> bytes:
    """The picture as WebP, its longer side at most `size`; a smaller one is not blown up."""
    copy = image.copy()
    copy.thumbnail((size, size), Image.Resampling.LANCZOS)
    out = BytesIO()
    copy.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _keep(photo: Photo, image: Image.Image) -> None:
    for size in SIZES:
        _store(photo.file(size), written(image, size))
    raw = photo.raw
    fields: dict[str, Any] = {"width": image.width, "height": image.height, "ready_at": timezone.now(), "raw": ""}
    mine = Photo.objects.waiting().filter(pk=photo.pk, token=photo.token)
    if mine.update(state=Photo.State.READY, lease_until=None, **fields):
        delete_files([raw])
        return
    # It was deleted or got another name meanwhile: nothing of it may stay.
    delete_files([photo.file(size) for size in SIZES])


def _store(name: str, content: bytes) -> None:
    default_storage.delete(name)
    default_storage.save(name, ContentFile(content))


def _refuse(photo: Photo, reason: Photo.Reason) -> None:
    Photo.objects.filter(pk=photo.pk).update(state=Photo.State.REFUSED, refusal=reason, raw="", lease_until=None)
    delete_files([photo.raw])


def draw_in(
    image: Image.Image,
    *,
    owner: User,
    subject: str,
    subject_id: int,
    area_path: str,
    is_public: bool = True,
    alt: str = "",
    position: int = 0,
) -> Photo:
    """Keep a drawn picture that is ready at once: for the demo world."""
    photo = Photo(
        owner=owner, token=new_token(), state=Photo.State.READY, width=image.width, height=image.height, alt=alt,
        subject=subject, subject_id=subject_id, position=position, area_path=area_path, is_public=is_public,
        ready_at=timezone.now(),
    )  # fmt: skip
    for size in SIZES:
        _store(photo.file(size), written(image, size))
    photo.save()
    return photo
