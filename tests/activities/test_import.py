"""A sheet is read, judged without consequences, applied once and undone."""

import datetime as dt
import io
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from openpyxl import Workbook

from linlingtong.accounts.models import User
from linlingtong.activities.actions import importing, record_refusals
from linlingtong.activities.actions.cells import local_day
from linlingtong.activities.actions.sheets import read_sheet
from linlingtong.activities.actions.understanding import Given, roster_key
from linlingtong.activities.models import (
    Activity,
    ImportBatch,
    ImportRow,
    OfflineRecord,
    Participant,
    Rating,
    Registration,
    Session,
)
from linlingtong.areas.models import Area
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import at
from tests.activities.workbooks import HEADER, cleaning, saved, with_part, workbook
from tests.factories import AreaFactory, RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
Outcome, State = ImportRow.Outcome, ImportBatch.State
DAY = dt.date(2022, 9, 3)


@pytest.fixture
def area(db: None) -> Area:
    return AreaFactory.create()


@pytest.fixture
def staff(area: Area) -> User:
    return staff_of(area)


def read(file: io.BytesIO, staff: User, area: Area, **given: Any) -> ImportBatch:
    return importing.upload(file, "签到表.xlsx", by=staff, area=area, evidence="纸质签到表在社区", **given)


def outcomes(batch: ImportBatch) -> list[tuple[str, str]]:
    return list(batch.rows.order_by("number").values_list("outcome", "reason"))


def test_a_dry_run_says_line_by_line_what_would_happen_and_writes_nothing(staff: User, area: Area) -> None:
    neighbour = UserFactory.create()
    batch = read(
        cleaning(
            ("李建国", (neighbour.phone or "")[3:]),
            ("王秀英", 19911110002),
            ("赵铁柱", ""),
            ("王秀英", "199 1111 0002"),
            ("钱多多", "1991"),
            ("", 19911110003),
        ),
        staff,
        area,
    )
    assert batch.state == State.CHECKED
    assert outcomes(batch) == [
        (Outcome.NEW, ""),
        (Outcome.UNLINKED, ""),
        (Outcome.UNLINKED, ""),
        (Outcome.KNOWN, "repeats_line"),
        (Outcome.REFUSED, "bad_phone"),
        (Outcome.REFUSED, "no_name"),
    ]
    assert not Activity.objects.exists()
    assert not Participant.objects.exists()


def test_applying_records_the_activity_with_everybody_who_was_there(staff: User, area: Area) -> None:
    neighbour = UserFactory.create()
    batch = read(cleaning(("李建国", (neighbour.phone or "")[3:]), ("王秀英", 19911110002)), staff, area)
    batch = importing.apply_now(batch.pk, by=staff)
    assert batch.state == State.APPLIED
    activity = Activity.objects.get()
    assert (activity.title, activity.place, activity.status) == ("清洁家园", "临江佳苑南门", "finished")
    session = activity.sessions.get()
    assert local_day(session.starts_at) == DAY
    assert session.ends_at - session.starts_at == dt.timedelta(hours=2)
    assert OfflineRecord.objects.get().evidence == "纸质签到表在社区"
    people = list(Participant.objects.order_by("pk"))
    assert [(one.name, one.resident_id, one.minutes) for one in people] == [
        ("李建国", neighbour.pk, 120),
        ("王秀英", None, 120),
    ]


def test_numbers_are_kept_as_keys_and_masks_only(staff: User, area: Area) -> None:
    batch = importing.apply_now(read(cleaning(("王秀英", 19911110002)), staff, area).pk, by=staff)
    person, row = Participant.objects.get(), batch.rows.get()
    assert person.phone_key == row.phone_key == roster_key("+8619911110002")
    assert person.phone_mask == "199****0002"
    everything = [str(vars(one)) for one in (person, row, batch)]
    assert not any("19911110002" in text for text in everything)


