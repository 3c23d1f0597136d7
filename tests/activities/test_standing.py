import datetime as dt
from typing import Any

import pytest
from django.utils import timezone, translation

from linlingtong.activities.actions import give_up
from linlingtong.activities.models import Activity, Registration, Session
from linlingtong.activities.models.standing import leading, standing, standings, with_position
from tests.factories import ActivityFactory, ChangeNoticeFactory, RegistrationFactory, SessionFactory, UserFactory

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
State, Attendance = Registration.State, Registration.Attendance

MINE: dict[str, dict[str, str]] = {
    "not_joined": {},
    "pending": {"state": State.PENDING_REVIEW},
    "waiting": {"state": State.WAITLISTED},
    "offered": {"state": State.OFFERED},
    "joined": {"state": State.CONFIRMED},
    "checked_in": {"state": State.CONFIRMED, "attendance": Attendance.CHECKED_IN},
    "done": {"state": State.CONFIRMED, "attendance": Attendance.CHECKED_OUT},
}
# phase -> (activity fields, session fields); hours are counted from now
PHASES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    "not_open": ({"opens_in": 5}, {"starts_in": 72}),
    "open": ({}, {"starts_in": 72}),
    "full": ({}, {"starts_in": 72, "capacity": 0}),
    "queue_full": ({"longest_queue": 0}, {"starts_in": 72, "capacity": 0}),
    "closed": ({"closes_in": -1}, {"starts_in": 72}),
    "late": ({}, {"starts_in": 11}),
    "running": ({}, {"starts_in": -1}),
    "over": ({}, {"starts_in": -5}),
    "cancelled": ({}, {"starts_in": 72, "cancelled_in": -1}),
}
BEFORE = {
    "pending": ("view", "withdraw"),
    "waiting": ("view", "withdraw"),
    "offered": ("accept", "decline"),
    "joined": ("view", "cancel"),
}
RUNNING = {"joined": ("pass",), "checked_in": ("check_out",), "done": ("view",)}
MATRIX: dict[str, dict[str, tuple[str, ...]]] = {
    "not_open": {"not_joined": ("remind",)},
    "open": {"not_joined": ("register",), **BEFORE},
    "full": {"not_joined": ("wait",), **BEFORE},
    "queue_full": {"not_joined": ("ask_leader",), **BEFORE},
    "closed": {"not_joined": ("ask_leader",), **BEFORE},
    "late": {"not_joined": ("register",), **BEFORE, "joined": ("pass", "cancel"), "checked_in": ("pass",)},
    "running": {**dict.fromkeys(("not_joined", "pending", "waiting", "offered"), ("ask_leader",)), **RUNNING},
    "over": dict.fromkeys(MINE, ("review_past",)),
    "cancelled": {
        "not_joined": ("reason",),
        "joined": ("reason", "other"),
        "waiting": ("reason",),
        "offered": ("reason",),
    },
}
CELLS = [(phase, mine, kinds) for phase, row in MATRIX.items() for mine, kinds in row.items()]


def hence(hours: object) -> dt.datetime:
    assert isinstance(hours, int)
    return timezone.now() + hours * HOUR


def session_in(phase: str) -> Session:
    about, when = PHASES[phase]
    activity = ActivityFactory.create(
        opens_at=hence(about["opens_in"]) if "opens_in" in about else None,
        closes_at=hence(about["closes_in"]) if "closes_in" in about else None,
        longest_queue=about.get("longest_queue"),
    )
    return SessionFactory.create(
        activity=activity,
        starts_at=hence(when["starts_in"]),
        capacity=when.get("capacity", 20),
        cancelled_at=hence(when["cancelled_in"]) if "cancelled_in" in when else None,
    )


def registered(session: Session, mine: str) -> Registration | None:
    if mine == "not_joined":
        return None
    fields: dict[str, Any] = dict(MINE[mine])
    if session.capacity == 0:  # the factory counts past the verbs: make the room that the row takes
        Session.objects.filter(pk=session.pk).update(capacity=1)
    registration = RegistrationFactory.create(session=session, **fields)
    if session.capacity == 0:
        full = 0 if mine in {"pending", "waiting"} else 1
        Session.objects.filter(pk=session.pk).update(capacity=full)
        session.refresh_from_db()
    return registration


@pytest.mark.parametrize(("phase", "mine", "kinds"), CELLS)
def test_each_cell_of_the_matrix_has_its_buttons(phase: str, mine: str, kinds: tuple[str, ...]) -> None:
    session = session_in(phase)
    its = standing(session, registered(session, mine), timezone.now(), is_authenticated=True)
    assert tuple(action.kind for action in its.actions) == kinds
    assert its.mine == mine
    assert its.badge.label
    assert all(action.label and action.url for action in its.actions)
    assert [action.kind for action in its.actions if action.is_primary] in ([], [kinds[0]])


def test_a_card_has_at_most_one_solid_button_and_posts_what_changes_something() -> None:
    session = session_in("open")
    its = standing(session, registered(session, "offered"), timezone.now(), is_authenticated=True)
    assert [(action.is_primary, action.is_post) for action in its.actions] == [(True, True), (False, True)]


def test_the_button_says_how_many_places_are_left_until_it_is_late() -> None:
    with translation.override("en"):
        early = standing(session_in("open"), None, timezone.now(), is_authenticated=True)
        late = standing(session_in("late"), None, timezone.now(), is_authenticated=True)
    assert early.actions[0].label == "Register (20 places left)"
    assert early.actions[0].short == "Register"
    assert late.actions[0].label == "Register"


