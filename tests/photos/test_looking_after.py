import datetime as dt
from io import BytesIO
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.core.exceptions import PermissionDenied
from django.core.files.storage import default_storage
from django.db.models import QuerySet
from django.utils import timezone
from PIL import Image, ImageStat

from linlingtong.accounts.models import User
from linlingtong.photos.actions import blur, forget, prepare_waiting, receive, refusals, set_hidden, set_public, sweep
from linlingtong.photos.board import board
from linlingtong.photos.models import Photo
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.photos.pictures import content, jpeg, ready_photo, upload


def test_staff_blur_a_part_and_the_old_version_is_gone(
    resident: User, django_capture_on_commit_callbacks: Any
) -> None:
    area = AreaFactory.create()
    (photo,) = receive([upload(content(Image.effect_noise((400, 400), 90).convert("RGB")))], by=resident)
    Photo.objects.update(subject="note", subject_id=1, area_path=area.path)
    prepare_waiting()
    photo.refresh_from_db()
    old, before = photo.file(1600), pixels(photo)
    with django_capture_on_commit_callbacks(execute=True):
        blur(photo.pk, [(0.5, 0.5, 1.0, 1.0)], by=staff_of(area))
    photo.refresh_from_db()
    assert not default_storage.exists(old)
    assert photo.state == Photo.State.WAITING, "nobody sees anything until the new version is there"
    prepare_waiting()
    photo.refresh_from_db()
    assert photo.is_ready
    assert photo.file(1600) != old
    after = pixels(photo)
    assert contrast(after.crop((220, 220, 400, 400))) < contrast(before.crop((220, 220, 400, 400))) / 3
    assert contrast(after.crop((0, 0, 180, 180))) > contrast(before.crop((0, 0, 180, 180))) / 2
    assert history(photo).filter(pgh_context__metadata__verb="blur").exists()


def history(photo: Photo) -> QuerySet[Any]:
    return QuerySet(apps.get_model("photos", "PhotoEvent")).filter(pgh_obj_id=photo.pk)


def pixels(photo: Photo) -> Image.Image:
    with default_storage.open(photo.file(1600)) as file:
        return Image.open(BytesIO(file.read())).convert("L")


def contrast(image: Image.Image) -> float:
    return float(ImageStat.Stat(image).stddev[0])


def test_only_staff_of_the_area_blur(resident: User) -> None:
    area = AreaFactory.create()
    photo = ready_photo(resident, subject="note", subject_id=1, area_path=area.path)
    for who in (resident, UserFactory.create(), staff_of(AreaFactory.create())):
        with pytest.raises(PermissionDenied):
            blur(photo.pk, [(0, 0, 1, 1)], by=who)
    photo.refresh_from_db()
    assert photo.is_ready


def test_a_photo_that_is_not_ready_is_not_blurred(resident: User) -> None:
    area = AreaFactory.create()
    (photo,) = receive([jpeg()], by=resident)
    for key in (photo.pk, photo.pk + 1):
        with pytest.raises(refusals.PhotoGone):
            blur(key, [(0, 0, 1, 1)], by=staff_of(area))


def test_photos_of_a_form_that_was_never_sent_go_after_a_day(
    resident: User, django_capture_on_commit_callbacks: Any
) -> None:
    left, used = ready_photo(resident), ready_photo(resident, subject="note", subject_id=1)
    assert sweep() == 0
    with (
        time_machine.travel(timezone.now() + dt.timedelta(hours=25)),
        django_capture_on_commit_callbacks(execute=True),
    ):
        assert sweep() == 1
    assert list(Photo.objects.all()) == [used]
    assert not default_storage.exists(left.file(320))
    assert default_storage.exists(used.file(320))


def test_files_that_no_row_knows_go_too(resident: User) -> None:
    receive([jpeg()], by=resident)
    default_storage.save("raw/orphan", BytesIO(b"x"))
    with time_machine.travel(timezone.now().replace(minute=0) + dt.timedelta(hours=30)):
        Photo.objects.update(created_at=timezone.now())
        sweep()
    assert not default_storage.exists("raw/orphan")
    assert default_storage.exists(Photo.objects.get().raw)


def test_a_resident_who_leaves_takes_every_photo_along(
    resident: User, django_capture_on_commit_callbacks: Any
) -> None:
    ready_photo(resident)
    mine, other = ready_photo(resident, subject="note", subject_id=1), ready_photo(UserFactory.create())
    assert board.export(resident)["photos"][1]["address"] == mine.large
    with django_capture_on_commit_callbacks(execute=True):
        assert forget(resident) == 2
    assert list(Photo.objects.all()) == [other]
    assert not default_storage.exists(mine.file(800))


def test_who_made_photos_public_stands_in_the_history(resident: User) -> None:
    photo = ready_photo(resident, subject="note", subject_id=1, is_public=False)
    set_public("note", 1, is_public=True, by=resident)
    set_hidden("note", 1, is_hidden=True)
    photo.refresh_from_db()
    assert (photo.is_public, photo.is_hidden) == (True, True)
    assert history(photo).count() == 2
