"""The desk at the door, by keyboard alone, without a network, and without a script; the resident's pass beside it."""

import re
import time
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from linlingtong.accounts.models import User
from linlingtong.activities.models import PhoneLook, Registration, Scan, Session, WalkIn, codes
from tests.activities.door import code_of, digits_of, leader_of, under_way
from tests.browser.conftest import Open
from tests.browser.reading import trouble_with
from tests.factories import RegistrationFactory, UserFactory, staff_of

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Attendance = Registration.Attendance
DESKTOP = {"width": 1280, "height": 800}


def people_of(session: Session, number: int) -> list[Registration]:
    return [RegistrationFactory.create(session=session, resident__nickname=f"邻居{at:02}") for at in range(number)]


def here(session: Session) -> int:
    return session.registrations.filter(attendance=Attendance.CHECKED_IN).count()


def enter(page: Page, text: str) -> None:
    """What a scanner does: type, then Enter."""
    page.keyboard.type(text)
    page.keyboard.press("Enter")


def test_thirty_people_are_checked_in_by_keyboard_alone_in_five_minutes(open_page: Open) -> None:
    session = under_way()
    rows = people_of(session, 30)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    said = page.locator("#said")
    expect(page.locator("#entry")).to_be_focused()
    started = time.monotonic()
    for row in rows[:14]:
        enter(page, digits_of(row))
        expect(said).to_contain_text(str(row.resident))
    for row in rows[14:28]:
        enter(page, f"{page.url.split('/check-in')[0]}/c/{code_of(row)}")
        expect(said).to_contain_text(str(row.resident))
    for row in rows[28:]:
        enter(page, str(row.resident))
        expect(said).to_contain_text(str(row.resident))
    seconds = time.monotonic() - started
    assert seconds < 300
    assert here(session) == 30
    expect(page.locator("#count-arrived")).to_have_text("30")
    expect(page.locator("#entry")).to_be_focused()
    expect(said).to_have_attribute("aria-live", "assertive")


def test_each_result_differs_in_words_and_sign(open_page: Open) -> None:
    session = under_way()
    (row,) = people_of(session, 1)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    found: list[tuple[str | None, str]] = []
    kinds = ["good", "odd", "bad"]
    for text in (digits_of(row), digits_of(row), codes.spoken_digits(session.pk, 999)):
        enter(page, text)
        expect(page.locator("#said")).not_to_be_empty()
        expect(page.locator("#said")).to_have_attribute("data-kind", kinds[len(found)])
        found.append((page.locator("#said").get_attribute("data-kind"), page.locator("#said").inner_text()))
    assert [kind for kind, _words in found] == kinds
    assert len({words for _kind, words in found}) == 3


def test_a_name_that_fits_several_is_chosen_with_the_keyboard(open_page: Open) -> None:
    session = under_way()
    rows = people_of(session, 3)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    enter(page, "邻居")
    expect(page.locator("#said")).to_contain_text("3")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text(str(rows[0].resident))
    expect(page.locator("#entry")).to_be_focused()
    assert here(session) == 1


def test_without_a_network_everything_is_kept_and_sent_once(open_page: Open) -> None:
    session = under_way()
    rows = people_of(session, 5)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    page.context.set_offline(True)
    before = timezone.now()
    for row in rows[:3]:
        enter(page, digits_of(row))
    enter(page, str(rows[3].resident))
    expect(page.locator("#count-queued")).to_have_text("4")
    expect(page.locator("#offline")).to_be_visible()
    assert here(session) == 0
    page.context.set_offline(False)
    expect(page.locator("#count-arrived")).to_have_text("4")
    expect(page.locator("#count-queued")).to_have_text("0")
    assert here(session) == 4
    assert Scan.objects.count() == 4
    assert abs((Scan.objects.order_by("pk")[0].scanned_at - before).total_seconds()) < 30
    page.reload()
    expect(page.locator("#count-arrived")).to_have_text("4")
    assert Scan.objects.count() == 4


def test_what_was_kept_survives_closing_the_page(open_page: Open) -> None:
    session = under_way()
    (row,) = people_of(session, 1)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    page.context.set_offline(True)
    enter(page, digits_of(row))
    expect(page.locator("#count-queued")).to_have_text("1")
    address = page.url
    page.goto("about:blank")
    page.context.set_offline(False)
    page.goto(address)
    expect(page.locator("#count-arrived")).to_have_text("1")
    assert here(session) == 1


def test_walk_ins_and_everybody_out_stay_on_the_page(open_page: Open) -> None:
    session = under_way()
    (row,) = people_of(session, 1)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    enter(page, digits_of(row))
    expect(page.locator("#count-arrived")).to_have_text("1")
    page.locator("#let-name").focus()
    enter(page, "周奶奶")
    expect(page.locator("#said")).to_contain_text("周奶奶")
    expect(page.locator("#count-arrived")).to_have_text("2")
    page.locator("form[action$='everybody-out/'] button").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("2")
    assert row.session.registrations.get().attendance == Attendance.CHECKED_OUT


