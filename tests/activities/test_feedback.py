"""Thanks, ratings and the story of an activity that is over."""

import datetime as dt

import pytest
import time_machine
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions import feedback, record_refusals
from linlingtong.activities.actions.feedback import may_see_story
from linlingtong.activities.actions.refusals import TextMissing
from linlingtong.activities.models import Activity, Participant, Rating, Registration, Review, Session
from linlingtong.moderation.actions import decide, report
from linlingtong.moderation.actions.refusals import StaysHidden
from linlingtong.moderation.models import Case, Word
from linlingtong.notifications.models import Kind, Message, Notification
from linlingtong.photos.actions import attach
from linlingtong.photos.models import Photo
from tests.factories import AreaFactory, RegistrationFactory, SessionFactory, UserFactory, staff_of

pytestmark = pytest.mark.django_db
OUT = Registration.Attendance.CHECKED_OUT


@pytest.fixture
def session(db: None) -> Session:
    """Over since an hour."""
    session = SessionFactory.create(
        starts_at=timezone.now() - dt.timedelta(hours=3), ends_at=timezone.now() - dt.timedelta(hours=1)
    )
    Activity.objects.update(starts_at=session.starts_at, ends_at=session.ends_at)
    session.refresh_from_db()
    return session


@pytest.fixture
def activity(session: Session) -> Activity:
    return Activity.objects.get()


@pytest.fixture
def guest(session: Session) -> User:
    """Was there."""
    return RegistrationFactory.create(session=session, attendance=OUT).resident


@pytest.fixture
def staff(activity: Activity) -> User:
    return staff_of(activity.area)


def on_paper(session: Session, resident: User | None = None) -> Participant:
    return Participant.objects.create(
        session=session, area_path=session.activity.area_path, name="王秀英", resident=resident,
        during=(session.starts_at, session.ends_at), recorded_by=staff_of(session.activity.area),
    )  # fmt: skip


def test_who_was_there_rates_once_and_may_change_it_for_a_week(activity: Activity, guest: User) -> None:
    feedback.rate(activity.pk, by=guest, stars=4, text=" 好\u200b ")
    feedback.rate(activity.pk, by=guest, stars=5, text="很好")
    rating = Rating.objects.get()
    assert (rating.stars, rating.text) == (5, "很好")
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        assert feedback.rate(activity.pk, by=guest, stars=5, text="很好") == rating
        with pytest.raises(record_refusals.RatingSettled):
            feedback.rate(activity.pk, by=guest, stars=1)


def test_somebody_on_a_paper_roster_rates_too(activity: Activity, session: Session) -> None:
    resident = UserFactory.create()
    on_paper(session, resident)
    assert feedback.rate(activity.pk, by=resident, stars=3).stars == 3


def test_only_those_who_were_there_rate(activity: Activity, session: Session) -> None:
    absent = RegistrationFactory.create(session=session, attendance=Registration.Attendance.ABSENT).resident
    for somebody in (absent, UserFactory.create()):
        with pytest.raises(record_refusals.WasNotThere):
            feedback.rate(activity.pk, by=somebody, stars=1)


def test_nobody_rates_before_the_end(guest: User, activity: Activity) -> None:
    Activity.objects.update(ends_at=timezone.now() + dt.timedelta(hours=1))
    with pytest.raises(record_refusals.ActivityNotOver):
        feedback.rate(activity.pk, by=guest, stars=5)


def test_the_average_is_shown_from_three_on(activity: Activity, session: Session) -> None:
    for number, stars in enumerate((5, 4, 4), start=1):
        guest = RegistrationFactory.create(session=session, attendance=OUT).resident
        feedback.rate(activity.pk, by=guest, stars=stars)
        opinion = feedback.opinion_of(activity)
        assert (opinion.count, opinion.average) == (number, 4.3 if number == 3 else None)


def test_thanks_reach_everybody_who_was_there_once(activity: Activity, session: Session, guest: User) -> None:
    leader, listed = UserFactory.create(), UserFactory.create()
    Activity.objects.update(leader=leader)
    on_paper(session, listed)
    on_paper_too = RegistrationFactory.create(session=session).resident
    assert feedback.thank(activity.pk, "谢谢大家！", by=leader) == 2
    told = Notification.objects.filter(kind=Kind.FEEDBACK)
    assert set(told.values_list("resident", flat=True)) == {guest.pk, listed.pk} - {on_paper_too.pk}
    assert not Message.objects.filter(kind=Kind.FEEDBACK).exists()
    with pytest.raises(record_refusals.ThankedAlready):
        feedback.thank(activity.pk, "再谢", by=leader)
    assert Review.objects.get().thanks == "谢谢大家！"


