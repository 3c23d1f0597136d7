"""Who may open which staff page, what foreign ids in a post reach (nothing), and how refusals read in the admin."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.activities.models import Activity, ChangeNotice, Question, Registration, Session
from linlingtong.core.time import local
from linlingtong.notifications.models import Message
from tests.factories import (
    ActivityFactory,
    AppointmentFactory,
    AreaFactory,
    MessageFactory,
    OrganizationFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    staff_of,
)
from tests.typed import typed

pytestmark = pytest.mark.django_db
ROSTER = "/admin/activities/registration/"
State = Registration.State


class World:
    """Two communities, an activity with a roster in each, and everybody who might knock."""

    def __init__(self) -> None:
        self.here, self.there = AreaFactory.create(), AreaFactory.create()
        self.session = SessionFactory.create(activity__area=self.here, capacity=2)
        self.foreign = SessionFactory.create(activity__area=self.there, capacity=2)
        self.row = RegistrationFactory.create(session=self.session)
        self.foreign_row = RegistrationFactory.create(session=self.foreign)
        self.people: dict[str, User] = {
            "manager": staff_of(self.here),
            "grid worker": AppointmentFactory.create(area=self.here, role=Appointment.Role.GRID_WORKER).user,
            "elsewhere": staff_of(self.there),
            "building head": AppointmentFactory.create(area=self.here, role=Appointment.Role.BUILDING_HEAD).user,
            "expired": AppointmentFactory.create(area=self.here, starts_on="2020-01-01", ends_on="2020-12-31").user,
            "no appointment": UserFactory.create(is_staff=True),
            "superuser": UserFactory.create(is_staff=True, is_superuser=True),
        }
        for user in self.people.values():
            User.objects.filter(pk=user.pk).update(is_staff=True)
        # a manager here who only looks on there
        self.both = staff_of(self.here)
        AppointmentFactory.create(user=self.both, area=self.there, role=Appointment.Role.GRID_WORKER)


@pytest.fixture
def world(db: None) -> World:
    return World()


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def manager(world: World) -> Client:
    return signed_in(world.people["manager"])


def change_url(row: Any) -> str:
    return f"/admin/activities/{type(row).__name__.lower()}/{row.pk}/change/"


PAGES = {
    "activity/{activity}/change/": "activity",
    "activity/{activity}/history/": "activity",
    "session/{session}/change/": "session",
    "session/{session}/history/": "session",
    "registration/{registration}/change/": "registration",
}
MANAGED = (
    "activity/{activity}/delete/",
    "activity/{activity}/publish/",
    "activity/{activity}/copy/",
    "activity/{activity}/cancel/",
    "session/{session}/cancel/",
)
SEEING = {"manager", "grid worker", "superuser"}
MANAGING = {"manager", "superuser"}


@pytest.mark.parametrize("path", [*PAGES, *MANAGED])
def test_who_may_open_a_page_of_an_activity(world: World, path: str) -> None:
    numbers = {
        "activity": world.session.activity_id,
        "session": world.session.pk,
        "registration": world.row.pk,
    }
    url = "/admin/activities/" + path.format(**numbers)
    allowed = MANAGING if path in MANAGED else SEEING
    for name, user in world.people.items():
        answer = signed_in(user).get(url)
        if name in allowed:
            assert answer.status_code == 200, (name, path)
        elif name == "grid worker":
            assert answer.status_code in {403, 404}, (name, path)
        else:
            assert answer.status_code == 404, (name, path)
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("path", [*PAGES, *MANAGED])
def test_a_post_from_elsewhere_finds_nothing_and_changes_nothing(world: World, path: str) -> None:
    numbers = {"activity": world.session.activity_id, "session": world.session.pk, "registration": world.row.pk}
    url = "/admin/activities/" + path.format(**numbers)
    answer = signed_in(world.people["elsewhere"]).post(url, {"reason": "x", "post": "yes", "_confirmed": "1"})
    assert answer.status_code in {404, 405}
    world.session.activity.refresh_from_db()
    world.row.refresh_from_db()
    assert (world.session.activity.status, world.row.state) == ("published", "confirmed")
    assert Activity.objects.count() == 2


@pytest.mark.parametrize("path", ["activity/", "session/", "registration/"])
def test_lists_and_their_filters_never_show_other_communities(world: World, path: str) -> None:
    Activity.objects.filter(pk=world.foreign.activity_id).update(title="SomewhereElse")
    client = manager(world)
    for query in ("", f"?session__id__exact={world.foreign.pk}", "?q=SomewhereElse", f"?community={world.there.pk}"):
        page = client.get(f"/admin/activities/{path}{query}", follow=True)
        assert page.status_code == 200
        shown = page.context["cl"]
        assert set(shown.result_list) <= set(shown.model.objects.managed_by(world.people["manager"]))
        assert "SomewhereElse" not in page.content.decode() or "q=" in query


@pytest.mark.parametrize("action", ["approve", "reject", "put_in", "remove", "move", "write"])
def test_actions_reach_no_foreign_registration(world: World, action: str) -> None:
    rows = [
        RegistrationFactory.create(session=world.foreign, state=state) for state in ("pending_review", "waitlisted")
    ]
    before = dict(Registration.objects.values_list("pk", "state"))
    for user in (world.people["manager"], world.both, world.people["grid worker"]):
        given = {
            "action": action, "_selected_action": [row.pk for row in [*rows, world.foreign_row]], "_sent": "1",
            "reason": "x", "text": "x", "session": world.session.pk,
        }  # fmt: skip
        assert signed_in(user).post(ROSTER, given).status_code in {200, 302}
        signed_in(user).post(ROSTER, given | {"select_across": "1"}) if user is world.people["grid worker"] else None
    assert dict(Registration.objects.values_list("pk", "state")) == before
    assert not Message.objects.filter(resident=world.foreign_row.resident_id).exists()


def test_nobody_is_moved_into_a_foreign_session(world: World) -> None:
    sibling = SessionFactory.create(activity=world.session.activity, starts_at=world.session.ends_at)
    given = {"action": "move", "_selected_action": [world.row.pk], "_sent": "1", "reason": "x"}
    page = manager(world).post(ROSTER, given | {"session": world.foreign.pk})
    assert page.context["asked"].form.errors["session"]
    manager(world).post(ROSTER, given | {"session": sibling.pk})
    assert Registration.objects.live().get(resident=world.row.resident).session_id == sibling.pk


def test_registrations_are_neither_added_nor_edited_nor_deleted_here(world: World) -> None:
    client = signed_in(world.people["superuser"])
    assert client.get(f"{ROSTER}add/").status_code == 403
    assert client.post(f"{ROSTER}{world.row.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.post(change_url(world.row), {"state": "cancelled"}).status_code == 403
    assert "delete_selected" not in client.get(ROSTER).content.decode()


def test_inlines_take_no_foreign_session_or_question(world: World) -> None:
    draft = ActivityFactory.create(area=world.here, status="draft")
    mine = SessionFactory.create(activity=draft)
    question = QuestionFactory.create(activity=world.foreign.activity, text="Vegetarian?")
    client, url = manager(world), change_url(draft)
    values = typed(client, url)
    values |= {
        "sessions-0-id": str(world.foreign.pk),
        "sessions-0-capacity": "999",
        "sessions-0-activity": str(draft.pk),
    }
    values |= {
        "questions-TOTAL_FORMS": "1", "questions-INITIAL_FORMS": "1", "questions-0-id": str(question.pk),
        "questions-0-activity": str(draft.pk), "questions-0-text": "stolen", "questions-0-kind": "text",
        "questions-0-position": "0", "questions-0-choices": "",
    }  # fmt: skip
    client.post(url, values)
    world.foreign.refresh_from_db()
    question.refresh_from_db()
    assert (world.foreign.capacity, question.text) == (2, "Vegetarian?")
    assert draft.sessions.get() == mine
    assert not draft.questions.exists()


@pytest.mark.parametrize("name", ["area", "eligible_area", "host", "eligible_organization", "leader"])
def test_nothing_of_another_community_can_be_chosen(world: World, name: str) -> None:
    team = OrganizationFactory.create(area=world.there)
    stranger = UserFactory.create(home_area=world.there)
    foreign = {
        "area": world.there, "eligible_area": world.there, "host": team, "eligible_organization": team,
        "leader": stranger,
    }[name]  # fmt: skip
    draft = ActivityFactory.create(area=world.here, status="draft")
    # also not by somebody who looks on over there
    for user in (world.people["manager"], world.both):
        client = signed_in(user)
        answer = client.post(change_url(draft), typed(client, change_url(draft)) | {name: str(foreign.pk)})
        assert answer.status_code == 200
        assert name in answer.context["adminform"].form.errors


def test_what_the_subdistrict_chose_from_elsewhere_stays(world: World) -> None:
    team = OrganizationFactory.create(area=world.there)
    draft = ActivityFactory.create(area=world.here, status="draft", host=team, eligible_area=world.there)
    client = manager(world)
    assert client.post(change_url(draft), typed(client, change_url(draft)) | {"title": "New"}).status_code == 302
    draft.refresh_from_db()
    assert (draft.title, draft.host, draft.eligible_area) == ("New", team, world.there)


def test_choices_and_popups_show_ones_own_organizations(world: World) -> None:
    OrganizationFactory.create(area=world.here, name="TeamHere")
    OrganizationFactory.create(area=world.there, name="TeamThere")
    for url in ("/admin/activities/activity/add/", "/admin/areas/organization/?_popup=1"):
        page = manager(world).get(url).content.decode()
        assert "TeamHere" in page
        assert "TeamThere" not in page


def test_moments_are_typed_with_the_phones_own_picker(world: World) -> None:
    page = manager(world).get(change_url(world.session)).content.decode()
    start = local(world.session.starts_at)
    assert re.search(rf'type="datetime-local" name="starts_at" value="{start:%Y-%m-%dT%H:%M}', page)
    assert "vDateField" not in page


def test_a_plan_is_made_with_sessions_and_questions(world: World) -> None:
    client, url = manager(world), "/admin/activities/activity/add/"
    values = typed(client, url) | {
        "title": "Lantern making", "kind": "culture", "area": str(world.here.pk),
        "sessions-TOTAL_FORMS": "1", "sessions-0-starts_at": "2030-02-01T14:00",
        "sessions-0-ends_at": "2030-02-01T16:00", "sessions-0-capacity": "12",
        "sessions-0-minimum_needed": "4", "sessions-0-role": "",
        "questions-TOTAL_FORMS": "1", "questions-0-text": "Which colour?", "questions-0-kind": "choice",
        "questions-0-choices": "red\n\n gold ", "questions-0-position": "1",
    }  # fmt: skip
    assert client.post(url, values).status_code == 302
    made = Activity.objects.get(title="Lantern making")
    session = made.sessions.get()
    assert (made.status, made.area_path, made.starts_at) == ("draft", world.here.path, session.starts_at)
    assert Question.objects.get(activity=made).choices == ["red", "gold"]
    assert 'value="Lantern making"' in client.get(change_url(made)).content.decode()


BAD_SESSION = {
    "no places": ({"sessions-0-capacity": ""}, "capacity"),
    "places and without limit": ({"sessions-0-is_unlimited": "on"}, "capacity"),
    "ends before it starts": ({"sessions-0-ends_at": "2020-01-01T01:00"}, "ends_at"),
}


@pytest.mark.parametrize("case", BAD_SESSION)
def test_a_mistake_in_a_session_stands_at_its_field(world: World, case: str) -> None:
    draft = ActivityFactory.create(area=world.here, status="draft")
    start = local(timezone.now() + dt.timedelta(days=2)).replace(hour=10, minute=0, second=0, microsecond=0)
    SessionFactory.create(activity=draft, starts_at=start)
    changes, field = BAD_SESSION[case]
    client = manager(world)
    page = client.post(change_url(draft), typed(client, change_url(draft)) | changes)
    assert page.status_code == 200
    assert field in page.context["inline_admin_formsets"][0].formset.forms[0].errors


def test_a_published_volunteer_activity_keeps_its_risks(world: World) -> None:
    activity = world.session.activity
    Activity.objects.filter(pk=activity.pk).update(kind="volunteer", risks="a", protection="b", insurance="c")
    client = manager(world)
    page = client.post(change_url(activity), typed(client, change_url(activity)) | {"risks": " "})
    assert page.status_code == 200
    assert page.context["adminform"].form.errors["risks"]


def test_registration_closes_after_it_opens(world: World) -> None:
    client, url = manager(world), change_url(world.session.activity)
    window = {"opens_at": "2030-01-02T10:00", "closes_at": "2030-01-01T10:00"}
    assert client.post(url, typed(client, url) | window).context["adminform"].form.errors["closes_at"]


def test_saving_one_thing_does_not_undo_what_happened_meanwhile(world: World) -> None:
    """The form was open while a colleague cancelled."""
    activity, client = world.session.activity, manager(world)
    values = typed(client, change_url(activity)) | {"summary": "Come along"}
    client.post(f"/admin/activities/activity/{activity.pk}/cancel/", {"reason": "storm"})
    client.post(change_url(activity), values)
    activity.refresh_from_db()
    assert (activity.status, activity.cancel_reason, activity.summary) == ("cancelled", "storm", "Come along")


def test_a_draft_goes_with_its_sessions_and_what_has_registrations_stays(world: World) -> None:
    draft = ActivityFactory.create(area=world.here, status="draft")
    SessionFactory.create(activity=draft)
    client = manager(world)
    url = "/admin/activities/activity/{}/delete/"
    assert client.get(url.format(draft.pk)).status_code == 200
    assert levels(client.post(url.format(draft.pk), {"post": "yes"}, follow=True)) == ["success"]
    assert not Activity.objects.filter(pk=draft.pk).exists()
    page = client.post(url.format(world.session.activity_id), {"post": "yes"}, follow=True)
    assert levels(page) == ["error"]
    assert Activity.objects.filter(pk=world.session.activity_id).exists()


def levels(page: Any) -> list[str]:
    return [message.level_tag for message in page.context["messages"]]


def full(world: World) -> None:
    RegistrationFactory.create(session=world.session)


def clash(world: World) -> Registration:
    row = RegistrationFactory.create(session=world.session, state="pending_review")
    RegistrationFactory.create(resident=row.resident, session=SessionFactory.create(starts_at=world.session.starts_at))
    return row


def sibling(world: World, **fields: Any) -> Session:
    made: Session = SessionFactory.create(activity=world.session.activity, starts_at=world.session.ends_at, **fields)
    return made


def moved_to_full(world: World) -> tuple[str, Registration, dict[str, Any]]:
    other = sibling(world, capacity=1)
    RegistrationFactory.create(session=other)
    return "move", world.row, {"session": other.pk}


def moved_where_registered(world: World) -> tuple[str, Registration, dict[str, Any]]:
    other = sibling(world)
    RegistrationFactory.create(session=other, resident=world.row.resident)
    return "move", world.row, {"session": other.pk}


def ended(world: World, state: str) -> Registration:
    made: Registration = RegistrationFactory.create(session=world.session, state=state)
    return made


REFUSALS: dict[str, Any] = {
    "clashing_session: approve": lambda world: ("approve", clash(world), {}),
    "clashing_session: put in": lambda world: ("put_in", clash(world), {}),
    "no_place_left": moved_to_full,
    "already_registered": moved_where_registered,
    "not_possible_now: approve": lambda world: ("approve", ended(world, "rejected"), {}),
    "not_possible_now: reject": lambda world: ("reject", world.row, {}),
    "not_possible_now: put in": lambda world: ("put_in", ended(world, "cancelled"), {}),
    "not_possible_now: remove": lambda world: ("remove", ended(world, "lapsed"), {}),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_refused_action_is_a_message_and_changes_nothing(world: World, case: str) -> None:
    action, row, values = REFUSALS[case](world)
    state = row.state
    given = {"action": action, "_selected_action": [row.pk], "_sent": "1", "reason": "because", **values}
    page = manager(world).post(ROSTER, given, follow=True)
    assert page.status_code == 200
    assert levels(page)[0] == "warning"
    row.refresh_from_db()
    assert (row.state, row.session_id) == (state, world.session.pk)


@pytest.mark.parametrize("invisible", ["", "  ", "\u200b", "\u3164"])
@pytest.mark.parametrize("action", ["remove", "write"])
def test_a_reason_or_a_message_nobody_can_see_is_asked_for_again(world: World, action: str, invisible: str) -> None:
    given = {"action": action, "_selected_action": [world.row.pk], "_sent": "1"}
    page = manager(world).post(ROSTER, given | {"reason": invisible, "text": invisible})
    assert page.context["asked"].form.errors
    world.row.refresh_from_db()
    assert world.row.state == State.CONFIRMED


def test_an_action_on_all_pages_of_a_list_asks_once_and_reaches_all(world: World) -> None:
    full(world)
    given = {"action": "write", "_selected_action": [world.row.pk], "select_across": "1", "text": "Bring gloves"}
    url = f"{ROSTER}?session__id__exact={world.session.pk}"
    asked = manager(world).post(url, given).context["asked"]
    assert "2" in asked.explained
    manager(world).post(url, asked.kept | {"text": "Bring gloves"})
    assert Message.objects.filter(text__contains="Bring gloves").count() == 2


@pytest.mark.parametrize(
    ("state", "verb", "refused"),
    [("cancelled", "publish", True), ("draft", "publish", True), ("published", "publish", False)],
)
def test_publishing_what_cannot_be_published_is_refused(world: World, state: str, verb: str, refused: bool) -> None:
    activity = ActivityFactory.create(area=world.here, status=state, cancel_reason="x")
    page = manager(world).post(f"/admin/activities/activity/{activity.pk}/{verb}/", follow=True)
    assert levels(page) == ["error" if refused else "success"]


def test_what_is_cancelled_changes_no_more(world: World) -> None:
    client = manager(world)
    client.post(f"/admin/activities/session/{world.session.pk}/cancel/", {"reason": "storm"})
    world.session.refresh_from_db()
    world.row.refresh_from_db()
    assert (world.session.cancel_reason, world.row.state) == ("storm", State.CANCELLED)
    assert client.post(change_url(world.session), {"capacity": "1"}).status_code == 403
    assert client.post(f"/admin/activities/session/{world.session.pk}/cancel/", {"reason": "x"}).status_code == 404


def test_who_clashes_is_named_before_a_session_moves(world: World) -> None:
    other = SessionFactory.create(starts_at=world.session.ends_at + dt.timedelta(hours=1))
    RegistrationFactory.create(session=other, resident=world.row.resident)
    client = manager(world)
    values = typed(client, change_url(world.session))
    start, end = local(other.starts_at), local(other.ends_at)
    values |= {"starts_at": f"{start:%Y-%m-%dT%H:%M:%S}", "ends_at": f"{end:%Y-%m-%dT%H:%M:%S}"}
    asked = client.post(change_url(world.session), values).context["asked"]
    assert any(str(world.row.resident) in line for line in asked.lines)
    assert f"{start:%H:%M}".lstrip("0") in asked.sms
    assert not ChangeNotice.objects.exists()
    client.post(change_url(world.session), values | {"_confirmed": "1"})
    world.row.refresh_from_db()
    assert world.row.clash_flagged


def test_more_places_need_no_question_and_go_to_the_queue(world: World) -> None:
    full(world)
    waiting = ended(world, "waitlisted")
    client = manager(world)
    values = typed(client, change_url(world.session)) | {"capacity": "3", "minimum_needed": "2"}
    assert client.post(change_url(world.session), values).status_code == 302
    waiting.refresh_from_db()
    world.session.refresh_from_db()
    assert (waiting.state, world.session.minimum_needed) == (State.CONFIRMED, 2)


def test_history_names_who_which_verb_and_both_values(world: World) -> None:
    User.objects.filter(pk=world.people["manager"].pk).update(nickname="Wang")
    client = manager(world)
    client.post(change_url(world.session), typed(client, change_url(world.session)) | {"capacity": "5"})
    line = client.get(f"/admin/activities/session/{world.session.pk}/history/").context["lines"][0]
    assert line["who"] == "Wang"
    assert str(line["verb"]) == "改名额"
    assert ("2", "5") in [(old, new) for _name, old, new in line["steps"]]


@pytest.mark.parametrize("page", ["0", "-1", "x", "99999999999999999999999"])
def test_history_has_no_strange_pages(world: World, page: str) -> None:
    answer = manager(world).get(f"/admin/activities/activity/{world.session.activity_id}/history/?page={page}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query", ["?starts_at__year=99999", "?status__exact=x", "?e=1", "?q=%00", "?o=99", "?p=99999", "?community=x"]
)
def test_strange_filters_of_the_list_are_no_errors_of_ours(world: World, query: str) -> None:
    assert manager(world).get(f"/admin/activities/activity/{query}", follow=True).status_code == 200


def test_the_roster_says_where_somebody_stands(world: World) -> None:
    full(world)
    ended(world, "waitlisted")
    second = ended(world, "waitlisted")
    Registration.objects.filter(pk=second.pk).update(skip_reason="clash")
    page = manager(world).get(f"{ROSTER}?session__id__exact={world.session.pk}").content.decode()
    assert "候补第 2 位" in page
    assert "那时另有活动" in page
    assert str(second.resident.phone) not in page
    assert second.resident.masked_phone in page


def test_only_who_looks_after_the_outbox_sees_what_did_not_arrive(world: World) -> None:
    MessageFactory.create(state="unknown")
    assert "state__exact=unknown" in signed_in(world.people["superuser"]).get("/admin/").content.decode()
    assert "state__exact=unknown" not in manager(world).get("/admin/").content.decode()


def test_the_start_page_leads_to_what_it_counts(world: World) -> None:
    ended(world, "pending_review")
    SessionFactory.create(
        activity__area=world.here, minimum_needed=5, starts_at=timezone.now() + dt.timedelta(hours=20)
    )
    client = manager(world)
    page = client.get("/admin/")
    cards = {str(label): (number, url) for number, label, url in page.context["work"]["cards"]}
    assert sorted(number for number, _url in cards.values() if number) == [1, 1]
    for number, url in cards.values():
        listed = client.get(url)
        assert listed.status_code == 200
        if number:
            assert listed.context["cl"].result_count == number


@pytest.mark.parametrize("path", ["activity/{activity}/change/", "activity/{activity}/history/", "registration/"])
def test_pages_cost_the_same_with_one_and_with_three_sessions(
    world: World, path: str, django_assert_max_num_queries: Any
) -> None:
    url, client = "/admin/activities/" + path.format(activity=world.session.activity_id), manager(world)
    with django_assert_max_num_queries(30) as first:
        client.get(url)
    for _ in range(2):
        RegistrationFactory.create(session=SessionFactory.create(activity=world.session.activity))
    with django_assert_max_num_queries(len(first)):
        client.get(url)
