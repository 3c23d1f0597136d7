import datetime as dt

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import Appointment, User, in_a_year
from linlingtong.accounts.permissions import may_appoint
from linlingtong.areas.models import Area
from linlingtong.audit.actions import acting
from linlingtong.core.refusal import Refusal
from linlingtong.core.time import today
from linlingtong.core.turns import in_turn, take_turn

LEVELS = {
    Appointment.Role.MANAGER: {Area.Level.SUBDISTRICT, Area.Level.COMMUNITY},
    Appointment.Role.GRID_WORKER: {Area.Level.GRID, Area.Level.MICRO_GRID},
    Appointment.Role.BUILDING_HEAD: {Area.Level.BUILDING},
}


class AppointedAlready(Refusal):
    """The same person has the same role in the same area in that time."""

    code = "appointed_already"
    message = _("This person has the role there already, until %(last)s. Choose a later first day.")


class UnlikelyTerm(Refusal):
    """An appointment ends before it starts, has ended already, or is longer than anybody promises."""

    code = "unlikely_term"
    message = _("Check the dates: an appointment ends after it starts, not in the past, and within five years.")


class OwnAppointment(Refusal):
    """Nobody gives rights to themselves."""

    code = "own_appointment"
    message = _("Nobody appoints themselves. Ask whoever looks after the area above, or a colleague who does.")


class UnfitPost(Refusal):
    """A building head over a whole community would see all its people."""

    code = "unfit_post"
    message = _(
        "“%(role)s” does not fit “%(area)s”: staff work for the subdistrict or a community, "
        "grid workers for a grid, building heads for a building."
    )


class AppointmentEnded(Refusal):
    """What has ended cannot be ended again."""

    code = "appointment_ended"
    message = _("This appointment has ended already.")


@in_turn
def appoint(
    user_id: int,
    area_id: int,
    role: str,
    *,
    by: User,
    starts_on: dt.date | None = None,
    ends_on: dt.date | None = None,
) -> Appointment:
    """Give somebody a role in an area, by default from today for a year; they may enter the admin from then on.

    Raises PermissionDenied when the area is not inside what `by` manages, AppointedAlready, OwnAppointment, UnfitPost,
    UnlikelyTerm.
    """
    area = Area.objects.get(pk=area_id)
    if not may_appoint(by, area.path):
        raise PermissionDenied
    if by.pk == user_id and not by.is_superuser:
        raise OwnAppointment
    if area.level not in LEVELS[Appointment.Role(role)]:
        raise UnfitPost(role=Appointment.Role(role).label, area=area.name)
    first, last = starts_on or today(), ends_on or in_a_year()
    if last < max(first, today()) or (last - first).days > 5 * 366:
        raise UnlikelyTerm
    take_turn("appointments", user_id)
    user = User.objects.active().get(pk=user_id)
    held = Appointment.objects.filter(user=user, area=area, role=role, starts_on__lte=last, ends_on__gte=first)
    if found := held.order_by("-ends_on").first():
        raise AppointedAlready(last=found.ends_on.isoformat())
    with acting(by, "appoint"):
        appointment = Appointment.objects.create(user=user, area=area, role=role, starts_on=first, ends_on=last)
        _let_in(user)
    return appointment


@in_turn
def dismiss(appointment_id: int, *, by: User) -> None:
    """End an appointment: from now on it gives no rights. One that has not started, or started today, is taken back.

    Whoever has no other appointment left may not enter the admin any more. Raises PermissionDenied when the area is
    not inside what `by` manages, AppointmentEnded.
    """
    appointment = Appointment.objects.select_related("area").get(pk=appointment_id)
    if not may_appoint(by, appointment.area.path):
        raise PermissionDenied
    take_turn("appointments", appointment.user_id)
    appointment.refresh_from_db(fields=["starts_on", "ends_on"])
    if appointment.ends_on < today():
        raise AppointmentEnded
    with acting(by, "dismiss"):
        if appointment.starts_on >= today():
            appointment.delete()
        else:
            appointment.ends_on = today() - dt.timedelta(days=1)
            appointment.save(update_fields=["ends_on"])
        _let_in(User.objects.get(pk=appointment.user_id))


def _let_in(user: User) -> None:
    """Staff are those with an appointment that has not ended; a superuser stays what they are."""
    has_post = Appointment.objects.filter(user=user, ends_on__gte=today()).exists()
    if user.is_staff != (has_post or user.is_superuser):
        user.is_staff = not user.is_staff
        user.save(update_fields=["is_staff"])
