"""What happens by itself, minute by minute; every step may run again."""

import datetime as dt

from django.db.models import Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.turns import in_turn
from linlingtong.mutual_aid.actions import tidings
from linlingtong.mutual_aid.actions.claiming import decline_the_rest
from linlingtong.mutual_aid.actions.finishing import confirm_by_silence, nobody_else
from linlingtong.mutual_aid.actions.moves import State, What, advance, give_back, note, post_in_turn
from linlingtong.mutual_aid.limits import (
    CONFIRMED_BY_SILENCE,
    LAPSES_BEFORE_PAUSE,
    LAPSES_COUNT_FOR,
    PAUSE,
    REMIND_BEFORE,
)
from linlingtong.mutual_aid.models import Claim, HelperPause, HelpEvent, HelpPost

AT_ONCE = 200


def lapse_claims() -> int:
    """Helpers who got in touch with nobody in time lose their seat; the post is open again."""
    late = Claim.objects.filter(state=Claim.State.ACCEPTED, contacted_at=None, contact_until__lte=timezone.now())
    # a dispute or a word that it is done stops the clock
    late = late.filter(asker_done_at=None).exclude(post__state=State.DISPUTED)
    ids = list(late.order_by("contact_until").values_list("pk", flat=True)[:AT_ONCE])
    return sum(_lapse(pk) for pk in ids)


@in_turn
def _lapse(claim_id: int) -> int:
    post_id, helper_id = Claim.objects.values_list("post_id", "helper_id").get(pk=claim_id)
    post = post_in_turn(post_id, people=[helper_id])
    claim = Claim.objects.select_related("helper").get(pk=claim_id)
    is_late = claim.contact_until is not None and claim.contact_until <= timezone.now()
    if claim.state != Claim.State.ACCEPTED or claim.contacted_at or claim.asker_done_at or not is_late:
        return 0
    if post.state == State.DISPUTED:
        return 0
    event = give_back(post, claim, Claim.State.LAPSED, What.LAPSED, by=None)
    _pause_when_often(claim.helper)
    tidings.inform([claim.helper], post, event, tidings.lapsed)
    tidings.inform([post.author], post, event, tidings.back_in_pool)
    return 1


def _pause_when_often(helper: User) -> None:
    now = timezone.now()
    last = HelperPause.objects.filter(resident=helper).order_by("-created_at").values_list("created_at", flat=True)
    since = max(filter(None, [now - LAPSES_COUNT_FOR, last.first()]))
    lapses = Claim.objects.filter(helper=helper, state=Claim.State.LAPSED, ended_at__gt=since).count()
    if lapses >= LAPSES_BEFORE_PAUSE:
        HelperPause.objects.create(resident=helper, until=now + PAUSE)


def expire_posts() -> int:
    """Open posts whose time is over end; with some helpers already they go on with those. Paused offers rest."""
    due = HelpPost.objects.filter(state__in=HelpPost.TAKING, expires_at__lte=timezone.now(), is_paused=False)
    return sum(_expire(pk) for pk in list(due.order_by("expires_at").values_list("pk", flat=True)[:AT_ONCE]))


@in_turn
def _expire(post_id: int) -> int:
    post = post_in_turn(post_id)
    is_due = post.expires_at is not None and post.expires_at <= timezone.now() and not post.is_paused
    if post.state not in HelpPost.TAKING or not is_due:
        return 0
    if post.taken:
        nobody_else(post, by=None)
        return 1
    event = advance(post, State.EXPIRED, What.EXPIRED, by=None)
    decline_the_rest(post)
    tidings.inform([post.author], post, event, tidings.expired)
    return 1


def remind_of_the_end() -> int:
    """The day before an open post ends its author is reminded, once for each span."""
    now = timezone.now()
    due = HelpPost.objects.filter(
        state__in=HelpPost.TAKING, expires_at__gt=now, expires_at__lte=now + REMIND_BEFORE, reminded_at=None
    ).filter(opened_at__lt=now - dt.timedelta(hours=12), is_paused=False)
    return sum(_remind(pk) for pk in list(due.order_by("expires_at").values_list("pk", flat=True)[:AT_ONCE]))


@in_turn
def _remind(post_id: int) -> int:
    post = post_in_turn(post_id)
    if post.reminded_at or post.state not in HelpPost.TAKING:
        return 0
    post.reminded_at = timezone.now()
    post.save(update_fields=["reminded_at"])
    event = HelpEvent.objects.filter(post=post).order_by("-pk").first() or note(post, What.RENEWED, by=None)
    tidings.inform_once([post.author], post, f"help/ends/{post.pk}/{event.pk}", tidings.expiring)
    return 1


def confirm_silent() -> int:
    """What nobody confirmed for seven days is confirmed."""
    before = timezone.now() - CONFIRMED_BY_SILENCE
    is_old = Q(state=Claim.State.DONE, done_at__lte=before) | Q(state=Claim.State.ACCEPTED, asker_done_at__lte=before)
    due = Claim.objects.filter(is_old).exclude(post__state=State.DISPUTED).order_by("pk")
    return sum(confirm_by_silence(pk, before) for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]))
