"""Lists that leave the house: scoped, harmless to spreadsheets, masked, and remembered."""

import csv
import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from openpyxl import load_workbook

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.actions import exporting, record_refusals
from linlingtong.activities.actions.exporting import harmless
from linlingtong.activities.models import Participant, Registration, RosterExport, Session
from linlingtong.audit.trail import Wish, entries
from tests.factories import (
    AppointmentFactory,
    AreaFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
ADD = "/admin/activities/rosterexport/add/"


@pytest.fixture
def session(db: None) -> Session:
    return SessionFactory.create(activity__kind="volunteer", activity__status="finished")


@pytest.fixture
def staff(session: Session) -> User:
    return staff_of(session.activity.area)


def listed(session: Session, name: str, number: int = 0, **fields: Any) -> Participant:
    return Participant.objects.create(
        session=session, area_path=session.activity.area_path, name=name, phone_key=f"key{number}",
        phone_mask="199****0001", during=(session.starts_at, session.ends_at), recorded_by=UserFactory.create(),
        **fields,
    )  # fmt: skip


def many(session: Session, how_many: int) -> None:
    by = UserFactory.create()
    Participant.objects.bulk_create(
        [
            Participant(session=session, area_path=session.activity.area_path, name=f"人{n}", phone_key=f"k{n}",
                        during=(session.starts_at, session.ends_at), recorded_by=by)
            for n in range(how_many)
        ]
    )  # fmt: skip


def cells(export: exporting.Export) -> list[list[Any]]:
    with export.xlsx() as file:
        page = load_workbook(file).active
    return [list(row) for row in page.iter_rows(values_only=True)]


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "＝1",
        "＋1",
        "－1",
        "＠1",
        " =1",
        "\u200b=1",
        "|x",
        "%x",
    ],
)
def test_no_cell_is_a_formula(text: str) -> None:
    assert harmless(text).startswith("'")


@pytest.mark.parametrize("value", ["李建国", 120, None, "199****0001", ""])
def test_ordinary_cells_stay_as_they_are(value: Any) -> None:
    assert harmless(value) == value


def test_a_name_like_a_formula_is_text_in_both_files(session: Session, staff: User) -> None:
    listed(session, '=HYPERLINK("//x")')
    with exporting.export_roster(session.pk, by=staff).xlsx() as file:
        book = load_workbook(file)
    cell = book.active["A2"]
    assert (cell.data_type, cell.value) == ("s", '\'=HYPERLINK("//x")')
    text = "".join(exporting.export_roster(session.pk, by=staff).csv())
    assert next(csv.reader(io.StringIO(text.splitlines()[1])))[0].startswith("'=")


def test_the_roster_holds_everybody_with_masked_numbers(session: Session, staff: User) -> None:
    neighbour = RegistrationFactory.create(
        session=session, resident=UserFactory.create(phone="+8619900007777")
    ).resident
    listed(session, "王秀英", minutes=90)
    rows = cells(exporting.export_roster(session.pk, by=staff))
    assert [(row[0], row[1], row[7]) for row in rows[1:]] == [
        (str(neighbour), "199****7777", None),
        ("王秀英", "199****0001", 90),
    ]


def test_whole_numbers_need_a_manager_and_a_reason(session: Session, staff: User) -> None:
    RegistrationFactory.create(session=session, resident=UserFactory.create(phone="+8619900007777"))
    with pytest.raises(record_refusals.ExportReasonMissing):
        exporting.export_roster(session.pk, by=staff, with_phones=True)
    grid_worker = AppointmentFactory.create(area=session.activity.area, role=Appointment.Role.GRID_WORKER).user
    with pytest.raises(PermissionDenied):
        exporting.export_roster(session.pk, by=grid_worker, with_phones=True, reason="通知")
    rows = cells(exporting.export_roster(session.pk, by=staff, with_phones=True, reason="暴雨临时通知"))
    assert rows[1][1] == "19900007777"
    assert RosterExport.objects.get().has_phones


def test_a_long_list_needs_a_reason_and_is_remembered(session: Session, staff: User) -> None:
    many(session, 201)
    with pytest.raises(record_refusals.ExportReasonMissing):
        exporting.export_roster(session.pk, by=staff, reason=" \u200b")
    export = exporting.export_roster(session.pk, by=staff, reason="年终总结")
    assert len(list(export.csv())) == 202
    kept = RosterExport.objects.get()
    assert (kept.rows, kept.reason, kept.by, kept.has_phones) == (201, "年终总结", staff, False)
    told = entries([session.activity.area_path], Wish(thing="activities.rosterexport"), 1)
    assert (told[0].actor, told[0].verb) == (staff.pk, "export")


def test_records_of_an_area_hold_who_was_there(session: Session, staff: User) -> None:
    RegistrationFactory.create(session=session, attendance=Registration.Attendance.CHECKED_OUT)
    RegistrationFactory.create(session=session)
    listed(session, "王秀英")
    listed(SessionFactory.create(), "别处的人")
    rows = cells(exporting.export_records(session.activity.area.path, by=staff))
    assert len(rows) == 3
    assert "别处的人" not in str(rows)


def test_another_area_is_nobodys_business(session: Session) -> None:
    stranger = staff_of(AreaFactory.create())
    with pytest.raises(PermissionDenied):
        exporting.export_roster(session.pk, by=stranger)
    with pytest.raises(PermissionDenied):
        exporting.export_records(session.activity.area.path, by=stranger)


def test_an_empty_list_is_refused(session: Session, staff: User) -> None:
    with pytest.raises(record_refusals.NothingToExport):
        exporting.export_roster(session.pk, by=staff)


def test_the_page_gives_the_file(session: Session, staff: User) -> None:
    listed(session, "王秀英")
    client = Client()
    client.force_login(staff)
    url = f"{ADD}?session={session.pk}"
    assert client.get(url).status_code == 200
    answer = client.post(url, {"format": "csv", "reason": ""})
    assert "王秀英" in b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "attachment" in answer["Content-Disposition"]
    answer = client.post(url, {"format": "xlsx", "reason": ""})
    assert load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    answer = client.post(ADD, {"format": "csv", "reason": "", "area": session.activity.area_id})
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]


def test_refusals_stand_at_the_form(session: Session, staff: User) -> None:
    client = Client()
    client.force_login(staff)
    url = f"{ADD}?session={session.pk}"
    text = client.post(url, {"format": "csv"}).content.decode()
    assert str(record_refusals.NothingToExport.message) in text
    many(session, 201)
    text = client.post(url, {"format": "csv"}).content.decode()
    assert record_refusals.ExportReasonMissing(most=200).detail in text


def test_the_page_knows_no_other_area(session: Session) -> None:
    client = Client()
    client.force_login(staff_of(AreaFactory.create()))
    listed(session, "王秀英")
    for wanted in (session.pk, 999_999, "x", "9" * 30):
        assert client.get(f"{ADD}?session={wanted}").status_code == 404
    answer = client.post(ADD, {"format": "csv", "reason": "x", "area": session.activity.area_id})
    assert answer.status_code == 200
    assert not RosterExport.objects.exists()
