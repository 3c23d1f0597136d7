"""Every refusal through every door; what others may not see; lists that ask the same number of questions."""

import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from linlingtong.accounts.models import User
from linlingtong.core.time import today
from linlingtong.volunteering.actions import approve, dispute, make_sheet, reverse
from linlingtong.volunteering.models import Dispute, Issuer, ServiceEntry, ServiceRecord, ServiceSheet
from linlingtong.volunteering.models.totals import minutes_of
from linlingtong.volunteering.views.printing import FILE, drawable
from tests.factories import AppointmentFactory, AreaFactory, UserFactory, staff_of
from tests.volunteering.deeds import entered, morning, on_paper

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("issuer")]
ENTRIES, DISPUTES = "/admin/volunteering/serviceentry/", "/admin/volunteering/dispute/"


def as_(user: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    User.objects.filter(pk=user.pk).update(language="en")
    user.refresh_from_db()
    client.force_login(user)
    return client


def visitor() -> Client:
    client = Client()
    client.cookies["llt_language"] = "en"
    return client


def sheet_of(resident: User, **fields: Any) -> ServiceSheet:
    span: dict[str, Any] = {"first_on": today() - dt.timedelta(days=30), "last_on": today(), "holder_name": "陈晓𠮷"}
    return make_sheet(resident, by=resident, **(span | fields))


def wish(**fields: Any) -> dict[str, Any]:
    span = {"first_on": f"{today() - dt.timedelta(days=30)}", "last_on": f"{today()}", "name": "陈晓𠮷"}
    return span | fields


# -- the browser


def test_the_page_of_hours_shows_total_lines_and_where_each_stands() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entered(area, resident, title="净滩")
    entered(area, resident, title="太短", starts_at=morning(3), stayed=10)
    gone = entered(area, resident, title="记错", starts_at=morning(4))
    reverse(gone.pk, by=staff_of(area), reason="记错人了")
    text = as_(resident).get("/me/hours/").content.decode()
    for shown in ("净滩", "太短", "waits for staff", "taken back", "记错人了", "<b>2</b>"):
        assert shown in text
    assert "净滩" not in as_(UserFactory.create()).get("/me/hours/").content.decode()


def test_no_hours_yet_leads_to_the_activities() -> None:
    text = as_(UserFactory.create()).get("/me/hours/?year=x").content.decode()
    assert "/activities/?kind=volunteer" in text


@pytest.mark.parametrize("address", ["/me/hours/", "/api/v1/me/service-records/"])
def test_lists_ask_the_same_number_of_questions_for_one_and_three_lines(
    address: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entered(area, resident, starts_at=morning(1))
    client = as_(resident)
    client.get(address)
    with CaptureQueriesContext(connection) as first:
        client.get(address)
    for day in (2, 3):
        entered(area, resident, starts_at=morning(day))
    with django_assert_num_queries(len(first)):
        assert client.get(address).status_code == 200


def test_lines_sheets_and_pdfs_of_others_do_not_exist() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry, stranger = entered(area, resident), as_(UserFactory.create())
    sheet = sheet_of(resident)
    for address in (
        f"/me/hours/{entry.pk}/",
        f"/me/certificates/{sheet.serial}/",
        f"/me/certificates/{sheet.serial}/pdf/",
    ):
        assert stranger.get(address).status_code == 404
        assert Client().get(address).status_code == 302
    assert stranger.post(f"/me/hours/{entry.pk}/", {"reason": "x"}).status_code == 404
    assert (
        stranger.post(
            f"/api/v1/me/service-records/{entry.pk}/dispute/", {"reason": "x"}, "application/json"
        ).status_code
        == 404
    )


def test_a_dispute_in_the_browser_is_sent_shown_and_refused_twice(issuer: Issuer) -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry, client = entered(area, resident), as_(resident)
    page = f"/me/hours/{entry.pk}/"
    assert "Write what is wrong" in client.post(page, {"reason": " "}).content.decode()
    assert client.post(page, {"reason": "签退漏扫"}).status_code == 302
    text = client.get(page).content.decode()
    assert "签退漏扫" in text
    assert "You get an answer by" in text
    assert "You asked already" in client.post(page, {"reason": "另一个原因"}).content.decode()
    Dispute.objects.all().delete()
    issuer.dispute_within_days = 0
    issuer.save()
    assert "can be asked for within 0 days" in client.post(page, {"reason": "晚了"}).content.decode()


def test_a_sheet_is_made_read_printed_and_checked_by_anybody() -> None:
    resident = UserFactory.create()
    entered(AreaFactory.create(), resident, title="沿江湿地净滩")
    client = as_(resident)
    form = {"holder_name": "陈晓𠮷", "first_on": wish()["first_on"], "last_on": wish()["last_on"]}
    page = client.post("/me/certificates/", form, follow=True).content.decode()
    sheet = ServiceSheet.objects.get()
    assert "陈晓𠮷" in page
    assert "沿江湿地净滩" in page
    printed = client.get(f"/me/certificates/{sheet.serial}/pdf/")
    assert printed["Content-Type"] == "application/pdf"
    assert printed.content.startswith(b"%PDF")
    assert len(printed.content) < 200_000
    checked = visitor().get(f"/v/{sheet.serial.lower()}/").content.decode()
    assert "Valid" in checked
    assert "陈*𠮷" in checked
    assert "陈晓𠮷" not in checked


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"holder_name": " "}, "Write the name"),
        ({"first_on": "x"}, "Write a date such as"),
        ({"first_on": "1990-01-01"}, "Choose a later day"),
        ({"last_on": "2001-01-01"}, "The last day lies before"),
        ({"first_on": "2001-01-01", "last_on": "2001-02-01"}, "There are no credited hours"),
    ],
)
def test_a_sheet_that_cannot_be_made_says_what_to_do(change: dict[str, str], words: str) -> None:
    resident = UserFactory.create()
    entered(AreaFactory.create(), resident)
    form = {"holder_name": "陈明", "first_on": wish()["first_on"], "last_on": wish()["last_on"]} | change
    assert words in as_(resident).post("/me/certificates/", form).content.decode()


