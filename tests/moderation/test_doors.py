"""Every no through every door: pages of residents, the API, the queue of staff."""

import re
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.moderation.actions import Decision, appeal, decide, drop, report
from linlingtong.moderation.models import Case, Report, Word
from linlingtong.photos.models import Photo
from tests.api.conftest import token_of
from tests.factories import AppointmentFactory, AreaFactory, UserFactory, staff_of
from tests.moderation.conftest import Wall
from tests.moderation.factories import WordFactory

State = Case.State


def browser(user: User | None) -> Client:
    client = Client()
    if user:
        client.force_login(user)
    return client


def call(user: User | None, path: str, body: Any = None, **headers: str) -> Any:
    sent = headers | ({"X-Session-Token": token_of(user)} if user else {})
    if body is None:
        return Client().get(f"/api/v1/{path}", headers=sent)
    return Client().post(f"/api/v1/{path}", orjson.dumps(body), content_type="application/json", headers=sent)


@pytest.fixture
def note(wall: Wall, author: User, community: Area) -> Case:
    """Something that everybody sees."""
    return wall.write(1, author, area_path=community.path)


@pytest.fixture
def held(wall: Wall, author: User, community: Area) -> Case:
    return wall.write(2, author, "加班回来有碗热汤", area_path=community.path, holds_newcomers=True)


def wrong_reporter(wall: Wall, community: Area, staff: User) -> User:
    """Somebody whose five reports of this month were not right."""
    who = UserFactory.create()
    for key in range(50, 55):
        case = wall.write(key, UserFactory.create(), area_path=community.path)
        report("note", key, reason="other", by=who)
        decide(case.pk, Decision.PASS, by=staff)
    return who


class Around:
    """What a refused report needs to be refused."""

    def __init__(self, wall: Wall, author: User, staff: User, community: Area, settings: Any) -> None:
        self.wall, self.author, self.staff, self.community, self.settings = wall, author, staff, community, settings


@pytest.fixture
def around(wall: Wall, author: User, staff: User, community: Area, settings: Any) -> Around:
    return Around(wall, author, staff, community, settings)


def too_many(around: Around) -> User:
    around.settings.MODERATION_REPORTS_A_DAY = 0
    return UserFactory.create()


REFUSED: dict[str, Callable[[Around], User]] = {
    "own_content": lambda around: around.author,
    "enough_reports_today": too_many,
    "reports_paused": lambda around: wrong_reporter(around.wall, around.community, around.staff),
}


@pytest.mark.parametrize("code", REFUSED)
def test_refused_reports_through_every_door(around: Around, note: Case, code: str) -> None:
    who = REFUSED[code](around)
    if code == "enough_reports_today":
        around.settings.MODERATION_REPORTS_A_DAY = 1
        around.wall.write(9, around.author)
        report("note", 9, reason="other", by=who)
    before = Report.objects.count()
    answer = call(who, "reports/", {"kind": "note", "object": 1, "reason": "advert"})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    page = browser(who).post("/moderation/report/note/1/", {"reason": "advert", "note": "看看这个"})
    assert page.status_code == 200
    assert 'role="alert"' in page.text or "error-summary" in page.text
    assert "看看这个" in page.text, "what was typed is still there"
    assert Report.objects.count() == before


def test_a_report_from_the_page_thanks_and_shows_the_way_back(note: Case) -> None:
    who = UserFactory.create()
    form = browser(who).get("/moderation/report/note/1/")
    assert form.status_code == 200
    done = browser(who).post("/moderation/report/note/1/", {"reason": "privacy", "note": "有门牌号"})
    assert done.status_code == 200
    assert 'href="/notes/1/"' in done.text
    row = Report.objects.get()
    assert (row.reason, row.note, row.by) == ("privacy", "有门牌号", who)


def test_a_report_without_a_reason_says_so_at_its_field(note: Case) -> None:
    page = browser(UserFactory.create()).post("/moderation/report/note/1/", {"note": "x"})
    assert "id_reason" in page.text
    assert not Report.objects.exists()


