"""The figures of the board: how long, how often, how many."""

import datetime as dt

from linlingtong.mutual_aid.models import HelpPost

OPEN_FOR = {
    HelpPost.Type.REQUEST: dt.timedelta(days=7),
    HelpPost.Type.OFFER: dt.timedelta(days=7),
    HelpPost.Type.WISH: dt.timedelta(days=30),
}
CONTACT_WITHIN = dt.timedelta(hours=24)
CONTACT_WITHIN_URGENT = dt.timedelta(hours=2)
CONTACT_WITHIN_WISH = dt.timedelta(days=7)
REOPENED_FOR = dt.timedelta(days=2)
REMIND_BEFORE = dt.timedelta(days=1)
CONFIRMED_BY_SILENCE = dt.timedelta(days=7)
CONTACT_KEPT = dt.timedelta(days=7)
MOST_RENEWALS = 3
LAPSES_BEFORE_PAUSE = 2
PAUSE = dt.timedelta(days=7)
LAPSES_COUNT_FOR = dt.timedelta(days=60)
FREE_THINGS = 4
FREE_THINGS_WITHIN = dt.timedelta(days=28)
MOST_OPEN_POSTS = 5
MOST_LIVE_CLAIMS = 5
MOST_NUMBERS_A_DAY = 6
MOST_HELPERS = 20
MOST_YUAN = 200
LONGEST_MINUTES = 720
ALTERNATIVES = 3


def contact_within(post: HelpPost) -> dt.timedelta:
    """How long an accepted helper has to get in touch."""
    if post.type == HelpPost.Type.WISH:
        return CONTACT_WITHIN_WISH
    return CONTACT_WITHIN_URGENT if post.urgency == HelpPost.Urgency.URGENT else CONTACT_WITHIN
