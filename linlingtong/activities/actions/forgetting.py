from typing import Any

from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.actions.leaving import end
from linlingtong.activities.actions.moves import Ended, session_in_turn
from linlingtong.activities.actions.paper_traces import forget_on_paper, own_on_paper
from linlingtong.activities.models import (
    Bookmark,
    Companion,
    NoShow,
    PhoneLook,
    Presence,
    Registration,
    RegistrationEvent,
)
from linlingtong.core.turns import in_turn


def forget(resident: User) -> None:
    """Places to come go to the next in line, what was written about people is deleted, who was there stays counted."""
    coming = Registration.objects.filter(resident=resident, session__starts_at__gt=timezone.now()).live()
    for session_id in coming.order_by("session_id").values_list("session_id", flat=True):
        _leave(session_id, resident)
    rows = Registration.objects.filter(resident=resident)
    Companion.objects.filter(registration__in=rows).delete()
    written = RegistrationEvent.objects.filter(Q(registration__in=rows) | Q(by=resident))
    written.exclude(reason="").update(reason="")
    Registration.objects.filter(resident=resident).update(answers={}, note="", reason="")
    NoShow.objects.filter(resident=resident).exclude(appeal="", answer="").update(
        appeal="", appealed_at=None, answer=""
    )
    Bookmark.objects.filter(resident=resident).delete()
    forget_on_paper(resident)


@in_turn
def _leave(session_id: int, resident: User) -> None:
    session = session_in_turn(session_id, people=[resident.pk])
    registration = session.registrations.filter(resident=resident).live().first()
    if registration is not None:
        registration.session, registration.resident = session, resident
        end(registration, by=None, ended_by=Ended.BY_SELF, reason="")


def own_registrations(resident: User) -> dict[str, Any]:
    """Every registration of a person with companions and answers, in plain values."""
    rows = Registration.objects.filter(resident=resident).order_by("created_at", "id")
    companions = Companion.objects.filter(registration__resident=resident).order_by("id")
    there = Presence.objects.filter(registration__resident=resident).order_by("pk")
    looks = PhoneLook.objects.filter(registration__resident=resident).order_by("pk")
    no_shows = NoShow.objects.filter(resident=resident).order_by("pk")
    return {
        "registrations": list(
            rows.values(
                *("id", "session__activity__title", "session__starts_at", "session__ends_at", "state", "attendance"),
                *("places", "answers", "note", "may_be_photographed", "reason", "created_at"),
            )
        ),
        "companions": list(companions.values("registration", "name", "age")),
        "presences": list(there.values("registration", "came_at", "came_way", "left_at", "left_way")),
        **own_on_paper(resident),
        "phone_looks": list(looks.values("registration", "by__nickname", "at")),
        "no_shows": list(no_shows.values("registration", "until", "appeal", "answer", "lifted_at")),
    }
