"""Photos of somebody who has not signed in yet."""

from collections.abc import Sequence

from django.core.files import File
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from linlingtong.accounts.models import User
from linlingtong.core.refusal import Refusal
from linlingtong.photos.actions import receive
from linlingtong.photos.actions.inspecting import inspect
from linlingtong.photos.models import Photo, new_token

MOST_PHOTOS = 3


def keep_files(files: Sequence[File[bytes]]) -> list[str]:
    """Keep photos, unread by anybody, until their sender has signed in; answers their names for the session.

    They lie beside the photos whose form was never sent and go with them after a day. Raises a refusal of photos.
    """
    contents = [inspect(file).content for file in files[:MOST_PHOTOS]]
    return [default_storage.save(f"raw/{new_token()}", ContentFile(content)) for content in contents]


def take_files(names: Sequence[str], *, by: User) -> list[Photo]:
    """The kept photos become those of whoever has signed in; what is gone or not fit is left out."""
    taken: list[Photo] = []
    for name in names[:MOST_PHOTOS]:
        if not default_storage.exists(name):
            continue
        with default_storage.open(name) as file:
            try:
                taken += receive([ContentFile(file.read(), name="photo")], by=by, most=MOST_PHOTOS)
            except Refusal:
                continue
        default_storage.delete(name)
    return taken


def drop_files(names: Sequence[str]) -> None:
    for name in names[:MOST_PHOTOS]:
        default_storage.delete(name)
