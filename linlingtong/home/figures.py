from functools import partial

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration
from linlingtong.areas.models import Area
from linlingtong.core.memory import remembered

SECONDS = 30


def figures(area: Area | None = None) -> dict[str, int]:
    """The headline numbers, for the whole subdistrict or one area; at most half a minute old.

    `activities` counts published volunteer activities, past and to come; `participations` (人次) counts who was there
    at one of them, `participants` (人数) the different persons.
    """
    path = area.path if area else ""
    return remembered(f"figures:{path}", SECONDS, partial(_count, path))


def _count(path: str) -> dict[str, int]:
    service = Registration.objects.filter(
        session__activity__kind=Activity.Kind.VOLUNTEER,
        attendance__in=[Registration.Attendance.CHECKED_IN, Registration.Attendance.CHECKED_OUT],
        area_path__startswith=path,
    ).aggregate(participations=Count("pk"), participants=Count("resident", distinct=True))
    published = Q(status__in=[Activity.Status.PUBLISHED, Activity.Status.FINISHED])
    activities = Activity.objects.filter(published, kind=Activity.Kind.VOLUNTEER, area_path__startswith=path).count()
    people = User.objects.residents()
    if path:
        people = people.filter(home_area__path__startswith=path)
    return {"residents": people.count(), "activities": activities, **service}


def figure_labels() -> dict[str, str]:
    return {
        "residents": _("registered residents"),
        "activities": _("volunteer activities"),
        "participations": _("participations"),
    }
