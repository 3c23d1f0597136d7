from linlingtong.activities.api.browsing import ActivityCalendar, ActivityDetail, ActivityList
from linlingtong.activities.api.registering import (
    MyRegistrations,
    OfferAccepted,
    OfferDeclined,
    SessionRegistration,
)

__all__ = [
    "ActivityCalendar",
    "ActivityDetail",
    "ActivityList",
    "MyRegistrations",
    "OfferAccepted",
    "OfferDeclined",
    "SessionRegistration",
]
