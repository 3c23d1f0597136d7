import pytest

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.moderation.actions import Decision, decide, drop, refusals, submit
from linlingtong.moderation.models import Case, CaseEvent
from linlingtong.notifications.models import Kind, Notification
from tests.moderation.conftest import Wall, trusted
from tests.moderation.factories import WordFactory


def told(user: User) -> list[str]:
    return list(
        Notification.objects.filter(resident=user, kind=Kind.REVIEW).order_by("id").values_list("title", flat=True)
    )


def test_what_a_trusted_neighbour_writes_is_seen_at_once(wall: Wall, author: User) -> None:
    trusted(author)
    case = wall.write(1, author, holds_newcomers=True)
    assert (case.state, case.is_visible, told(author)) == (Case.State.CLEAR, True, [])


def test_the_first_three_posts_of_a_newcomer_wait_and_the_fourth_does_not(
    wall: Wall, author: User, community: Area, staff: User
) -> None:
    for key in range(1, 4):
        case = wall.write(key, author, area_path=community.path, holds_newcomers=True)
        assert (case.state, case.is_visible, case.cause) == (Case.State.WAITING, False, Case.Cause.NEWCOMER)
        decide(case.pk, Decision.PASS, by=staff)
    assert wall.visible == {1: True, 2: True, 3: True}
    assert wall.write(4, author, area_path=community.path, holds_newcomers=True).is_visible


def test_ten_posts_at_once_of_a_newcomer_all_wait(wall: Wall, author: User) -> None:
    assert not any(wall.write(key, author, holds_newcomers=True).is_visible for key in range(10))


def test_staff_in_their_own_area_are_no_newcomers(wall: Wall, staff: User, community: Area) -> None:
    assert wall.write(1, staff, area_path=community.path, holds_newcomers=True).is_visible
    assert not wall.write(2, staff, area_path="/elsewhere/", holds_newcomers=True).is_visible


@pytest.mark.parametrize(
    "text",
    [
        "快来加微信",
        "快来加 微 信",
        "加\u200b微‌信",
        "加微微微信",
        "加*微*信",
        "ＪＩＡ加微信",
        "加\n微信",
        "加.微。信",
        "加微信信信😀",
    ],
)
def test_a_watched_word_is_found_through_its_disguises(wall: Wall, author: User, text: str) -> None:
    WordFactory.create(text="加微信")
    case = wall.write(1, author, text)
    assert (case.is_visible, case.cause, case.words) == (False, Case.Cause.WORD, ["加微信"])


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("SB", True), ("ＳＢ！", True), ("s b", True), ("s.b", True), ("你ｓ\u200bｂ啊", True),
        ("usb 插口", False), ("usbc", False), ("SBS 广播", False),
    ],
)  # fmt: skip
def test_a_latin_word_has_to_stand_alone(wall: Wall, author: User, text: str, is_found: bool) -> None:
    WordFactory.create(text="sb")
    assert (not wall.write(1, author, text).is_visible) is is_found


def test_a_word_out_of_use_is_not_looked_for(wall: Wall, author: User) -> None:
    WordFactory.create(text="加微信", is_active=False)
    assert wall.write(1, author, "加微信").is_visible


def test_the_author_hears_once_that_it_waits(wall: Wall, author: User) -> None:
    wall.write(1, author, holds_newcomers=True)
    wall.write(1, author, "改了一个字", holds_newcomers=True)
    assert len(told(author)) == 1


def test_a_change_with_a_watched_word_takes_it_back(wall: Wall, author: User) -> None:
    WordFactory.create(text="加微信")
    assert wall.write(1, author).is_visible
    assert not wall.write(1, author, "加微信").is_visible
    assert not wall.write(1, author, "没有了").is_visible, "it stays with the person who looks"


def test_what_was_returned_waits_again_after_its_change(
    wall: Wall, author: User, staff: User, community: Area
) -> None:
    case = wall.write(1, author, area_path=community.path)
    decide(case.pk, Decision.RETURN, by=staff, reason="门牌号请去掉")
    assert not wall.visible[1]
    case = wall.write(1, author, "改好了", area_path=community.path)
    assert (case.state, case.cause, case.is_visible) == (Case.State.WAITING, Case.Cause.CHANGED, False)


def test_what_was_hidden_stays_hidden(wall: Wall, author: User, staff: User, community: Area) -> None:
    case = wall.write(1, author, area_path=community.path)
    decide(case.pk, Decision.HIDE, by=staff, reason="广告")
    with pytest.raises(refusals.StaysHidden):
        submit("note", 1, author=author, text="再来", area_path=community.path, by=author)


def test_content_with_children_always_waits(wall: Wall, author: User) -> None:
    trusted(author)
    case = wall.write(1, author, has_minors=True)
    assert (case.is_visible, case.cause) == (False, Case.Cause.MINORS)


def test_what_is_deleted_leaves_the_queue_and_its_text_goes(wall: Wall, author: User) -> None:
    wall.write(1, author, holds_newcomers=True)
    drop("note", [1, 2], by=author)
    case = Case.objects.get()
    assert (case.state, case.text, case.is_visible, case.waiting_since) == (Case.State.GONE, "", False, None)
    assert not Case.objects.queue().exists()


def test_every_step_is_written_down(wall: Wall, author: User, staff: User, community: Area) -> None:
    case = wall.write(1, author, area_path=community.path, holds_newcomers=True)
    decide(case.pk, Decision.PASS, by=staff)
    steps = CaseEvent.objects.filter(case=case).order_by("id").values_list("from_state", "to_state", "by")
    assert list(steps) == [("", "waiting", author.pk), ("waiting", "passed", staff.pk)]
