from linlingtong.activities.models.activity import Activity, Bookmark, Question, Session
from linlingtong.activities.models.check_in import NoShow, PhoneLook, Presence, Scan, WalkIn
from linlingtong.activities.models.feedback import Rating, Review
from linlingtong.activities.models.record import (
    ImportBatch,
    ImportRow,
    OfflineRecord,
    Participant,
    RosterExport,
)
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
    "ImportBatch",
    "ImportRow",
    "NoShow",
    "OfflineRecord",
    "Participant",
    "PhoneLook",
    "Presence",
    "Question",
    "Rating",
    "Registration",
    "RegistrationEvent",
    "Review",
    "RosterExport",
    "Scan",
    "Session",
    "WalkIn",
]
