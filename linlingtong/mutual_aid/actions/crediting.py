import datetime as dt

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from linlingtong.mutual_aid.models import Claim, HelpPost
from linlingtong.volunteering.actions import Service, credit
from linlingtong.volunteering.models import ServiceEntry


def minutes_of(post: HelpPost, claim: Claim) -> int:
    """The time that was given; things cost no time unless somebody says so."""
    if claim.minutes is not None:
        return claim.minutes
    return post.minutes or 0


def credit_help(post: HelpPost, claims: list[Claim]) -> None:
    """The givers' minutes go to the ledger, once for each claim; both sides have confirmed them.

    By rule, not by whoever confirmed last: that may be the giver, and nobody enters hours of their own.
    """
    services = [_service(post, claim) for claim in claims if minutes_of(post, claim)]
    if services:
        credit(services, by=None)


def _service(post: HelpPost, claim: Claim) -> Service:
    is_offer = post.type == HelpPost.Type.OFFER
    minutes = minutes_of(post, claim)
    # not what was written: the ledger is never changed, and people write names
    with translation.override("zh-hans"):
        title = _("Mutual aid: %(kind)s") % {"kind": post.get_kind_display()}
    ends_at = claim.done_at or post.asker_done_at or timezone.now()
    return Service(
        key=f"help/{claim.pk}",
        resident_id=post.author_id if is_offer else claim.helper_id,
        title=title,
        place="",
        area_id=post.area_id,
        starts_at=ends_at - dt.timedelta(minutes=minutes),
        ends_at=ends_at,
        planned_minutes=minutes,
        minutes=minutes,
        source=ServiceEntry.Source.HELP,
        proof=ServiceEntry.Proof.B,
        recorder_id=claim.helper_id if is_offer else post.author_id,
        leader_id=None,
        evidence={"claim": claim.pk, "confirmed": True},
    )
