from linlingtong.venues.actions.blocking import block, hit_by, lift
from linlingtong.venues.actions.booking import Order, book, cancel
from linlingtong.venues.actions.leaving import forget, own_bookings
from linlingtong.venues.actions.presence import answer_appeal, appeal, arrive, check_in, remind, see_who_came, words
from linlingtong.venues.actions.waiting import accept, lapse_holds, leave_line, wait

__all__ = [
    "Order",
    "accept",
    "answer_appeal",
    "appeal",
    "arrive",
    "block",
    "book",
    "cancel",
    "check_in",
    "forget",
    "hit_by",
    "lapse_holds",
    "leave_line",
    "lift",
    "own_bookings",
    "remind",
    "see_who_came",
    "wait",
    "words",
]
