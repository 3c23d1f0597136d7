from linlingtong.notifications.actions.inbox import mark_read
from linlingtong.notifications.actions.preferences import set_preferences
from linlingtong.notifications.actions.receipts import ask_for_receipts
from linlingtong.notifications.actions.resending import send_again
from linlingtong.notifications.actions.sending import Words, deliver
from linlingtong.notifications.actions.telling import Tiding, collapse, retract, tell, unsay, withdraw
from linlingtong.notifications.actions.ticking import only_one, ticked

__all__ = [
    "Tiding",
    "Words",
    "ask_for_receipts",
    "collapse",
    "deliver",
    "mark_read",
    "only_one",
    "retract",
    "send_again",
    "set_preferences",
    "tell",
    "ticked",
    "unsay",
    "withdraw",
]
