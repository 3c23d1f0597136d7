from linlingtong.accounts.admin.areas import AreaAdmin, OrganizationAdmin
from linlingtong.accounts.admin.people import AppointmentAdmin, MembershipAdmin, UserAdmin
from linlingtong.accounts.admin.trail import TrailAdmin

__all__ = ["AppointmentAdmin", "AreaAdmin", "MembershipAdmin", "OrganizationAdmin", "TrailAdmin", "UserAdmin"]