def test_a_revoked_sheet_is_printed_no_more_and_says_so_to_everybody() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident)
    sheet, client = sheet_of(resident), as_(resident)
    reverse(entry.pk, by=staff_of(area), reason="记错人了")
    answered = client.get(f"/me/certificates/{sheet.serial}/pdf/", follow=True)
    assert answered["Content-Type"].startswith("text/html")
    assert "no longer valid" in answered.content.decode().lower()
    checked = visitor().get(f"/v/{sheet.serial}/")
    assert "No longer valid" in checked.content.decode()
    assert "no-store" in checked["Cache-Control"]
    api = Client().get(f"/api/v1/service-sheets/{sheet.serial}/")
    assert (api.json()["state"], api["Cache-Control"]) == ("revoked", "no-store")


def test_an_unknown_serial_number_is_unknown_at_every_door() -> None:
    page = visitor().get("/v/NOBODY/")
    assert page.status_code == 404
    assert "No such record" in page.content.decode()
    assert Client().get("/api/v1/service-sheets/NOBODY/").status_code == 404


def test_the_shipped_font_draws_gb_2312_and_rare_names_and_boxes_what_it_lacks() -> None:
    assert FILE.stat().st_size < 6_300_000
    for name in ("𠮷野", "堃喆珺祎", "䶮", "㛃", "陈师傅", "①★（）"):
        assert drawable(name) == name
    assert drawable("😀") == "□"
    rows = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    text = b"".join(rows).decode("gb2312", errors="ignore")
    assert drawable(text) == text


# -- the API


def test_the_api_lists_lines_and_sums_them_up() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    entry = entered(area, resident)
    asked = dispute(entry.pk, "签退漏扫", by=resident)
    client = as_(resident)
    answer = client.get("/api/v1/me/service-records/")
    (row,) = answer.json()["results"]
    assert (row["id"], row["minutes"], row["state"], row["proof"]) == (entry.pk, 120, "disputed", "A")
    assert dt.datetime.fromisoformat(row["dispute_due_at"]) == asked.due_at
    assert answer["Cache-Control"] == "no-store"
    summary = client.get("/api/v1/me/service-summary/").json()
    assert summary == {"minutes": 120, "stars": 0, "next_level_at": 6000, "minutes_left": 5880}
    for path in ("records", "summary", "sheets"):
        assert Client().get(f"/api/v1/me/service-{path}/").status_code == 401


