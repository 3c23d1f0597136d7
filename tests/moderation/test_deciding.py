from typing import Any, ClassVar

import pytest
from django.core.exceptions import PermissionDenied

from linlingtong.accounts.actions import change_profile
from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.moderation.actions import (
    Decision,
    appeal,
    check_outside,
    decide,
    drop,
    forget,
    refusals,
    report,
    tell_refused_photos,
    withdraw_nickname,
)
from linlingtong.moderation.board import board
from linlingtong.moderation.models import Case, Report
from linlingtong.moderation.permissions import queue_for
from linlingtong.photos.models import Photo
from tests.factories import AreaFactory, UserFactory, staff_of
from tests.moderation.conftest import Wall
from tests.moderation.factories import WordFactory
from tests.moderation.test_submitting import told

State = Case.State


@pytest.fixture
def held(wall: Wall, author: User, community: Area) -> Case:
    return wall.write(1, author, area_path=community.path, holds_newcomers=True)


@pytest.mark.parametrize("decision", list(Decision))
def test_a_decision_moves_the_object_and_tells_its_author(
    wall: Wall, held: Case, staff: User, decision: Decision
) -> None:
    visible = decision == Decision.PASS
    case = decide(held.pk, decision, by=staff, reason="请去掉门牌号")
    assert (case.state, case.is_visible, wall.visible[1]) == (decision, visible, visible)
    assert case.author
    assert len(told(case.author)) == 2
    assert not queue_for(staff).exists()


def test_only_staff_of_the_area_decide(held: Case, author: User, community: Area) -> None:
    outside = [UserFactory.create(), UserFactory.create(is_staff=True), staff_of(AreaFactory.create())]
    for who in outside:
        assert not queue_for(who).exists()
        with pytest.raises(PermissionDenied):
            decide(held.pk, Decision.PASS, by=who)
    above = staff_of(community.parent or community)
    assert decide(held.pk, Decision.PASS, by=above).state == State.PASSED


def test_what_belongs_to_no_area_is_for_those_who_see_everything(
    wall: Wall, author: User, staff: User, community: Area
) -> None:
    case = wall.write(1, author, holds_newcomers=True)
    with pytest.raises(PermissionDenied):
        decide(case.pk, Decision.PASS, by=staff)
    decide(case.pk, Decision.PASS, by=staff_of(community.parent or community))


@pytest.mark.parametrize("decision", [Decision.RETURN, Decision.HIDE])
@pytest.mark.parametrize("reason", ["", "  \u200b "])
def test_no_without_a_reason_is_not_possible(held: Case, staff: User, decision: Decision, reason: str) -> None:
    with pytest.raises(refusals.ReasonMissing):
        decide(held.pk, decision, by=staff, reason=reason)


def test_nobody_decides_about_their_own(wall: Wall, staff: User, community: Area) -> None:
    WordFactory.create(text="加微信")
    case = wall.write(1, staff, "加微信", area_path=community.path)
    assert not queue_for(staff).exists()
    with pytest.raises(refusals.OwnCase):
        decide(case.pk, Decision.PASS, by=staff)


def test_two_colleagues_do_not_decide_over_each_other(held: Case, staff: User, community: Area) -> None:
    seen = held.events.latest("id").pk
    decide(held.pk, Decision.PASS, by=staff, seen=seen)
    with pytest.raises(refusals.SomebodyElseDecided):
        decide(held.pk, Decision.HIDE, by=staff_of(community), reason="x", seen=seen)


def test_what_is_gone_cannot_be_decided(held: Case, staff: User, author: User) -> None:
    drop("note", [1], by=author)
    with pytest.raises(refusals.CaseGone):
        decide(held.pk, Decision.PASS, by=staff)


def test_the_same_decision_again_changes_nothing(held: Case, staff: User, author: User) -> None:
    for _ in range(2):
        decide(held.pk, Decision.PASS, by=staff)
    assert len(told(author)) == 2


def test_content_with_children_is_published_by_two_people(
    wall: Wall, author: User, staff: User, community: Area
) -> None:
    case = wall.write(1, author, area_path=community.path, has_minors=True)
    assert decide(case.pk, Decision.PASS, by=staff).state == State.WAITING
    assert not wall.visible[1]
    assert not queue_for(staff).exists()
    with pytest.raises(refusals.SamePerson):
        decide(case.pk, Decision.PASS, by=staff)
    colleague = staff_of(community)
    assert queue_for(colleague).exists()
    assert decide(case.pk, Decision.PASS, by=colleague).is_visible
    assert wall.visible[1]


def test_one_person_is_enough_to_take_content_with_children_away(
    wall: Wall, author: User, staff: User, community: Area
) -> None:
    case = wall.write(1, author, area_path=community.path, has_minors=True)
    assert decide(case.pk, Decision.HIDE, by=staff, reason="有孩子的脸").state == State.HIDDEN
    assert decide(case.pk, Decision.PASS, by=staff).state == State.WAITING, "giving it back takes two again"
    assert not wall.visible[1]


def test_an_appeal_is_decided_by_somebody_else_and_only_once(
    wall: Wall, held: Case, staff: User, author: User, community: Area
) -> None:
    decide(held.pk, Decision.HIDE, by=staff, reason="广告")
    assert appeal(held.pk, "这是我自己做的馒头，不卖的", by=author).state == State.APPEALED
    assert not queue_for(staff).exists()
    with pytest.raises(refusals.SamePerson):
        decide(held.pk, Decision.PASS, by=staff)
    colleague = staff_of(community)
    decide(held.pk, Decision.HIDE, by=colleague, reason="还是广告")
    with pytest.raises(refusals.AlreadyAppealed):
        appeal(held.pk, "再看看", by=author)
    assert len(told(author)) == 3


