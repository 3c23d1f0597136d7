from linlingtong.accounts.models import User
from linlingtong.mutual_aid.models import Claim, HelpPost


def minutes_of(post: HelpPost, claim: Claim) -> int:
    """The time that was given; things cost no time unless somebody says so."""
    if claim.minutes is not None:
        return claim.minutes
    return post.minutes or 0


def credit_help(post: HelpPost, claim: Claim, *, by: User | None) -> None:
    """The giver's minutes go to the ledger, once for each claim."""
