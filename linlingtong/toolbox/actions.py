import datetime as dt
from collections import defaultdict

from django.core.exceptions import PermissionDenied
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linlingtong.accounts.models import Appointment, User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.audit.actions import acting
from linlingtong.core.time import local, today
from linlingtong.notifications.actions import Tiding, tell
from linlingtong.notifications.models import Kind
from linlingtong.toolbox.models import Contact, Guide

MONDAY, NINE = 0, 9


def assure(contact_id: int, *, by: User) -> Contact:
    """Somebody called: number and hours are right as of now. Raises PermissionDenied outside one's own areas."""
    contact = Contact.objects.select_related("area").get(pk=contact_id)
    if not in_scope(contact.area.path, scope_for(by)):
        raise PermissionDenied
    contact.assured_at, contact.assured_by = timezone.now(), by
    with acting(by, "assure"):
        contact.save(update_fields=["assured_at", "assured_by"])
    return contact


def revise(guide: Guide, *, by: User) -> Guide:
    """Write the guide as it stands; other words than before are a new version. Raises PermissionDenied elsewhere."""
    if not in_scope(guide.area.path, scope_for(by)):
        raise PermissionDenied
    before = Guide.objects.filter(pk=guide.pk).first()
    if before is not None and any(getattr(before, name) != getattr(guide, name) for name in Guide.TEXTS):
        guide.version = before.version + 1
    with acting(by, "revise"):
        guide.save()
    return guide


def nag() -> int:
    """On Mondays from nine, tell the staff of each area how many of its numbers nobody has checked for half a year."""
    now = local(timezone.now())
    if now.weekday() != MONDAY or now.hour < NINE:
        return 0
    outdated = Contact.objects.listed().outdated().values_list("area__path", flat=True)
    by_area: dict[str, int] = defaultdict(int)
    for path in outdated:
        by_area[path] += 1
    if not by_area:
        return 0
    return _tell_managers(by_area, now.date())


def _tell_managers(by_area: dict[str, int], monday: dt.date) -> int:
    managers = Appointment.objects.current(today()).filter(role=Appointment.Role.MANAGER)
    tidings = []
    for appointment in managers.filter(area__path__in=by_area).select_related("user", "area"):
        with translation.override(appointment.user.language):
            tidings.append(
                Tiding(
                    appointment.user_id,
                    Kind.MESSAGE,
                    f"nag/{appointment.area_id}/{appointment.user_id}/{monday:%Y-%m-%d}",
                    _("%(number)d numbers to check") % {"number": by_area[appointment.area.path]},
                    _("Nobody has called them for half a year. Call, then mark them as right."),
                    reverse("admin:toolbox_contact_changelist") + "?outdated=1",
                )
            )
    tell(tidings)
    return len(tidings)
