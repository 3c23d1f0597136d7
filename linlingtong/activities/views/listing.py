"""Which sessions a list shows, page by page."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.db.models.functions import TruncDate
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.activities.forms import Filters
from linlingtong.activities.models import Activity, Session
from linlingtong.activities.views.cards import Group, groups_of
from linlingtong.areas.models import Area, inside
from linlingtong.core.time import day_bounds, local, today

CANCELLED_STAYS = dt.timedelta(days=7)
PAGE_SIZE = 20
STRIP_DAYS = 14
WORKDAYS = (2, 3, 4, 5, 6)  # Django counts weekdays from Sunday = 1
EVENING, NOON, LATE_EVENING = 17, 12, 20


@dataclass
class Listing:
    """Sessions that match the filters; an activity's sessions on one day count as one."""

    chosen: dict[str, Any]
    communities: Iterable[Area]

    @cached_property
    def matching(self) -> QuerySet[Session]:
        """Public sessions that match everything but the day."""
        found = still_shown(Session.objects.visible_to()).filter(self.about_activity())
        return found.filter(self.about_time())

    def about_activity(self) -> Q:
        condition = Q()
        if slugs := self.chosen.get("community"):
            condition &= inside([a.path for a in self.communities if a.slug in slugs], "activity__area_path")
        if kind := self.chosen.get("kind"):
            condition &= Q(activity__kind=kind)
        return condition

    def about_time(self) -> Q:
        """Any of the chosen times of day."""
        condition = Q()
        for time in self.chosen.get("time", ()):
            condition |= TIMES[time]
        return condition

    @cached_property
    def found(self) -> QuerySet[Session]:
        """The same with the words searched for and, without a day, only what is not over yet."""
        return self.searched.filter(self.when)

    @cached_property
    def searched(self) -> QuerySet[Session]:
        if words := self.chosen.get("q"):
            return self.matching.filter(activity__in=_activities_about(words))
        return self.matching

    @cached_property
    def when(self) -> Q:
        if day := self.chosen.get("date"):
            start, end = day_bounds(day)
            return Q(starts_at__gte=start, starts_at__lt=end)
        return Q(ends_at__gte=timezone.now())

    def counts(self, first: dt.date, days: int) -> dict[dt.date, int]:
        """How many activities on each day."""
        return count_by_day(self.searched, first, first + dt.timedelta(days=days))

    def page(self, user: User | None, after: str = "") -> tuple[list[Group], str]:
        """The cards of one page and where the next one begins, empty at the end."""
        dated = self.found.annotate(day=TruncDate("starts_at"))
        leads = dated.filter(~Exists(self._earlier_on_the_day())).order_by("starts_at", "pk")
        rows = list(leads.filter(_behind(after)).values_list("pk", "starts_at", "activity_id")[: PAGE_SIZE + 1])
        shown, rest = rows[:PAGE_SIZE], rows[PAGE_SIZE:]
        if not shown:
            return [], ""
        next_page = f"{shown[-1][1].timestamp():.6f}-{shown[-1][0]}" if rest else ""
        wanted = {(activity_id, local(start).date()) for _pk, start, activity_id in shown}
        groups = [g for g in groups_of(self._with_siblings(shown), user) if _key(g) in wanted]
        return groups, next_page

    def _earlier_on_the_day(self) -> QuerySet[Session]:
        """Another matching session of the same activity and day that comes first: its card shows this one too."""
        return (
            self._siblings()
            .annotate(day=TruncDate("starts_at"))
            .filter(activity=OuterRef("activity"), day=OuterRef("day"))
            .filter(Q(starts_at__lt=OuterRef("starts_at")) | Q(starts_at=OuterRef("starts_at"), pk__lt=OuterRef("pk")))
        )

    def _siblings(self) -> QuerySet[Session]:
        """What matches in time, whatever the activity."""
        return still_shown(Session.objects.filter(self.when).filter(self.about_time()))

    def _with_siblings(self, shown: list[tuple[int, dt.datetime, int]]) -> list[Session]:
        ends = day_bounds(local(shown[-1][1]).date())[1]
        together = self._siblings().filter(starts_at__lt=ends)
        together = together.filter(activity__in=[row[2] for row in shown], starts_at__gte=shown[0][1])
        return list(together.select_related("activity").order_by("starts_at", "pk"))


def count_by_day(sessions: QuerySet[Session], first: dt.date, end: dt.date) -> dict[dt.date, int]:
    """How many activities on each day of a half-open span."""
    span = sessions.filter(starts_at__gte=day_bounds(first)[0], starts_at__lt=day_bounds(end)[0])
    rows = span.annotate(day=TruncDate("starts_at")).values("day").annotate(number=Count("activity", distinct=True))
    return {row["day"]: row["number"] for row in rows.order_by()}


def still_shown(sessions: QuerySet[Session]) -> QuerySet[Session]:
    """What was cancelled stays a week, with its reason, so that nobody stands before a closed door."""
    long_ago = timezone.now() - CANCELLED_STAYS
    return sessions.filter(
        Q(cancelled_at=None) | Q(cancelled_at__gte=long_ago),
        Q(activity__cancelled_at=None) | Q(activity__cancelled_at__gte=long_ago),
    )


def next_day_with_some(listing: Listing, day: dt.date) -> dt.date | None:
    """The nearest day from `day` on on which something matches, else the last one before it; never a past one."""
    coming = listing.searched.filter(starts_at__gte=day_bounds(today())[0]).order_by("starts_at")
    starts = coming.values_list("starts_at", flat=True)
    moment = starts.filter(starts_at__gte=day_bounds(day)[0]).first() or starts.last()
    return local(moment).date() if moment else None


def parse_filters(query: Any) -> tuple[Filters, Listing]:
    communities = list(Area.objects.communities().active().in_order())
    filters = Filters(query, communities)
    return filters, Listing(filters.chosen, communities)


def _activities_about(words: str) -> Any:
    return Activity.objects.matching(words).values("pk")


def _behind(after: str) -> Q:
    moment, _dash, pk = after.partition("-")
    try:
        start = dt.datetime.fromtimestamp(float(moment), tz=dt.UTC)
        return Q(starts_at__gt=start) | Q(starts_at=start, pk__gt=int(pk))
    except (ValueError, OverflowError, OSError):
        return Q()


def _key(group: Group) -> tuple[int, dt.date]:
    return group.activity.pk, local(group.pairs[0][0].starts_at).date()


IS_WORKDAY = Q(starts_at__week_day__in=WORKDAYS)
TIMES = {
    Filters.Time.EVENING: IS_WORKDAY & Q(starts_at__hour__gte=EVENING),
    Filters.Time.WEEKEND: ~IS_WORKDAY,
    Filters.Time.DAYTIME: IS_WORKDAY & Q(starts_at__hour__lt=EVENING),
    Filters.Time.SHIFT: Q(starts_at__hour__lt=NOON) | Q(starts_at__hour__gte=LATE_EVENING),
}
