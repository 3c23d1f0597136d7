import datetime as dt
from typing import Any

import pytest
import time_machine
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from linlingtong.areas.actions import load_calendar
from linlingtong.core.time import at
from linlingtong.notifications.models import Notification
from linlingtong.toolbox.actions import assure, nag, revise
from linlingtong.toolbox.models import Contact, Guide, Schedule, Tool
from tests.api.conftest import App
from tests.factories import (
    AreaFactory,
    ContactFactory,
    GuideFactory,
    ToolFactory,
    UserFactory,
    staff_of,
    subdistrict,
)

pytestmark = pytest.mark.django_db
OLD = timezone.now() - dt.timedelta(days=200)


def open_on(contact: Contact, days: str, opens: str, closes: str) -> None:
    hours = dt.time.fromisoformat(opens), dt.time.fromisoformat(closes)
    Schedule.objects.create(contact=contact, days=days, opens_at=hours[0], closes_at=hours[1])


@pytest.mark.parametrize(
    ("hours", "moment", "answers"),
    [
        (("worked", "08:30", "17:30"), "2026-10-10 09:00", True),  # a Saturday that is worked
        (("worked", "08:30", "17:30"), "2026-10-01 09:00", False),  # National Day, a Thursday
        (("worked", "08:30", "17:30"), "2026-10-12 17:30", False),
        (("off", "09:00", "20:00"), "2026-10-01 09:00", True),
        (("every", "00:00", "00:00"), "2026-10-01 03:00", True),
        (("worked", "22:00", "06:00"), "2026-10-01 05:00", True),  # the night after a worked Wednesday
        (("worked", "22:00", "06:00"), "2026-10-02 05:00", False),
        (("worked", "22:00", "06:00"), "2026-09-30 23:00", True),
    ],
)
def test_who_answers_follows_the_statutory_calendar(hours: tuple[str, str, str], moment: str, answers: bool) -> None:
    load_calendar()
    contact = ContactFactory.create()
    open_on(contact, *hours)
    when = dt.datetime.fromisoformat(moment)
    assert contact.answers_at(at(when.date(), when.time())) is answers


def test_without_hours_nothing_is_claimed(client: Client) -> None:
    contact = ContactFactory.create()
    assert contact.answers_at(timezone.now()) is None
    page = client.get("/tools/contacts/").content.decode()
    assert contact.organization in page
    assert "现在有人接" not in page


def test_the_directory_is_searched_in_chinese_and_narrowed(client: Client) -> None:
    wanted = ContactFactory.create(organization="托育驿站", service="早教", category="family", phone="0571-0000 0302")
    ContactFactory.create(organization="供电热线", category="home")
    gone = ContactFactory.create(organization="托育旧站", is_listed=False)
    for query in ("q=托育", "q=早教", "category=family"):
        page = client.get(f"/tools/contacts/?{query}").content.decode()
        assert wanted.organization in page
        assert "供电热线" not in page
        assert gone.organization not in page
    assert 'href="tel:057100000302"' in page
    assert "供电热线" in client.get("/tools/contacts/?category=nonsense").content.decode()


def test_nothing_found_says_whom_to_call(client: Client) -> None:
    assert "12345" in client.get("/tools/contacts/?q=不存在的").content.decode()
    assert "12345" in client.get("/tools/?q=不存在的").content.decode()


def test_guides_by_audience_and_words(client: Client) -> None:
    own = GuideFactory.create(title="办居住证", audience=["newcomer"], required_documents="租房合同")
    GuideFactory.create(title="老年优待卡", audience=["elder"])
    draft = GuideFactory.create(title="还没写完", is_published=False)
    for query in ("audience=newcomer", "q=租房合同"):
        page = client.get(f"/tools/guides/?{query}").content.decode()
        assert own.title in page
        assert "老年优待卡" not in page
    assert draft.title not in client.get("/tools/guides/").content.decode()
    assert client.get(f"/tools/guides/{draft.slug}/").status_code == 404


def test_a_guide_says_when_it_is_out_of_date_and_when_it_is_a_sample(client: Client) -> None:
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    guide = GuideFactory.create(is_sample=True, checked_on=yesterday, valid_until=yesterday)
    page = client.get(f"/tools/guides/{guide.slug}/")
    assert page.context["has_ended"]
    assert page.content.decode().count("<li>到社区</li>") == 1


