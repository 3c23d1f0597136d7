"""What was served comes into the ledger: once for each deed, at once where scans show everything."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.refusal import Refusal
from linlingtong.core.turns import in_turn, take_turns
from linlingtong.volunteering.actions import tidings
from linlingtong.volunteering.actions.booking import book_credits
from linlingtong.volunteering.actions.refusals import OwnHours, TooShort
from linlingtong.volunteering.models import LiveSpan, ServiceEntry, ServiceRecord
from linlingtong.volunteering.models.totals import issuer_of

MINUTE = dt.timedelta(minutes=1)
SHORT_STAY, OVERLAP, PROOF = "short_stay", "overlap", "proof"
Span = tuple[int, dt.datetime, dt.datetime]


@dataclass(frozen=True)
class Service:
    """Something one resident did. `key` names it: the same key is entered once. `starts_at`, `ends_at`: the presence.

    Without `minutes` the presence counts. `evidence` holds ids, times and references, never names or phones.
    """

    key: str
    resident_id: int
    title: str
    area_id: int
    starts_at: dt.datetime
    ends_at: dt.datetime
    planned_minutes: int
    source: str
    proof: str
    place: str = ""
    minutes: int | None = None
    recorder_id: int | None = None
    leader_id: int | None = None
    evidence: dict[str, Any] = field(default_factory=dict)

    @property
    def presence(self) -> int:
        return (self.ends_at - self.starts_at) // MINUTE

    @property
    def worth(self) -> int:
        return self.presence if self.minutes is None else self.minutes


@dataclass(frozen=True)
class Entered:
    """What became of a service: its entry, or why there is none."""

    service: Service
    entry: ServiceEntry | None = None
    refusal: Refusal | None = None
    is_new: bool = False


@in_turn
def credit(services: Sequence[Service], *, by: User | None) -> list[Entered]:
    """Enter services; complete ones are credited at once, the rest waits for a second person.

    A key that is known answers what is stored. `by` is who asks, None for the clock. In the order of `services`.
    """
    refused = {service.key: refusal for service in services if (refusal := _refusal(service, by))}
    fit = {service.key: service for service in services if service.key not in refused}
    take_turns([("hours", resident) for resident in sorted({one.resident_id for one in fit.values()})])
    known = set(ServiceEntry.objects.filter(key__in=fit).values_list("key", flat=True))
    fresh = [service for key, service in fit.items() if key not in known]
    notes = _notes(fresh)
    ServiceEntry.objects.bulk_create([entry_of(one, notes[one.key]) for one in fresh], ignore_conflicts=True)
    stored = {entry.key: entry for entry in ServiceEntry.objects.filter(key__in=fit).select_related("resident")}
    new = [stored[service.key] for service in fresh]
    book_credits([(entry, entry.minutes) for entry in new if not entry.note], approver=None)
    tidings.tell_entered(new)
    keys = {entry.key for entry in new}
    return [
        Entered(one, stored.get(one.key), refused.get(one.key), one.key in keys and one.key not in refused)
        for one in services
    ]


def _refusal(service: Service, by: User | None) -> Refusal | None:
    people = {service.recorder_id, by.pk if by and service.proof != ServiceEntry.Proof.A else None}
    if service.resident_id in people:
        return OwnHours()
    return TooShort() if service.worth < 1 or service.presence < 1 else None


def entry_of(service: Service, note: str, replaces: ServiceEntry | None = None) -> ServiceEntry:
    return ServiceEntry(
        key=service.key, resident_id=service.resident_id, title=service.title, place=service.place,
        area_id=service.area_id, starts_at=service.starts_at, ends_at=service.ends_at,
        planned_minutes=max(service.planned_minutes, 1), minutes=service.worth, source=service.source,
        proof=service.proof, recorder_id=service.recorder_id, leader_id=service.leader_id,
        evidence=service.evidence, note=note, replaces=replaces, recorded_at=timezone.now(),
    )  # fmt: skip


def _notes(services: Sequence[Service]) -> dict[str, str]:
    """Why each of them waits; nothing when it is complete. In one batch the first of two overlapping ones counts."""
    areas = Area.objects.in_bulk({one.area_id for one in services})
    least = {key: issuer_of(area).least_presence for key, area in areas.items()}
    clashes = overlapping_many([(one.resident_id, one.starts_at, one.ends_at) for one in services])
    taken: list[Span] = []
    notes = {}
    for service, clash in zip(services, clashes, strict=True):
        note = note_for(service, least[service.area_id])
        if not note and (clash or any(_overlap(service, span) for span in taken)):
            note = OVERLAP
        if not note:
            taken.append((service.resident_id, service.starts_at, service.ends_at))
        notes[service.key] = note
    return notes


def note_for(service: Service, least: int) -> str:
    if service.proof != ServiceEntry.Proof.A:
        return PROOF
    return SHORT_STAY if service.presence * 100 < service.planned_minutes * least else ""


def _overlap(service: Service, span: Span) -> bool:
    resident, start, end = span
    return resident == service.resident_id and start < service.ends_at and service.starts_at < end


def overlapping_many(spans: Sequence[Span]) -> list[ServiceEntry | None]:
    """For each of (resident, from, until) the credited entry in that time; one query."""
    if not spans:
        return []
    first, last = min(start for _, start, _ in spans), max(end for _, _, end in spans)
    people = {resident for resident, _, _ in spans}
    found = LiveSpan.objects.filter(resident__in=people, during__overlap=(first, last)).select_related("entry")
    live: dict[int, list[LiveSpan]] = {}
    for span in found:
        live.setdefault(span.resident_id, []).append(span)
    return [
        next((s.entry for s in live.get(resident, []) if s.during.lower < end and start < s.during.upper), None)
        for resident, start, end in spans
    ]


def overlapping(resident_id: int, starts_at: dt.datetime, ends_at: dt.datetime) -> ServiceEntry | None:
    """The credited entry of somebody in that time."""
    return overlapping_many([(resident_id, starts_at, ends_at)])[0]


@in_turn
def correct_key(key: str, service: Service, *, by: User | None) -> Entered:
    """A later scan says otherwise: the new service replaces the entry of `key`, unless it counts the same minutes.

    The replaced credit is taken back in the same transaction in which the new one counts; until then it stands.
    Without such an entry, or when it was declined or taken back, the service is entered on its own.
    """
    if refusal := _refusal(service, by):
        return Entered(service, refusal=refusal)
    take_turns([("hours", service.resident_id)])
    old = newest(key)
    if old is None or old.records.filter(~Q(kind=ServiceRecord.Kind.CREDIT)).exists():
        return credit([service], by=by)[0]
    if (old.minutes, old.starts_at, old.ends_at) == (service.worth, service.starts_at, service.ends_at):
        return Entered(service, old)
    entry = replace(old, service)
    return Entered(service, entry, is_new=True)


def newest(key: str) -> ServiceEntry | None:
    """The entry of a key, or what replaced it last."""
    entry = ServiceEntry.objects.select_related("resident", "area").filter(key=key).first()
    while entry is not None:
        after = entry.replaced_by.select_related("resident", "area").order_by("-pk").first()
        if after is None:
            return entry
        entry = after
    return None


def replace(old: ServiceEntry, service: Service) -> ServiceEntry:
    """Enter the service instead of `old`, in the resident's turn; complete, it counts at once."""
    known = ServiceEntry.objects.select_related("resident", "area").filter(key=service.key).first()
    if known is not None:
        return known
    note = note_for(service, issuer_of(old.area).least_presence)
    clash = overlapping(service.resident_id, service.starts_at, service.ends_at)
    if not note and clash is not None and clash.pk != old.pk:
        note = OVERLAP
    entry = entry_of(service, note, replaces=old)
    entry.save(force_insert=True)
    if not note:
        book_credits([(entry, entry.minutes)], approver=None)
    tidings.tell_entered([entry])
    return entry