def test_walk_ins_without_a_network_are_kept_and_sent_once(open_page: Open) -> None:
    session = under_way()
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    page.context.set_offline(True)
    for name in ("周奶奶", "吴大爷"):
        page.keyboard.press("F4")
        expect(page.locator("#let-name")).to_be_focused()
        enter(page, name)
        expect(page.locator("#entry")).to_be_focused()
    expect(page.locator("#count-queued")).to_have_text("2")
    assert not WalkIn.objects.exists()
    page.context.set_offline(False)
    expect(page.locator("#count-arrived")).to_have_text("2")
    expect(page.locator("#count-queued")).to_be_hidden()
    page.reload()
    expect(page.locator("#count-arrived")).to_have_text("2")
    assert sorted(WalkIn.objects.values_list("name", flat=True)) == sorted(["周奶奶", "吴大爷"])


def test_a_phone_in_the_box_goes_to_where_people_are_found_by_phone(open_page: Open) -> None:
    session = under_way()
    known = UserFactory.create(nickname="李姐", phone="+8613800000001")
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP)
    enter(page, "138 0000 0001")
    expect(page.locator("#said")).to_contain_text("手机号")
    expect(page.locator("#let-phone")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_contain_text("李姐")
    expect(page.locator("#entry")).to_be_focused()
    assert session.registrations.get(resident=known).attendance == Attendance.CHECKED_IN
    enter(page, "12345")
    expect(page.locator("#said")).to_contain_text("5 位")


def test_everything_on_the_desk_is_done_with_keys(open_page: Open) -> None:
    session = under_way()
    rows = people_of(session, 2)
    User.objects.filter(pk=rows[1].resident_id).update(phone="+8613912345678")
    page = open_page(f"/check-in/{session.pk}/", staff_of(session.activity.area), viewport=DESKTOP)
    said = page.locator("#said")
    enter(page, digits_of(rows[0]))
    expect(said).to_contain_text("邻居00")
    page.keyboard.press("F2")
    expect(page.locator("input[name=kind][value=out]")).to_be_checked()
    expect(page.locator("#entry")).to_be_focused()
    enter(page, digits_of(rows[0]))
    expect(page.locator(f"[data-registration='{rows[0].pk}']")).to_contain_text("–")
    page.locator(f"[data-registration='{rows[1].pk}'] button[name=call]").focus()
    page.keyboard.press("Enter")
    expect(said).to_contain_text("139 1234 5678")
    ring = page.locator(f"[data-called='{rows[1].pk}']")
    expect(ring).to_be_focused()
    expect(ring).to_have_attribute("href", "tel:+8613912345678")
    page.keyboard.press("Escape")
    expect(page.locator("#entry")).to_be_focused()
    enter(page, "邻居")
    expect(said).to_contain_text("2")
    page.keyboard.press("Escape")
    expect(page.locator("#entry")).to_be_focused()
    assert PhoneLook.objects.count() == 1


def test_without_a_script_the_desk_works_by_plain_forms(open_page: Open) -> None:
    session = under_way()
    rows = people_of(session, 2)
    page = open_page(f"/check-in/{session.pk}/", leader_of(session), viewport=DESKTOP, java_script_enabled=False)
    expect(page.locator("#entry")).to_be_focused()
    enter(page, digits_of(rows[0]))
    expect(page.get_by_role("status").first).to_contain_text(str(rows[0].resident))
    page.locator(f"[data-registration='{rows[1].pk}'] button[value=in]").click()
    expect(page.get_by_role("status").first).to_contain_text(str(rows[1].resident))
    assert here(session) == 2


@pytest.mark.parametrize("java_script_enabled", [True, False], ids=["js", "no-js"])
def test_a_resident_opens_the_code_on_the_screen_signs_in_and_is_there(
    open_page: Open, java_script_enabled: bool
) -> None:
    session = under_way()
    (row,) = people_of(session, 1)
    page = open_page(f"/c/{codes.venue_code(session.pk, timezone.now()).text}", row.resident,
                     java_script_enabled=java_script_enabled)  # fmt: skip
    page.locator("main form button").click()
    expect(page).to_have_url(re.compile("/pass/$"))
    expect(page.locator(".pass-qr svg")).to_be_visible()
    assert here(session) == 1


def test_the_pages_of_the_door_can_be_read_and_touched_in_every_mode(open_page: Open) -> None:
    session = under_way(activity__risks="潮水涨得快，听带队人口令。")
    rows = people_of(session, 4)
    leader, resident = leader_of(session), rows[0].resident
    for row in rows[1:3]:
        RegistrationFactory.create(session=session, state="waitlisted")
        Registration.objects.filter(pk=row.pk).update(attendance=Attendance.CHECKED_IN)
    printed = codes.printed_code(session.pk).text
    pages: list[tuple[str, Any]] = [
        (f"/check-in/{session.pk}/", leader), (f"/check-in/{session.pk}/venue/", leader),
        (f"/check-in/{session.pk}/poster/", leader), (f"/check-in/{session.pk}/roster/", leader),
        (f"/c/{code_of(rows[0])}", leader), (f"/me/registrations/{rows[0].pk}/pass/", resident),
        (f"/me/registrations/{rows[0].pk}/scan/", resident), (f"/c/{printed}", resident), ("/c/nonsense", resident),
    ]  # fmt: skip
    assert trouble_with(open_page, {path: (path, user) for path, user in pages}) == []
