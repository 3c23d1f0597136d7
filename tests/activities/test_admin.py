import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.models import Activity, ChangeNotice, Registration, Session
from linlingtong.core.time import local
from linlingtong.notifications.models import Notification
from tests.factories import (
    ActivityFactory,
    AppointmentFactory,
    AreaFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)

pytestmark = pytest.mark.django_db
ROSTER = "/admin/activities/registration/"


@pytest.fixture
def session() -> Session:
    return SessionFactory.create(capacity=3)


@pytest.fixture
def staff(session: Session, client: Client) -> User:
    user = staff_of(session.activity.area)
    client.force_login(user)
    return user


def act(client: Client, action: str, *rows: Registration, **values: Any) -> Any:
    data = {"action": action, "_selected_action": [r.pk for r in rows], **values}
    return client.post(ROSTER, data, follow=True)


def session_form(session: Session, **changes: Any) -> dict[str, Any]:
    start, end = local(changes.pop("starts_at", session.starts_at)), local(changes.pop("ends_at", session.ends_at))
    return {
        "role": session.role,
        "starts_at": f"{start:%Y-%m-%dT%H:%M}", "ends_at": f"{end:%Y-%m-%dT%H:%M}",
        "capacity": session.capacity, "minimum_needed": session.minimum_needed, **changes,
    }  # fmt: skip


def test_the_start_page_tells_what_there_is_to_do_in_ones_own_area(
    client: Client, staff: User, session: Session
) -> None:
    RegistrationFactory.create(session=session, state="pending_review")
    RegistrationFactory.create(state="pending_review")
    page = client.get("/admin/").content.decode()
    assert "<b>1</b>" in page
    assert "<b>2</b>" not in page


@pytest.mark.parametrize(
    "path",
    [
        "/admin/activities/activity/{activity}/change/",
        "/admin/activities/activity/{activity}/history/",
        "/admin/activities/activity/{activity}/publish/",
        "/admin/activities/activity/{activity}/copy/",
        "/admin/activities/activity/{activity}/cancel/",
        "/admin/activities/session/{session}/change/",
        "/admin/activities/registration/{registration}/change/",
        "/admin/activities/activity/999999999999999999999/change/",
    ],
)
@pytest.mark.parametrize("method", ["get", "post"])
def test_staff_of_another_community_find_nothing(client: Client, session: Session, path: str, method: str) -> None:
    registration = RegistrationFactory.create(session=session)
    client.force_login(staff_of(AreaFactory.create()))
    names = {"activity": session.activity_id, "session": session.pk, "registration": registration.pk}
    assert getattr(client, method)(path.format(**names)).status_code == 404


def test_lists_show_rows_of_ones_own_area_only(client: Client, staff: User, session: Session) -> None:
    other = RegistrationFactory.create(session__activity__title="Elsewhere")
    mine = RegistrationFactory.create(session=session)
    page = client.get(ROSTER).content.decode()
    assert str(mine.session.activity) in page
    assert "Elsewhere" not in page
    assert "Elsewhere" not in client.get("/admin/activities/activity/").content.decode()
    assert "Elsewhere" not in client.get("/admin/activities/session/").content.decode()
    assert str(mine.resident.phone) not in page
    act(client, "remove", other, reason="x", _sent="1")
    other.refresh_from_db()
    assert other.state == Registration.State.CONFIRMED


def test_a_grid_worker_looks_on_and_changes_nothing(client: Client, session: Session) -> None:
    worker = UserFactory.create(is_staff=True)
    AppointmentFactory.create(user=worker, area=session.activity.area, role=Appointment.Role.GRID_WORKER)
    client.force_login(worker)
    row = RegistrationFactory.create(session=session)
    assert client.get(f"/admin/activities/activity/{session.activity_id}/change/").status_code == 200
    assert client.get(f"/admin/activities/activity/{session.activity_id}/cancel/").status_code == 404
    act(client, "remove", row, reason="x", _sent="1")
    row.refresh_from_db()
    assert row.state == Registration.State.CONFIRMED
    assert client.post(f"/admin/activities/session/{session.pk}/change/", session_form(session)).status_code == 403


def test_taking_somebody_out_asks_why_and_gives_the_place_on(client: Client, staff: User, session: Session) -> None:
    rows = [RegistrationFactory.create(session=session) for _ in range(3)]
    waiting = RegistrationFactory.create(session=session, state="waitlisted")
    asked = act(client, "remove", rows[0])
    assert asked.context["asked"].form.fields["reason"]
    act(client, "remove", rows[0], reason="came to the wrong place", _sent="1")
    rows[0].refresh_from_db()
    waiting.refresh_from_db()
    assert rows[0].state == Registration.State.CANCELLED
    assert waiting.state == Registration.State.CONFIRMED


def test_approving_putting_in_and_writing(client: Client, staff: User, session: Session) -> None:
    pending = RegistrationFactory.create(session=session, state="pending_review")
    act(client, "approve", pending)
    pending.refresh_from_db()
    assert pending.state == Registration.State.CONFIRMED
    for _ in range(2):
        RegistrationFactory.create(session=session)
    waiting = RegistrationFactory.create(session=session, state="waitlisted")
    act(client, "put_in", waiting, reason="carries the loudspeaker", _sent="1")
    waiting.refresh_from_db()
    assert waiting.state == Registration.State.CONFIRMED
    act(client, "write", waiting, pending, text="Bring gloves", _sent="1")
    assert Notification.objects.filter(body__contains="Bring gloves").count() == 2


