"""What is taken in and what is not: real files, made here, some of them hostile."""

import zipfile
import zlib
from io import BytesIO
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from linlingtong.accounts.models import User
from linlingtong.core.refusal import Refusal
from linlingtong.photos.actions import attach, discard, prepare_waiting, receive, refusals, remove
from linlingtong.photos.models import Photo
from tests.factories import UserFactory
from tests.photos.pictures import bomb, chunk, content, drawn, jpeg, located, png, ready_photo, upload

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def archive() -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("evil.class", b"x" * 200)
    return out.getvalue()


def moving(kind: str) -> bytes:
    return content(drawn(), kind, save_all=True, append_images=[drawn(color="red"), drawn(color="blue")])


def text_bomb() -> bytes:
    """A PNG whose comment unpacks to 100 MB."""

    body = content(drawn(), "PNG")
    note = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(b"x" * 100_000_000, 9))
    return body[:33] + note + body[33:]


HOSTILE: dict[str, tuple[Any, type[Refusal]]] = {
    "svg": (lambda: SVG, refusals.NotAPhoto),
    "svg that begins like a jpeg": (lambda: content(drawn()) + SVG, refusals.HiddenContent),
    "page named photo": (lambda: b"<html><body>hello</body></html>", refusals.NotAPhoto),
    "nothing": (lambda: b"", refusals.NotAPhoto),
    "header only": (lambda: b"\xff\xd8\xff", refusals.NotAPhoto),
    "pdf": (lambda: b"%PDF-1.7 1 0 obj", refusals.NotAPhoto),
    "moving gif": (lambda: moving("GIF"), refusals.MovingPicture),
    "still gif": (lambda: content(drawn(), "GIF"), refusals.MovingPicture),
    "moving webp": (lambda: moving("WEBP"), refusals.MovingPicture),
    "moving png": (lambda: moving("PNG"), refusals.MovingPicture),
    "tiff": (lambda: content(drawn(), "TIFF"), refusals.NotAPhoto),
    "bmp": (lambda: content(drawn(), "BMP"), refusals.NotAPhoto),
    "heic": (lambda: b"\0\0\0\x18ftypheic" + b"\0" * 200, refusals.UnknownPhotoFormat),
    "bomb": (bomb, refusals.TooManyPixels),
    "bomb by a header alone": (
        lambda: (
            b"\x89PNG\r\n\x1a\n"
            + chunk(b"IHDR", b"\x7f\xff\xff\xff\x7f\xff\xff\xff\x08\0\0\0\0")
            + chunk(b"IDAT", b"x")
        ),
        refusals.TooManyPixels,
    ),
    "comment that unpacks to 100 MB": (text_bomb, refusals.NotAPhoto),
    "jpeg and archive": (lambda: content(drawn()) + archive(), refusals.HiddenContent),
    "png and archive": (lambda: content(drawn(), "PNG") + archive(), refusals.HiddenContent),
    "png and program": (lambda: content(drawn(), "PNG") + b"MZ\x90\0" * 50, refusals.HiddenContent),
    "webp and more": (lambda: content(drawn(), "WEBP") + b"RIFFRAFF" * 9, refusals.HiddenContent),
    "jpeg and page": (lambda: content(drawn(), comment=b"<script>alert(1)</script>"), refusals.HiddenContent),
    "jpeg and php": (lambda: content(drawn()) + b"<?php system($_GET[0]);", refusals.HiddenContent),
    "png and pdf": (lambda: content(drawn(), "PNG") + b"%PDF-1.4", refusals.HiddenContent),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused_with_their_name_and_nothing_stays(resident: User, name: str) -> None:
    body, refusal = HOSTILE[name][0](), HOSTILE[name][1]
    with pytest.raises(refusal) as caught:
        receive([upload(body, "我的照片.jpg")], by=resident)
    assert "我的照片.jpg" in caught.value.detail
    assert not Photo.objects.exists()
    assert raw_files() == []


def raw_files() -> list[str]:
    return default_storage.listdir("raw")[1] if default_storage.exists("raw") else []


def test_a_bomb_is_small_and_refused_before_it_is_opened(resident: User) -> None:
    body = bomb()
    assert len(body) < 600 * 1024
    with pytest.raises(refusals.TooManyPixels, match="too_many_pixels"):
        receive([upload(body)], by=resident)


def test_more_than_ten_megabytes_are_refused(resident: User) -> None:
    with pytest.raises(refusals.PhotoTooLarge):
        receive([upload(content(drawn()) + b"\0" * 10_485_760)], by=resident)


def test_all_are_taken_or_none(resident: User) -> None:
    with pytest.raises(refusals.NotAPhoto):
        receive([jpeg(), png(), upload(SVG)], by=resident)
    assert not Photo.objects.exists()


def test_nine_fit_and_ten_do_not(resident: User) -> None:
    assert len(receive([jpeg() for _ in range(9)], by=resident)) == 9
    with pytest.raises(refusals.TooManyPhotos):
        receive([jpeg() for _ in range(10)], by=resident)


def test_a_day_has_its_limit_and_says_until_when(resident: User, settings: Any) -> None:
    settings.PHOTOS_A_DAY = 3
    receive([jpeg(), jpeg()], by=resident)
    with pytest.raises(refusals.EnoughForToday) as caught:
        receive([jpeg(), jpeg()], by=resident)
    assert ":" in caught.value.detail
    receive([jpeg()], by=resident)
    receive([jpeg()], by=UserFactory.create())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_honest_pictures_become_three_sizes_and_the_sent_file_goes(resident: User, kind: str) -> None:
    (photo,) = receive([upload(content(drawn(2000, 1000), kind), f"p.{kind.lower()}")], by=resident)
    assert (photo.state, raw_files()) == (Photo.State.WAITING, [photo.token])
    assert prepare_waiting() == 1
    photo.refresh_from_db()
    assert (photo.state, photo.raw, raw_files()) == (Photo.State.READY, "", [])
    assert [opened(photo, size).size for size in (320, 800, 1600)] == [(320, 160), (800, 400), (1600, 800)]
    assert prepare_waiting() == 0


def opened(photo: Photo, size: int) -> Image.Image:
    with default_storage.open(photo.file(size)) as file:
        image = Image.open(BytesIO(file.read()))
        image.load()
    return image


def test_everything_written_beside_the_picture_is_gone_and_it_stands_upright(resident: User) -> None:
    (photo,) = receive([upload(located(60, 40, orientation=6))], by=resident)
    prepare_waiting()
    photo.refresh_from_db()
    assert (photo.width, photo.height) == (40, 60)
    for size in (320, 800, 1600):
        with default_storage.open(photo.file(size)) as file:
            body = file.read()
        assert not any(word in body for word in (b"Canary", b"Exif", b"EXIF", b"GPS", b"ICCP", b"XMP"))
        assert dict(opened(photo, size).getexif()) == {}


def test_a_small_picture_is_not_blown_up(resident: User) -> None:
    photo = ready_photo(resident)
    assert opened(photo, 1600).size == (60, 40)
    assert photo.srcset.endswith("-1600.webp 60w")


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "1", "I;16", "CMYK"])
def test_every_way_of_keeping_colours_is_understood(resident: User, mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    (photo,) = receive([upload(content(Image.new(mode, (50, 50)), kind))], by=resident)
    prepare_waiting()
    photo.refresh_from_db()
    assert photo.is_ready


def test_a_picture_that_breaks_off_is_refused_by_the_worker(resident: User) -> None:
    noisy = Image.effect_noise((300, 300), 90).convert("RGB")
    (photo,) = receive([upload(content(noisy)[:9000])], by=resident)
    prepare_waiting()
    photo.refresh_from_db()
    assert (photo.state, photo.refusal, raw_files()) == (Photo.State.REFUSED, Photo.Reason.BROKEN, [])


def test_a_photo_that_kills_its_worker_three_times_is_refused(resident: User) -> None:
    (photo,) = receive([jpeg()], by=resident)
    Photo.objects.update(attempts=3)
    prepare_waiting()
    photo.refresh_from_db()
    assert photo.state == Photo.State.REFUSED


@pytest.mark.filterwarnings("ignore:.*EXIF")
def test_a_damaged_note_about_the_photo_does_not_matter(resident: User) -> None:
    body = content(drawn(), exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    (photo,) = receive([upload(body)], by=resident)
    prepare_waiting()
    photo.refresh_from_db()
    assert photo.is_ready


def test_photos_join_what_one_wrote_in_the_order_given(resident: User) -> None:
    first, second, third = receive([jpeg(), jpeg(), jpeg()], by=resident)
    facts: dict[str, Any] = {"subject": "note", "subject_id": 1, "area_path": "/1/", "is_public": True, "by": resident}
    attach([second, first.token], **facts)
    attach([third], **facts)
    assert list(Photo.objects.of("note", [1])) == [second, first, third]
    assert attach([], **facts) == []


@pytest.mark.parametrize("whose", ["somebody's", "used", "unknown"])
def test_only_ones_own_unused_photos_can_be_attached(resident: User, whose: str) -> None:
    (photo,) = receive([jpeg()], by=resident if whose != "somebody's" else UserFactory.create())
    facts: dict[str, Any] = {"area_path": "/1/", "is_public": True, "by": resident}
    if whose == "used":
        attach([photo], subject="note", subject_id=1, **facts)
    token = "nobody" if whose == "unknown" else photo.token
    with pytest.raises(refusals.PhotoGone):
        attach([token], subject="note", subject_id=2, **facts)


def test_a_thing_takes_only_so_many(resident: User) -> None:
    photos = receive([jpeg(), jpeg(), jpeg()], by=resident)
    with pytest.raises(refusals.TooManyPhotos):
        attach(photos, subject="note", subject_id=1, area_path="", is_public=True, by=resident, most=2)


def test_a_photo_is_taken_back_with_its_files(resident: User, django_capture_on_commit_callbacks: Any) -> None:
    photo = ready_photo(resident)
    with django_capture_on_commit_callbacks(execute=True):
        discard(photo.token, by=resident)
    assert not default_storage.exists(photo.file(320))
    with pytest.raises(refusals.PhotoGone):
        discard(photo.token, by=resident)


def test_what_is_deleted_takes_its_photos_along(resident: User, django_capture_on_commit_callbacks: Any) -> None:
    photo = ready_photo(resident, subject="note", subject_id=7)
    with django_capture_on_commit_callbacks(execute=True):
        remove("note", [7], by=resident)
    assert not Photo.objects.exists()
    assert not default_storage.exists(photo.file(1600))


def test_a_name_for_a_sentence_has_no_path_and_no_signs(resident: User) -> None:
    file = SimpleUploadedFile("x.jpg", b"no", "image/jpeg")
    file.name = "a/b/" + "长" * 80 + "%s\u202e.jpg"
    with pytest.raises(refusals.NotAPhoto) as caught:
        receive([file], by=resident)
    assert "%" not in caught.value.detail
    assert "…" in caught.value.detail
