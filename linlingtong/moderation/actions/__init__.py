from linlingtong.moderation.actions import refusals
from linlingtong.moderation.actions.checking import check_outside
from linlingtong.moderation.actions.deciding import Decision, appeal, decide, forget
from linlingtong.moderation.actions.nicknames import (
    hide_nickname,
    may_see_nickname,
    nickname_facts,
    nickname_may_show,
    show_nickname,
    withdraw_nickname,
)
from linlingtong.moderation.actions.photographs import tell_refused_photos
from linlingtong.moderation.actions.reporting import report
from linlingtong.moderation.actions.submitting import add_clear_cases, add_waiting_case, drop, is_newcomer, submit
from linlingtong.moderation.actions.words import found_in

__all__ = [
    "Decision",
    "add_clear_cases",
    "add_waiting_case",
    "appeal",
    "check_outside",
    "decide",
    "drop",
    "forget",
    "found_in",
    "hide_nickname",
    "is_newcomer",
    "may_see_nickname",
    "nickname_facts",
    "nickname_may_show",
    "refusals",
    "report",
    "show_nickname",
    "submit",
    "tell_refused_photos",
    "withdraw_nickname",
]
