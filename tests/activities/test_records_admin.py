"""The staff pages of offline activities and sheets: what they show, refuse, and whom they let in."""

import datetime as dt
import io
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import importing, record_refusals, recording
from linlingtong.activities.models import Activity, ImportBatch, OfflineRecord, Participant, Rating
from linlingtong.areas.models import Area
from linlingtong.core.time import at
from tests.activities.workbooks import cleaning, uploaded
from tests.factories import AreaFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
BATCHES, RECORDS = "/admin/activities/importbatch/", "/admin/activities/offlinerecord/"
MORNING = at(dt.date(2022, 9, 3), dt.time(9))
State = ImportBatch.State


@pytest.fixture
def area(db: None) -> Area:
    return AreaFactory.create()


@pytest.fixture
def staff(area: Area) -> User:
    return staff_of(area)


@pytest.fixture
def desk(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    return client


@pytest.fixture
def stranger(db: None) -> Client:
    client = Client()
    client.force_login(staff_of(AreaFactory.create()))
    return client


@pytest.fixture
def batch(staff: User, area: Area) -> ImportBatch:
    people = (("李建国", 19911110001), ("王秀英", 19911110002), ("坏号码", 1991))
    return importing.upload(cleaning(*people), "签到表.xlsx", by=staff, area=area, evidence="纸质签到表")


@pytest.fixture
def record(staff: User, area: Area) -> OfflineRecord:
    return recording.record(
        by=staff, area=area, title="红色市集", kind="volunteer", starts_at=MORNING,
        ends_at=MORNING + dt.timedelta(hours=2), place="宿舍", names="张三 19911110009 60", evidence="签到表",
    )  # fmt: skip


def upload(desk: Client, area: Area, file: Any = None, **fields: Any) -> Any:
    content = file or uploaded(cleaning(("李建国", 19911110001)))
    given = {"file": content, "area": area.pk, "kind": "volunteer", "evidence": "纸质签到表"} | fields
    return desk.post(f"{BATCHES}add/", given)


def test_a_sheet_is_uploaded_looked_at_and_written(desk: Client, area: Area) -> None:
    answer = upload(desk, area)
    batch = ImportBatch.objects.get()
    assert answer["Location"] == f"{BATCHES}{batch.pk}/change/"
    page = desk.get(answer["Location"]).content.decode()
    assert "李建国" in page
    assert "199****0001" in page
    assert "19911110001" not in page
    assert desk.post(f"{BATCHES}{batch.pk}/apply/").status_code == 302
    assert Participant.objects.count() == 1
    desk.get(f"{BATCHES}{batch.pk}/undo/")
    desk.post(f"{BATCHES}{batch.pk}/undo/")
    assert not Participant.objects.exists()


def test_lines_are_narrowed_by_what_becomes_of_them(desk: Client, batch: ImportBatch) -> None:
    page = desk.get(f"{BATCHES}{batch.pk}/change/?outcome=refused").content.decode()
    assert "坏号码" in page
    assert "王秀英" not in page
    for query in ("?outcome=nonsense", "?page=abc", "?page=999"):
        assert desk.get(f"{BATCHES}{batch.pk}/change/{query}").status_code == 200


def test_a_check_is_thrown_away(desk: Client, batch: ImportBatch) -> None:
    desk.post(f"{BATCHES}{batch.pk}/drop/")
    assert not ImportBatch.objects.exists()


def test_a_long_sheet_shows_how_far_it_is(desk: Client, batch: ImportBatch) -> None:
    ImportBatch.objects.update(state=State.APPLYING, rows_total=1000, rows_done=400)
    page = desk.get(f"{BATCHES}{batch.pk}/change/").content.decode()
    assert 'http-equiv="refresh"' in page
    assert 'value="400"' in page


def test_the_same_file_again_says_so(desk: Client, batch: ImportBatch, staff: User) -> None:
    importing.apply_now(batch.pk, by=staff)
    twin = ImportBatch.objects.get()
    twin.pk, twin.state = None, State.CHECKED
    twin.save()
    assert f"{BATCHES}{batch.pk}/change/" in desk.get(f"{BATCHES}{twin.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("name", "content", "refusal"),
    [
        ("a.xls", bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 600, record_refusals.OldSheet),
        ("a.csv", "姓名,手机".encode(), record_refusals.PlainText),
        ("a.xlsx", b"\x89PNG\0\0\0", record_refusals.NotASheet),
    ],
)
def test_a_wrong_file_is_refused_at_the_form(
    desk: Client, area: Area, name: str, content: bytes, refusal: type[record_refusals.NotASheet]
) -> None:
    file = uploaded(io.BytesIO(content), name)
    page = upload(desk, area, file).content.decode()
    assert str(refusal.message).split("“")[0] in page


def test_empty_forms_say_what_is_missing(desk: Client, area: Area) -> None:
    assert desk.post(f"{BATCHES}add/", {}).status_code == 200
    assert desk.post(f"{RECORDS}add/", {}).status_code == 200
    assert not OfflineRecord.objects.exists()


def test_a_sheet_goes_to_one_session(desk: Client, area: Area) -> None:
    session = SessionFactory.create(activity__area=area, starts_at=MORNING)
    url = f"{BATCHES}add/?session={session.pk}"
    assert desk.get(url).status_code == 200
    desk.post(url, {"file": uploaded(cleaning(("李建国", 19911110001))), "evidence": "有"})
    assert ImportBatch.objects.get().session == session


def typed(area: Area, **fields: Any) -> dict[str, Any]:
    return {
        "title": "红色市集", "kind": "volunteer", "channel": "offline", "area": area.pk, "day": "2022-09-03",
        "starts": "09:00", "ends": "11:00", "place": "宿舍", "names": "张三 19911110009", "minutes": "60",
        "evidence": "签到表",
    } | fields  # fmt: skip


def test_an_activity_is_written_down_on_the_page(desk: Client, area: Area) -> None:
    answer = desk.post(f"{RECORDS}add/", typed(area))
    record = OfflineRecord.objects.get()
    assert answer["Location"] == f"{RECORDS}{record.pk}/change/"
    assert "张三" in desk.get(answer["Location"]).content.decode()


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"names": "张三 123456"}, "BadLine"),
        ({"ends": "08:00"}, "EndsBeforeStart"),
        ({"day": (timezone.localdate() + dt.timedelta(days=2)).isoformat()}, "NotYetOver"),
    ],
)
def test_refusals_stand_at_the_form(desk: Client, area: Area, fields: dict[str, str], words: str) -> None:
    answer = desk.post(f"{RECORDS}add/", typed(area, **fields))
    assert answer.status_code == 200
    assert 'class="errorlist nonfield"' in answer.content.decode(), words
    assert not Activity.objects.exists()