@pytest.mark.parametrize("path", ["note/99/", "nothing/1/", "note/2/"])
def test_what_one_does_not_see_is_not_found(wall: Wall, held: Case, path: str) -> None:
    who = UserFactory.create()
    assert browser(who).get(f"/moderation/report/{path}").status_code == 404
    assert browser(who).post(f"/moderation/report/{path}", {"reason": "other"}).status_code == 404
    kind, key, _rest = path.split("/")
    assert call(who, "reports/", {"kind": kind, "object": int(key), "reason": "other"}).status_code == 404


def test_visitors_sign_in_first(note: Case) -> None:
    assert browser(None).get("/moderation/report/note/1/").status_code == 302
    assert call(None, "reports/", {"kind": "note", "object": 1, "reason": "other"}).status_code == 401
    assert browser(None).get("/me/reviews/").status_code == 302


@pytest.mark.parametrize(
    "body",
    [
        {}, [], {"kind": "note"}, {"kind": "note", "object": "x", "reason": "other"},
        {"kind": "note", "object": 2**63, "reason": "other"}, {"kind": "note", "object": 1, "reason": "boring"},
        {"kind": "x" * 99, "object": 1, "reason": "other"},
        {"kind": "note", "object": 1, "reason": "other", "note": 5},
        {"kind": "note", "object": 1, "reason": "other", "note": "x" * 301},
        {"kind": "\x00", "object": 1, "reason": "other"},
    ],
)  # fmt: skip
def test_a_bad_report_is_a_bad_call(note: Case, body: Any) -> None:
    assert call(UserFactory.create(), "reports/", body).status_code == 400


