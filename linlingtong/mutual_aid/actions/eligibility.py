"""Who may ask and who may help right now; everything here only reads."""

import datetime as dt

from django.db.models import Count, Q
from django.utils import timezone

from linlingtong.accounts.models import User
from linlingtong.core.dates import date_words
from linlingtong.core.phone import holds_mobile
from linlingtong.core.time import local
from linlingtong.mutual_aid.actions.refusals import (
    FairShareUsed,
    PhoneInText,
    PhoneUnproved,
    Resting,
    TooManyClaims,
    TooManyNumbers,
    TooManyPosts,
)
from linlingtong.mutual_aid.limits import (
    ALTERNATIVES,
    FREE_THINGS,
    FREE_THINGS_WITHIN,
    MOST_LIVE_CLAIMS,
    MOST_NUMBERS_A_DAY,
    MOST_OPEN_POSTS,
)
from linlingtong.mutual_aid.models import Claim, ContactReveal, HelperPause, HelpPost

State = HelpPost.State


def check_no_phone(*texts: str) -> None:
    """Raises PhoneInText when one of the texts carries a mobile number: contact is for accepted helpers only."""
    if any(holds_mobile(text) for text in texts):
        raise PhoneInText


def check_reachable(person: User) -> None:
    """Raises PhoneUnproved: the other side has to be able to ring."""
    if person.phone_verified_at is None or not person.is_active:
        raise PhoneUnproved


def check_may_open_another(person: User) -> None:
    """Raises TooManyPosts."""
    if HelpPost.objects.filter(author=person, is_on_behalf=False, state__in=HelpPost.LIVE).count() >= MOST_OPEN_POSTS:
        raise TooManyPosts(most=MOST_OPEN_POSTS)


def check_may_help(helper: User) -> None:
    """Raises PhoneUnproved, Resting, TooManyClaims or TooManyNumbers.

    A claim counts for the day in which the number behind it was looked at, also when it was given back at once:
    otherwise an account could claim, look and let go until it knew every number.
    """
    check_reachable(helper)
    now = timezone.now()
    until = HelperPause.objects.filter(resident=helper, until__gt=now).values_list("until", flat=True).first()
    if until is not None:
        raise Resting(until=date_words(local(until).date()))
    is_live = Q(state__in=Claim.LIVE)
    looks = ContactReveal.objects.filter(claim__helper=helper, viewer=helper, at__gt=now - dt.timedelta(days=1))
    counted = Claim.objects.filter(helper=helper).aggregate(
        live=Count("pk", filter=is_live),
        numbers=Count("post", filter=is_live | Q(pk__in=looks.values("claim")), distinct=True),
    )
    if counted["live"] >= MOST_LIVE_CLAIMS:
        raise TooManyClaims(most=MOST_LIVE_CLAIMS)
    if counted["numbers"] >= MOST_NUMBERS_A_DAY:
        raise TooManyNumbers(most=MOST_NUMBERS_A_DAY)


def check_fair_share(person: User) -> None:
    """Raises FairShareUsed after four free things (taken, or wished for oneself) within 28 days."""
    since = timezone.now() - FREE_THINGS_WITHIN
    over = (Claim.State.RELEASED, Claim.State.LAPSED, Claim.State.DECLINED, Claim.State.ENDED)
    taken = Claim.objects.filter(helper=person, created_at__gt=since, post__type=HelpPost.Type.OFFER).filter(
        post__kind=HelpPost.Kind.THING
    )
    wished = HelpPost.objects.filter(
        author=person, type=HelpPost.Type.WISH, is_on_behalf=False, created_at__gt=since
    ).exclude(state__in=(State.DRAFT, State.WITHDRAWN, State.REJECTED, State.EXPIRED))
    moments = [
        *taken.exclude(state__in=over).values_list("created_at", flat=True),
        *wished.values_list("created_at", flat=True),
    ]
    if len(moments) >= FREE_THINGS:
        again = sorted(moments)[-FREE_THINGS] + FREE_THINGS_WITHIN
        raise FairShareUsed(most=FREE_THINGS, again=date_words(local(again).date()))


def alternatives(post: HelpPost, reader: User) -> list[int]:
    """Three posts like this one that still need somebody: the same kind first, then the nearest."""
    open_ones = HelpPost.objects.visible_to(reader).takeable().filter(type=post.type).exclude(pk=post.pk)
    ids = open_ones.exclude(author=reader).nearest_first(reader.home_area).values_list("pk", "kind")[:60]
    return [pk for pk, _kind in sorted(ids, key=lambda one: one[1] != post.kind)[:ALTERNATIVES]]
