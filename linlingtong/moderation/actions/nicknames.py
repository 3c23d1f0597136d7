"""A nickname is content: neighbours read it beside everything that somebody writes."""

from django.contrib.auth.models import AnonymousUser

from linlingtong.accounts.actions import set_nickname
from linlingtong.accounts.models import User
from linlingtong.core.subject import Facts
from linlingtong.core.turns import in_turn
from linlingtong.moderation.actions.deciding import Decision, decide
from linlingtong.moderation.actions.steps import State, case_in_turn, move
from linlingtong.moderation.actions.submitting import submit
from linlingtong.moderation.models import Case

KIND = "nickname"


def nickname_may_show(user: User, nickname: str) -> bool:
    """Whether neighbours see this nickname from now on; otherwise it waits in the queue and the old one stays."""
    if not nickname:
        return True
    case = submit(
        KIND, user.pk, author=user, text=nickname, area_path=home_path(user), by=user, holds_newcomers=False,
        may_replace=True,
    )  # fmt: skip
    return case.is_visible


def home_path(user: User) -> str:
    return user.home_area.path if user.home_area else ""


def show_nickname(user_id: int) -> None:
    wished = Case.objects.filter(kind=KIND, object_id=user_id).values_list("text", flat=True).first()
    if wished:
        set_nickname(user_id, wished)


def hide_nickname(user_id: int) -> None:
    """Only the nickname that the case is about; another one may stand there by now."""
    named = Case.objects.filter(kind=KIND, object_id=user_id).values_list("text", flat=True).first()
    if User.objects.filter(pk=user_id, nickname=named).exists():
        set_nickname(user_id, "")


def may_see_nickname(user_id: int, reader: User | AnonymousUser) -> bool:
    is_there: bool = User.objects.active().filter(pk=user_id).exclude(nickname="").exists()
    return is_there and reader.is_authenticated


def nickname_facts(user_id: int) -> Facts | None:
    user = User.objects.select_related("home_area").filter(pk=user_id).first()
    return user and Facts(author=user, text=user.nickname, area_path=home_path(user))


@in_turn
def withdraw_nickname(user_id: int, *, by: User, reason: str) -> Case:
    """Staff take a nickname away; its owner is told and may appeal. Raises what `decide` raises."""
    case = case_in_turn(KIND, user_id)
    if case is None:
        user = User.objects.select_related("home_area").get(pk=user_id)
        case = Case(kind=KIND, object_id=user_id, author=user, text=user.nickname, area_path=home_path(user))
        move(case, State.CLEAR, by=None)
    return decide(case.pk, Decision.HIDE, by=by, reason=reason)
