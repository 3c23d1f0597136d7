"""What mutual aid shows on the home screen."""

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from linlingtong.accounts.signed_in import reader
from linlingtong.core.memory import kept
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.mutual_aid.views.cards import cards

CARDS = 2
LOOKED_AT = 8  # the same for all neighbours; some may be the reader's own


def home_card(request: HttpRequest) -> dict[str, Any]:
    """How many wishes wait for somebody, and the two nearest posts of others."""
    user = reader(request)
    home = user.home_area if user else None
    open_ones = HelpPost.objects.visible_to().takeable()
    nearest = open_ones.exclude(type=HelpPost.Type.OFFER).nearest_first(home).select_related("author").defer("search")
    near = kept(f"nearest-help/{home and home.path}", lambda: list(nearest[:LOOKED_AT]))
    return {
        "url": reverse("mutual_aid:list"),
        "wishes": kept("open-wishes", open_ones.of_type(HelpPost.Type.WISH).count),
        "cards": cards([post for post in near if user is None or post.author_id != user.pk][:CARDS], user),
    }
