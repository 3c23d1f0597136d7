from linlingtong.likes.actions.honours import Candidate, candidates, month_bounds, publish_roll
from linlingtong.likes.actions.leaving import forget, own_words
from linlingtong.likes.actions.liking import like, reconcile, reconcile_at_night, tell_likes, unlike, void_likes
from linlingtong.likes.actions.writing import (
    Words,
    answer_consent,
    comment,
    delete_comment,
    edit,
    hide_comment,
    hide_praise,
    show_comment,
    show_praise,
    withdraw_praise,
    write,
)

__all__ = [
    "Candidate",
    "Words",
    "answer_consent",
    "candidates",
    "comment",
    "delete_comment",
    "edit",
    "forget",
    "hide_comment",
    "hide_praise",
    "like",
    "month_bounds",
    "own_words",
    "publish_roll",
    "reconcile",
    "reconcile_at_night",
    "show_comment",
    "show_praise",
    "tell_likes",
    "unlike",
    "void_likes",
    "withdraw_praise",
    "write",
]
