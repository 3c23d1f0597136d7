from linlingtong.venues.models.booking import Block, Booking, Occupancy, WaitEntry
from linlingtong.venues.models.venue import DayException, OpeningRule, Unit, Venue

__all__ = ["Block", "Booking", "DayException", "Occupancy", "OpeningRule", "Unit", "Venue", "WaitEntry"]
