"""What a stay is worth: how the door's scans become a line in the ledger of service hours."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from linlingtong.activities.models import Activity, Presence, Registration, Scan, Session
from linlingtong.core.time import local
from linlingtong.volunteering.actions import Service, correct_key, credit, reverse_keys
from linlingtong.volunteering.models import ServiceEntry, ServiceRecord

MINUTE = dt.timedelta(minutes=1)
Proof, Source = ServiceEntry.Proof, ServiceEntry.Source


def credit_presence(presence: Presence) -> None:
    """A volunteer's stay goes to the ledger once; a scan that comes late puts the line right, or takes it back."""
    registration = presence.registration
    if registration.session.activity.kind != Activity.Kind.VOLUNTEER:
        return
    first = f"registration/{registration.pk}"
    known = list(ServiceEntry.objects.filter(Q(key=first) | Q(key__startswith=f"{first}/")).order_by("pk"))
    span = served(presence, registration.session)
    if span is None or registration.state != Registration.State.CONFIRMED:
        reverse_keys(
            [entry.key for entry in known], by=None, reason=_("The roster was put right: you were not there.")
        )
    elif not known:
        credit([service(presence, first, span)], by=None)
    elif is_news(known[-1], span):
        correct_key(known[-1].key, service(presence, f"{first}/{len(known) + 1}", span), by=None)


def served(presence: Presence, session: Session) -> tuple[dt.datetime, dt.datetime] | None:
    """From coming to leaving within the session; who only checked out is taken to have come at the start."""
    if presence.left_at is None:
        return None
    came = max(presence.came_at or session.starts_at, session.starts_at)
    left = min(presence.left_at, session.ends_at)
    return (came, left) if left - came >= MINUTE else None


def is_news(entry: ServiceEntry, span: tuple[dt.datetime, dt.datetime]) -> bool:
    """Another time than the ledger knows, or the same after this roster had taken it back."""
    was_taken_back = entry.records.exclude(kind=ServiceRecord.Kind.CREDIT).filter(approver=None).exists()
    return was_taken_back or (entry.starts_at, entry.ends_at) != span


def proof(presence: Presence) -> str:
    """A when both moments were scanned; whoever runs the door could show themselves the code, so theirs is B."""
    registration = presence.registration
    is_leader = registration.resident_id == registration.session.activity.leader_id
    runs_the_door = is_leader or registration.resident.is_staff
    return Proof.A if presence.is_scanned_twice and not runs_the_door else Proof.B


def service(presence: Presence, key: str, span: tuple[dt.datetime, dt.datetime]) -> Service:
    session = presence.registration.session
    activity = session.activity
    return Service(
        key=key, resident_id=presence.registration.resident_id, title=activity.title, place=activity.place,
        area_id=activity.area_id, starts_at=span[0], ends_at=span[1],
        planned_minutes=max(1, (session.ends_at - session.starts_at) // MINUTE), minutes=activity.credited_minutes,
        source=Source.SCAN if presence.is_scanned else Source.STAFF, proof=proof(presence),
        recorder_id=presence.recorded_by_id, leader_id=activity.leader_id, evidence=evidence(presence),
    )  # fmt: skip


def evidence(presence: Presence) -> dict[str, Any]:
    """Ids, times and ways: what staff look at beside a dispute."""
    scans = Scan.objects.filter(registration=presence.registration_id).counted().order_by("pk")
    return {
        "in": presence.came_at and local(presence.came_at).isoformat(),
        "in_way": presence.came_way,
        "out": presence.left_at and local(presence.left_at).isoformat(),
        "out_way": presence.left_way,
        "automatic": presence.left_automatically,
        "registration": presence.registration_id,
        "session": presence.session_id,
        "scans": list(scans.values_list("pk", flat=True)),
    }
