from collections.abc import Sequence

from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db import transaction

from linlingtong.accounts.models import User
from linlingtong.audit.actions import acting
from linlingtong.core.turns import in_turn
from linlingtong.photos.actions.receiving import delete_files, files_of
from linlingtong.photos.actions.refusals import PhotoGone
from linlingtong.photos.models import SIZES, Photo, new_token
from linlingtong.photos.permissions import may_look_after


@in_turn
def blur(photo_id: int, boxes: Sequence[tuple[float, float, float, float]], *, by: User) -> Photo:
    """Make parts of a photo unrecognisable, each named by its left, top, right and bottom as shares of the picture.

    The photo gets a new name, so every address of the old version ends at once; the new one is made by the worker.
    Raises PhotoGone when it is not ready, PermissionDenied outside one's area.
    """
    photo = Photo.objects.select_for_update(no_key=True).filter(pk=photo_id).first()
    if photo is None or not photo.is_ready:
        raise PhotoGone
    if not may_look_after(by, photo):
        raise PermissionDenied
    old, largest = files_of(photo), photo.file(max(SIZES))
    photo.token = new_token()
    with default_storage.open(largest) as file:
        photo.raw = default_storage.save(f"raw/{photo.token}", file)
    photo.blurred = [list(box) for box in boxes]
    photo.state, photo.attempts, photo.lease_until, photo.ready_at = Photo.State.WAITING, 0, None, None
    with acting(by, "blur"):
        photo.save(update_fields=["token", "raw", "blurred", "state", "attempts", "lease_until", "ready_at"])
    transaction.on_commit(lambda: delete_files(old))
    return photo
