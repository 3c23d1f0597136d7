"""Two of staff at the same thing: nothing of either is lost, and each sees what became of what they chose."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, ChangeNotice, Question, Session
from linlingtong.areas.models import Area
from linlingtong.core.time import today
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    ContactFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    VenueFactory,
    staff_of,
)
from tests.typed import Typed, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def here() -> Area:
    return AreaFactory.create()


@pytest.fixture
def wang(here: Area, client: Client) -> Client:
    client.force_login(staff_of(here, nickname="王社工"))
    return client


@pytest.fixture
def li(here: Area) -> Client:
    other = Client()
    other.force_login(staff_of(here, nickname="李主任"))
    return other


@pytest.fixture
def draft(here: Area) -> Activity:
    activity: Activity = ActivityFactory.create(area=here, status="draft", title="净滩", summary="捡垃圾", bring="水")
    return activity


def page_of(row: Any) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def sent(client: Client, row: Any, seen: dict[str, str], **changed: str) -> Any:
    return client.post(page_of(row), seen | changed)


def test_what_only_the_other_changed_stays(wang: Client, li: Client, draft: Activity) -> None:
    first, second = typed(wang, page_of(draft)), typed(li, page_of(draft))
    assert sent(wang, draft, first, title="湿地净滩").status_code == 302
    assert sent(li, draft, second, summary="一起来").status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.summary, draft.bring) == ("湿地净滩", "一起来", "水")


def test_control_without_what_was_seen_the_other_is_overwritten(wang: Client, li: Client, draft: Activity) -> None:
    """As a browser would send it that was told nothing of what stood there."""
    seen = {name: value for name, value in typed(li, page_of(draft)).items() if not name.startswith("initial-")}
    sent(wang, draft, typed(wang, page_of(draft)), title="湿地净滩")
    sent(li, draft, seen, summary="一起来")
    draft.refresh_from_db()
    assert draft.title == "净滩"


def test_who_changes_the_same_field_is_told_and_decides(wang: Client, li: Client, draft: Activity) -> None:
    first, second = typed(wang, page_of(draft)), typed(li, page_of(draft))
    sent(wang, draft, first, title="湿地净滩", place="北门")
    page = sent(li, draft, second, title="江边净滩", body="先集合")
    text = page.content.decode()
    assert "湿地净滩" in str(page.context["adminform"].form.errors["title"])
    assert "place" not in page.context["adminform"].form.errors
    assert 'value="江边净滩"' in text
    assert "先集合" in text
    draft.refresh_from_db()
    assert draft.title == "湿地净滩"

    again = {name: value for name, value in Typed(text).values.items() if not name.startswith(("csrf", "_"))}
    assert sent(li, draft, again).status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.body, draft.place) == ("江边净滩", "先集合", "北门")


def test_the_same_words_of_both_are_no_quarrel(wang: Client, li: Client, draft: Activity) -> None:
    first, second = typed(wang, page_of(draft)), typed(li, page_of(draft))
    assert sent(wang, draft, first, title="湿地净滩").status_code == 302
    assert sent(li, draft, second, title="湿地净滩").status_code == 302


def test_rows_below_know_it_too(wang: Client, li: Client, draft: Activity) -> None:
    slot, question = SessionFactory.create(activity=draft, capacity=20), QuestionFactory.create(activity=draft)
    first, second = typed(wang, page_of(draft)), typed(li, page_of(draft))
    at, ask = "sessions-0-", "questions-0-"
    assert first[f"{at}id"] == str(slot.pk)
    assert sent(wang, draft, first, **{f"{at}capacity": "30", f"{ask}text": "吃素吗？"}).status_code == 302
    assert sent(li, draft, second, **{f"{at}role": "讲解", f"{ask}position": "7"}).status_code == 302
    slot.refresh_from_db()
    assert (slot.capacity, slot.role) == (30, "讲解")
    assert Question.objects.values_list("text", "position").get(pk=question.pk) == ("吃素吗？", 7)
    page = sent(li, draft, second, **{f"{at}capacity": "25"})
    assert "30" in str(page.context["errors"])
    assert Session.objects.get(pk=slot.pk).capacity == 30


def test_venues_and_numbers_too(wang: Client, li: Client, here: Area) -> None:
    venue, contact = VenueFactory.create(area=here), ContactFactory.create(area=here)
    for row, one, other in ((venue, "place", "name"), (contact, "service", "phone")):
        first, second = typed(wang, page_of(row)), typed(li, page_of(row))
        words = "0571-0000 0009" if other == "phone" else "新的"
        assert sent(wang, row, first, **{one: "改了"}).status_code == 302
        assert sent(li, row, second, **{other: words}).status_code == 302
        row.refresh_from_db()
        assert (getattr(row, one), getattr(row, other)) == ("改了", words)


def test_a_page_that_nobody_changed_changes_nothing(wang: Client, draft: Activity) -> None:
    SessionFactory.create(activity=draft)
    history = page_of(draft).replace("change", "history")
    wang.post(page_of(draft), typed(wang, page_of(draft)))  # settles when the activity starts
    told = wang.get(history).context["lines"]
    assert wang.post(page_of(draft), typed(wang, page_of(draft))).status_code == 302
    lines = wang.get(history).context["lines"]
    assert [line["steps"] for line in lines[: len(lines) - len(told)] if line["steps"]] == []


def test_what_is_gone_is_named(wang: Client, here: Area) -> None:
    foreign = RegistrationFactory.create()
    mine = RegistrationFactory.create(session__activity__area=here)
    url = "/admin/activities/registration/"
    (action, *_rest) = [name for name, _ in wang.get(url).context["action_form"].fields["action"].choices if name]
    for chosen in (str(foreign.pk), "999999999"):
        page = wang.post(url, {"action": action, "_selected_action": chosen}, follow=True)
        assert "不在了" in "".join(str(one) for one in page.context["messages"])
    assert wang.post(url, {"action": action, "_selected_action": "abc"}).status_code == 400
    page = wang.post(url, {"action": action, "_selected_action": str(mine.pk)}, follow=True)
    assert "不在了" not in "".join(str(one) for one in page.context["messages"])


def test_history_is_in_the_language_of_the_page_and_names_nobody_by_phone(wang: Client, here: Area) -> None:
    venue, contact = VenueFactory.create(area=here), ContactFactory.create(area=here)
    for row in (venue, contact):
        sent(wang, row, typed(wang, page_of(row)), **{"name" if row == venue else "organization": "新名字"})
        text = wang.get(page_of(row).replace("change", "history")).content.decode()
        assert "王社工" in text
        assert "+86" not in text.replace(str(getattr(row, "phone", "")), "")
        assert "Changed" not in text
    assert "新名字" in wang.get(page_of(venue).replace("change", "history")).content.decode()


def test_what_tells_its_own_story_has_no_second_one(wang: Client, here: Area) -> None:
    row = RegistrationFactory.create(session__activity__area=here)
    assert wang.get(page_of(row).replace("change", "history")).status_code == 404
    assert "historylink" not in wang.get(page_of(row)).content.decode()
    assert "historylink" in wang.get(page_of(VenueFactory.create(area=here))).content.decode()


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("capacity", {"sessions-0-capacity": "0"}),
        ("minimum_needed", {"sessions-0-capacity": "5", "sessions-0-minimum_needed": "9"}),
        ("latitude", {"latitude": "99", "longitude": "120"}),
        ("longitude", {"latitude": "30", "longitude": "200"}),
        ("latitude", {"latitude": "30", "longitude": ""}),
    ],
)
def test_what_cannot_be_is_said(wang: Client, draft: Activity, name: str, changed: dict[str, str]) -> None:
    slot = SessionFactory.create(activity=draft, capacity=20)
    page = sent(wang, draft, typed(wang, page_of(draft)), **changed)
    assert page.status_code == 200
    forms = [page.context["adminform"].form, *page.context["inline_admin_formsets"][0].formset.forms]
    assert [name] == [field for form in forms for field in form.errors]
    assert Session.objects.get(pk=slot.pk).capacity == 20


def test_who_publishes_what_is_over_is_asked_about_the_dates(wang: Client, draft: Activity) -> None:
    page = page_of(draft).replace("change", "publish")
    SessionFactory.create(activity=draft)
    assert "日期对吗" not in wang.get(page).content.decode()
    Activity.objects.filter(pk=draft.pk).update(starts_at="2020-11-05T06:00Z", ends_at="2020-11-05T08:00Z")
    assert "日期对吗" in wang.get(page).content.decode()


def test_an_empty_minimum_is_none(wang: Client, draft: Activity) -> None:
    SessionFactory.create(activity=draft, minimum_needed=3, capacity=20)
    assert sent(wang, draft, typed(wang, page_of(draft)), **{"sessions-0-minimum_needed": ""}).status_code == 302
    assert draft.sessions.get().minimum_needed == 0


def test_an_appointment_the_wrong_way_round_is_refused_in_words(wang: Client, here: Area) -> None:
    person = User.objects.filter(is_staff=True).first()
    assert person is not None
    given = {"phone": person.phone, "area": here.pk, "role": "grid_worker", "starts_on": "2027-01-05"}
    page = wang.post("/admin/accounts/appointment/add/", given | {"ends_on": "2027-01-01"})
    assert "看看日期" in str(page.context["adminform"].form.errors)


def test_the_places_of_a_session_are_not_put_back(wang: Client, li: Client, draft: Activity) -> None:
    slot = SessionFactory.create(activity=draft, capacity=2)
    first, second = typed(wang, page_of(slot)), typed(li, page_of(slot))
    assert sent(wang, slot, first, capacity="7").status_code == 302
    assert sent(li, slot, second, role="讲解").status_code == 302
    slot.refresh_from_db()
    assert (slot.capacity, slot.role) == (7, "讲解")


def test_a_session_of_a_year_is_a_slip(wang: Client, draft: Activity) -> None:
    slot = SessionFactory.create(activity=draft)
    page = sent(wang, slot, typed(wang, page_of(slot)), ends_at="2031-01-01T10:00")
    assert list(page.context["adminform"].form.errors) == ["ends_at"]


def test_what_is_told_soon_can_be_listed(wang: Client, here: Area) -> None:
    slot, quiet = SessionFactory.create(activity__area=here), SessionFactory.create(activity__area=here)
    ChangeNotice.objects.create(session=slot, before={}, due_at=timezone.now())
    (tile,) = re.findall(r'href="([^"]+told=soon)"', wang.get("/admin/").content.decode())
    page = wang.get(tile)
    assert [one.pk for one in page.context["cl"].result_list] == [slot.activity_id]
    assert quiet.activity_id != slot.activity_id


def test_nobody_has_a_password_to_change(wang: Client) -> None:
    assert wang.get("/admin/password_change/").status_code == 404


def test_the_trail_speaks_to_people(wang: Client, here: Area) -> None:
    person, grid = UserFactory.create(nickname="老阎"), AreaFactory.create(parent=here, level="grid", name="第 2 网格")
    given = {"phone": person.phone, "area": grid.pk, "role": "grid_worker", "starts_on": today(), "ends_on": today()}
    page = wang.post("/admin/accounts/appointment/add/", given, follow=True)
    assert "老阎 · 第 2 网格" in "".join(str(one) for one in page.context["messages"])
    trail = wang.get("/admin/audit/change/?thing=accounts.appointment").content.decode()
    assert "老阎 · 第 2 网格" in trail
    assert "appoint<" not in trail
