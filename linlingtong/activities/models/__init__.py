from linlingtong.activities.models.activity import Activity, Bookmark, Question, Session
from linlingtong.activities.models.registration import (
    ChangeNotice,
    Companion,
    Registration,
    RegistrationEvent,
)

__all__ = [
    "Activity",
    "Bookmark",
    "ChangeNotice",
    "Companion",
    "Question",
    "Registration",
    "RegistrationEvent",
    "Session",
]