def test_the_api_disputes_once_and_refuses_with_codes(issuer: Issuer) -> None:
    resident = UserFactory.create()
    entry, client = entered(AreaFactory.create(), resident), as_(resident)
    path = f"/api/v1/me/service-records/{entry.pk}/dispute/"
    assert client.post(path, {"reason": 5}, "application/json").status_code == 400
    assert client.post(path, {"reason": "漏扫"}, "application/json").status_code == 201
    assert client.post(path, {"reason": "漏扫"}, "application/json").status_code == 201
    assert client.post(path, {"reason": "别的"}, "application/json").json()["code"] == "already_disputed"
    Dispute.objects.all().delete()
    issuer.dispute_within_days = 0
    issuer.save()
    late = client.post(path, {"reason": "晚了"}, "application/json")
    assert (late.status_code, late.json()["code"]) == (409, "dispute_too_late")


def test_the_api_makes_sheets_and_refuses_with_codes() -> None:
    resident = UserFactory.create()
    client, path = as_(resident), "/api/v1/me/service-sheets/"
    assert client.post(path, wish(), "application/json").json()["code"] == "nothing_to_print"
    entered(AreaFactory.create(), resident)
    assert client.post(path, wish(last_on="2001-01-01"), "application/json").status_code == 400
    made = client.post(path, wish(), "application/json")
    assert (made.status_code, made.json()["minutes"], made.json()["is_live"]) == (201, 120, True)
    assert client.get(path).json()["results"] == [made.json()]
    for number in range(9):
        client.post(path, wish(name=f"陈{number}"), "application/json")
    assert client.post(path, wish(name="陈十一"), "application/json").json()["code"] == "too_many_sheets"
    checked = Client().get(f"/api/v1/service-sheets/{made.json()['serial']}/").json()
    assert (checked["state"], checked["initials"], checked["minutes"]) == ("valid", "陈*𠮷", 120)


# -- the admin


def ask(client: Client, page: str, action: str, rows: list[int], **fields: Any) -> str:
    sent = {"action": action, "_selected_action": rows, "index": 0, **({"_sent": "1"} if fields else {}), **fields}
    return str(client.post(page, sent, follow=True).content.decode())


def test_staff_approve_many_at_once_and_the_recorder_is_refused_by_name() -> None:
    area = AreaFactory.create()
    recorder, colleague = staff_of(area), staff_of(area)
    rows = [on_paper(area, UserFactory.create(), recorder).pk for _ in range(3)]
    assert "You recorded these hours yourself" in ask(as_(recorder), ENTRIES, "approve", rows)
    assert ServiceRecord.objects.count() == 0
    assert "Done for 3 lines" in ask(as_(colleague), ENTRIES, "approve", rows)
    assert ServiceRecord.objects.filter(kind="credit", approver=colleague).count() == 3


@pytest.mark.parametrize(
    ("action", "fields", "words"),
    [
        ("approve", {}, "own hours"),
        ("approve_part", {"minutes": 30}, "own hours"),
        ("decline", {"reason": "x"}, "own hours"),
        ("reverse", {"reason": "x"}, "own hours"),
    ],
)
def test_own_hours_are_refused_in_the_admin(action: str, fields: dict[str, Any], words: str) -> None:
    area = AreaFactory.create()
    boss = staff_of(area)
    entry = on_paper(area, boss, staff_of(area))
    assert words in ask(as_(boss), ENTRIES, action, [entry.pk], **fields)
    assert ServiceRecord.objects.count() == 0


def test_every_other_refusal_reads_as_a_message_in_the_admin() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    boss = staff_of(area)
    client = as_(boss)
    credited = entered(area, resident, title="净滩")
    overlap = entered(area, resident)
    assert "is credited already" in ask(client, ENTRIES, "approve", [overlap.pk])
    assert "At most 120 minutes" in ask(client, ENTRIES, "approve_part", [overlap.pk], minutes=500)
    assert "decided already" in ask(client, ENTRIES, "decline", [credited.pk], reason="x")
    assert "nothing credited" in ask(client, ENTRIES, "reverse", [overlap.pk], reason="x")
    assert "Please give a reason" in ask(client, ENTRIES, "reverse", [credited.pk], reason="\u200b")
    assert "Take back" in ask(client, ENTRIES, "reverse", [credited.pk])
    assert "Done for 1 line" in ask(client, ENTRIES, "reverse", [credited.pk], reason="记错人了")
    assert minutes_of(resident) == 0


