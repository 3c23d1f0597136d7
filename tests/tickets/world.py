"""Reports to try things on."""

import datetime as dt
from typing import Any

from django.utils import timezone

from linlingtong.accounts.models import Appointment, User
from linlingtong.areas.models import Area
from linlingtong.tickets.actions import Report, accept, assign, close, report, start
from linlingtong.tickets.models import Category, Ticket
from tests.factories import AppointmentFactory, AreaFactory, UserFactory

State = Ticket.State


def kind(slug: str = "lamp", **facts: Any) -> Category:
    values = {"name": f"类{slug}", "accept_hours": 4, "finish_days": 5, "level": "grid"} | facts
    return Category.objects.update_or_create(slug=slug, defaults=values)[0]


def grid(community: Area | None = None) -> Area:
    return AreaFactory.create(level=Area.Level.GRID, parent=community or AreaFactory.create())


def above(area: Area) -> Area:
    if area.parent is None:
        raise ValueError(area)
    return area.parent


def worker_of(area: Area, role: str = Appointment.Role.GRID_WORKER) -> User:
    user = UserFactory.create(is_staff=True)
    AppointmentFactory.create(
        user=user, area=area, role=role, starts_on=dt.date(2026, 1, 1), ends_on=dt.date(2027, 12, 31)
    )
    return user


def written(by: User | None = None, **facts: Any) -> Ticket:
    """A report as a resident sends it."""
    by = by or UserFactory.create()
    photos = facts.pop("photos", ())
    facts = {"text": "路灯不亮"} | facts
    facts.setdefault("category", kind())
    if "area" not in facts:
        facts["area"] = grid()
    return report(Report(**facts), by=by, photos=photos)


def at_work(staff: User, by: User | None = None, **facts: Any) -> Ticket:
    """A report that somebody handles."""
    ticket = written(by, **facts)
    accept(ticket.pk, by=staff)
    assign(ticket.pk, staff, by=staff)
    return start(ticket.pk, by=staff)


def settled(staff: User, by: User | None = None, **facts: Any) -> Ticket:
    ticket = at_work(staff, by, **facts)
    return close(ticket.pk, Ticket.Outcome.FIXED, by=staff, explanation="换了灯泡")


def row(state: str, **facts: Any) -> Ticket:
    """A row in that state, written past the verbs."""
    now = timezone.now()
    area = facts.pop("area", None) or grid()
    values: dict[str, Any] = {
        "reporter": facts.pop("reporter", None) or UserFactory.create(), "category": kind(), "area": area,
        "area_path": area.path, "desk": area, "state": state, "accept_due_at": now + dt.timedelta(days=1),
        "finish_due_at": now + dt.timedelta(days=3), "text": "路灯不亮",
    }  # fmt: skip
    return Ticket.objects.create(**values | needs(state) | facts)


def needs(state: str) -> dict[str, Any]:
    """What the database asks of a row in that state."""
    if state == State.WAITING:
        return {"paused_at": timezone.now(), "resumes": State.IN_PROGRESS}
    if state in Ticket.SETTLED:
        return {"outcome": Ticket.Outcome.FIXED, "closed_at": timezone.now()}
    if state == State.DUPLICATE:
        return {"merged_into": row(State.RECEIVED)}
    return {}
