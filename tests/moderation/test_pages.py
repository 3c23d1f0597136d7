"""The pages in a browser: readable and touchable in every mode, keys for staff, photos sent while one types."""

from pathlib import Path
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest
from django.middleware.csrf import _get_new_csrf_string
from django.template import engines
from PIL import Image
from playwright.sync_api import Page, Route, expect

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.moderation.actions import Decision, decide, report
from linlingtong.moderation.models import Case
from linlingtong.photos.actions import attach, prepare_waiting, receive
from linlingtong.photos.forms import PhotosField
from linlingtong.photos.models import Photo
from tests.browser.conftest import Open, follow
from tests.browser.reading import trouble_in_every_mode, trouble_with, wrong_in
from tests.factories import UserFactory
from tests.moderation.conftest import Wall
from tests.photos.pictures import content, drawn, upload

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def cases(wall: Wall, author: User, staff: User, community: Area) -> dict[str, Case]:
    """One case in each situation that a page shows."""
    facts: dict[str, Any] = {"area_path": community.path, "holds_newcomers": True}
    photos = receive([upload(content(Image.effect_noise((900, 600), 60).convert("RGB")))], by=author)
    attach(photos, subject="note", subject_id=1, area_path=community.path, is_public=True, by=author)
    prepare_waiting()
    text = "三楼的吴阿姨每天早上把整层楼道扫得干干净净，还帮我们收快递。想在这里说声谢谢！"
    held = wall.write(1, author, text, **facts)
    wall.write(4, author, "门口的路灯修好了，谢谢电工师傅。", area_path=community.path)
    report("note", 4, reason="advert", note="像是广告", by=UserFactory.create(nickname="热心人"))
    hidden = decide(
        wall.write(2, author, "代办信用卡，利息低", **facts).pk, Decision.HIDE, by=staff, reason="这是广告。"
    )
    return {"held": held, "hidden": hidden}


def test_pages_of_residents_can_be_read_and_touched(open_page: Open, cases: dict[str, Case], author: User) -> None:
    neighbour = UserFactory.create()
    pages: dict[str, tuple[str, User | None]] = {
        "mine": ("/me/reviews/", author),
        "none": ("/me/reviews/", neighbour),
        "held": (f"/me/reviews/{cases['held'].pk}/", author),
        "hidden": (f"/me/reviews/{cases['hidden'].pk}/", author),
    }
    assert trouble_with(open_page, pages) == []
    page = open_page("/moderation/report/note/4/", neighbour, bypass_csp=True)
    assert trouble_in_every_mode(page, "report") == []
    follow(page.locator("button.btn"))
    assert trouble_in_every_mode(page, "report with a mistake") == []
    page.check("input[value=advert]")
    follow(page.locator("button.btn"))
    assert trouble_in_every_mode(page, "reported") == []


@pytest.mark.parametrize("width", [390, 1280])
def test_pages_of_staff_fit_a_phone_and_a_desk(
    open_page: Open, cases: dict[str, Case], staff: User, width: int
) -> None:
    photo = Photo.objects.get()
    pages = {
        "queue": "/admin/moderation/case/",
        "case": f"/admin/moderation/case/{cases['held'].pk}/change/",
        "reported case": f"/admin/moderation/case/{Case.objects.get(object_id=4).pk}/change/",
        "blur": f"/admin/photos/photo/{photo.pk}/blur/",
        "photos": "/admin/photos/photo/",
    }
    trouble = []
    page = open_page("/admin/", staff, bypass_csp=True, viewport={"width": width, "height": 800})
    for name, path in pages.items():
        page.goto(path)
        trouble += [f"{name}: {what}" for what in wrong_in(page)]
    assert not trouble, "\n".join(sorted(set(trouble)))


def test_keys_decide_and_the_next_case_comes_by_itself(
    open_page: Open, wall: Wall, author: User, staff: User, community: Area
) -> None:
    first, second = (
        wall.write(key, author, f"第{key}条", area_path=community.path, holds_newcomers=True) for key in (1, 2)
    )
    page = open_page("/admin/moderation/case/queue/", staff)
    expect(page.locator(".look-text").first).to_have_text("第1条")
    page.keyboard.press("p")
    expect(page.locator(".look-text").first).to_have_text("第2条")
    page.keyboard.press("h")
    expect(page.locator("#why")).to_be_focused()
    page.select_option("#why", "advert")
    page.locator("h1").first.click()
    page.keyboard.press("h")
    page.wait_for_url("**/admin/moderation/case/")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.state, second.state) == (Case.State.PASSED, Case.State.HIDDEN)


FORM = """{% load static %}<!doctype html><html lang="zh"><meta charset="utf-8"><title>x</title><main>
<link rel="stylesheet" href="{% static "app.css" %}"><script src="{% static "photos.js" %}" type="module"></script>
<form method="post" enctype="multipart/form-data">
<input type="hidden" name="csrfmiddlewaretoken" value="{{ token }}">
{% include "components/photo_input.html" with field=form.photos only %}<button>发布</button></form></main></html>"""


class NoteForm(forms.Form):
    photos = PhotosField(most=2)


def note_page(page: Page, url: str) -> list[str]:
    """Any page with the field, served at a made-up address of the site; answers what its form then sends."""
    token = _get_new_csrf_string()
    page.context.add_cookies([{"name": "csrftoken", "value": token, "url": url}])
    html = engines["django"].from_string(FORM).render({"form": NoteForm(), "token": token}, HttpRequest())
    sent: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method == "POST":
            sent.append((route.request.post_data_buffer or b"").decode("utf8", "replace"))
        route.fulfill(body=html, content_type="text/html")

    page.route("**/made-up/", answer)
    page.goto("/made-up/")
    return sent


def file(name: str, body: bytes) -> Any:
    return {"name": name, "mimeType": "image/jpeg", "buffer": body}


def test_photos_go_while_the_form_is_open_and_the_form_carries_their_names(
    open_page: Open, live_server: Any, author: User
) -> None:
    page = open_page("/", author)
    sent = note_page(page, live_server.url)
    large = Image.effect_noise((3000, 2000), 80).convert("RGB")
    page.set_input_files("input[type=file]", [file("大.jpg", content(large, quality=95)), file("坏.jpg", b"nothing")])
    expect(page.locator(".photo-kept input[type=hidden]")).to_have_count(1)
    expect(page.locator(".photo-kept.is-refused")).to_contain_text("坏.jpg")
    photo = Photo.objects.get()
    assert max(photo.width, photo.height) == 2048, "made smaller on the phone"
    follow(page.locator("form > button"))
    assert photo.token in sent[0]
    assert len(sent[0]) < 2000, "the files themselves are not sent again"


def test_a_photo_is_taken_back_and_no_more_than_fit_are_sent(open_page: Open, live_server: Any, author: User) -> None:
    page = open_page("/", author)
    note_page(page, live_server.url)
    page.set_input_files("input[type=file]", [file(f"{n}.jpg", content(drawn())) for n in range(3)])
    expect(page.locator(".photo-kept input[type=hidden]")).to_have_count(2)
    with page.expect_response("**/discard/"):
        page.locator(".photo-remove").first.click()
    expect(page.locator(".photo-kept input[type=hidden]")).to_have_count(1)
    assert Photo.objects.count() == 1