def test_a_refusal_is_a_message(client: Client, staff: User, session: Session) -> None:
    other = SessionFactory.create(
        activity=session.activity,
        capacity=1,
        starts_at=session.ends_at,
        ends_at=session.ends_at + dt.timedelta(hours=1),
    )
    RegistrationFactory.create(session=other)
    row = RegistrationFactory.create(session=session)
    page = act(client, "move", row, session=other.pk, reason="x", _sent="1")
    assert next(m.level_tag for m in page.context["messages"]) == "warning"
    row.refresh_from_db()
    assert row.session_id == session.pk


def test_a_new_time_is_shown_before_anybody_is_told(client: Client, staff: User, session: Session) -> None:
    RegistrationFactory.create(session=session)
    url = f"/admin/activities/session/{session.pk}/change/"
    form = session_form(
        session, starts_at=session.starts_at + dt.timedelta(hours=1), ends_at=session.ends_at + dt.timedelta(hours=1)
    )
    asked = client.post(url, form)
    assert len(asked.context["asked"].lines) == 1
    session.refresh_from_db()
    assert session.revision == 0
    client.post(url, form | {"_confirmed": "1"})
    before, session = session, Session.objects.get(pk=session.pk)
    assert session.starts_at == before.starts_at + dt.timedelta(hours=1)
    assert ChangeNotice.objects.filter(session=session).count() == 1


def test_fewer_places_keep_everybody_or_move_the_last_to_the_queue(
    client: Client, staff: User, session: Session
) -> None:
    rows = [RegistrationFactory.create(session=session) for _ in range(3)]
    url = f"/admin/activities/session/{session.pk}/change/"
    assert client.post(url, session_form(session, capacity=2)).context["asked"].form.fields["choice"]
    client.post(url, session_form(session, capacity=2) | {"_confirmed": "1", "choice": "keep"})
    assert Session.objects.get(pk=session.pk).taken == 3
    form = session_form(session, capacity=1) | {"_confirmed": "1", "choice": "back"}
    assert client.post(url, form).context["asked"].form.errors["reason"]
    client.post(url, form | {"reason": "smaller room"})
    rows[-1].refresh_from_db()
    assert rows[-1].state == Registration.State.WAITLISTED
    assert Session.objects.get(pk=session.pk).taken == 1


def test_publishing_without_risks_is_refused_with_words(client: Client, staff: User, session: Session) -> None:
    draft = ActivityFactory.create(area=session.activity.area, status="draft", kind="volunteer", risks="")
    SessionFactory.create(activity=draft)
    page = client.post(f"/admin/activities/activity/{draft.pk}/publish/", follow=True)
    assert [m.level_tag for m in page.context["messages"]] == ["error"]
    Activity.objects.filter(pk=draft.pk).update(risks="a", protection="b", insurance="c")
    client.post(f"/admin/activities/activity/{draft.pk}/publish/")
    draft.refresh_from_db()
    assert draft.status == Activity.Status.PUBLISHED


def test_cancelling_says_how_many_are_told_and_wants_a_reason(client: Client, staff: User, session: Session) -> None:
    RegistrationFactory.create(session=session)
    url = f"/admin/activities/activity/{session.activity_id}/cancel/"
    assert "1" in client.get(url).context["asked"].explained
    client.post(url, {"reason": "  "})
    session.activity.refresh_from_db()
    assert session.activity.status == Activity.Status.PUBLISHED
    client.post(url, {"reason": "storm"})
    session.activity.refresh_from_db()
    assert (session.activity.status, session.activity.cancel_reason) == (Activity.Status.CANCELLED, "storm")


def test_a_copy_is_a_draft_with_the_sessions_later(client: Client, staff: User, session: Session) -> None:
    client.post(f"/admin/activities/activity/{session.activity_id}/copy/")
    made = Activity.objects.exclude(pk=session.activity_id).get()
    assert made.status == Activity.Status.DRAFT
    assert made.sessions.get().starts_at > session.starts_at
    assert made.sessions.get().taken == 0


def test_a_new_place_of_a_published_activity_is_told(client: Client, staff: User, session: Session) -> None:
    RegistrationFactory.create(session=session)
    url = f"/admin/activities/activity/{session.activity_id}/change/"
    form = client.get(url).context["adminform"].form
    data = {k: v for k, v in form.initial.items() if v is not None and k in form.fields}
    data |= {"place": "another hall"}
    for formset in client.get(url).context["inline_admin_formsets"]:
        for name, value in formset.formset.management_form.initial.items():
            data[f"{formset.formset.prefix}-{name}"] = value
    for name in ("opens_at", "closes_at"):
        data.pop(name, None)
    data = {k: v for k, v in data.items() if v is not False}
    asked = client.post(url, data).context["asked"]
    assert "another hall" in asked.sms
    assert not ChangeNotice.objects.exists()
    assert client.post(url, data | asked.kept).status_code == 302
    assert Activity.objects.get(pk=session.activity_id).place == "another hall"
    assert ChangeNotice.objects.filter(session=session).exists()


@pytest.mark.parametrize("path", ["/admin/activities/activity/", ROSTER, "/admin/activities/session/", "/admin/"])
def test_lists_cost_the_same_with_one_and_with_three_rows(
    client: Client, staff: User, session: Session, path: str, django_assert_max_num_queries: Any
) -> None:
    def rows(number: int) -> None:
        for _ in range(number):
            one = SessionFactory.create(
                activity__area=session.activity.area, starts_at=timezone.now() + dt.timedelta(minutes=1)
            )
            RegistrationFactory.create(session=one)

    rows(1)
    with django_assert_max_num_queries(40) as first:
        client.get(path)
    rows(2)
    with django_assert_max_num_queries(len(first)):
        client.get(path)
