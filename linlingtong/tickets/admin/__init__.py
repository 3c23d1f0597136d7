from linlingtong.tickets.admin.categories import CategoryAdmin
from linlingtong.tickets.admin.tickets import TicketAdmin

__all__ = ["CategoryAdmin", "TicketAdmin"]
