from linlingtong.mutual_aid.actions import refusals
from linlingtong.mutual_aid.actions.claiming import Claimed, accept, claim, decline, release
from linlingtong.mutual_aid.actions.clock import confirm_silent, expire_posts, lapse_claims, remind_of_the_end
from linlingtong.mutual_aid.actions.desk import deliver, receive, reject, return_to_author, verify
from linlingtong.mutual_aid.actions.finishing import confirm, dispute, done, givers, may_thank, settle, thank
from linlingtong.mutual_aid.actions.leaving import forget, own_help
from linlingtong.mutual_aid.actions.meeting import Contact, desk_of, door_of, may_reveal, reveal_contact, reveals_to
from linlingtong.mutual_aid.actions.moves import KIND, RECEIPT
from linlingtong.mutual_aid.actions.posting import (
    Draft,
    change_post,
    hide_post,
    post_help,
    renew,
    send,
    set_paused,
    show_post,
    withdraw_post,
)

__all__ = [
    "KIND",
    "RECEIPT",
    "Claimed",
    "Contact",
    "Draft",
    "accept",
    "change_post",
    "claim",
    "confirm",
    "confirm_silent",
    "decline",
    "deliver",
    "desk_of",
    "dispute",
    "done",
    "door_of",
    "expire_posts",
    "forget",
    "givers",
    "hide_post",
    "lapse_claims",
    "may_reveal",
    "may_thank",
    "own_help",
    "post_help",
    "receive",
    "refusals",
    "reject",
    "release",
    "remind_of_the_end",
    "renew",
    "return_to_author",
    "reveal_contact",
    "reveals_to",
    "send",
    "set_paused",
    "settle",
    "show_post",
    "thank",
    "verify",
    "withdraw_post",
]