def test_the_story_is_written_by_leader_and_staff(activity: Activity, staff: User, guest: User) -> None:
    photo = Photo.objects.create(owner=staff)
    review = feedback.write_review(activity.pk, by=staff, story="二十位邻居，三小时。", photos=[photo])
    photo.refresh_from_db()
    assert (photo.subject, photo.subject_id, photo.is_public) == ("review", review.pk, True)
    for stranger in (guest, staff_of(AreaFactory.create())):
        with pytest.raises(PermissionDenied):
            feedback.write_review(activity.pk, by=stranger, story="x")
        with pytest.raises(PermissionDenied):
            feedback.thank(activity.pk, "x", by=stranger)


def case_of(review: Review) -> Case:
    return Case.objects.get(kind="review", object_id=review.pk)


def read_by(activity: Activity, user: User | None = None) -> str:
    client = signed_in(user) if user else Client()
    return (
        client.get(page_of(activity)).content.decode() + client.get(f"/activities/{activity.slug}/").content.decode()
    )


def test_the_story_of_a_resident_leader_waits_for_a_look(activity: Activity, staff: User) -> None:
    leader = UserFactory.create()
    Activity.objects.update(leader=leader)
    photo = Photo.objects.create(owner=leader)
    answer = signed_in(leader).post(page_of(activity), {"what": "story", "story": "二十位邻居。"}, follow=True)
    review = Review.objects.get()
    attach([photo], subject="review", subject_id=review.pk, area_path=activity.area_path, is_public=True, by=leader)
    assert "只有你自己看得到" in answer.content.decode() or "only you see it" in answer.content.decode()
    assert case_of(review).is_waiting
    for user, sees in ((None, False), (UserFactory.create(), False), (leader, True), (staff, True)):
        assert ("二十位邻居。" in read_by(activity, user)) == sees
        assert may_see_story(review.pk, user) == sees
    assert Client().get(f"/api/v1/activities/{activity.pk}/review/").json()["story"] == ""
    decide(case_of(review).pk, "passed", by=staff)
    assert "二十位邻居。" in read_by(activity)
    assert Client().get(f"/api/v1/activities/{activity.pk}/review/").json()["story"] == "二十位邻居。"
    decide(case_of(review).pk, "hidden", by=staff, reason="有人不愿意上照片")
    assert "二十位邻居。" not in read_by(activity)
    with pytest.raises(StaysHidden):
        feedback.write_review(activity.pk, by=leader, story="再来一遍")


def test_the_story_of_staff_is_read_at_once_unless_it_holds_a_bad_word(activity: Activity, staff: User) -> None:
    Word.objects.create(text="坏词")
    assert feedback.write_review(activity.pk, by=staff, story="二十位邻居。").is_visible
    assert not feedback.write_review(activity.pk, by=staff, story="坏词").is_visible


def test_thanks_with_a_watched_word_go_to_nobody(activity: Activity, guest: User) -> None:
    leader = UserFactory.create()
    Activity.objects.update(leader=leader)
    Word.objects.create(text="坏词")
    with pytest.raises(record_refusals.OtherWords):
        feedback.thank(activity.pk, "谢谢，坏词", by=leader)
    assert not Notification.objects.filter(resident=guest, kind=Kind.FEEDBACK).exists()


def test_a_story_can_be_reported(activity: Activity, staff: User) -> None:
    review = feedback.write_review(activity.pk, by=staff, story="二十位邻居。")
    for _number in range(3):
        report("review", review.pk, reason="privacy", by=UserFactory.create(phone_verified_at=timezone.now()))
    review.refresh_from_db()
    assert not review.is_visible


def test_empty_words_are_refused(activity: Activity, staff: User) -> None:
    with pytest.raises(TextMissing):
        feedback.write_review(activity.pk, by=staff, story="\u200b")
    with pytest.raises(TextMissing):
        feedback.thank(activity.pk, " ", by=staff)


def test_a_cancelled_activity_is_not_looked_back_at(activity: Activity, staff: User) -> None:
    Activity.objects.update(status="cancelled", cancel_reason="大风")
    with pytest.raises(record_refusals.ActivityNotOver):
        feedback.write_review(activity.pk, by=staff, story="x")


def test_everybody_who_was_there_is_asked_once(activity: Activity, session: Session, guest: User) -> None:
    on_paper(session, listed := UserFactory.create())
    rated = RegistrationFactory.create(session=session, attendance=OUT).resident
    feedback.rate(activity.pk, by=rated, stars=5)
    RegistrationFactory.create(session=session)
    assert feedback.ask_how_it_was() == 2
    assert feedback.ask_how_it_was() == 0
    asked = Notification.objects.filter(kind=Kind.FEEDBACK)
    assert set(asked.values_list("resident", flat=True)) == {guest.pk, listed.pk}
    assert set(asked.values_list("url", flat=True)) == {f"/activities/{activity.slug}/review/"}


