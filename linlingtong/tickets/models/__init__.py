from linlingtong.tickets.models.category import Category
from linlingtong.tickets.models.ticket import Follow, Ticket, TicketEvent, new_number

__all__ = ["Category", "Follow", "Ticket", "TicketEvent", "new_number"]