def test_the_same_sheet_twice_adds_nothing(staff: User, area: Area) -> None:
    people = (("李建国", UserFactory.create().phone), ("王秀英", 19911110002), ("赵铁柱", None))
    importing.apply_now(read(cleaning(*people), staff, area).pk, by=staff)
    again = read(cleaning(*people), staff, area)
    assert [reason for _outcome, reason in outcomes(again)] == [
        "recorded_already",
        "recorded_already",
        "name_recorded",
    ]
    with pytest.raises(record_refusals.NothingToWrite):
        importing.apply_now(again.pk, by=staff)
    assert (Activity.objects.count(), Participant.objects.count()) == (1, 3)


def test_applying_twice_is_harmless(staff: User, area: Area) -> None:
    batch = read(cleaning(("王秀英", 19911110002)), staff, area)
    first = importing.apply_now(batch.pk, by=staff)
    second = importing.apply_now(batch.pk, by=staff)
    assert (first.applied_at, Participant.objects.count()) == (second.applied_at, 1)


def test_two_checks_of_one_sheet_are_written_once(staff: User, area: Area) -> None:
    """What the second check announced is judged again when it is applied."""
    one, two = (read(cleaning(("王秀英", 19911110002)), staff, area) for _ in range(2))
    importing.apply_now(one.pk, by=staff)
    importing.apply_now(two.pk, by=staff)
    assert Participant.objects.count() == 1
    assert outcomes(two) == [(Outcome.KNOWN, "recorded_already")]


def test_the_sheet_of_a_real_community_is_understood(staff: User, area: Area) -> None:
    """Title lines, words above the list, merged cells, columns in another order, a sum and signatures below."""
    rows = [
        ["高新社区志愿者签到表"],
        ["活动名称：我们的节日·中秋", None, None, "带队人：陈师傅"],
        [],
        ["联系方式", "志愿者 姓名", "活动时间", "服务时长\n（小时）", "备注"],
        ["１９９１１１１０００１", "张 三", "2022年9月3日", 2, None],
        [19911110002.0, "李四", None, 1.5, None],
        ["+86 199 1111 0003", "王五", None, "90分钟", "迟到"],
        [None, None, None, None, None],
        ["1.9911110004E+10", "赵六", 44807, dt.time(2, 0), None],
        ["合计", None, None, 7, None],
        ["填表人：小王"],
    ]
    batch = read(workbook(rows, merged=["A1:E1", "C5:C7"]), staff, area)
    found = list(batch.rows.order_by("number"))
    assert [(one.number, one.name, one.minutes, one.outcome) for one in found] == [
        (5, "张三", 120, "unlinked"),
        (6, "李四", 90, "unlinked"),
        (7, "王五", 90, "unlinked"),
        (9, "赵六", 120, "unlinked"),
        (10, "合计 7", None, "left_out"),
        (11, "填表人：小王".replace("：", ":"), None, "left_out"),
    ]
    assert outcomes(batch)[4:] == [("left_out", "looks_like_total"), ("left_out", "looks_like_remark")]
    assert {(one.title, one.leader, local_day(one.starts_at)) for one in found if one.starts_at} == {
        ("我们的节日·中秋", "陈师傅", DAY)
    }
    assert batch.columns["phone"] == "联系方式"


def test_a_line_about_the_leader_above_the_list_is_not_taken_for_the_headings(staff: User, area: Area) -> None:
    rows = [["负责人姓名", "陈师傅", "联系电话", "19900000000"],
            ["姓名", "手机", "日期", "活动名称"],
            ["张三", 19911110001, "2022-9-3", "清洁家园"]]  # fmt: skip
    assert [one.name for one in read(workbook(rows), staff, area).rows.all()] == ["张三"]


def test_what_the_sheet_does_not_say_is_said_on_the_form(staff: User, area: Area) -> None:
    given = Given(title="清洁家园", day=DAY, place="南门", minutes=60)
    batch = read(workbook([["姓名"], ["张三"], ["李四"]]), staff, area, given=given)
    assert [(one.title, one.place, one.minutes) for one in batch.rows.all()] == [("清洁家园", "南门", 60)] * 2


