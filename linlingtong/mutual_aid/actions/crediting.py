import datetime as dt

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linlingtong.core.time import at, local
from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.volunteering.actions import Service, credit
from linlingtong.volunteering.models import ServiceEntry, ServiceRecord

DAY = dt.timedelta(days=1)
OVER = (ServiceRecord.Kind.DECLINE, ServiceRecord.Kind.REVERSAL)


def minutes_of(post: HelpPost, claim: Claim) -> int:
    """The time that was given; things cost no time unless somebody says so."""
    if claim.minutes is not None:
        return claim.minutes
    return post.minutes or 0


def credit_help(post: HelpPost, claims: list[Claim]) -> None:
    """The givers' minutes go to the ledger, once for each claim; both sides have confirmed them.

    At most HELP_MINUTES_A_POST for one person and post and HELP_MINUTES_A_DAY for one person and day; the caller holds
    the turns of these people. By rule, not by whoever confirmed last: that may be the giver, and nobody enters hours
    of their own.
    """
    for claim in claims:
        minutes = _allowed(post, claim)
        if minutes > 0:
            credit([_service(post, claim, minutes)], by=None)


def _giver(post: HelpPost, claim: Claim) -> int:
    return post.author_id if post.type == HelpPost.Type.OFFER else claim.helper_id


def _ended(claim: Claim) -> dt.datetime:
    return claim.done_at or claim.asker_done_at or timezone.now()


def _allowed(post: HelpPost, claim: Claim) -> int:
    """What is left of the limits, in the giver's turn. What staff declined or took back is not spent."""
    counted = ServiceEntry.objects.filter(resident=_giver(post, claim), source=ServiceEntry.Source.HELP)
    counted = counted.exclude(records__kind__in=OVER)
    keys = [_key(pk) for pk in post.claims.seated().values_list("pk", flat=True)]
    midnight = at(local(_ended(claim)).date())
    of_post = counted.filter(key__in=keys)
    of_day = counted.filter(ends_at__gt=midnight, ends_at__lte=midnight + DAY)
    spent = [rows.aggregate(sum=Sum("minutes"))["sum"] or 0 for rows in (of_post, of_day)]
    limits: list[int] = [settings.HELP_MINUTES_A_POST, settings.HELP_MINUTES_A_DAY]
    return min(minutes_of(post, claim), *(limit - used for limit, used in zip(limits, spent, strict=True)))


def _key(claim_id: int) -> str:
    return f"help/{claim_id}"


def _service(post: HelpPost, claim: Claim, minutes: int) -> Service:
    is_offer = post.type == HelpPost.Type.OFFER
    # not what was written: the ledger is never changed, and people write names
    with translation.override("zh-hans"):
        title = _("Mutual aid: %(kind)s") % {"kind": post.get_kind_display()}
    return Service(
        key=_key(claim.pk),
        resident_id=_giver(post, claim),
        title=title,
        place="",
        area_id=post.area_id,
        starts_at=_ended(claim) - dt.timedelta(minutes=minutes),
        ends_at=_ended(claim),
        planned_minutes=minutes,
        minutes=minutes,
        source=ServiceEntry.Source.HELP,
        proof=ServiceEntry.Proof.B,
        recorder_id=claim.helper_id if is_offer else post.author_id,
        leader_id=None,
        evidence={"claim": claim.pk, "confirmed": True, "said": minutes_of(post, claim)},
    )
