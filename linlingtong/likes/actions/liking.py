import datetime as dt

import structlog
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.audit.actions import acting
from linlingtong.core.dates import clock, near_moment
from linlingtong.core.time import at, local
from linlingtong.core.turns import in_turn, take_turn
from linlingtong.likes.actions import tidings
from linlingtong.likes.actions.refusals import LikeVoided, PhoneNeeded, TooManyForOne, TooManyLikes
from linlingtong.likes.models import Like, Praise
from linlingtong.likes.permissions import is_staff_for
from linlingtong.notifications.actions import collapse, tell, ticked
from linlingtong.notifications.models import Tick

DAY = dt.timedelta(hours=24)
MOST_TARGETS, MOST_OF_ONE = 60, 10
AT_ONCE = 200
NIGHT, NIGHTLY = 3, "likes_reconciled"
ADD = """
INSERT INTO likes_like (praise_id, resident_id, created_at) VALUES (%s, %s, %s)
ON CONFLICT (praise_id, resident_id) DO UPDATE SET created_at = EXCLUDED.created_at, taken_back_at = NULL
WHERE likes_like.taken_back_at IS NOT NULL AND likes_like.voided_at IS NULL
"""
log = structlog.get_logger(__name__)


@in_turn
def like(praise_id: int, *, by: User) -> Praise:
    """The resident likes it. Twice is harmless; the counter moves only when a row really appeared or came back.

    What was taken back counts for the limits of the day. The counter is the last statement, so its row is locked for
    a moment only. Raises PhoneNeeded, LikeVoided, TooManyLikes with the time from which on it goes, or
    Praise.DoesNotExist.
    """
    if by.phone_verified_at is None:
        raise PhoneNeeded
    praise = Praise.objects.visible_to(by).select_related("author").get(pk=praise_id)
    take_turn("likes of", by.pk)
    found = Like.objects.filter(praise=praise, resident=by).first()
    if found is not None and found.voided_at:
        raise LikeVoided
    if found is not None and found.taken_back_at is None:
        return praise
    _check_limits(praise, by)
    with connection.cursor() as cursor:
        cursor.execute(ADD, [praise.pk, by.pk, timezone.now()])
        added = cursor.rowcount
    if added:
        Praise.objects.filter(pk=praise.pk).update(like_count=F("like_count") + 1)
    praise.refresh_from_db(fields=["like_count"])
    return praise


def _check_limits(praise: Praise, by: User) -> None:
    others = Like.objects.filter(resident=by).exclude(praise=praise)
    lately = others.filter(created_at__gt=timezone.now() - DAY).order_by("created_at")
    _check(lately, MOST_TARGETS, TooManyLikes)
    _check(lately.filter(praise__author=praise.author_id), MOST_OF_ONE, TooManyForOne)


def _check(lately: QuerySet[Like], most: int, refusal: type[TooManyLikes]) -> None:
    moments = list(lately.values_list("created_at", flat=True))
    if len(moments) >= most:
        raise refusal(when=when_words(moments[-most] + DAY))


def when_words(moment: dt.datetime) -> str:
    """`tomorrow 9:30`: when a limit ends."""
    return f"{near_moment(moment)} {clock(moment)}".strip()


@in_turn
def unlike(praise_id: int, *, by: User) -> Praise:
    """Take the like back. Twice is harmless; raises Praise.DoesNotExist."""
    praise = Praise.objects.visible_to(by).get(pk=praise_id)
    take_back(praise.pk, by=by)
    praise.refresh_from_db(fields=["like_count"])
    return praise


@in_turn
def take_back(praise_id: int, *, by: User) -> None:
    """The like goes, wherever the praise stands now; the counter moves only when a row really went."""
    take_turn("likes of", by.pk)
    if Like.objects.standing().filter(praise=praise_id, resident=by).update(taken_back_at=timezone.now()):
        Praise.objects.filter(pk=praise_id).update(like_count=F("like_count") - 1)


@in_turn
def void_likes(praise_id: int, resident_ids: list[int], *, by: User) -> int:
    """Staff take likes back that no neighbour meant; the author is told. Answers how many. Raises PermissionDenied."""
    praise = Praise.objects.select_related("author").get(pk=praise_id)
    if not is_staff_for(by, praise):
        raise PermissionDenied
    rows = Like.objects.standing().filter(praise=praise, resident__in=resident_ids)
    with acting(by, "void_likes"):
        voided = rows.update(voided_at=timezone.now())
        if voided:
            Praise.objects.filter(pk=praise.pk).update(like_count=F("like_count") - voided)
    if voided:
        praise.refresh_from_db(fields=["like_count"])
        tell([tidings.voided(praise, voided)])
    return voided


def tell_likes() -> int:
    """Renew the one line that says how many like a praise; answers how many praises it was renewed for."""
    fresh = Praise.objects.filter(like_count__gt=F("likes_told"), is_visible=True).select_related("author")
    rows = list(fresh.order_by("pk")[:AT_ONCE])
    collapse([tidings.liked(praise) for praise in rows])
    for praise in rows:
        Praise.objects.filter(pk=praise.pk).update(likes_told=praise.like_count)
    return len(rows)


def reconcile() -> int:
    """Put every counter right that differs from its rows; answers how many did, which should be none."""
    counted = Count("likes", filter=Q(likes__voided_at=None, likes__taken_back_at=None))
    wrong = list(Praise.objects.annotate(real=counted).exclude(like_count=F("real")).values_list("pk", flat=True))
    for pk in wrong:
        _recount(pk)
    log.info("likes_reconciled", different=len(wrong))
    return len(wrong)


def reconcile_at_night() -> int:
    """Once a night from three o'clock on, by the first tick that comes; answers how many counters were wrong."""
    now = local(timezone.now())
    due = at(now.date() - dt.timedelta(days=now.hour < NIGHT), dt.time(NIGHT))
    if Tick.objects.filter(name=NIGHTLY, ran_at__gte=due).exists():
        return 0
    forget_taken_back()
    different = reconcile()
    ticked(NIGHTLY)
    return different


def forget_taken_back() -> None:
    """What was taken back is kept as long as the limits look back, and no longer."""
    before = timezone.now() - DAY
    Like.objects.filter(taken_back_at__lte=before, created_at__lte=before, voided_at=None).delete()


@in_turn
def _recount(praise_id: int) -> None:
    """Under the lock of the praise's row, so that no like slips between counting and writing."""
    praise = Praise.objects.select_for_update(no_key=True).get(pk=praise_id)
    praise.like_count = Like.objects.standing().filter(praise=praise).count()
    praise.save(update_fields=["like_count"])
