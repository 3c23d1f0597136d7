from django.db.models import Sum
from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.accounts.models import User
from linlingtong.core.board import Board, Work
from linlingtong.volunteering.actions import forget, own_hours
from linlingtong.volunteering.models import Dispute, ServiceEntry, ServiceRecord


def figures(path: str) -> dict[str, int]:
    """`service_minutes`: what was credited, without what was taken back."""
    rows = ServiceRecord.objects.filter(area__path__startswith=path)
    return {"service_minutes": rows.aggregate(all=Sum("minutes"))["all"] or 0}


def work(user: User) -> list[Work]:
    waiting = ServiceEntry.objects.managed_by(user).undecided().count()
    disputes = Dispute.objects.managed_by(user).unanswered().count()
    entries = reverse("admin:volunteering_serviceentry_changelist")
    return [
        (waiting, _("hours to approve"), f"{entries}?standing=waiting"),
        (disputes, _("hours asked to be corrected"), reverse("admin:volunteering_dispute_changelist") + "?open=1"),
    ]


board = Board("volunteering", figures=figures, work=work, export=own_hours, forget=forget)
