from linlingtong.venues.admin.bookings import BookingAdmin
from linlingtong.venues.admin.venues import BlockAdmin, VenueAdmin

__all__ = ["BlockAdmin", "BookingAdmin", "VenueAdmin"]
