import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Bookmark, Companion, Registration, Session
from linlingtong.core.time import today
from tests.factories import (
    ActivityFactory,
    AreaFactory,
    CompanionFactory,
    QuestionFactory,
    RegistrationFactory,
    SessionFactory,
    UserFactory,
    in_three_days,
    staff_of,
)

pytestmark = pytest.mark.django_db
State = Registration.State
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def anonymous(client: Client) -> Client:
    client.cookies["llt_language"] = "en"
    return client


@pytest.fixture
def signed_in(resident: User) -> Client:
    User.objects.filter(pk=resident.pk).update(language="en")
    client = Client()
    client.force_login(resident)
    return client


def page(name: str, *args: object) -> str:
    return reverse(f"activities:{name}", args=args)


def join_page(session: Session) -> str:
    return page("join", session.activity.slug)


def body(response: Any) -> str:
    return str(response.content.decode())


def title(response: Any) -> str:
    found = re.search(r"<title>(.*?)</title>", body(response), re.DOTALL)
    return found[1] if found else ""


def queries(client: Client, url: str) -> int:
    client.get(url)  # the office's phone number is remembered after the first page
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


# ---- who may read what ----

PUBLIC = ["list", "month", "detail", "join", "ics", "community"]
OWN = ["mine", "registration", "give_up", "subscribe"]


