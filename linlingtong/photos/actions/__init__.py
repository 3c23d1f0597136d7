from linlingtong.photos.actions import refusals
from linlingtong.photos.actions.blurring import blur
from linlingtong.photos.actions.preparing import draw_in, prepare_waiting
from linlingtong.photos.actions.receiving import attach, discard, receive, remove, set_hidden, set_public
from linlingtong.photos.actions.sweeping import forget, mark_told, sweep

__all__ = [
    "attach",
    "blur",
    "discard",
    "draw_in",
    "forget",
    "mark_told",
    "prepare_waiting",
    "receive",
    "refusals",
    "remove",
    "set_hidden",
    "set_public",
    "sweep",
]