def test_start_and_end_are_kept_and_give_the_minutes(staff: User, area: Area) -> None:
    rows = [["姓名", "活动名称", "日期", "签到时间", "签退时间"], ["张三", "清洁", "2022.9.3", "14:00", "15:40"]]
    row = read(workbook(rows), staff, area).rows.get()
    assert (row.starts_at, row.minutes) == (at(DAY, dt.time(14)), 100)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (["张三", "19911110001", "清洁", "2999-1-1", 2], "in_future"),
        (["张三", "19911110001", "清洁", "九月", 2], "bad_date"),
        (["张三", "19911110001", "清洁", None, 2], "no_date"),
        (["张三", "19911110001", None, "2022-9-3", 2], "no_title"),
        (["张三", "19911110001", "很" * 81, "2022-9-3", 2], "too_much_text"),
        (["张三", "19911110001", "清洁", "2022-9-3", "很久"], "bad_minutes"),
        (["张三", "19911110001", "清洁", "2022-9-3", 20], "too_long"),
        (["张三", "19911110001", "清洁", "2022-9-3 9:00-10:00", 2], "more_than_span"),
        (["张三", "19911110001", "清洁", "2022-9-3 11:00-10:00", 2], "ends_before_start"),
        (["张三", "1.99E+10", "清洁", "2022-9-3", 2], "lost_digits"),
        (["张三", "1991111", "清洁", "2022-9-3", 2], "bad_phone"),
    ],
)
def test_a_line_that_is_not_possible_says_why(staff: User, area: Area, line: list[Any], reason: str) -> None:
    batch = read(workbook([["姓名", "手机", "活动名称", "日期", "时长(小时)"], line]), staff, area)
    assert outcomes(batch) == [(Outcome.REFUSED, reason)]


def test_a_line_tells_all_its_mistakes(staff: User, area: Area) -> None:
    head = ["姓名", "手机", "活动名称", "日期", "时长(小时)", "地点"]
    bad = ["12345", "1991111", None, "九月", "很久", "远" * 81]
    batch = read(workbook([head, bad, ["张三", "1991111", "清洁", "2999-1-1", 20, ""]]), staff, area)
    assert [all_reasons(row) for row in batch.rows.order_by("number")] == [
        ["bad_name", "bad_phone", "no_title", "too_much_text", "bad_date", "bad_minutes"],
        ["bad_phone", "in_future", "too_long"],
    ]


def all_reasons(row: ImportRow) -> list[str]:
    return [row.reason, *(one["code"] for one in row.facts["also"])]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (["合计", "", None, None, 4], "looks_like_total"), (["总 计：", None, None, None, 4], "looks_like_total"),
        (["备注：雨天改期", None, None, None, None], "looks_like_remark"),
        (["", None, "共计2人", None, None], "looks_like_total"),
    ],
)  # fmt: skip
def test_what_looks_like_no_person_is_left_out_and_said(staff: User, area: Area, line: list[Any], reason: str) -> None:
    head = ["姓名", "手机", "活动名称", "日期", "时长(小时)"]
    batch = read(workbook([head, ["张三", "", "清洁", "2022-9-3", 2], line]), staff, area)
    assert outcomes(batch) == [(Outcome.UNLINKED, ""), (Outcome.LEFT_OUT, reason)]
    importing.apply_now(batch.pk, by=staff)
    assert Participant.objects.count() == 1


def test_a_sheet_of_sums_alone_is_empty(staff: User, area: Area) -> None:
    with pytest.raises(record_refusals.SheetEmpty):
        read(workbook([["姓名", "手机"], ["合计", "3"]]), staff, area)


def test_repeats_within_a_sheet_name_the_first_line(staff: User, area: Area) -> None:
    zhang, again = ("张三", 19911110001), ("张三", "+8619911110001")
    sheet = cleaning(zhang, again, ("李四", 19911110001), ("张三", None), ("王五", ""), ("王五", None))
    batch = read(sheet, staff, area)
    assert [row[1] for row in outcomes(batch)] == ["", "repeats_line", "other_name", "same_name", "", "repeats_line"]


