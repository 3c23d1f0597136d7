import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import F, Q

from linlingtong.accounts.models import Membership, User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.areas.models import Area, Organization
from linlingtong.core.text import clean_text
from linlingtong.core.time import at, today
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.likes.actions import tidings
from linlingtong.likes.actions.refusals import MonthNotOver, NoCandidates, RollPublished, TextMissing
from linlingtong.likes.models import Honour, Like, Praise
from linlingtong.notifications.actions import tell

SEASONED = dt.timedelta(days=7)
LARGEST_SHARE = 40
MOST = 20


@dataclass(frozen=True)
class Candidate:
    """A praise that may be on the roll, and how many different neighbours stand behind it."""

    praise: Praise
    neighbours: int


def month_bounds(month: dt.date) -> tuple[dt.datetime, dt.datetime]:
    first = month.replace(day=1)
    return at(first), at((first + dt.timedelta(days=32)).replace(day=1))


def candidates(area: Area, month: dt.date) -> list[Candidate]:
    """The praises of a month by how many neighbours back them, for staff to choose from; nobody else sees the numbers.

    A neighbour counts once for the same beneficiary, whatever they liked; not for themselves, their own household or
    their own words, and only with an account older than a week. Of one company at most two fifths count.
    """
    start, end = month_bounds(month)
    praises = Praise.objects.filter(is_visible=True, created_at__gte=start, created_at__lt=end)
    praises = praises.filter(area_path__startswith=area.path).select_related("resident", "organization", "author")
    by_key: dict[object, list[Praise]] = defaultdict(list)
    for praise in praises:
        by_key[_beneficiary(praise)].append(praise)
    likers = _likers(list(praises))
    companies = _companies({one for group in likers.values() for one in group})
    found = []
    for group in by_key.values():
        backing = set().union(*(likers[praise.pk] for praise in group))
        best = max(group, key=lambda praise: (len(likers[praise.pk]), -praise.pk))
        found.append(Candidate(best, capped(backing, companies)))
    found = [one for one in found if one.neighbours]
    return sorted(found, key=lambda one: (-one.neighbours, one.praise.pk))[:MOST]


def _beneficiary(praise: Praise) -> object:
    if praise.resident_id:
        return "resident", praise.resident_id
    if praise.organization_id:
        return "organization", praise.organization_id
    return ("about", praise.about) if praise.about else ("praise", praise.pk)


def _likers(praises: Sequence[Praise]) -> dict[int, set[int]]:
    rows = Like.objects.standing().filter(praise__in=praises, resident__phone_verified_at__isnull=False)
    seasoned = rows.filter(resident__date_joined__lte=F("created_at") - SEASONED, resident__is_active=True)
    others = seasoned.exclude(resident=F("praise__author")).exclude(resident=F("praise__resident"))
    same_door = Q(resident__home_area=F("praise__resident__home_area"), resident__home_area__level=Area.Level.BUILDING)
    found: dict[int, set[int]] = {praise.pk: set() for praise in praises}
    for praise_id, resident_id in others.exclude(same_door).values_list("praise_id", "resident_id"):
        found[praise_id].add(resident_id)
    return found


def _companies(residents: set[int]) -> dict[int, int]:
    rows = Membership.objects.current().filter(user__in=residents, organization__kind=Organization.Kind.COMPANY)
    return dict(rows.values_list("user_id", "organization_id"))


def capped(backing: set[int], companies: dict[int, int]) -> int:
    """How many of them count when of those that count no company has more than two fifths: the largest such number."""
    colleagues = Counter(companies[one] for one in backing if one in companies)
    others = len(backing) - colleagues.total()
    counted, fewer = -1, len(backing)
    while counted != fewer:
        counted = fewer
        limit = counted * LARGEST_SHARE // 100
        fewer = others + sum(min(number, limit) for number in colleagues.values())
    return counted


@in_turn
def publish_roll(area_id: int, month: dt.date, chosen: Sequence[tuple[int, str]], *, by: User) -> list[Honour]:
    """Publish a community's roll of a month, as (praise, why): a snapshot that nobody changes, without ranks.

    Raises MonthNotOver, RollPublished, NoCandidates, TextMissing, or PermissionDenied.
    """
    area = Area.objects.get(pk=area_id)
    if not in_scope(area.path, scope_for(by)):
        raise PermissionDenied
    first = month.replace(day=1)
    if today() < month_bounds(first)[1].date():
        raise MonthNotOver
    take_turn("honours", area.pk)
    if Honour.objects.filter(area=area, month=first).exists():
        raise RollPublished
    known = {one.praise.pk: one.praise for one in candidates(area, first)}
    rows = [(known[pk], clean_text(why)[:100]) for pk, why in chosen if pk in known]
    if not rows:
        raise NoCandidates
    if not all(why for _praise, why in rows):
        raise TextMissing
    honours = Honour.objects.bulk_create(
        Honour(area=area, month=first, praise=praise, reason=why, by=by) for praise, why in rows
    )
    told = [(praise, one) for praise, _why in rows for one in (praise.author, praise.resident) if one]
    tell([tidings.honoured(praise, reader) for praise, reader in told])
    return honours
