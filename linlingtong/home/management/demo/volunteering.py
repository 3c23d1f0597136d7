import datetime as dt
import random
from collections.abc import Iterable

from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.models import Activity, Registration
from linlingtong.areas.models import Area
from linlingtong.areas.working_time import end_of_working_day
from linlingtong.core.time import at, today
from linlingtong.home.management.demo.people import People, Place
from linlingtong.volunteering.models import (
    Dispute,
    Issuer,
    ServiceEntry,
    ServiceRecord,
    ServiceSheet,
    SheetLine,
    StarLevel,
)

MINUTE = dt.timedelta(minutes=1)
ISSUER = "临江街道志愿服务站"
# A resident with 127 h, one star: years of evenings and weekends.
EVENINGS, EVENING_MINUTES = 47, 150
OWN = (
    # title, place, days ago, from, minutes, source, proof
    ("“红色市集”搬运", "产业工人公寓广场", 40, "09:00", 120, "scan", "A"),
    ("沿江湿地净滩（9月场）", "沿江湿地北侧入口", 31, "08:30", 150, "scan", "A"),
    ("中秋工友联欢会 · 场务", "临江佳苑西侧公园", 24, "18:00", 180, "scan", "A"),
    ("高新社区夜间巡逻", "高新社区服务中心", 9, "19:00", 120, "scan", "A"),
    ("助企助工：求职摊位引导", "临江邻里中心一楼中庭", 6, "13:00", 270, "paper", "C"),
)


def add_volunteering(place: Place, people: People, chance: random.Random) -> None:
    """Hours of everybody who was at a volunteer activity, and the story of the demo resident."""
    issuer = Issuer.objects.filter(area=None).first() or Issuer.objects.create(name=ISSUER)
    Issuer.objects.filter(pk=issuer.pk).update(name=ISSUER)
    if not issuer.levels.exists():
        StarLevel.objects.bulk_create(
            StarLevel(issuer=issuer, stars=stars, hours=hours)
            for stars, hours in enumerate((100, 300, 600, 1000, 1500), 1)
        )
    _write([*_attended(chance, people.resident), *_own(place, people)])
    _dispute_and_sheet(people.resident, issuer)


def _attended(chance: random.Random, but: User) -> Iterable[ServiceEntry]:
    rows = Registration.objects.filter(
        session__activity__kind=Activity.Kind.VOLUNTEER, attendance=Registration.Attendance.CHECKED_OUT
    ).exclude(resident=but)
    for row in rows.select_related("session__activity").order_by("pk"):
        session, activity = row.session, row.session.activity
        came = session.starts_at + chance.choice((0, 0, 0, 2, 5)) * MINUTE
        yield _entry(
            row.resident, activity.area, f"registration/{row.pk}", activity.title, activity.place, came,
            session.ends_at, "scan", "A", evidence={"registration": row.pk},
        )  # fmt: skip


def _own(place: Place, people: People) -> Iterable[ServiceEntry]:
    """`陈师傅`: patrols every other week, five recent deeds, of which one waits for a colleague of who recorded it."""
    resident, area = people.resident, place.communities[0]
    for number in range(EVENINGS):
        start = at(today() - dt.timedelta(days=54 + 14 * number), dt.time(19))
        yield _entry(
            resident, area, f"demo/patrol/{number}", "高新社区夜间巡逻", "高新社区服务中心", start,
            start + EVENING_MINUTES * MINUTE, "scan", "A",
        )  # fmt: skip
    for number, (title, where, days, clock, minutes, source, proof) in enumerate(OWN):
        start = at(today() - dt.timedelta(days=days), dt.time.fromisoformat(clock))
        recorder = people.subdistrict_staff if proof == "C" else None
        evidence: dict[str, object] = (
            {"sheet": f"2026-{number}"} if proof == "C" else {"in": clock, "out": "", "automatic": number == 0}
        )
        yield _entry(
            resident, area, f"demo/own/{number}", title, where, start, start + minutes * MINUTE, source, proof,
            recorder=recorder, evidence=evidence, note="proof" if proof == "C" else "",
        )  # fmt: skip


def _entry(  # noqa: PLR0917 - the columns of a row, in their order
    resident: User,
    area: Area,
    key: str,
    title: str,
    where: str,
    start: dt.datetime,
    end: dt.datetime,
    source: str,
    proof: str,
    *,
    recorder: User | None = None,
    evidence: dict[str, object] | None = None,
    note: str = "",
) -> ServiceEntry:
    minutes = (end - start) // MINUTE
    return ServiceEntry(
        key=key, resident=resident, area=area, title=title, place=where, starts_at=start, ends_at=end,
        planned_minutes=minutes, minutes=minutes, source=source, proof=proof, recorder=recorder, note=note,
        evidence=evidence or {}, recorded_at=end + dt.timedelta(hours=1),
    )  # fmt: skip


def _write(entries: list[ServiceEntry]) -> None:
    """Entries and their credits; of two at the same time of one person only the first is credited."""
    taken: dict[int, list[tuple[dt.datetime, dt.datetime]]] = {}
    for entry in entries:
        spans = taken.setdefault(entry.resident_id, [])
        if any(start < entry.ends_at and entry.starts_at < end for start, end in spans):
            entry.note = "overlap"
        if not entry.note:
            spans.append((entry.starts_at, entry.ends_at))
    # Plans that were made while the tables were empty would look through all of them for every row.
    _analyze("accounts_user", "areas_area")
    ServiceEntry.objects.bulk_create(entries, batch_size=2000)
    _analyze("volunteering_serviceentry")
    ServiceRecord.objects.bulk_create(
        [
            ServiceRecord(
                entry=entry, resident_id=entry.resident_id, area_id=entry.area_id, kind="credit",
                minutes=entry.minutes, proof=entry.proof, at=entry.recorded_at,
                during=DateTimeTZRange(entry.starts_at, entry.ends_at),
            )
            for entry in entries
            if not entry.note
        ],
        batch_size=2000,
    )  # fmt: skip


def _analyze(*tables: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {', '.join(tables)}")


def _dispute_and_sheet(resident: User, issuer: Issuer) -> None:
    now = timezone.now()
    Dispute.objects.create(
        entry=ServiceEntry.objects.get(key="demo/own/0"), resident=resident, reason="签退漏扫，我一直待到收摊。",
        opened_at=now - dt.timedelta(days=1), due_at=end_of_working_day(now, 5),
    )  # fmt: skip
    lines = ServiceRecord.objects.filter(kind="credit", resident=resident, entry__key__startswith="demo/patrol/")
    chosen = list(lines.order_by("entry")[:12])
    days = sorted(record.entry.starts_at.date() for record in chosen)
    sheet = ServiceSheet.objects.create(
        serial="DEMX2345ABCDEF", resident=resident, holder_name="陈晓明", issuer=issuer, issuer_name=ISSUER,
        first_on=days[0], last_on=days[-1], minutes=sum(record.minutes for record in chosen),
        line_count=len(chosen), stars=1, issued_at=now - dt.timedelta(days=12),
    )  # fmt: skip
    SheetLine.objects.bulk_create(
        [SheetLine(sheet=sheet, entry_id=record.entry_id, minutes=record.minutes) for record in chosen]
    )