def test_one_person_at_two_places_at_once_is_refused(staff: User, area: Area) -> None:
    rows = [["姓名", "手机", "活动", "日期", "时长"],
            ["张三", 19911110001, "清洁", "2022-9-3", 2],
            ["张三", 19911110001, "慰问", "2022-9-3", 1],
            ["张三", 19911110001, "护河", "2022-9-3 14:00-15:00", 1]]  # fmt: skip
    assert [row[1] for row in outcomes(read(workbook(rows), staff, area))] == ["", "two_at_once", ""]


def test_nobody_records_own_hours(staff: User, area: Area) -> None:
    batch = read(cleaning(("我自己", staff.phone)), staff, area)
    assert outcomes(batch) == [(Outcome.REFUSED, "own_hours")]


def test_somebody_else_who_applies_may_not_be_on_the_sheet_either(staff: User, area: Area) -> None:
    colleague = staff_of(area)
    batch = read(cleaning(("同事", colleague.phone)), staff, area)
    assert outcomes(batch) == [(Outcome.NEW, "")]
    importing.apply_now(batch.pk, by=colleague)
    assert outcomes(batch) == [(Outcome.REFUSED, "own_hours")]


def past_session(area: Area, **fields: Any) -> Session:
    fields = {"starts_at": at(DAY, dt.time(9)), "activity__title": "清洁家园"} | fields
    return SessionFactory.create(activity__area=area, activity__kind="culture", **fields)


def test_people_are_added_to_an_activity_that_is_there(staff: User, area: Area) -> None:
    session = past_session(area)
    RegistrationFactory.create(session=session, attendance=Registration.Attendance.CHECKED_OUT)
    went = session.registrations.get().resident
    came = RegistrationFactory.create(session=session).resident
    batch = read(cleaning(("去了", went.phone), ("没签到", came.phone), ("新人", 19911110002)), staff, area)
    assert [row[1] for row in outcomes(batch)] == ["attended_already", "registered_here", ""]
    importing.apply_now(batch.pk, by=staff)
    assert Participant.objects.get().session == session


def test_a_sheet_for_one_session_needs_neither_title_nor_date(staff: User, area: Area) -> None:
    session = past_session(area, activity__title="别的名字")
    batch = read(workbook([["姓名", "日期"], ["张三", None], ["李四", "2022-9-4"]]), staff, area, session=session)
    assert [row[1] for row in outcomes(batch)] == ["", "other_day"]
    importing.apply_now(batch.pk, by=staff)
    assert Participant.objects.get().session == session


def test_an_activity_of_another_area_is_not_touched(staff: User, area: Area) -> None:
    past_session(AreaFactory.create())
    importing.apply_now(read(cleaning(("张三", 19911110001)), staff, area).pk, by=staff)
    assert Participant.objects.get().session.activity.area == area


def test_only_staff_of_the_area_import(area: Area) -> None:
    stranger = staff_of(AreaFactory.create())
    with pytest.raises(PermissionDenied):
        read(cleaning(("张三", 19911110001)), stranger, area)
    batch = read(cleaning(("张三", 19911110001)), staff_of(area), area)
    for verb in (importing.apply, importing.undo, importing.drop):
        with pytest.raises(PermissionDenied):
            verb(batch.pk, by=stranger)


def test_undoing_takes_everything_back(staff: User, area: Area) -> None:
    batch = read(cleaning(("李建国", UserFactory.create().phone), ("王秀英", 19911110002)), staff, area)
    importing.apply_now(batch.pk, by=staff)
    batch = importing.undo_now(batch.pk, by=staff)
    assert batch.state == State.UNDONE
    assert not Participant.objects.exists()
    assert not Activity.objects.exists()
    assert outcomes(batch) == [(Outcome.UNDONE, ""), (Outcome.UNDONE, "")]
    importing.apply_now(read(cleaning(("王秀英", 19911110002)), staff, area).pk, by=staff)
    assert Participant.objects.count() == 1


