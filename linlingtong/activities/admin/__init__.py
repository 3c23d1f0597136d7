from linlingtong.activities.admin.activities import ActivityAdmin
from linlingtong.activities.admin.exports import RosterExportAdmin
from linlingtong.activities.admin.imports import ImportBatchAdmin
from linlingtong.activities.admin.records import OfflineRecordAdmin, RatingAdmin
from linlingtong.activities.admin.registrations import RegistrationAdmin
from linlingtong.activities.admin.sessions import SessionAdmin

__all__ = [
    "ActivityAdmin",
    "ImportBatchAdmin",
    "OfflineRecordAdmin",
    "RatingAdmin",
    "RegistrationAdmin",
    "RosterExportAdmin",
    "SessionAdmin",
]