def address_of(name: str, registration: Registration) -> str:
    activity = registration.session.activity
    if name in {"detail", "join", "ics"}:
        return page(name, activity.slug)
    if name == "community":
        return page(name, activity.area.slug)
    return page(name, registration.pk) if name in {"registration", "give_up"} else page(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_everybody_may_read_what_is_public(name: str, anonymous: Client, signed_in: Client) -> None:
    url = address_of(name, RegistrationFactory.create())
    assert anonymous.get(url).status_code == 200
    assert signed_in.get(url).status_code == 200


@pytest.mark.parametrize("name", OWN)
def test_ones_own_pages_ask_to_sign_in_and_are_for_nobody_else(
    name: str, anonymous: Client, signed_in: Client, resident: User
) -> None:
    mine, other = RegistrationFactory.create(resident=resident), RegistrationFactory.create()
    asked = anonymous.get(address_of(name, mine))
    assert (asked.status_code, asked.url.partition("?")[0]) == (302, "/login/")  # type: ignore[attr-defined]
    assert signed_in.get(address_of(name, mine)).status_code == 200
    if name in {"registration", "give_up"}:
        assert signed_in.get(address_of(name, other)).status_code == 404
        assert signed_in.post(page("accept", other.pk)).status_code == 404


@pytest.mark.parametrize("name", ["detail", "join", "ics", "done"])
def test_a_draft_exists_for_nobody(name: str, anonymous: Client, signed_in: Client) -> None:
    session = SessionFactory.create(activity__status=Activity.Status.DRAFT)
    url = page(name, session.activity.slug)
    assert signed_in.get(url).status_code == 404
    assert signed_in.post(url).status_code in {404, 405}
    if name != "done":
        assert anonymous.get(url).status_code == 404


def test_staff_of_the_area_preview_a_draft_and_others_do_not(client: Client) -> None:
    session = SessionFactory.create(activity__status=Activity.Status.DRAFT)
    client.force_login(staff_of(session.activity.area))
    assert client.get(page("detail", session.activity.slug)).status_code == 200
    client.force_login(staff_of(AreaFactory.create()))
    assert client.get(page("detail", session.activity.slug)).status_code == 404


# ---- lists ----


@pytest.mark.parametrize(("name", "expected"), [("list", 4), ("month", 4)])
def test_lists_ask_the_database_the_same_whatever_their_length(name: str, expected: int, anonymous: Client) -> None:
    SessionFactory.create()
    one = queries(anonymous, page(name) + f"?date={in_three_days().date()}")
    for _number in range(2):
        SessionFactory.create()
    assert queries(anonymous, page(name) + f"?date={in_three_days().date()}") == one == expected


def test_the_list_costs_one_question_more_for_ones_own_registrations(signed_in: Client, resident: User) -> None:
    RegistrationFactory.create(resident=resident)
    one = queries(signed_in, page("list"))
    for day in (1, 2):
        starts_at = in_three_days() + dt.timedelta(days=day)
        RegistrationFactory.create(resident=resident, session=SessionFactory.create(starts_at=starts_at))
    assert queries(signed_in, page("list")) == one


def test_my_registrations_cost_the_same_with_one_and_three(signed_in: Client, resident: User) -> None:
    RegistrationFactory.create(resident=resident)
    one = queries(signed_in, page("mine"))
    for day in (1, 2):
        starts_at = in_three_days() + dt.timedelta(days=day)
        RegistrationFactory.create(resident=resident, session=SessionFactory.create(starts_at=starts_at))
    assert queries(signed_in, page("mine")) == one


def shown(client: Client, query: str, **names: Session) -> set[str]:
    """Which of the named sessions' activities the list shows."""
    html = body(client.get(f"{page('list')}?{query}"))
    return {name for name, session in names.items() if session.activity.title in html}


def test_filters_narrow_the_list(anonymous: Client) -> None:
    saturday = today() + dt.timedelta(days=(5 - today().weekday()) % 7 or 7)
    monday = saturday + dt.timedelta(days=2)

    def at(day: dt.date, hour: int, **fields: Any) -> Session:
        start = timezone.make_aware(dt.datetime.combine(day, dt.time(hour)))
        return SessionFactory.create(starts_at=start, **fields)

    named = {
        "weekend": at(saturday, 14),
        "morning": at(monday, 9, activity__kind=Activity.Kind.SPORTS),
        "evening": at(monday, 19, activity__title="江畔读书会"),
    }
    for query, expected in {
        "": {"weekend", "morning", "evening"},
        "time=weekend": {"weekend"},
        "time=evening": {"evening"},
        "time=daytime": {"morning"},
        "time=shift": {"morning"},
        "time=evening&time=weekend": {"evening", "weekend"},
        "kind=sports": {"morning"},
        f"date={monday}": {"morning", "evening"},
        f"community={named['weekend'].activity.area.slug}": {"weekend"},
        f"q={quote('读书')}": {"evening"},
        "kind=nonsense&date=32&time=x&community=y&after=z": {"weekend", "morning", "evening"},
    }.items():
        assert shown(anonymous, query, **named) == expected, query


def test_cancelled_activities_stay_a_week_with_their_reason(anonymous: Client) -> None:
    fresh = SessionFactory.create(cancelled_at=timezone.now() - 24 * HOUR, cancel_reason="大风")
    old = SessionFactory.create(cancelled_at=timezone.now() - 8 * 24 * HOUR)
    assert shown(anonymous, "", fresh=fresh, old=old) == {"fresh"}
    assert "大风" in body(anonymous.get(page("list")))


def test_an_activity_with_several_groups_on_a_day_is_one_card(anonymous: Client) -> None:
    activity = ActivityFactory.create()
    SessionFactory.create(activity=activity, role="揉面组", capacity=10)
    SessionFactory.create(activity=activity, role="送糕组", capacity=10, starts_at=in_three_days() + HOUR)
    html = body(anonymous.get(page("list")))
    assert html.count('<article class="ev card') == 1
    assert "2 groups" in html


def test_pages_follow_each_other_without_gap_or_repetition(anonymous: Client) -> None:
    sessions = [SessionFactory.create(activity__title=f"第{n:03}场") for n in range(23)]
    first = body(anonymous.get(page("list")))
    later = re.search(r'href="(\?[^"]*after=[^"]*)"', first)
    assert later
    second = body(anonymous.get(page("list") + later[1].replace("&amp;", "&")))
    found = re.findall(r"第\d{3}场</a>", first + second)
    assert sorted(found) == sorted(f"{session.activity.title}</a>" for session in sessions)
    assert 'rel="next"' not in second


def test_an_empty_day_leads_to_the_nearest_with_something(anonymous: Client) -> None:
    SessionFactory.create()
    html = body(anonymous.get(f"{page('list')}?date={today() + dt.timedelta(days=1)}"))
    assert "Nothing on" in html
    assert f'href="?date={in_three_days().date()}"' in html


def test_the_detail_of_a_cancelled_activity_gives_the_reason(anonymous: Client) -> None:
    session = SessionFactory.create(
        activity__status=Activity.Status.CANCELLED, activity__cancel_reason="预报大风", cancelled_at=timezone.now()
    )
    html = body(anonymous.get(page("detail", session.activity.slug)))
    assert "预报大风" in html
    assert "Register" not in html


def test_a_personal_phone_is_shown_only_to_those_who_come_soon(signed_in: Client, resident: User) -> None:
    session = SessionFactory.create(
        activity__contact_phone="199 0000 7777", starts_at=timezone.now() + 20 * HOUR, activity__contact_name="老王"
    )
    url = page("detail", session.activity.slug)
    assert "7777" not in body(signed_in.get(url))
    RegistrationFactory.create(session=session, resident=resident)
    assert "7777" in body(signed_in.get(url))


# ---- registering ----


def test_a_single_session_asks_no_choice_and_registers_in_one_form(
    signed_in: Client, session: Session, resident: User
) -> None:
    html = body(signed_in.get(join_page(session)))
    assert 'type="radio"' not in html
    assert resident.masked_phone in html
    answer = signed_in.post(join_page(session), {"session": session.pk, "note": "晚到 10 分钟"}, follow=True)
    assert "You are registered" in body(answer)
    mine = Registration.objects.get(resident=resident)
    assert (mine.state, mine.note, mine.may_be_photographed) == (State.CONFIRMED, "晚到 10 分钟", False)


def test_sending_the_form_twice_registers_once(signed_in: Client, session: Session) -> None:
    for _time in range(2):
        answer = signed_in.post(join_page(session), {"session": session.pk}, follow=True)
        assert "You are registered" in body(answer)
    assert Registration.objects.count() == 1


def test_one_missing_choice_is_said_at_the_field_and_in_the_summary(signed_in: Client) -> None:
    activity = ActivityFactory.create()
    for hour in (0, 3):
        SessionFactory.create(activity=activity, starts_at=in_three_days() + hour * HOUR)
    question = QuestionFactory.create(activity=activity, text="穿几码？", is_required=True)
    answer = signed_in.post(page("join", activity.slug), {"note": "我带女儿", "companion_1_name": "小李"})
    html = body(answer)
    assert title(answer).startswith("Error: ")
    assert html.count("Please choose a session.") == 2
    assert html.count("Answer “穿几码？”.") == 2
    assert f'href="#id_question_{question.pk}"' in html
    assert 'value="我带女儿"' in html
    assert 'value="小李"' in html
    assert "<details" in html
    assert " open>" in html


def test_a_companion_needs_a_name_and_a_believable_age(signed_in: Client, session: Session) -> None:
    sent = {"session": session.pk, "companion_1_age": "7", "companion_2_name": "小李", "companion_2_age": "很小"}
    html = body(signed_in.post(join_page(session), sent))
    assert html.count("Write the name of companion 1 too.") == 2
    assert html.count("Write the age as a number, for example 7.") == 2
    assert not Registration.objects.exists()


def test_companions_answers_and_birth_date_reach_the_registration(signed_in: Client, resident: User) -> None:
    session = SessionFactory.create(activity__minimum_age=16)
    ask = QuestionFactory.create(activity=session.activity, kind="choice", choices=["大", "小"], is_required=True)
    assert 'name="born_on"' in body(signed_in.get(join_page(session)))
    sent = {"session": session.pk, "born_on": "1991-03-08", f"question_{ask.pk}": "大", "companion_1_name": "小李"}
    signed_in.post(join_page(session), sent)
    mine = Registration.objects.get(resident=resident)
    assert (mine.places, mine.answers) == (2, {str(ask.pk): "大"})
    assert mine.companions.get().name == "小李"
    resident.refresh_from_db()
    assert resident.born_on == dt.date(1991, 3, 8)
    other = SessionFactory.create(activity__minimum_age=16)
    assert 'name="born_on"' not in body(signed_in.get(join_page(other)))


def test_a_session_that_fills_while_typing_asks_before_waiting(signed_in: Client, resident: User) -> None:
    session = SessionFactory.create(capacity=1)
    RegistrationFactory.create(session=session)
    sent = {"session": session.pk, "shown_open": str(session.pk), "note": "我想去"}
    answer = signed_in.post(join_page(session), sent)
    html = body(answer)
    assert "It has just filled up." in html
    assert 'value="我想去"' in html
    assert not Registration.objects.filter(resident=resident).exists()
    again = re.search(r'name="shown_open" value="([^"]*)"', html)
    assert again
    answer = signed_in.post(join_page(session), sent | {"shown_open": again[1]}, follow=True)
    assert "You are no. 1 on the waiting list" in body(answer)


def test_signing_in_keeps_what_was_typed(anonymous: Client, session: Session, resident: User) -> None:
    answer = anonymous.post(
        join_page(session), {"session": session.pk, "note": "我带相机", "companion_1_name": "小李"}
    )
    assert answer.url == f"/login/?next={quote(join_page(session))}"  # type: ignore[attr-defined]
    anonymous.force_login(resident)
    html = body(anonymous.get(join_page(session)))
    assert 'value="我带相机"' in html
    assert 'value="小李"' in html
    anonymous.post(join_page(session), {"session": session.pk, "note": "我带相机"})
    assert Registration.objects.get().resident == resident


def change(session: Session, **fields: Any) -> None:
    Activity.objects.filter(pk=session.activity_id).update(**fields)


def suspend(session: Session, resident: User) -> None:
    User.objects.filter(pk=resident.pk).update(suspended_until=timezone.now() + HOUR)


REFUSED: dict[str, Callable[[Session, User], object]] = {
    "This activity is only for": lambda s, _r: change(s, eligible_area=AreaFactory.create()),
    "home or company is confirmed": lambda s, _r: change(s, needs_confirmed_membership=True),
    "Registration opens on": lambda s, _r: change(s, opens_at=timezone.now() + HOUR),
    "Registration for this session is closed": lambda s, _r: change(s, closes_at=timezone.now() - HOUR),
    "You are already going to": lambda s, r: RegistrationFactory.create(
        resident=r, session=SessionFactory.create(starts_at=s.starts_at + HOUR)
    ),
}


@pytest.mark.parametrize("words", REFUSED)
def test_a_refusal_stands_on_the_page_and_what_was_typed_stays(
    words: str, signed_in: Client, session: Session, resident: User
) -> None:
    REFUSED[words](session, resident)
    answer = signed_in.post(join_page(session), {"session": session.pk, "note": "我想去"})
    assert words in body(answer)
    assert 'value="我想去"' in body(answer)
    assert title(answer).startswith("Error: ")
    assert not Registration.objects.filter(session=session).exists()


def test_too_young_is_said_at_the_birth_date(signed_in: Client) -> None:
    session = SessionFactory.create(activity__minimum_age=16)
    answer = signed_in.post(join_page(session), {"session": session.pk, "born_on": f"{today().year - 10}-01-01"})
    assert 'class="err" id="id_born_on_error"' in body(answer)


def test_a_companion_who_is_too_young_is_named_at_the_companion(signed_in: Client, resident: User) -> None:
    User.objects.filter(pk=resident.pk).update(born_on=dt.date(1991, 3, 8))
    session = SessionFactory.create(activity__minimum_age=16)
    sent = {"session": session.pk, "companion_1_name": "小李", "companion_1_age": "7"}
    assert 'class="err" id="id_companion_1_age_error"' in body(signed_in.post(join_page(session), sent))


def test_suspended_people_read_until_when(signed_in: Client, session: Session, resident: User) -> None:
    suspend(session, resident)
    assert 'id="error-summary"' in body(signed_in.post(join_page(session), {"session": session.pk}))


def test_whoever_is_registered_is_shown_the_result_instead_of_the_form(
    signed_in: Client, session: Session, resident: User
) -> None:
    RegistrationFactory.create(session=session, resident=resident)
    answer = signed_in.get(join_page(session))
    assert answer.url == page("done", session.activity.slug)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (State.PENDING_REVIEW, "Sent. Staff will look at it"),
        (State.WAITLISTED, "You are no. 1 on the waiting list"),
        (State.OFFERED, "A place is yours, say yes in time"),
        (State.CONFIRMED, "You are registered"),
    ],
)
def test_the_result_says_what_happens_next(
    state: str, words: str, signed_in: Client, session: Session, resident: User
) -> None:
    RegistrationFactory.create(session=session, resident=resident, state=state)
    html = body(signed_in.get(page("done", session.activity.slug)))
    assert words in html
    assert "What happens next" in html


