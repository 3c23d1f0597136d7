import datetime as dt
from collections.abc import Collection
from pathlib import PurePosixPath

from django.core.files.storage import default_storage
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn
from linlingtong.photos.actions.receiving import delete, delete_files
from linlingtong.photos.models import Photo

# A form may stay open over night.
KEPT = dt.timedelta(hours=24)
AT_ONCE = 200


@in_turn
def sweep() -> int:
    """Photos whose form was never sent go after a day; files that no row knows go with them, once an hour."""
    now = timezone.now()
    left = list(Photo.objects.filter(subject="", created_at__lt=now - KEPT).order_by("id")[:AT_ONCE])
    count = delete(left)
    if now.minute == 0:
        delete_files(_orphans(now))
    return count


def _orphans(now: dt.datetime) -> list[str]:
    """What was sent and whose row was rolled back: it would stay for ever, unshrunk."""
    if not default_storage.exists("raw"):
        return []
    names = [str(PurePosixPath("raw", name)) for name in default_storage.listdir("raw")[1]]
    known = set(Photo.objects.filter(raw__in=names).values_list("raw", flat=True))
    return [name for name in names if name not in known and default_storage.get_modified_time(name) < now - KEPT]


@in_turn
def forget(resident: User) -> int:
    """Every photo that the resident sent is deleted, with its files."""
    return delete(list(Photo.objects.filter(owner=resident)))


def mark_told(photo_ids: Collection[int]) -> None:
    """The senders of these refused photos know."""
    Photo.objects.filter(pk__in=photo_ids).update(told_at=timezone.now())
