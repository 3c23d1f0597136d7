"""Activities written down afterwards, and entries that find their owner."""

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import claiming, importing, record_refusals, recording
from linlingtong.activities.actions.counting import people_who_served
from linlingtong.activities.actions.forgetting import forget, own_registrations
from linlingtong.activities.actions.refusals import EndsBeforeStart
from linlingtong.activities.actions.understanding import roster_key
from linlingtong.activities.models import Activity, OfflineRecord, Participant, Rating, Registration
from linlingtong.areas.models import Area
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import at
from linlingtong.photos.models import Photo
from tests.activities.workbooks import cleaning
from tests.factories import AreaFactory, RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
MORNING = at(dt.date(2022, 9, 3), dt.time(9))
NAMES = "李建国 19911110001\n王秀英，199-1111-0002，90\n赵铁柱"


@pytest.fixture
def area(db: None) -> Area:
    return AreaFactory.create()


@pytest.fixture
def staff(area: Area) -> User:
    return staff_of(area)


def record(staff: User, area: Area, **fields: Any) -> OfflineRecord:
    facts: dict[str, Any] = {
        "title": "红色市集", "kind": "volunteer", "starts_at": MORNING, "ends_at": MORNING + dt.timedelta(hours=2),
        "place": "职工宿舍", "names": NAMES, "minutes": 120, "evidence": "签到表由李老师保管",
    }  # fmt: skip
    return recording.record(by=staff, area=area, **(facts | fields))


def test_an_activity_is_written_down_with_place_leader_names_and_evidence(staff: User, area: Area) -> None:
    neighbour = UserFactory.create(phone="+8619911110001")
    kept = record(staff, area, contact_name="陈师傅")
    activity = kept.session.activity
    assert (activity.status, activity.place, activity.contact_name) == ("finished", "职工宿舍", "陈师傅")
    assert (kept.recorded_by, kept.evidence) == (staff, "签到表由李老师保管")
    people = Participant.objects.order_by("pk").values_list("name", "resident", "minutes", "phone_mask")
    assert list(people) == [
        ("李建国", neighbour.pk, 120, "199****0001"),
        ("王秀英", None, 90, "199****0002"),
        ("赵铁柱", None, 120, ""),
    ]