def test_who_waits_is_shown_another_group_with_a_place(signed_in: Client, resident: User) -> None:
    full = SessionFactory.create(capacity=0, role="送糕组")
    SessionFactory.create(activity=full.activity, role="揉面组")
    RegistrationFactory.create(session=full, resident=resident, state=State.WAITLISTED)
    assert "Rather not wait? <b>揉面组</b>" in body(signed_in.get(page("done", full.activity.slug)))


# ---- my registrations ----


def test_each_tab_shows_its_own_and_offers_are_on_top_of_all(signed_in: Client, resident: User) -> None:
    def mine(state: str, days: int) -> Registration:
        starts_at = timezone.now() + dt.timedelta(days=days)
        return RegistrationFactory.create(
            resident=resident, state=state, session=SessionFactory.create(starts_at=starts_at)
        )

    rows = {
        "coming": mine(State.CONFIRMED, 2),
        "waiting": mine(State.WAITLISTED, 3),
        "past": mine(State.CONFIRMED, -3),
    }
    offer = mine(State.OFFERED, 4)
    for tab in rows:
        html = body(signed_in.get(f"{page('mine')}?tab={tab}"))
        assert {name for name, row in rows.items() if row.session.activity.title in html} == {tab}
        assert offer.session.activity.title in html
        assert page("accept", offer.pk) in html


