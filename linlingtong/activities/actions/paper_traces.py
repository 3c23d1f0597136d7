"""What paper rosters, sheets and ratings know of one person: to be handed out, and to be forgotten."""

from typing import Any

from django.db.models import CharField, F, Q, Value
from django.db.models.functions import Cast, Concat

from linlingtong.accounts.models import User
from linlingtong.activities.actions.understanding import roster_key
from linlingtong.activities.models import ImportRow, Participant, Rating


def forget_on_paper(resident: User) -> None:
    """Names and numbers go, also of entries nobody has claimed; that somebody was there stays counted."""
    theirs = Q(resident=resident)
    if resident.phone and resident.phone_verified_at:
        theirs |= Q(phone_key=roster_key(resident.phone))
    ImportRow.objects.filter(theirs).update(name="", phone_key="", phone_mask="", resident=None)
    nameless = Concat(Value("gone/"), Cast(F("pk"), CharField()))
    Participant.objects.filter(theirs).update(name="—", phone_key=nameless, phone_mask="")
    Rating.objects.filter(resident=resident).update(text="")


def own_on_paper(resident: User) -> dict[str, Any]:
    """Entries of rosters and ratings, in plain values."""
    entries = Participant.objects.filter(resident=resident).order_by("pk")
    ratings = Rating.objects.filter(resident=resident).order_by("pk")
    return {
        "participations_on_paper": list(
            entries.values("session__activity__title", "session__starts_at", "name", "phone_mask", "minutes")
        ),
        "ratings": list(ratings.values("activity__title", "stars", "text", "created_at")),
    }