def test_an_appeal_can_succeed(wall: Wall, held: Case, staff: User, author: User, community: Area) -> None:
    decide(held.pk, Decision.HIDE, by=staff, reason="广告")
    appeal(held.pk, "不是广告", by=author)
    assert decide(held.pk, Decision.PASS, by=staff_of(community)).is_visible
    assert wall.visible[1]


def test_there_has_to_be_something_to_appeal_against(held: Case, staff: User, author: User) -> None:
    with pytest.raises(refusals.NothingToAppeal):
        appeal(held.pk, "快点", by=author)
    decide(held.pk, Decision.RETURN, by=staff, reason="写清楚")
    with pytest.raises(refusals.AppealEmpty):
        appeal(held.pk, "\u200b \n", by=author)
    with pytest.raises(Case.DoesNotExist):
        appeal(held.pk, "不是我的", by=UserFactory.create())


def test_reports_are_settled_by_the_decision(wall: Wall, author: User, staff: User, community: Area) -> None:
    for key, decision, was_right in ((1, Decision.PASS, False), (2, Decision.HIDE, True)):
        case = wall.write(key, author, area_path=community.path)
        report("note", key, reason="other", by=UserFactory.create())
        decide(case.pk, decision, by=staff, reason="广告")
        row = Report.objects.get(case=case)
        assert (row.was_right, row.settled_at is not None) == (was_right, True)
    assert len(told(author)) == 1, "who was right all along hears nothing"


class Fine:
    texts: ClassVar[list[str]] = []

    def check(self, text: str) -> bool:
        self.texts.append(text)
        return "坏" not in text


class Slow:
    def check(self, text: str) -> bool:
        raise TimeoutError(text)


def test_an_outside_check_lets_pass_or_leaves_it_to_people(wall: Wall, author: User, settings: Any) -> None:
    settings.MODERATION_CHECKER = f"{__name__}.Fine"
    Fine.texts.clear()
    good, bad = wall.write(1, author, "好"), wall.write(2, author, "坏")
    assert (good.is_visible, bad.is_visible, good.cause) == (False, False, Case.Cause.CHECKER)
    assert check_outside() == 1
    assert wall.visible == {1: True, 2: False}
    assert check_outside() == 0
    assert Fine.texts == ["好", "坏"], "each is asked about once"


def test_silence_of_the_outside_check_means_that_a_person_looks(wall: Wall, author: User, settings: Any) -> None:
    settings.MODERATION_CHECKER = f"{__name__}.Slow"
    wall.write(1, author)
    assert check_outside() == 0
    assert (wall.visible[1], Case.objects.queue().count()) == (False, 1)


def test_without_an_outside_check_nobody_is_asked(wall: Wall, author: User) -> None:
    assert wall.write(1, author).is_visible
    assert check_outside() == 0


def test_a_nickname_with_a_watched_word_waits_and_the_old_one_stays(author: User, community: Area) -> None:
    WordFactory.create(text="坏人")
    author.home_area = community
    author.save()
    old = author.nickname
    change_profile(author, by=author, nickname="坏 人", born_on=None)
    author.refresh_from_db()
    case = Case.objects.get(kind="nickname")
    assert (author.nickname, case.text, case.is_waiting, case.area_path) == (old, "坏 人", True, community.path)
    decide(case.pk, Decision.PASS, by=staff_of(community))
    author.refresh_from_db()
    assert author.nickname == "坏 人"


def test_a_nickname_of_no_interest_is_there_at_once(author: User) -> None:
    change_profile(author, by=author, nickname="陈师傅")
    author.refresh_from_db()
    assert author.nickname == "陈师傅"
    change_profile(author, by=author, nickname="")
    author.refresh_from_db()
    assert author.nickname == ""


def test_staff_take_a_nickname_away_and_the_next_one_waits(author: User, staff: User, community: Area) -> None:
    User.objects.filter(pk=author.pk).update(home_area=community, nickname="难听")
    withdraw_nickname(author.pk, by=staff, reason="换一个")
    author.refresh_from_db()
    assert (author.nickname, len(told(author))) == ("", 1)
    change_profile(author, by=author, nickname="还是难听")
    author.refresh_from_db()
    assert author.nickname == ""
    with pytest.raises(PermissionDenied):
        withdraw_nickname(author.pk, by=staff_of(AreaFactory.create()), reason="x")


def test_a_nickname_can_be_reported(author: User) -> None:
    for who in UserFactory.create_batch(3):
        report("nickname", author.pk, reason="insult", by=who)
    author.refresh_from_db()
    assert author.nickname == ""


def test_who_leaves_leaves_no_text_and_no_reports_behind(wall: Wall, held: Case, author: User) -> None:
    wall.write(2, UserFactory.create())
    report("note", 2, reason="other", by=author, note="看看")
    assert len(board.export(author)["reviews"]) == len(board.export(author)["reports"]) == 1
    forget(author)
    held.refresh_from_db()
    assert (held.author, held.text, held.state) == (None, "", State.GONE)
    assert not Report.objects.exists()


def test_the_start_page_of_staff_counts_their_queue(held: Case, staff: User, author: User) -> None:
    assert [row[0] for row in board.work(staff)] == [1]
    assert board.work(author) == []


def test_who_sent_a_photo_that_could_not_be_opened_hears_it_once(wall: Wall, author: User) -> None:
    facts: dict[str, Any] = {"owner": author, "state": Photo.State.REFUSED, "refusal": Photo.Reason.BROKEN}
    Photo.objects.create(subject="note", subject_id=1, **facts)
    Photo.objects.create(**facts)
    assert tell_refused_photos() == 1
    assert tell_refused_photos() == 0
    assert len(told(author)) == 1
