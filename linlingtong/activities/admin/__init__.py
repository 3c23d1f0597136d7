from linlingtong.activities.admin.activities import ActivityAdmin
from linlingtong.activities.admin.registrations import RegistrationAdmin
from linlingtong.activities.admin.sessions import SessionAdmin

__all__ = ["ActivityAdmin", "RegistrationAdmin", "SessionAdmin"]
