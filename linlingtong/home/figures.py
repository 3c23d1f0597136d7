from functools import partial

from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.memory import remembered
from linlingtong.home.boards import BOARDS

SECONDS = 30


def figures(area: Area | None = None) -> dict[str, int]:
    """The headline numbers, for the whole subdistrict or one area; at most half a minute old."""
    path = area.path if area else ""
    return remembered(f"figures:{path}", SECONDS, partial(_count, path))


def _count(path: str) -> dict[str, int]:
    people = User.objects.residents()
    if path:
        people = people.filter(home_area__path__startswith=path)
    counted = {"residents": people.count(), "service_minutes": 0}
    for board in BOARDS:
        counted |= board.figures(path)
    return counted


def figure_labels() -> dict[str, str]:
    return {
        "residents": _("registered residents"),
        "activities": _("volunteer activities"),
        "participations": _("participations"),
    }