def test_people_and_evidence_are_added_on_the_page(desk: Client, record: OfflineRecord) -> None:
    url = f"{RECORDS}{record.pk}/change/"
    desk.post(url, {"what": "names", "names": "李四 19911110010", "minutes": ""})
    desk.post(url, {"what": "evidence", "evidence": "改由王老师保管"})
    record.refresh_from_db()
    assert record.evidence == "改由王老师保管"
    assert Participant.objects.count() == 2
    assert desk.post(url, {"what": "names", "names": "李四 19911110010"}).status_code == 200


def test_somebody_is_taken_off_the_list_after_a_question(desk: Client, record: OfflineRecord) -> None:
    url = f"{RECORDS}{record.pk}/people/{Participant.objects.get().pk}/strike/"
    assert desk.get(url).status_code == 200
    assert Participant.objects.exists()
    desk.post(url)
    assert not Participant.objects.exists()
    assert desk.post(url).status_code == 404


def test_staff_of_another_area_find_nothing(
    stranger: Client, batch: ImportBatch, record: OfflineRecord, area: Area
) -> None:
    person = Participant.objects.get()
    for url in (f"{BATCHES}{batch.pk}/change/", f"{RECORDS}{record.pk}/change/"):
        assert stranger.get(url).status_code == 404
        assert stranger.post(url, {"what": "names", "names": "x"}).status_code == 404
    for verb in ("apply", "undo", "drop"):
        assert stranger.post(f"{BATCHES}{batch.pk}/{verb}/").status_code == 404
    assert stranger.post(f"{RECORDS}{record.pk}/people/{person.pk}/strike/").status_code == 404
    assert stranger.get(f"{BATCHES}add/?session={record.session_id}").status_code == 404
    assert upload(stranger, area).status_code == 200
    assert stranger.post(f"{RECORDS}add/", typed(area)).status_code == 200
    assert (ImportBatch.objects.count(), OfflineRecord.objects.count()) == (1, 1)
    for url in (BATCHES, RECORDS):
        page = stranger.get(url).content.decode()
        assert "签到表.xlsx" not in page
        assert "红色市集" not in page


def test_residents_and_building_heads_stay_outside(batch: ImportBatch) -> None:
    client = Client()
    client.force_login(UserFactory.create())
    assert client.get(f"{BATCHES}{batch.pk}/change/").status_code == 302
    client.force_login(UserFactory.create(is_staff=True))
    for url in (f"{BATCHES}add/", f"{RECORDS}add/", "/admin/activities/rosterexport/add/"):
        assert client.get(url).status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_ask_a_fixed_number_of_queries(
    desk: Client, staff: User, area: Area, rows: int, django_assert_max_num_queries: Any
) -> None:
    for number in range(rows):
        day = MORNING + dt.timedelta(days=number)
        recording.record(
            by=staff, area=area, title="红色市集", kind="market", starts_at=day, ends_at=day + dt.timedelta(hours=1),
            place="宿舍", names="张三", evidence="有",
        )  # fmt: skip
        importing.upload(cleaning((f"人{number}", "")), "a.xlsx", by=staff, area=area, evidence="有")
    for url in (RECORDS, BATCHES, "/admin/activities/rosterexport/"):
        desk.get(url)
        with django_assert_max_num_queries(12):
            assert desk.get(url).status_code == 200


def test_ratings_are_read_by_staff_of_the_area(desk: Client, stranger: Client, record: OfflineRecord) -> None:
    Rating.objects.create(activity=record.session.activity, resident=UserFactory.create(), stars=4, text="很耐心")
    url = "/admin/activities/rating/"
    assert "很耐心" in desk.get(url).content.decode()
    assert "很耐心" not in stranger.get(url).content.decode()


def test_sending_twice_writes_down_once(desk: Client, area: Area) -> None:
    desk.post(f"{RECORDS}add/", typed(area))
    again = desk.post(f"{RECORDS}add/", typed(area))
    assert again.status_code == 200
    assert "已经记过" in again.content.decode()
    assert "张三" in again.content.decode()
    assert OfflineRecord.objects.count() == 1
    assert desk.post(f"{RECORDS}add/", typed(area, starts="13:00", ends="14:00")).status_code == 302