def test_the_shelf_shows_what_leads_somewhere_in_the_order_of_staff(client: Client) -> None:
    ToolFactory.create(title="后面的", position=2)
    ToolFactory.create(title="前面的", position=1)
    ToolFactory.create(title="断了的", target="nowhere:page")
    ToolFactory.create(title="收起来的", is_enabled=False)
    page = client.get("/tools/").content.decode()
    assert page.index("前面的") < page.index("后面的")
    assert "断了的" not in page
    assert "收起来的" not in page


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("link", "http://plain.example"),
        ("link", "javascript:alert(1)"),
        ("link", "//evil.example"),
        ("page", "no:such"),
        ("page", "activities:detail"),
        ("mini_program", "https://example.org"),
    ],
)
def test_a_tool_leads_to_no_trap(kind: str, target: str) -> None:
    tool = Tool(title="陷阱", kind=kind, target=target, group="errands")
    with pytest.raises(ValidationError):
        tool.full_clean()
    assert tool.url == ""


def test_one_box_finds_tools_numbers_and_guides(client: Client) -> None:
    ToolFactory.create(title="约球场")
    ContactFactory.create(organization="球场管理处")
    GuideFactory.create(title="球场怎么约")
    page = client.get("/search/?q=球场").content.decode()
    for name in ("约球场", "球场管理处", "球场怎么约"):
        assert name in page
        assert name in client.get("/tools/?q=球场").content.decode()
    found = App().get("search/?q=球场").json()["results"]
    assert {one["type"] for one in found} == {"tool", "contact", "guide"}


def test_the_api_lists_tools_contacts_and_guides() -> None:
    ToolFactory.create()
    contact = ContactFactory.create()
    open_on(contact, "every", "00:00", "00:00")
    guide = GuideFactory.create(audience=["worker"])
    assert App().get("tools/").json()["results"][0]["url"] == "/tools/contacts/"
    row = App().get("contacts/?category=government").json()["results"][0]
    assert (row["answers_now"], row["schedules"][0]["opens_at"]) == (True, "00:00")
    assert App().get("guides/?audience=worker").json()["results"][0]["id"] == guide.pk
    assert App().get(f"guides/{guide.pk}/").json()["steps"] == ["到社区", "领证"]
    assert App().get("guides/999999/").status_code == 404
    assert App().get("contacts/?category=nonsense").status_code == 400
    assert App().get("contacts/").headers["ETag"]


@pytest.mark.parametrize("path", ["/tools/", "/tools/contacts/", "/tools/guides/", "/api/v1/contacts/"])
def test_three_rows_cost_as_many_queries_as_one(client: Client, path: str) -> None:
    def fill() -> None:
        ToolFactory.create()
        open_on(ContactFactory.create(), "worked", "08:30", "17:30")
        GuideFactory.create()

    fill()
    client.get(path)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(path)
    fill()
    fill()
    with CaptureQueriesContext(connection) as three:
        client.get(path)
    assert len(three) == len(one) <= 4


def test_who_called_marks_the_number_as_right() -> None:
    contact = ContactFactory.create(assured_at=OLD)
    assert contact.is_outdated
    staff = staff_of(contact.area)
    contact = assure(contact.pk, by=staff)
    assert not contact.is_outdated
    assert contact.assured_by == staff
    for stranger in (UserFactory.create(), staff_of(AreaFactory.create())):
        with pytest.raises(PermissionDenied):
            assure(contact.pk, by=stranger)


def test_other_words_are_a_new_version() -> None:
    guide = GuideFactory.create()
    staff = staff_of(guide.area)
    assert revise(guide, by=staff).version == 1
    guide.summary = "还要带照片"
    assert revise(guide, by=staff).version == 2
    with pytest.raises(PermissionDenied):
        revise(guide, by=staff_of(AreaFactory.create()))


