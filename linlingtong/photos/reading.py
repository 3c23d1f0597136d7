from collections.abc import Iterable

from linlingtong.photos.models import Photo


def photos_by_subject(subject: str, ids: Iterable[int]) -> dict[int, list[Photo]]:
    """The photos of each of these things, in order, in one query."""
    found: dict[int, list[Photo]] = {key: [] for key in ids}
    for photo in Photo.objects.of(subject, found) if found else ():
        if photo.subject_id is not None:
            found[photo.subject_id].append(photo)
    return found
