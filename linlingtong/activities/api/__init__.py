from linlingtong.activities.api.browsing import ActivityCalendar, ActivityDetail, ActivityList
from linlingtong.activities.api.check_in import CheckIns, RegistrationCode, SessionCheckIn
from linlingtong.activities.api.feedback import ActivityRating, ActivityReview
from linlingtong.activities.api.registering import (
    CompanionOff,
    MyRegistrations,
    OfferAccepted,
    OfferDeclined,
    SessionRegistration,
)

__all__ = [
    "ActivityCalendar",
    "ActivityDetail",
    "ActivityList",
    "ActivityRating",
    "ActivityReview",
    "CheckIns",
    "CompanionOff",
    "MyRegistrations",
    "OfferAccepted",
    "OfferDeclined",
    "RegistrationCode",
    "SessionCheckIn",
    "SessionRegistration",
]
