"""What posts look like in lists."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.text import Truncator

from linlingtong.accounts.models import User
from linlingtong.mutual_aid import showing
from linlingtong.mutual_aid.models import Claim, HelpPost

State = HelpPost.State
EXCERPT = 80


def cards(posts: Iterable[HelpPost], user: User | None) -> list[dict[str, Any]]:
    """The cards of a list, in three queries whatever its length."""
    rows = list(posts)
    names, helpers = showing.area_names(rows), showing.claimer_names(rows)
    mine: set[int] = set()
    if user and rows:
        mine = set(Claim.objects.live().filter(helper=user, post__in=rows).values_list("post", flat=True))
    return [_card(post, names, helpers[post.pk], user, is_helping=post.pk in mine) for post in rows]


def _card(
    post: HelpPost, names: dict[int, str], helpers: list[str], user: User | None, *, is_helping: bool
) -> dict[str, Any]:
    url = reverse("mutual_aid:detail", args=[post.pk])
    is_mine = user is not None and user.pk == post.author_id
    is_takeable = post.state in HelpPost.TAKING and not post.is_paused and not is_mine and not is_helping
    return {
        "url": url,
        "title": post.title,
        "asker": showing.asker_words(post),
        "place": showing.place_words(post, names),
        "text": Truncator(post.text).chars(EXCERPT),
        "badge": showing.badge(post, helpers),
        "needed_at": post.needed_at if post.state in HelpPost.LIVE else None,
        "budget_cap": post.budget_cap,
        "minutes": post.minutes,
        "is_held": not post.is_visible,
        "claim_url": reverse("mutual_aid:claim", args=[post.pk]) if is_takeable else "",
        "button": showing.button_words(post),
        "is_helping": is_helping,
    }
