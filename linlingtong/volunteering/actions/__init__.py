from linlingtong.volunteering.actions.crediting import (
    Entered,
    Service,
    correct_key,
    credit,
    overlapping,
    overlapping_many,
)
from linlingtong.volunteering.actions.deciding import approve, decline, reverse, reverse_keys
from linlingtong.volunteering.actions.disputes import answer, dispute
from linlingtong.volunteering.actions.forgetting import forget, own_hours
from linlingtong.volunteering.actions.sheets import make_sheet, revoke_sheets

__all__ = [
    "Entered",
    "Service",
    "answer",
    "approve",
    "correct_key",
    "credit",
    "decline",
    "dispute",
    "forget",
    "make_sheet",
    "overlapping",
    "overlapping_many",
    "own_hours",
    "reverse",
    "reverse_keys",
    "revoke_sheets",
]
