import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from linlingtong.accounts.models import User
from linlingtong.audit.actions import acting
from linlingtong.core.time import local
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.photos.actions.inspecting import inspect
from linlingtong.photos.actions.refusals import EnoughForToday, PhotoGone, TooManyPhotos
from linlingtong.photos.models import MOST, SIZES, Photo, new_token

DAY = dt.timedelta(hours=24)


def receive(files: Sequence[File[bytes]], *, by: User, most: int = MOST) -> list[Photo]:
    """Take photos in; the worker makes them small and fit to be shown. All are taken, or none.

    Raises a refusal that names the file, TooManyPhotos or EnoughForToday.
    """
    if len(files) > most:
        raise TooManyPhotos(most=most)
    if not files:
        return []
    _check_day(len(files), by)
    rows = []
    for file in files:
        found = inspect(file)
        token = new_token()
        raw = default_storage.save(f"raw/{token}", ContentFile(found.content))
        rows.append(Photo(owner=by, token=token, raw=raw, width=found.width, height=found.height))
    return Photo.objects.bulk_create(rows)


def _check_day(count: int, by: User) -> None:
    most = settings.PHOTOS_A_DAY
    sent = Photo.objects.filter(owner=by, created_at__gt=timezone.now() - DAY).order_by("-created_at")
    moments = list(sent.values_list("created_at", flat=True)[:most])
    if len(moments) + count > most:
        oldest = moments[most - count] if count <= most else timezone.now()
        raise EnoughForToday(most=most, when=date_format(local(oldest + DAY), "j M G:i"))


@in_turn
def attach(
    photos: Sequence[Photo | str],
    *,
    subject: str,
    subject_id: int,
    area_path: str,
    is_public: bool,
    by: User,
    most: int = MOST,
) -> list[Photo]:
    """Photos of one's own become part of something that one wrote, in the order given.

    Raises PhotoGone for what is not there or not one's own, and TooManyPhotos.
    """
    tokens = list(dict.fromkeys(one if isinstance(one, str) else one.token for one in photos))
    if not tokens:
        return []
    take_turn(f"photos/{subject}", subject_id)
    there = list(Photo.objects.of(subject, [subject_id]))
    fresh = [token for token in tokens if token not in {one.token for one in there}]
    if len(there) + len(fresh) > most:
        raise TooManyPhotos(most=most)
    own = Photo.objects.filter(token__in=fresh, owner=by, subject="").select_for_update(no_key=True)
    found = {photo.token: photo for photo in own}
    if len(found) < len(fresh):
        raise PhotoGone
    for position, token in enumerate(fresh, start=len(there)):
        photo = found[token]
        photo.subject, photo.subject_id, photo.position = subject, subject_id, position
        photo.area_path, photo.is_public = area_path, is_public
    Photo.objects.bulk_update(found.values(), ["subject", "subject_id", "position", "area_path", "is_public"])
    return [*there, *(found[token] for token in fresh)]


@in_turn
def discard(token: str, *, by: User) -> None:
    """Take back a photo of one's own that is not part of anything yet. Raises PhotoGone."""
    photo = Photo.objects.filter(token=token, owner=by, subject="").select_for_update(no_key=True).first()
    if photo is None:
        raise PhotoGone
    delete([photo])


@in_turn
def remove(subject: str, subject_ids: Collection[int], *, by: Any, tokens: Collection[str] | None = None) -> int:
    """Delete all photos of these things, or the named ones, with their files."""
    rows = Photo.objects.of(subject, subject_ids)
    if tokens is not None:
        rows = rows.filter(token__in=tokens)
    with acting(by, "remove_photos"):
        return delete(list(rows))


def delete(photos: Sequence[Photo]) -> int:
    """Rows now, files once that is certain."""
    names = [name for photo in photos for name in files_of(photo)]
    Photo.objects.filter(pk__in=[photo.pk for photo in photos]).delete()
    transaction.on_commit(lambda: delete_files(names))
    return len(photos)


def files_of(photo: Photo) -> list[str]:
    return [*([photo.raw] if photo.raw else []), *(photo.file(size) for size in SIZES)]


def delete_files(names: Sequence[str]) -> None:
    for name in names:
        default_storage.delete(name)


def set_public(subject: str, subject_id: int, *, is_public: bool, by: Any) -> int:
    """Everybody may see the photos of this thing, or only those whom its board lets in."""
    with acting(by, "set_public"):
        return Photo.objects.of(subject, [subject_id]).update(is_public=is_public)


def set_hidden(subject: str, subject_id: int, *, is_hidden: bool) -> int:
    """Moderation takes the photos away with what they belong to, and gives them back with it."""
    return Photo.objects.of(subject, [subject_id]).update(is_hidden=is_hidden)
