import datetime as dt

import structlog
from django.core.exceptions import PermissionDenied
from django.db.models import Count, F, Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.audit.actions import acting
from linlingtong.core.dates import clock, near_moment
from linlingtong.core.planned import planned
from linlingtong.core.time import at, local
from linlingtong.core.turns import in_turn, take_turn, take_turns
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
# By hand, because everybody likes the same praise at the same moment: one round trip instead of five.
SEEN = """
SELECT praise.like_count, mine.voided_at IS NOT NULL, mine.id IS NOT NULL AND mine.taken_back_at IS NULL,
       (SELECT created_at FROM likes_like
         WHERE resident_id = %(me)s AND praise_id <> praise.id AND created_at > %(since)s
         ORDER BY created_at DESC OFFSET %(most_targets)s - 1 LIMIT 1),
       (SELECT other.created_at FROM likes_like other JOIN likes_praise liked ON liked.id = other.praise_id
         WHERE other.resident_id = %(me)s AND other.praise_id <> praise.id AND other.created_at > %(since)s
           AND liked.author_id = praise.author_id
         ORDER BY other.created_at DESC OFFSET %(most_of_one)s - 1 LIMIT 1)
  FROM likes_praise praise LEFT JOIN likes_like mine ON mine.praise_id = praise.id AND mine.resident_id = %(me)s
 WHERE praise.id = %(praise)s AND praise.withdrawn_at IS NULL AND (praise.is_visible OR praise.author_id = %(me)s)
"""
ADD = """
WITH added AS (
    INSERT INTO likes_like (praise_id, resident_id, created_at) VALUES (%(praise)s, %(me)s, %(now)s)
    ON CONFLICT (praise_id, resident_id) DO UPDATE SET created_at = EXCLUDED.created_at, taken_back_at = NULL
    WHERE likes_like.taken_back_at IS NOT NULL AND likes_like.voided_at IS NULL RETURNING 1
)
UPDATE likes_praise SET like_count = like_count + (SELECT count(*) FROM added) WHERE id = %(praise)s
RETURNING like_count
"""
log = structlog.get_logger(__name__)


@in_turn
def like(praise_id: int, *, by: User) -> int:
    """The resident likes it; answers how many do. Twice is harmless: only a row that appeared or came back counts.

    What was taken back counts for the limits of the day. Row and counter are the last statement, so the counter is
    locked for a moment only. Raises PhoneNeeded, LikeVoided, TooManyLikes with the time from which on it goes, or
    Praise.DoesNotExist.
    """
    if by.phone_verified_at is None:
        raise PhoneNeeded
    now = timezone.now()
    asked = {"praise": praise_id, "me": by.pk, "since": now - DAY}
    limits = {"most_targets": MOST_TARGETS, "most_of_one": MOST_OF_ONE}
    seen = take_turns([("likes of", by.pk)], SEEN, asked | limits)
    if seen is None:
        raise Praise.DoesNotExist
    count, is_voided, stands, too_many, too_many_for_one = seen
    if is_voided:
        raise LikeVoided
    if stands:
        return int(count)
    if too_many:
        raise TooManyLikes(when=when_words(too_many + DAY))
    if too_many_for_one:
        raise TooManyForOne(when=when_words(too_many_for_one + DAY))
    with planned() as cursor:
        cursor.execute(ADD, {"praise": praise_id, "me": by.pk, "now": now})
        return int(cursor.fetchone()[0])


def when_words(moment: dt.datetime) -> str:
    """`tomorrow 9:30`: when a limit ends."""
    return f"{near_moment(moment)} {clock(moment)}".strip()


@in_turn
def unlike(praise_id: int, *, by: User) -> int:
    """Take the like back; answers how many are left. Twice is harmless; raises Praise.DoesNotExist."""
    praise = Praise.objects.visible_to(by).get(pk=praise_id)
    take_back(praise.pk, by=by)
    praise.refresh_from_db(fields=["like_count"])
    return praise.like_count


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