def test_an_app_reports_and_the_same_again_is_the_same(note: Case) -> None:
    who = UserFactory.create()
    body = {"kind": "note", "object": 1, "reason": "advert", "note": "卖保险"}
    first, again = call(who, "reports/", body), call(who, "reports/", body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert set(first.json()) == {"id", "kind", "object", "reason", "created_at"}


def test_the_author_sees_where_it_stands_and_appeals_from_the_message(held: Case, author: User, staff: User) -> None:
    mine = browser(author)
    assert "加班回来有碗热汤" in mine.get("/me/reviews/").text
    address = f"/me/reviews/{held.pk}/"
    assert "<textarea" not in mine.get(address).text
    decide(held.pk, Decision.HIDE, by=staff, reason="广告请去别处")
    assert "广告请去别处" in mine.get(address).text
    empty = mine.post(address, {"text": " "})
    assert "error-summary" in empty.text
    assert mine.post(address, {"text": "不是广告"})["Location"] == address
    held.refresh_from_db()
    assert (held.state, held.appeal) == (State.APPEALED, "不是广告")
    assert "<textarea" not in mine.get(address).text


def test_nobody_else_sees_a_case(held: Case, staff: User) -> None:
    for who in (UserFactory.create(), staff):
        assert browser(who).get(f"/me/reviews/{held.pk}/").status_code == 404
        assert browser(who).post(f"/me/reviews/{held.pk}/", {"text": "x"}).status_code == 404
        assert call(who, f"me/reviews/{held.pk}/appeal/", {"text": "x"}).status_code == 404


@pytest.mark.parametrize("code", ["nothing_to_appeal", "already_appealed"])
def test_refused_appeals_through_every_door(held: Case, author: User, staff: User, community: Area, code: str) -> None:
    if code == "already_appealed":
        decide(held.pk, Decision.HIDE, by=staff, reason="广告")
        appeal(held.pk, "不是", by=author)
        decide(held.pk, Decision.HIDE, by=staff_of(community), reason="是")
    answer = call(author, f"me/reviews/{held.pk}/appeal/", {"text": "再看看"})
    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert "error-summary" not in browser(author).get(f"/me/reviews/{held.pk}/").text
    assert browser(author).post(f"/me/reviews/{held.pk}/", {"text": "再看看"}).status_code == 200


def test_an_app_lists_ones_own_and_appeals(wall: Wall, held: Case, note: Case, author: User, staff: User) -> None:
    rows = call(author, "me/reviews/").json()
    assert [(row["object"], row["state"], row["may_appeal"]) for row in rows] == [(2, "waiting", False)]
    decide(held.pk, Decision.RETURN, by=staff, reason="写清楚")
    assert call(author, f"me/reviews/{held.pk}/appeal/", {"text": ""}).status_code == 400
    answer = call(author, f"me/reviews/{held.pk}/appeal/", {"text": "很清楚了"})
    assert (answer.status_code, answer.json()["state"]) == (200, "appealed")
    assert call(UserFactory.create(), "me/reviews/").json() == []


@pytest.mark.parametrize("count", [1, 3])
def test_lists_cost_the_same_with_one_row_and_with_three(
    around: Around, count: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for key in range(count):
        around.wall.write(key, around.author, area_path=around.community.path, holds_newcomers=True)
    mine, queue = browser(around.author), browser(around.staff)
    mine.get("/me/reviews/")
    queue.get("/admin/moderation/case/")
    with django_assert_num_queries(4):
        mine.get("/me/reviews/")
    with django_assert_num_queries(10):
        queue.get("/admin/moderation/case/")


def page_of(case: Case) -> str:
    return f"/admin/moderation/case/{case.pk}/change/"


def decision(case: Case, answer: str, **typed: Any) -> dict[str, Any]:
    return {"decision": answer, "seen": case.events.latest("id").pk, "why": "", "reason": ""} | typed


def test_the_queue_shows_one_after_the_other(wall: Wall, author: User, staff: User, community: Area) -> None:
    first, second = (wall.write(key, author, area_path=community.path, holds_newcomers=True) for key in (1, 2))
    desk = browser(staff)
    assert desk.get("/admin/moderation/case/queue/")["Location"] == page_of(first)
    answer = desk.post(f"/admin/moderation/case/{first.pk}/decide/", decision(first, "passed"), follow=True)
    assert answer.redirect_chain[-1][0] == page_of(second)
    answer = desk.post(
        f"/admin/moderation/case/{second.pk}/decide/?kind=note", decision(second, "passed"), follow=True
    )
    assert answer.redirect_chain[-1][0] == "/admin/moderation/case/"
    assert wall.visible == {1: True, 2: True}


def test_a_case_shows_all_that_is_needed(wall: Wall, held: Case, author: User, staff: User, community: Area) -> None:
    Photo.objects.create(owner=author, subject="note", subject_id=2, state="ready", width=60, height=40)
    other = wall.write(3, author, "早些时候写的", area_path=community.path)
    wall.write(4, author, "在别处写的", area_path=AreaFactory.create().path)
    decide(other.pk, Decision.HIDE, by=staff, reason="广告")
    Report.objects.create(case=held, by=UserFactory.create(nickname="热心人"), reason="child", note="有小孩")
    text = browser(staff).get(page_of(held)).text
    for shown in ("加班回来有碗热汤", "热心人", "有小孩", "早些时候写的", "<img", 'data-key="p"', "/blur/"):
        assert shown in text
    assert "在别处写的" not in text, "what somebody wrote elsewhere is not this community's business"
    assert not re.search(r"1990000\d{4}", text)


REFUSED_DECISIONS: dict[str, tuple[Callable[[Case, User, User], object], dict[str, Any]]] = {
    "no reason": (lambda *_: None, {"decision": "hidden"}),
    "out of date": (lambda *_: None, {"decision": "passed", "seen": 0}),
    "gone": (lambda case, author, _staff: drop(case.kind, [case.object_id], by=author), {"decision": "passed"}),
    "nonsense": (lambda *_: None, {"decision": "burn"}),
}


@pytest.mark.parametrize("name", REFUSED_DECISIONS)
def test_refused_decisions_are_messages_in_the_admin(held: Case, author: User, staff: User, name: str) -> None:
    prepare, typed = REFUSED_DECISIONS[name]
    prepare(held, author, staff)
    held.refresh_from_db()
    state = held.state
    address = f"/admin/moderation/case/{held.pk}/decide/"
    answer = browser(staff).post(address, decision(held, "passed") | typed, follow=True)
    assert answer.status_code == 200
    assert "errornote" in answer.text or 'class="error"' in answer.text
    held.refresh_from_db()
    assert held.state == state


def test_the_second_pair_of_eyes_and_ones_own_in_the_admin(
    wall: Wall, author: User, staff: User, community: Area
) -> None:
    case = wall.write(1, author, area_path=community.path, has_minors=True)
    desk = browser(staff)
    address = f"/admin/moderation/case/{case.pk}/decide/"
    desk.post(address, decision(case, "passed"))
    assert 'class="error"' in desk.post(address, decision(case, "passed"), follow=True).text
    WordFactory.create(text="坏")
    own = wall.write(2, staff, "坏", area_path=community.path)
    assert "look-form" not in desk.get(page_of(own)).text
    answer = desk.post(f"/admin/moderation/case/{own.pk}/decide/", decision(own, "passed"), follow=True)
    assert 'class="error"' in answer.text
    assert not wall.visible[2]


def test_a_reason_from_the_list_reaches_the_author(held: Case, staff: User) -> None:
    address = f"/admin/moderation/case/{held.pk}/decide/"
    browser(staff).post(address, decision(held, "returned", why="face", reason="第二张"))
    held.refresh_from_db()
    assert held.state == State.RETURNED
    assert held.reason.endswith(" 第二张")
    assert len(held.reason) > 10


def test_staff_elsewhere_and_everybody_else_find_nothing(held: Case, author: User, community: Area) -> None:
    head = AppointmentFactory.create(area=community, role="building_head").user
    strangers = [staff_of(AreaFactory.create()), UserFactory.create(is_staff=True), head, UserFactory.create(), None]
    for who in strangers:
        client = browser(who)
        gets = [page_of(held), "/admin/moderation/case/queue/"]
        posts = [f"/admin/moderation/case/{held.pk}/{name}/" for name in ("decide", "nickname")]
        seen = [client.get(path) for path in gets] + [client.post(path, decision(held, "passed")) for path in posts]
        assert all(answer.status_code in {302, 403, 404} for answer in seen)
        assert "加班回来有碗热汤" not in client.get("/admin/moderation/case/?state=all", follow=True).text
    held.refresh_from_db()
    assert held.state == State.WAITING


def test_the_nickname_goes_with_one_button(wall: Wall, staff: User, community: Area) -> None:
    writer = UserFactory.create(nickname="难听", home_area=community)
    case = wall.write(1, writer, area_path=community.path)
    browser(staff).post(f"/admin/moderation/case/{case.pk}/nickname/")
    writer.refresh_from_db()
    assert writer.nickname == ""
    elsewhere = UserFactory.create(nickname="难听", home_area=AreaFactory.create())
    case = wall.write(2, elsewhere, area_path=community.path)
    answer = browser(staff).post(f"/admin/moderation/case/{case.pk}/nickname/", follow=True)
    assert 'class="error"' in answer.text
    elsewhere.refresh_from_db()
    assert elsewhere.nickname == "难听"


def test_words_are_kept_by_those_who_manage_the_whole_subdistrict(staff: User, community: Area) -> None:
    assert browser(staff).get("/admin/moderation/word/").status_code == 404
    chief = browser(staff_of(community.parent or community))
    assert chief.get("/admin/moderation/word/").status_code == 200
    page = "/admin/moderation/word/add/"
    assert chief.post(page, {"text": "加 微信", "note": "", "is_active": "on"}).status_code == 302
    assert Word.objects.get().normal == "加微信"
    assert chief.post(page, {"text": "加微微信！", "is_active": "on"}).status_code == 200, "the same word"
    assert chief.post(page, {"text": "!!!", "is_active": "on"}).status_code == 200
    assert Word.objects.count() == 1


def test_the_list_filters_by_state_and_kind(held: Case, note: Case, staff: User) -> None:
    desk = browser(staff)
    assert "谢谢楼下的王师傅" not in desk.get("/admin/moderation/case/").text
    for query in ("?state=all", "?state=clear", "?state=all&kind=note"):
        assert "谢谢楼下的王师傅" in desk.get(f"/admin/moderation/case/{query}").text
    assert "?kind=note" in desk.get("/admin/moderation/case/").text
    assert desk.post(page_of(held), {}).status_code in {403, 404}