@pytest.mark.parametrize("ended", [dt.timedelta(minutes=10), dt.timedelta(days=4)])
def test_nobody_is_asked_too_early_or_too_late(activity: Activity, guest: User, ended: dt.timedelta) -> None:
    over = timezone.now() - ended
    Activity.objects.update(starts_at=over - dt.timedelta(hours=2), ends_at=over)
    assert feedback.ask_how_it_was() == 0


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page_of(activity: Activity) -> str:
    return f"/activities/{activity.slug}/review/"


def test_the_page_rates(activity: Activity, guest: User) -> None:
    client = signed_in(guest)
    assert 'name="stars"' in client.get(page_of(activity)).content.decode()
    answer = client.post(page_of(activity), {"what": "rating", "stars": "5", "text": "好"})
    assert (answer.status_code, Rating.objects.get().stars) == (302, 5)
    assert client.post(page_of(activity), {"what": "rating", "stars": "9"}).status_code == 200


def test_the_page_tells_the_story_to_everybody(activity: Activity, staff: User) -> None:
    client = signed_in(staff)
    assert client.post(page_of(activity), {"what": "story", "story": "二十位邻居。"}).status_code == 302
    assert client.post(page_of(activity), {"what": "thanks", "thanks": "谢谢！"}).status_code == 302
    for url in (page_of(activity), f"/activities/{activity.slug}/"):
        text = Client().get(url).content.decode()
        assert "二十位邻居。" in text
        assert "谢谢！" in text


def test_what_one_may_not_send_is_not_there(activity: Activity, guest: User) -> None:
    client = signed_in(guest)
    assert client.post(page_of(activity), {"what": "story", "story": "x"}).status_code == 404
    assert client.post(page_of(activity), {"what": "thanks", "thanks": "x"}).status_code == 404
    assert client.post(page_of(activity), {"what": "nonsense"}).status_code == 404
    assert signed_in(UserFactory.create()).post(page_of(activity), {"what": "rating", "stars": "5"}).status_code == 404
    assert Client().post(page_of(activity), {"what": "rating", "stars": "5"})["Location"].startswith("/login/")


def test_refusals_stand_on_the_page(activity: Activity, guest: User, staff: User) -> None:
    feedback.rate(activity.pk, by=guest, stars=4)
    feedback.thank(activity.pk, "谢谢", by=staff)
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        answer = signed_in(guest).post(page_of(activity), {"what": "rating", "stars": "1"})
        assert str(record_refusals.RatingSettled.message) in answer.content.decode()
    answer = signed_in(staff).post(page_of(activity), {"what": "thanks", "thanks": "再谢"})
    assert str(record_refusals.ThankedAlready.message) in answer.content.decode()


def test_before_the_end_the_page_leads_to_the_activity(activity: Activity) -> None:
    Activity.objects.update(ends_at=timezone.now() + dt.timedelta(hours=1))
    assert Client().get(page_of(activity)).status_code == 302


def test_the_api_rates_and_reads(activity: Activity, guest: User, staff: User) -> None:
    feedback.write_review(activity.pk, by=staff, story="二十位邻居。")
    client = signed_in(guest)
    url = f"/api/v1/activities/{activity.pk}/rating/"
    assert client.get(url).status_code == 404
    for _ in range(2):
        answer = client.put(url, {"stars": 5, "text": "好"}, content_type="application/json")
        assert (answer.status_code, answer.json()["stars"]) == (200, 5)
    assert client.get(url).json()["text"] == "好"
    read = Client().get(f"/api/v1/activities/{activity.pk}/review/").json()
    assert (read["story"], read["ratings"], read["average"], read["photos"]) == ("二十位邻居。", 1, None, [])
    assert client.put(url, {"stars": 6}, content_type="application/json").status_code == 400
    assert Client().put(url, {"stars": 5}, content_type="application/json").status_code == 401


def test_refusals_of_the_api(activity: Activity, guest: User) -> None:
    url = f"/api/v1/activities/{activity.pk}/rating/"
    stranger = signed_in(UserFactory.create())
    assert stranger.put(url, {"stars": 5}, content_type="application/json").json()["code"] == "was_not_there"
    feedback.rate(activity.pk, by=guest, stars=4)
    with time_machine.travel(timezone.now() + dt.timedelta(days=8)):
        answer = signed_in(guest).put(url, {"stars": 1}, content_type="application/json")
        assert (answer.status_code, answer.json()["code"]) == (409, "rating_settled")
    Activity.objects.update(ends_at=timezone.now() + dt.timedelta(hours=1))
    answer = signed_in(guest).put(url, {"stars": 1}, content_type="application/json")
    assert answer.json()["code"] == "activity_not_over"
    assert stranger.get("/api/v1/activities/999999/review/").status_code == 404