def test_staff_are_nagged_on_mondays_once_and_only_about_their_own() -> None:
    with time_machine.travel(dt.datetime(2026, 11, 22, 2, tzinfo=dt.UTC), tick=False):
        outdated = ContactFactory.create(assured_at=None, area=AreaFactory.create())
        own, others = staff_of(outdated.area), staff_of(AreaFactory.create())
        ContactFactory.create(assured_at=OLD, is_listed=False)
        assert nag() == 0
    with time_machine.travel(dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC), tick=False):
        assert nag() == 1
        nag()
    assert Notification.objects.filter(resident=own).count() == 1
    assert not Notification.objects.filter(resident=others).exists()


def test_staff_of_another_area_see_no_contact_and_change_none(client: Client) -> None:
    contact = ContactFactory.create(area=AreaFactory.create(), assured_at=OLD)
    page = reverse("admin:toolbox_contact_change", args=[contact.pk])
    client.force_login(staff_of(AreaFactory.create()))
    assert client.get(page).status_code == 404
    listing = reverse("admin:toolbox_contact_changelist")
    client.post(listing, {"action": "mark_right", "_selected_action": [contact.pk]})
    contact.refresh_from_db()
    assert contact.is_outdated
    assert client.get(reverse("admin:toolbox_tool_changelist")).status_code == 404


def test_staff_mark_numbers_and_change_hours_in_the_admin(client: Client) -> None:
    contact = ContactFactory.create(area=AreaFactory.create(), assured_at=OLD)
    open_on(contact, "worked", "08:30", "17:30")
    client.force_login(staff_of(contact.area))
    listing = reverse("admin:toolbox_contact_changelist")
    assert contact.organization in client.get(f"{listing}?outdated=1").content.decode()
    client.post(listing, {"action": "mark_right", "_selected_action": [contact.pk]})
    contact.refresh_from_db()
    assert not contact.is_outdated
    hours = contact.schedules.get()
    answer = client.post(reverse("admin:toolbox_contact_change", args=[contact.pk]), contact_form(contact, hours))
    assert answer.status_code == 302, answer.context["errors"]
    assert not contact.schedules.exists()


def contact_form(contact: Contact, hours: Schedule) -> dict[str, Any]:
    return {
        "organization": contact.organization,
        "phone": "0571-0000 0077",
        "category": contact.category,
        "area": contact.area_id,
        "position": 1,
        "is_listed": "on",
        "schedules-TOTAL_FORMS": 1,
        "schedules-INITIAL_FORMS": 1,
        "schedules-0-id": hours.pk,
        "schedules-0-contact": contact.pk,
        "schedules-0-days": hours.days,
        "schedules-0-opens_at": "08:30",
        "schedules-0-closes_at": "17:30",
        "schedules-0-DELETE": "on",
    }


def test_managers_of_the_subdistrict_arrange_the_shelf(client: Client) -> None:
    tool = ToolFactory.create()
    client.force_login(staff_of(subdistrict()))
    assert client.get(reverse("admin:toolbox_tool_change", args=[tool.pk])).status_code == 200
    wrong = {"title": "坏", "kind": "link", "target": "javascript:1", "group": "errands", "position": 1, "icon": "x"}
    answer = client.post(reverse("admin:toolbox_tool_add"), wrong)
    assert answer.status_code == 200
    assert answer.context["errors"]


def test_writing_a_guide_in_the_admin(client: Client) -> None:
    area = AreaFactory.create()
    client.force_login(staff_of(area))
    form = {
        "area": area.pk, "slug": "new", "title": "新指南", "summary": "一句话", "audience": ["worker", "elder"],
        "steps": "一\n二", "source": "社区", "checked_on": "2026-11-01", "is_published": "on",
    }  # fmt: skip
    page = reverse("admin:toolbox_guide_add")
    assert client.post(page, form).status_code == 302
    assert Guide.objects.get(slug="new").audience == ["worker", "elder"]
    too_long = client.post(page, form | {"slug": "long", "steps": "\n".join("一二三四五六七八")})
    assert too_long.status_code == 200
    assert not Guide.objects.filter(slug="long").exists()


def test_the_worker_keeps_numbers_and_guides_and_nothing_else(client: Client) -> None:
    script = client.get("/worker.js")
    assert script["Content-Type"].startswith("text/javascript")
    assert 'credentials: "omit"' in script.content.decode()
    assert client.get("/tools/offline/").status_code == 200
