from linlingtong.home.actions.export import ask_for_export, drop_old_exports, make_exports
from linlingtong.home.actions.feedback import leave_feedback
from linlingtong.home.actions.leaving import StillAppointed, ask_to_leave, erase_due, stay

__all__ = [
    "StillAppointed",
    "ask_for_export",
    "ask_to_leave",
    "drop_old_exports",
    "erase_due",
    "leave_feedback",
    "make_exports",
    "stay",
]