def test_undoing_leaves_what_was_used_since(staff: User, area: Area) -> None:
    neighbour = UserFactory.create()
    batch = read(cleaning(("李建国", neighbour.phone), ("王秀英", 19911110002), ("孙", 19911110003)), staff, area)
    importing.apply_now(batch.pk, by=staff)
    Participant.objects.filter(name="王秀英").update(resident=UserFactory.create(), linked_at=timezone.now())
    Rating.objects.create(activity=Activity.objects.get(), resident=neighbour, stars=5)
    importing.undo_now(batch.pk, by=staff)
    assert set(Participant.objects.values_list("name", flat=True)) == {"李建国", "王秀英"}
    assert Activity.objects.exists()
    assert outcomes(batch) == [
        (Outcome.NEW, "used_since"), (Outcome.UNLINKED, "used_since"), (Outcome.UNDONE, ""),
    ]  # fmt: skip


def test_undoing_leaves_an_activity_that_was_there_before(staff: User, area: Area) -> None:
    past_session(area)
    batch = importing.apply_now(read(cleaning(("王秀英", 19911110002)), staff, area).pk, by=staff)
    importing.undo_now(batch.pk, by=staff)
    assert Activity.objects.exists()
    assert not OfflineRecord.objects.exists()


def test_verbs_at_the_wrong_time_are_refused(staff: User, area: Area) -> None:
    batch = read(cleaning(("王秀英", 19911110002)), staff, area)
    with pytest.raises(record_refusals.BatchNotReady):
        importing.undo(batch.pk, by=staff)
    importing.apply_now(batch.pk, by=staff)
    with pytest.raises(record_refusals.BatchNotReady):
        importing.drop(batch.pk, by=staff)
    importing.undo_now(batch.pk, by=staff)
    importing.undo_now(batch.pk, by=staff)
    with pytest.raises(record_refusals.BatchNotReady):
        importing.apply(batch.pk, by=staff)


def test_a_check_nobody_wants_is_thrown_away(staff: User, area: Area) -> None:
    batch = read(cleaning(("王秀英", 19911110002)), staff, area)
    importing.drop(batch.pk, by=staff)
    assert not ImportRow.objects.exists()


def test_evidence_is_asked_for(staff: User, area: Area) -> None:
    with pytest.raises(record_refusals.EvidenceMissing):
        importing.upload(cleaning(("张三", 1)), "a.xlsx", by=staff, area=area, evidence=" \u200b")


def test_a_newcomer_between_check_and_writing_is_linked(staff: User, area: Area) -> None:
    batch = read(cleaning(("王秀英", 19911110002)), staff, area)
    newcomer = UserFactory.create(phone="+8619911110002")
    importing.apply_now(batch.pk, by=staff)
    assert Participant.objects.get().resident == newcomer


def test_five_thousand_lines_go_on_in_the_worker(staff: User, area: Area) -> None:
    people = [(f"志愿者{n}", 19920000000 + n) for n in range(5000)]
    batch = read(cleaning(*people), staff, area)
    assert (batch.state, batch.rows_done) == (State.CHECKING, 0)
    assert importing.carry_on_all() > 10
    batch.refresh_from_db()
    assert (batch.state, batch.rows_done) == (State.CHECKED, 5000)
    batch = importing.apply_now(batch.pk, by=staff)
    assert batch.state == State.APPLYING
    importing.carry_on(batch.pk)
    batch.refresh_from_db()
    assert batch.rows_done == importing.CHUNK
    importing.carry_on_all()
    assert Participant.objects.count() == 5000
    assert Activity.objects.count() == 1


def refused(file: io.BytesIO) -> type[Exception]:
    with pytest.raises(Refusal) as caught:
        read_sheet(file)
    return type(caught.value)


