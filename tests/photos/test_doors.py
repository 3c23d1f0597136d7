"""The four doors: the picture itself, the page's script, forms, the API, staff."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django import forms
from django.core.files.storage import default_storage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.test import Client
from django.utils.datastructures import MultiValueDict

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core import subject as subjects
from linlingtong.core.subject import Subject, know
from linlingtong.photos.actions import receive, set_hidden
from linlingtong.photos.forms import PhotosField
from linlingtong.photos.limits import LARGEST_CALL
from linlingtong.photos.models import Photo
from tests.api.conftest import token_of
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.photos.pictures import bomb, content, drawn, jpeg, png, ready_photo, upload
from tests.photos.test_receiving import SVG


@pytest.fixture
def friend(db: None) -> Iterator[User]:
    """Somebody whom the board of notes lets see note 1."""
    user = UserFactory.create()
    know([Subject("note", "note", str, _nothing, _nothing, lambda pk, who: pk == 1 and who == user)])
    yield user
    subjects._known.pop("note")


def _nothing(_key: int) -> None: ...


@pytest.fixture
def area(db: None) -> Area:
    return AreaFactory.create()


def browser(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def test_a_public_photo_is_for_everybody_and_may_be_kept_for_a_year(resident: User) -> None:
    photo = ready_photo(resident, subject="note", subject_id=1)
    for address in (photo.small, photo.medium, photo.large):
        answer = Client().get(address)
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer.content.startswith(b"RIFF")


@pytest.mark.parametrize("is_hidden", [False, True])
def test_a_private_photo_is_for_its_sender_staff_and_whom_the_board_lets_in(
    resident: User, friend: User, area: Area, is_hidden: bool
) -> None:
    photo = ready_photo(resident, subject="note", subject_id=1, area_path=area.path, is_public=False)
    set_hidden("note", 1, is_hidden=is_hidden)
    seen = {
        "visitor": None, "resident": UserFactory.create(), "elsewhere": staff_of(AreaFactory.create()),
        "sender": resident, "staff": staff_of(area), "friend": friend,
    }  # fmt: skip
    found = {who: browser(user).get(photo.medium).status_code for who, user in seen.items()}
    expected = {"visitor": 404, "resident": 404, "elsewhere": 404, "sender": 200, "staff": 200}
    assert found == expected | {"friend": 404 if is_hidden else 200}
    assert browser(resident).get(photo.medium)["Cache-Control"] == "private, no-store"


def test_a_hidden_photo_is_gone_for_everybody_else(resident: User) -> None:
    photo = ready_photo(resident, subject="note", subject_id=1)
    set_hidden("note", 1, is_hidden=True)
    assert Client().get(photo.medium).status_code == 404
    assert browser(resident).get(photo.medium).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/photos/{t}-500.webp", "/photos/{t}-99999.webp", "/photos/x-320.webp", "/photos/{t}.webp",
        "/photos/..%2f..%2fetc-320.webp", "/photos/{t}-320.webp/../",
    ],
)  # fmt: skip
def test_there_is_nothing_else_to_find(resident: User, path: str) -> None:
    photo = ready_photo(resident, subject="note", subject_id=1)
    assert browser(resident).get(path.format(t=photo.token)).status_code == 404


def test_a_photo_that_waits_or_whose_file_is_lost_is_not_found(resident: User) -> None:
    (waiting,) = receive([jpeg()], by=resident)
    assert browser(resident).get(waiting.medium).status_code == 404
    photo = ready_photo(resident)
    default_storage.delete(photo.file(800))
    assert browser(resident).get(photo.medium).status_code == 404


def test_what_was_sent_has_no_address(resident: User) -> None:
    (photo,) = receive([jpeg()], by=resident)
    for path in (f"/{photo.raw}", f"/media/{photo.raw}", f"/photos/{photo.raw}", f"/static/{photo.raw}"):
        assert browser(resident).get(path).status_code == 404


def test_the_page_sends_photos_one_by_one(resident: User) -> None:
    answer = browser(resident).post("/photos/", {"photos": [jpeg(), png()]})
    assert answer.status_code == 201
    tokens = [one["token"] for one in answer.json()["photos"]]
    assert list(Photo.objects.order_by("id").values_list("token", flat=True)) == tokens
    assert browser(UserFactory.create()).post(answer.json()["photos"][0]["discard"]).status_code == 404
    assert browser(resident).post(answer.json()["photos"][0]["discard"]).status_code == 204
    assert Photo.objects.count() == 1


@pytest.mark.parametrize("body", [SVG, b"", b"GIF89a"])
def test_the_page_hears_why_a_photo_is_refused(resident: User, body: bytes) -> None:
    answer = browser(resident).post("/photos/", {"photos": upload(body, "wall.jpg")})
    assert (answer.status_code, "wall.jpg" in answer.json()["detail"]) == (409, True)


def test_visitors_send_nothing(db: None) -> None:
    assert Client().post("/photos/", {"photos": jpeg()}).status_code == 302
    assert Client(enforce_csrf_checks=True).post("/photos/", {"photos": jpeg()}).status_code in {302, 403}
    assert not Photo.objects.exists()


def test_a_call_that_says_it_is_too_large_is_ended_before_it_is_read(resident: User) -> None:
    answer = browser(resident).post("/photos/", {"photos": jpeg()}, CONTENT_LENGTH=LARGEST_CALL + 1)
    assert answer.status_code in {400, 413}
    assert not Photo.objects.exists()


class NoteForm(forms.Form):
    title = forms.CharField()
    photos = PhotosField(most=2)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["photos"].by = by  # type: ignore[attr-defined] # ours


def filled(by: User, files: list[Any], **typed: Any) -> NoteForm:
    return NoteForm(MultiValueDict(typed), MultiValueDict({"photos": files}), by=by)


def shown(form: NoteForm) -> str:
    return render_to_string("components/photo_input.html", {"field": form["photos"]}, HttpRequest())


def test_a_form_keeps_its_photos_when_something_else_is_wrong(resident: User) -> None:
    form = filled(resident, [jpeg(), upload(SVG, "bad.jpg")])
    assert set(form.errors) == {"title", "photos"}
    kept = Photo.objects.get()
    assert f'value="{kept.token}"' in shown(form)
    again = filled(resident, [png()], title=["谢谢"], photos_kept=[kept.token])
    assert again.is_valid()
    assert [photo.token for photo in again.cleaned_data["photos"]] == [kept.token, Photo.objects.latest("id").token]


def test_a_form_takes_only_ones_own_photos_and_not_too_many(resident: User) -> None:
    (foreign,) = receive([jpeg()], by=UserFactory.create())
    assert filled(resident, [], title=["x"], photos_kept=[foreign.token, "nobody", "x" * 99]).is_valid()
    form = filled(resident, [jpeg(), jpeg(), jpeg()], title=["x"])
    assert form.errors.as_data()["photos"][0].code == "too_many_photos"


def test_a_form_without_photos_is_fine_and_its_field_names_what_it_takes(resident: User) -> None:
    form = filled(resident, [], title=["x"])
    assert form.is_valid()
    assert form.cleaned_data["photos"] == []
    page = shown(form)
    assert 'accept="image/jpeg,image/png,image/webp"' in page
    assert "multiple" in page


def api(user: User | None, files: list[Any], **headers: str) -> Any:
    sent = headers | ({"X-Session-Token": token_of(user)} if user else {})
    return Client().post("/api/v1/photos/", {"photos": files}, headers=sent)


def test_an_app_sends_photos_and_asks_how_far_they_are(resident: User) -> None:
    answer = api(resident, [jpeg(), png()])
    assert answer.status_code == 201
    first = answer.json()[0]
    assert (first["state"], first["urls"]) == ("waiting", None)
    headers = {"X-Session-Token": token_of(resident)}
    assert Client().get(f"/api/v1/photos/{first['token']}/", headers=headers).json() == first
    others = {"X-Session-Token": token_of(UserFactory.create())}
    assert Client().get(f"/api/v1/photos/{first['token']}/", headers=others).status_code == 404
    assert Client().delete(f"/api/v1/photos/{first['token']}/", headers=others).status_code == 409
    assert Client().delete(f"/api/v1/photos/{first['token']}/", headers=headers).status_code == 204


def test_the_same_key_sends_the_same_photos_once(resident: User) -> None:
    first = api(resident, [jpeg()], **{"Idempotency-Key": "one"})
    again = api(resident, [jpeg()], **{"Idempotency-Key": "one"})
    other = api(resident, [png()], **{"Idempotency-Key": "one"})
    assert (first.json(), other.status_code) == (again.json(), 422)
    assert Photo.objects.count() == 1


HOSTILE: dict[str, tuple[Callable[[], list[Any]], int, str]] = {
    "svg": (lambda: [upload(SVG)], 409, "not_a_photo"),
    "bomb": (lambda: [upload(bomb(8000))], 409, "too_many_pixels"),
    "archive behind": (lambda: [upload(content(drawn(), "PNG") + b"MZ\x90\0more")], 409, "hidden_content"),
    "gif": (lambda: [upload(content(drawn(), "GIF"))], 409, "moving_picture"),
    "ten": (lambda: [jpeg() for _ in range(10)], 409, "too_many_photos"),
    "none": (list, 400, "invalid"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_an_app_hears_why_photos_are_refused(resident: User, name: str) -> None:
    files, status, code = HOSTILE[name]
    answer = api(resident, files())
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Photo.objects.exists()


def test_an_app_has_its_limit(resident: User, settings: Any) -> None:
    settings.PHOTOS_A_DAY = 1
    assert api(resident, [jpeg(), jpeg()]).json()["code"] == "enough_photos_today"
    assert api(None, [jpeg()]).status_code == 401


@pytest.mark.parametrize(
    "body", [b"", b"--x\r\n", b'--x\r\nContent-Disposition: form-data; name="photos"\r\n\r\nx\r\n--x--\r\n']
)
def test_a_broken_body_is_a_bad_call(resident: User, body: bytes) -> None:
    headers = {"X-Session-Token": token_of(resident)}
    answer = Client().generic("POST", "/api/v1/photos/", body, "multipart/form-data; boundary=x", headers=headers)
    assert answer.status_code == 400


def test_staff_blur_in_the_admin_and_others_find_nothing(resident: User, area: Area) -> None:
    photo = ready_photo(resident, subject="note", subject_id=1, area_path=area.path)
    page = f"/admin/photos/photo/{photo.pk}/blur/"
    for user in (staff_of(AreaFactory.create()), UserFactory.create(is_staff=True)):
        assert browser(user).get(page).status_code in {403, 404}
        assert browser(user).post(page, {"cell": "1"}).status_code in {403, 404}
    staff = browser(staff_of(area))
    assert staff.get(page).content.count(b'name="cell"') == 144
    assert staff.get("/admin/photos/photo/").status_code == 200
    assert staff.get(f"/admin/photos/photo/{photo.pk}/change/").status_code == 200
    staff.post(page, {"cell": ["x", "999"]})
    photo.refresh_from_db()
    assert photo.is_ready
    answer = staff.post(f"{page}?back=/admin/moderation/case/", {"cell": ["0", "13"]})
    assert answer["Location"] == "/admin/moderation/case/"
    photo.refresh_from_db()
    assert photo.blurred == [[0, 0, 1 / 12, 1 / 12], [1 / 12, 1 / 12, 2 / 12, 2 / 12]]
    assert Client().get(photo.medium).status_code == 404
    assert staff.post(f"{page}?back=//evil", {"cell": "0"})["Location"] == "/admin/photos/photo/"


@pytest.mark.parametrize("is_author", [True, False])
def test_photos_are_shown_with_words_and_what_is_not_ready_has_its_place(resident: User, is_author: bool) -> None:
    photo = ready_photo(resident)
    (waiting,) = receive([jpeg()], by=resident)
    refused = Photo(owner=resident, state=Photo.State.REFUSED, refusal=Photo.Reason.BROKEN)
    page = render_to_string(
        "components/photos.html", {"photos": [photo, waiting, refused], "is_author": is_author, "label": "邻里节"}
    )
    assert page.count("<img") == 1
    assert 'loading="lazy"' in page
    assert 'width="60" height="40"' in page.replace("\n", " ")
    assert "邻里节" in page
    assert page.count("photo-wait") == (2 if is_author else 1)
