from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.refusal import Refusal
from linlingtong.home.boards import BOARDS
from linlingtong.home.models import DataExport, Erasure


class StillAppointed(Refusal):
    """Staff hand over first; otherwise an area would be left without anybody in charge."""

    code = "still_appointed"
    message = _("You still work for %(area)s. Ask the subdistrict to end the appointment first, then leave.")


def ask_to_leave(resident: User, *, by: User) -> Erasure:
    """In seven days everything that tells who the person is will be gone; until then it can be taken back.

    Asking twice changes nothing. Raises StillAppointed, or PermissionDenied for somebody else.
    """
    if by.pk != resident.pk:
        raise PermissionDenied
    appointment = resident.appointments.current().select_related("area").first()
    if appointment is not None:
        raise StillAppointed(area=appointment.area)
    due_at = timezone.now() + Erasure.TIME_TO_THINK
    erasure, _created = Erasure.objects.get_or_create(resident=resident, defaults={"due_at": due_at})
    return erasure


def stay(resident: User, *, by: User) -> bool:
    """Take the wish to leave back; answers whether there was one. Raises PermissionDenied for somebody else."""
    if by.pk != resident.pk:
        raise PermissionDenied
    deleted, _rows = Erasure.objects.filter(resident=resident).delete()
    return bool(deleted)


def erase_due() -> int:
    """Let everybody go whose seven days are over; answers how many.

    Rooms forget one after the other, each in its own transaction, the account last: a crash between two of them
    is made good by the next round, because forgetting twice is harmless.
    """
    gone = 0
    for erasure in Erasure.objects.filter(due_at__lte=timezone.now()).select_related("resident"):
        for board in BOARDS:
            board.forget(erasure.resident)
        with transaction.atomic():
            DataExport.objects.filter(resident=erasure.resident).delete()
            erasure.delete()
        gone += 1
    return gone