def test_files_that_are_no_workbook_are_refused_in_clear_words() -> None:
    good = cleaning(("张三", 19911110001)).getvalue()
    assert refused(io.BytesIO(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600)) is record_refusals.OldSheet
    assert refused(io.BytesIO("姓名,手机\n张三,1\n".encode())) is record_refusals.PlainText
    assert refused(io.BytesIO(b"")) is record_refusals.NotASheet
    assert refused(io.BytesIO(b"\x89PNG\r\n\0\0\0" + b"\0" * 100)) is record_refusals.NotASheet
    assert refused(io.BytesIO(good[: len(good) // 2])) is record_refusals.NotASheet
    assert refused(io.BytesIO(b"PK\x03\x04" + b"x" * 500)) is record_refusals.NotASheet
    assert (
        refused(with_part(io.BytesIO(good), "xl/worksheets/sheet1.xml", b"<worksheet><")) is record_refusals.NotASheet
    )


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = with_part(cleaning(("张三", 1)), "xl/media/big.bin", b"\0" * (50 * 1024 * 1024))
    assert len(bomb.getvalue()) < 1024 * 1024
    assert refused(bomb) is record_refusals.SheetTooLarge


def test_a_file_that_is_too_large_is_refused() -> None:
    assert refused(io.BytesIO(b"PK" + b"\0" * (5 * 1024 * 1024))) is record_refusals.SheetTooLarge


def test_entities_and_macros_are_refused() -> None:
    evil = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet>&a;</worksheet>'
    file = cleaning(("张三", 1))
    assert refused(with_part(file, "xl/worksheets/sheet1.xml", evil)) is record_refusals.UnsafeSheet
    assert refused(with_part(file, "xl/worksheets/sheet1.xml", evil.decode().encode("utf-16"))) is (
        record_refusals.UnsafeSheet
    )
    assert refused(with_part(file, "xl/vbaProject.bin", b"x")) is record_refusals.UnsafeSheet


def test_a_cell_far_below_costs_nothing(staff: User, area: Area) -> None:
    """A sheet that claims a million lines and sixteen thousand columns has still one line of names."""
    book = Workbook()
    page: Any = book.active
    for row in (["姓名", "日期", "活动"], ["张三", "2022-9-3", "清洁"]):
        page.append(row)
    page.cell(1_048_576, 16_384).value = "x"
    assert read(saved(book), staff, area).rows_total == 1


def test_too_many_lines_are_refused() -> None:
    lines = [["张三", n] for n in range(10_050)]
    assert refused(workbook([["姓名", "手机"], *lines])) is record_refusals.SheetTooLarge


def test_a_sheet_without_headings_or_names_is_refused() -> None:
    assert refused(workbook([["甲", "乙"], [1, 2]])) is record_refusals.HeaderMissing
    assert refused(workbook([])) is record_refusals.HeaderMissing
    assert refused(workbook([HEADER])) is record_refusals.SheetEmpty


def test_formulas_count_by_their_value_only(staff: User, area: Area) -> None:
    """What Excel computed is read; a formula nobody computed is an empty cell."""
    rows = [["姓名", "活动", "日期", "时长"], ["=1+1", "清洁", "2022-9-3", 2], ["张三", "清洁", "2022-9-3", "=1+1"]]
    row = read(workbook(rows), staff, area).rows.get()
    assert (row.name, row.minutes) == ("张三", None)


def test_the_first_sheet_with_a_list_is_read(staff: User, area: Area) -> None:
    book = Workbook()
    page: Any = book.active
    page.append(["说明：请按表填写"])
    hidden, names = book.create_sheet("旧"), book.create_sheet("名单")
    hidden.sheet_state = "hidden"
    for one in (hidden, names):
        one.append(["姓名", "活动名称", "日期"])
        one.append([one.title, "清洁", "2022-9-3"])
    batch = read(saved(book), staff, area)
    assert (batch.sheet_name, batch.rows.get().name) == ("名单", "名单")