def test_pictures_of_the_sign_in_sheet_stay_with_the_record(staff: User, area: Area) -> None:
    photo = Photo.objects.create(owner=staff)
    kept = record(staff, area, photos=[photo])
    photo.refresh_from_db()
    assert (photo.subject, photo.subject_id, photo.is_public) == ("record", kept.pk, False)


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"names": " \n\u200b\n"}, record_refusals.NobodyNamed),
        ({"evidence": "\u200b"}, record_refusals.EvidenceMissing),
        ({"ends_at": MORNING}, EndsBeforeStart),
        ({"starts_at": MORNING, "ends_at": timezone.now() + dt.timedelta(days=1)}, record_refusals.NotYetOver),
        ({"names": "张三 1991111"}, record_refusals.BadLine),
        ({"names": "19911110001"}, record_refusals.BadLine),
        ({"names": "张三 19911110001 130"}, record_refusals.BadLine),
        ({"names": "张三\n张三"}, record_refusals.BadLine),
        ({"names": "张三 19911110001\n李四 19911110001"}, record_refusals.BadLine),
        ({"names": "\n".join(f"志愿者{n}" for n in range(501))}, record_refusals.BadLine),
    ],
)
def test_what_cannot_be_written_down_says_why_and_leaves_nothing(
    staff: User, area: Area, fields: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        record(staff, area, **fields)
    assert not Activity.objects.exists()


def test_nobody_writes_down_own_hours(staff: User, area: Area) -> None:
    with pytest.raises(record_refusals.BadLine):
        record(staff, area, names=f"我 {staff.phone}")


def test_staff_of_another_area_write_nothing_down_here(area: Area) -> None:
    with pytest.raises(PermissionDenied):
        record(staff_of(AreaFactory.create()), area)


def test_more_names_come_later_and_nobody_stands_there_twice(staff: User, area: Area) -> None:
    kept = record(staff, area)
    recording.add_names(kept.session_id, "周八 19911110009", minutes=60, by=staff)
    assert Participant.objects.count() == 4
    with pytest.raises(record_refusals.RecordedAlready):
        recording.add_names(kept.session_id, "周八 19911110009", by=staff)


def test_names_are_added_after_the_end_only(area: Area, staff: User) -> None:
    session = SessionFactory.create(activity__area=area)
    with pytest.raises(record_refusals.NotYetOver):
        recording.add_names(session.pk, "张三", by=staff)


def test_evidence_is_added_by_staff_of_the_area(staff: User, area: Area) -> None:
    kept = record(staff, area)
    recording.add_evidence(kept.pk, evidence="改由王老师保管", by=staff)
    kept.refresh_from_db()
    assert kept.evidence == "改由王老师保管"
    with pytest.raises(PermissionDenied):
        recording.add_evidence(kept.pk, evidence="x", by=staff_of(AreaFactory.create()))


def test_somebody_is_taken_off_the_list_unless_the_entry_is_used(staff: User, area: Area) -> None:
    record(staff, area)
    first, second, _third = Participant.objects.order_by("pk")
    recording.strike(first.pk, by=staff)
    claimed_by(second, UserFactory.create(phone="+8619911110002"))
    with pytest.raises(record_refusals.UsedSince):
        recording.strike(second.pk, by=staff)
    assert Participant.objects.count() == 2


def test_a_rated_entry_is_used(staff: User, area: Area) -> None:
    resident = UserFactory.create(phone="+8619911110001")
    kept = record(staff, area)
    Rating.objects.create(activity=kept.session.activity, resident=resident, stars=5)
    with pytest.raises(record_refusals.UsedSince):
        recording.strike(Participant.objects.get(resident=resident).pk, by=staff)


def claimed_by(person: Participant, resident: User) -> None:
    claiming.claim(resident, by=resident)
    person.refresh_from_db()
    assert person.resident == resident


def test_the_owner_of_the_phone_claims_the_entry_once(staff: User, area: Area) -> None:
    record(staff, area)
    newcomer = UserFactory.create(phone="+8619911110002")
    assert [one.name for one in claiming.waiting_for(newcomer)] == ["王秀英"]
    assert len(claiming.claim(newcomer, by=newcomer)) == 1
    with pytest.raises(record_refusals.NothingToClaim):
        claiming.claim(newcomer, by=newcomer)


def test_a_phone_that_is_not_proved_claims_nothing(staff: User, area: Area) -> None:
    record(staff, area)
    doubtful = UserFactory.create(phone="+8619911110002", phone_verified_at=None)
    assert claiming.waiting_for(doubtful) == []
    assert claiming.claim_lately() == 0


def test_nobody_claims_for_somebody_else(staff: User, area: Area) -> None:
    record(staff, area)
    with pytest.raises(PermissionDenied):
        claiming.claim(UserFactory.create(phone="+8619911110002"), by=staff)


def test_entries_find_a_newcomer_by_themselves(staff: User, area: Area) -> None:
    record(staff, area)
    newcomer = UserFactory.create(phone="+8619911110002")
    assert claiming.claim_lately() == 1
    assert claiming.claim_lately() == 0
    assert Participant.objects.get(resident=newcomer).name == "王秀英"


def test_who_is_checked_in_by_registration_too_counts_once(staff: User, area: Area) -> None:
    kept = record(staff, area)
    newcomer = UserFactory.create(phone="+8619911110002")
    RegistrationFactory.create(session=kept.session, resident=newcomer, attendance=Registration.Attendance.CHECKED_OUT)
    claiming.claim_lately()
    assert not Participant.objects.filter(name="王秀英").exists()


def test_not_me_takes_the_number_off_and_keeps_the_name(staff: User, area: Area) -> None:
    record(staff, area)
    newcomer = UserFactory.create(phone="+8619911110002")
    person = Participant.objects.get(phone_key=roster_key("+8619911110002"))
    claiming.disown(person.pk, by=newcomer)
    person.refresh_from_db()
    assert (person.phone_key, person.phone_mask, person.resident, person.name) == ("", "", None, "王秀英")
    assert claiming.waiting_for(newcomer) == []
    with pytest.raises(record_refusals.NothingToClaim):
        claiming.disown(person.pk, by=newcomer)


def test_the_page_of_rosters_claims_and_lets_go(staff: User, area: Area) -> None:
    record(staff, area)
    newcomer = UserFactory.create(phone="+8619911110002")
    client = Client()
    client.force_login(newcomer)
    assert "王秀英" in client.get("/me/participations/").content.decode()
    client.post("/me/participations/")
    person = Participant.objects.get(resident=newcomer)
    client.post("/me/participations/", {"not_me": person.pk})
    assert not Participant.objects.filter(resident=newcomer).exists()
    for wrong in ("abc", "9" * 30, "-1"):
        assert client.post("/me/participations/", {"not_me": wrong}).status_code == 302


def test_participations_and_persons_are_counted_apart(staff: User, area: Area) -> None:
    resident = UserFactory.create(phone="+8619911110001")
    record(staff, area)
    record(staff, area, title="另一场", starts_at=MORNING + dt.timedelta(days=1),
           ends_at=MORNING + dt.timedelta(days=1, hours=2))  # fmt: skip
    session = SessionFactory.create(activity__area=area, activity__kind="volunteer", activity__status="finished")
    RegistrationFactory.create(session=session, resident=resident, attendance=Registration.Attendance.CHECKED_IN)
    # two at each activity on paper have no account; the third has one, and came once more by registration
    assert people_who_served(area.path) == {"participations": 7, "participants": 3}
    assert people_who_served(AreaFactory.create().path) == {"participations": 0, "participants": 0}


def test_whoever_leaves_is_forgotten_and_stays_counted(staff: User, area: Area) -> None:
    resident = UserFactory.create(phone="+8619911110001")
    kept = record(staff, area)
    Rating.objects.create(activity=kept.session.activity, resident=resident, stars=5, text="很好")
    own = own_registrations(resident)
    assert (own["participations_on_paper"][0]["name"], own["ratings"][0]["text"]) == ("李建国", "很好")
    forget(resident)
    gone = Participant.objects.get(resident=resident)
    assert (gone.name, gone.phone_mask, Rating.objects.get().text) == ("—", "", "")
    assert people_who_served(area.path)["participations"] == 3


def test_names_on_sheets_and_by_hand_meet(staff: User, area: Area) -> None:
    kept = record(staff, area, title="清洁家园")
    batch = importing.upload(
        cleaning(("李建国", 19911110001), ("新人", 19911110007)), "a.xlsx", by=staff, area=area, evidence="有"
    )
    importing.apply_now(batch.pk, by=staff)
    assert Participant.objects.filter(session=kept.session).count() == 4