def test_giving_up_asks_once_and_frees_the_place(signed_in: Client, session: Session, resident: User) -> None:
    row = RegistrationFactory.create(session=session, resident=resident)
    RegistrationFactory.create(session=session, state=State.WAITLISTED)
    assert "1 neighbour waits for a place" in body(signed_in.get(page("give_up", row.pk)))
    answer = signed_in.post(page("give_up", row.pk), {"reason": "加班"}, follow=True)
    assert "Your place is free again" in body(answer)
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.CANCELLED, "加班")


def test_giving_up_too_late_shows_whom_to_call(signed_in: Client, resident: User) -> None:
    session = SessionFactory.create(starts_at=timezone.now() + 2 * HOUR, activity__cancel_hours=12)
    row = RegistrationFactory.create(session=session, resident=resident)
    answer = signed_in.post(page("give_up", row.pk), {"reason": "加班"})
    assert title(answer).startswith("Error: ")
    assert 'value="加班"' in body(answer)


@pytest.mark.parametrize(("verb", "state"), [("accept", State.CONFIRMED), ("decline", State.CANCELLED)])
def test_an_offer_is_answered_with_one_tap(verb: str, state: str, signed_in: Client, resident: User) -> None:
    row = RegistrationFactory.create(resident=resident, state=State.OFFERED)
    assert signed_in.get(page(verb, row.pk)).url == page("registration", row.pk)  # type: ignore[attr-defined]
    assert signed_in.post(page(verb, row.pk), {"next": page("mine")}).url == page("mine")  # type: ignore[attr-defined]
    row.refresh_from_db()
    assert row.state == state


