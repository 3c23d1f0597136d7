import datetime as dt
from typing import Any

from django.db import transaction
from django.utils import timezone

from linlingtong.accounts.actions.sign_in import key_of
from linlingtong.accounts.models import IdempotencyKey, SignInCode, User, new_token
from linlingtong.core.time import today


@transaction.atomic
def erase(resident: User) -> None:
    """Nothing in this room tells any more who the person was. The row stays: hours that were served point to it."""
    if resident.phone:
        SignInCode.objects.filter(phone_key=key_of("phone", resident.phone)).delete()
    IdempotencyKey.objects.filter(user=resident).delete()
    resident.memberships.all().delete()
    resident.consents.filter(withdrawn_at=None).update(withdrawn_at=timezone.now())
    resident.appointments.current().update(ends_on=today() - dt.timedelta(days=1))
    resident.set_unusable_password()
    blank = {"phone": None, "phone_verified_at": None, "email": None, "nickname": "", "born_on": None}
    home = {"home_area": None, "home_confirmed_at": None, "suspended_until": None}
    flags = {"is_active": False, "is_staff": False, "calendar_token": new_token(), "erased_at": timezone.now()}
    for name, value in (blank | home | flags).items():
        setattr(resident, name, value)
    resident.save()


def own_profile(resident: User) -> dict[str, Any]:
    """What this room knows of a person, in plain values; the phone in full, because it is theirs."""
    home = resident.home_area
    return {
        "profile": {
            "phone": resident.phone,
            "email": resident.email,
            "nickname": resident.nickname,
            "born_on": resident.born_on,
            "home": str(home) if home else None,
            "language": resident.language,
            "joined_at": resident.date_joined,
        },
        "consents": list(resident.consents.order_by("given_at").values("kind", "version", "given_at", "withdrawn_at")),
        "memberships": list(
            resident.memberships.order_by("starts_on").values(
                "organization__name", "starts_on", "ends_on", "confirmed_at"
            )
        ),
        "appointments": list(
            resident.appointments.order_by("starts_on").values("area__name", "role", "starts_on", "ends_on")
        ),
    }