def test_rows_of_another_area_are_neither_seen_nor_reached() -> None:
    here, there = AreaFactory.create(), AreaFactory.create()
    client, foreign = as_(staff_of(here)), entered(there, title="别处", stayed=10)
    assert "别处" not in client.get(ENTRIES).content.decode()
    assert client.get(f"{ENTRIES}{foreign.pk}/change/").status_code == 404
    ask(client, ENTRIES, "approve", [foreign.pk])
    asked = dispute(entered(there, foreign.resident, starts_at=morning(2)).pk, "少了", by=foreign.resident)
    ask(client, DISPUTES, "answer", [asked.pk], text="好")
    asked.refresh_from_db()
    assert asked.answered_at is None
    assert ServiceEntry.objects.undecided().filter(pk=foreign.pk).exists()


def test_grid_workers_look_on() -> None:
    area = AreaFactory.create()
    client = as_(AppointmentFactory.create(area=area, role="grid_worker", user__is_staff=True).user)
    entry = entered(area, stayed=10, title="太短")
    assert "太短" in client.get(ENTRIES).content.decode()
    ask(client, ENTRIES, "approve", [entry.pk])
    assert ServiceRecord.objects.count() == 0


def test_a_dispute_shows_its_scan_log_and_due_date_and_is_answered() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    recorder, boss = staff_of(area), staff_of(area)
    entry = on_paper(area, resident, recorder, evidence={"in": "08:31", "scans": [5, 6]})
    approve(entry.pk, by=boss, minutes=60)
    asked = dispute(entry.pk, "我待了两小时", by=resident)
    client = as_(boss)
    listed = client.get(f"{DISPUTES}?open=1").content.decode()
    assert "log of the door: no. 5, 6" in listed
    assert "我待了两小时" in listed
    assert "You recorded these hours yourself" in ask(as_(recorder), DISPUTES, "answer", [asked.pk], text="好")
    assert "08:31" in ask(client, DISPUTES, "answer", [asked.pk])
    assert "Write an answer first" in ask(client, DISPUTES, "answer", [asked.pk], text="\u200b")
    assert "The volunteer was told" in ask(client, DISPUTES, "answer", [asked.pk], text="确实", minutes=120)
    assert "answered already" in ask(client, DISPUTES, "answer", [asked.pk], text="再答")
    assert ServiceEntry.objects.get(replaces=entry).minutes == 120
    assert client.get(f"{DISPUTES}{asked.pk}/change/").status_code == 200
    assert client.get(f"{ENTRIES}{entry.pk}/change/").status_code == 200


@pytest.mark.parametrize("standing", ["waiting", "credited", "disputed", "reversed", "declined", "nonsense"])
def test_staff_filter_by_standing(standing: str) -> None:
    area = AreaFactory.create()
    entered(area)
    assert as_(staff_of(area)).get(f"{ENTRIES}?standing={standing}").status_code in {200, 302}


def test_rules_are_for_managers_of_the_whole_subdistrict(issuer: Issuer) -> None:
    area = AreaFactory.create()
    assert area.parent is not None
    page = f"/admin/volunteering/issuer/{issuer.pk}/change/"
    assert as_(staff_of(area)).get(page).status_code == 403
    assert as_(staff_of(area.parent)).get(page).status_code == 200


def test_nobody_adds_changes_or_deletes_ledger_rows_in_the_admin() -> None:
    boss = UserFactory.create(is_staff=True, is_superuser=True)
    entry = entered(AreaFactory.create())
    client = as_(boss)
    for page in ("add/", f"{entry.pk}/delete/"):
        assert client.post(f"{ENTRIES}{page}", {"post": "yes"}).status_code == 403
    client.post(f"{ENTRIES}{entry.pk}/change/", {"minutes": 999})
    assert ServiceEntry.objects.get().minutes == 120


def test_the_pdf_of_many_lines_has_several_pages() -> None:
    area, resident = AreaFactory.create(), UserFactory.create()
    for day in range(60):
        entered(area, resident, starts_at=morning(day + 1), title="<b>净滩 & 护鸟</b>")
    sheet = sheet_of(resident, first_on=today() - dt.timedelta(days=90))
    content = as_(resident).get(f"/me/certificates/{sheet.serial}/pdf/").content
    assert io.BytesIO(content).read().count(b"/Type /Page\n") > 1