def test_giving_up_late_says_that_it_is_noted() -> None:
    session = session_in("late")
    with translation.override("en"):
        its = standing(session, registered(session, "joined"), timezone.now(), is_authenticated=True)
    assert its.actions[1].label == "Cannot come (this is noted)"


def test_after_the_cancel_deadline_the_leader_is_asked() -> None:
    session = session_in("late")
    session.activity.cancel_hours = 24
    its = standing(session, registered(session, "joined"), timezone.now(), is_authenticated=True)
    assert [action.kind for action in its.actions] == ["pass", "ask_leader"]


@pytest.mark.parametrize("is_flagged", [True, False])
def test_after_a_change_the_place_can_be_given_up_until_the_start_without_a_mark(is_flagged: bool) -> None:
    session = session_in("late")
    Activity.objects.filter(pk=session.activity_id).update(cancel_hours=24)
    row = registered(session, "joined")
    assert row is not None
    if is_flagged:
        Registration.objects.filter(pk=row.pk).update(clash_flagged=True)
    else:
        ChangeNoticeFactory.create(session=session, due_at=(row.confirmed_at or row.created_at) + HOUR)
    found = with_position(Registration.objects.filter(pk=row.pk)).select_related("session__activity").get()
    with translation.override("en"):
        its = standing(found.session, found, timezone.now(), is_authenticated=True)
    assert [(action.kind, action.label) for action in its.actions][1] == ("cancel", "Cancel registration")
    assert not its.is_late
    assert not give_up(session.pk, row.resident, by=row.resident).was_late


def test_a_change_before_one_registered_changes_nothing() -> None:
    session = session_in("late")
    Activity.objects.filter(pk=session.activity_id).update(cancel_hours=24)
    row = registered(session, "joined")
    assert row is not None
    ChangeNoticeFactory.create(session=session, due_at=(row.confirmed_at or row.created_at) - HOUR)
    found = with_position(Registration.objects.filter(pk=row.pk)).select_related("session__activity").get()
    its = standing(found.session, found, timezone.now(), is_authenticated=True)
    assert [action.kind for action in its.actions] == ["pass", "ask_leader"]


@pytest.mark.parametrize("phase", ["open", "full", "not_open"])
def test_signed_out_the_button_leads_to_signing_in_and_back(phase: str) -> None:
    session = session_in(phase)
    action = standing(session, None, timezone.now(), is_authenticated=False).actions[0]
    assert action.url.startswith("/login/?next=%2Factivities%2F")
    assert not action.is_post


@pytest.mark.parametrize("state", [State.CANCELLED, State.REJECTED, State.LAPSED])
def test_what_ended_counts_as_not_joined(state: str) -> None:
    session = session_in("open")
    ended = RegistrationFactory.create(session=session, state=state)
    its = standing(session, ended, timezone.now(), is_authenticated=True)
    assert (its.mine, its.actions[0].kind) == ("not_joined", "register")


def test_somebody_whose_activity_was_cancelled_is_offered_another() -> None:
    session = session_in("cancelled")
    ended = RegistrationFactory.create(session=session, state=State.CANCELLED, ended_by=Registration.Ended.BY_EVENT)
    its = standing(session, ended, timezone.now(), is_authenticated=True)
    assert [action.kind for action in its.actions] == ["reason", "other"]


def test_a_cancelled_activity_cancels_its_sessions() -> None:
    session = session_in("open")
    session.activity.status = Activity.Status.CANCELLED
    assert standing(session, None, timezone.now(), is_authenticated=True).state == "cancelled"


@pytest.mark.parametrize(
    ("capacity", "taken", "tone"),
    [(20, 17, "few"), (20, 16, "open"), (100, 90, "few"), (100, 89, "open"), (2, 0, "open"), (None, 500, "open")],
)
def test_few_places_are_said_in_the_badge(capacity: int | None, taken: int, tone: str) -> None:
    session = SessionFactory.create(capacity=capacity, taken=taken)
    assert standing(session, None, timezone.now(), is_authenticated=True).badge.tone == tone


def test_positions_are_counted_from_the_head_of_the_queue() -> None:
    session = SessionFactory.create(capacity=0)
    people = [UserFactory.create() for _number in range(3)]
    for person in people:
        RegistrationFactory.create(session=session, resident=person, state=State.WAITLISTED)
    RegistrationFactory.create(state=State.WAITLISTED)
    rows: Any = with_position(Registration.objects.filter(session=session)).order_by("number")
    assert list(rows.values_list("position", flat=True)) == [1, 2, 3]
    its = standing(session, rows[2], timezone.now(), is_authenticated=True)
    assert its.position == 3
    assert "3" in its.badge.label


def test_those_who_do_not_wait_have_no_position() -> None:
    row = RegistrationFactory.create()
    found: Any = with_position(Registration.objects.filter(pk=row.pk)).get()
    assert found.position == 0


def test_ones_own_session_speaks_for_an_activity_before_the_open_one() -> None:
    activity = ActivityFactory.create()
    first, second = (SessionFactory.create(activity=activity) for _number in range(2))
    mine = RegistrationFactory.create(session=second)
    now = timezone.now()
    assert leading(standings([first, second], {second.pk: mine}, now, is_authenticated=True))[0] == second
    assert leading(standings([first, second], {}, now, is_authenticated=True))[0] == first


def test_an_open_session_speaks_before_a_full_one() -> None:
    activity = ActivityFactory.create()
    full = SessionFactory.create(activity=activity, capacity=0)
    free = SessionFactory.create(activity=activity)
    assert leading(standings([full, free], {}, timezone.now(), is_authenticated=False))[0] == free