def test_a_lapsed_offer_is_refused_on_the_page(signed_in: Client, resident: User) -> None:
    row = RegistrationFactory.create(resident=resident, state=State.LAPSED)
    answer = signed_in.post(page("accept", row.pk))
    assert answer.status_code == 200
    assert 'id="error-summary"' in body(answer)
    assert title(answer).startswith("Error: ")


def test_one_companion_stays_at_home(signed_in: Client, session: Session, resident: User) -> None:
    row = RegistrationFactory.create(session=session, resident=resident, places=2)
    companion = CompanionFactory.create(registration=row, name="小李")
    url = page("drop_companion", row.pk, companion.pk)
    assert url in body(signed_in.get(page("registration", row.pk)))
    signed_in.post(url)
    row.refresh_from_db()
    assert row.places == 1
    assert not Companion.objects.exists()


def test_nobody_drops_somebody_elses_companion(signed_in: Client, resident: User) -> None:
    companion = CompanionFactory.create()
    mine = RegistrationFactory.create(resident=resident)
    assert signed_in.post(page("drop_companion", mine.pk, companion.pk)).status_code == 404
    assert signed_in.post(page("drop_companion", companion.registration_id, companion.pk)).status_code == 404


def test_an_activity_is_kept_and_let_go(signed_in: Client, anonymous: Client, session: Session) -> None:
    url = page("bookmark", session.activity.slug)
    assert anonymous.post(url).url.startswith("/login/")  # type: ignore[attr-defined]
    signed_in.post(url)
    assert Bookmark.objects.count() == 1
    assert "Kept" in body(signed_in.get(page("detail", session.activity.slug)))
    answer = signed_in.post(url, {"let_go": "1", "next": "https://elsewhere.example/"})
    assert answer.url == page("detail", session.activity.slug)  # type: ignore[attr-defined]
    assert not Bookmark.objects.exists()


# ---- calendars ----


def test_the_personal_feed_is_read_by_its_secret_alone(anonymous: Client, signed_in: Client, resident: User) -> None:
    row = RegistrationFactory.create(resident=resident)
    url = page("feed", resident.calendar_token)
    assert url in body(signed_in.get(page("subscribe")))
    answer = anonymous.get(url)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert row.session.activity.title.encode() in answer.content.replace(b"\r\n ", b"")
    assert anonymous.get(page("feed", "guessed")).status_code == 404


def test_pages_show_no_other_persons_name_or_phone(signed_in: Client, session: Session) -> None:
    other = UserFactory.create(nickname="别人的名字")
    RegistrationFactory.create(session=session, resident=other)
    for url in (page("list"), page("detail", session.activity.slug), join_page(session)):
        html = body(signed_in.get(url))
        assert "别人的名字" not in html
        assert str(other.phone)[3:] not in html
