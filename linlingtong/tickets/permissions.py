from django.contrib.auth.models import AnonymousUser

from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import MANAGING, in_scope, scope_for
from linlingtong.areas.models import Area
from linlingtong.tickets.models import Ticket


def may_handle(user: User, ticket: Ticket) -> bool:
    """Staff of the desk that has the report, and of the areas above it."""
    return in_scope(ticket.desk.path, scope_for(user))


def may_read(user: User | AnonymousUser, ticket: Ticket) -> bool:
    """Whoever reported it, and staff of the area."""
    if not user.is_authenticated:
        return False
    return user.pk == ticket.reporter_id or in_scope(ticket.area_path, scope_for(user))


def may_see(ticket_id: int, user: User | AnonymousUser) -> bool:
    """Whether the person (perhaps nobody signed in) sees the report now."""
    if Ticket.objects.visible_to(user).filter(pk=ticket_id).exists():
        return True
    return user.is_authenticated and Ticket.objects.managed_by(user).filter(pk=ticket_id).exists()


def works_for(user: User, area: Area) -> bool:
    """Whether somebody holds an office for the area or for one above it."""
    return user.is_active and in_scope(area.path, scope_for(user))


def staff_ids(area: Area, roles: tuple[str, ...] = MANAGING) -> list[int]:
    """Who is appointed for exactly this area today."""
    held = Appointment.objects.filter(area=area, role__in=roles, user__is_active=True).current()
    return list(held.order_by("user").values_list("user", flat=True).distinct())
