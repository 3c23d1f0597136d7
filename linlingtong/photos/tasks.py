from celery import shared_task

from linlingtong.photos.actions import prepare_waiting


@shared_task(name="linlingtong.photos.tasks.prepare_photos")
def prepare_photos() -> None:
    """Whatever photos wait are made ready; the rows say which, so a lost or doubled call does no harm."""
    prepare_waiting(seconds=20)
