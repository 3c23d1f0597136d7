"""What residents are told about praise, in their language."""

from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from linlingtong.accounts.models import User
from linlingtong.likes.models import Comment, Praise
from linlingtong.notifications.actions import Tiding
from linlingtong.notifications.models import Kind

SUBJECT = "praise"
EXCERPT = 40


def _tiding(resident: User, praise: Praise, event: str, title: str, body: str = "", *, url: str = "") -> Tiding:
    address = url or reverse("likes:detail", args=[praise.pk])
    key = f"praise/{praise.pk}/{event}"
    return Tiding(resident.pk, Kind.PRAISE, key, title, body, address, "", SUBJECT, praise.pk)


def liked(praise: Praise) -> Tiding:
    """One line for all likes, renewed while they come."""
    with translation.override(praise.author.language):
        words = ngettext(
            "%(number)d neighbour liked your praise", "%(number)d neighbours liked your praise", praise.like_count
        )
        return _tiding(
            praise.author, praise, "likes", words % {"number": praise.like_count}, praise.nameless_text[:EXCERPT]
        )


def commented(comment: Comment, reader: User) -> Tiding:
    with translation.override(reader.language):
        title = _("A neighbour wrote under your words")
        return _tiding(reader, comment.praise, f"comment/{comment.pk}/{reader.pk}", title, comment.text[:EXCERPT])


def asked(praise: Praise, resident: User) -> Tiding:
    with translation.override(resident.language):
        body = _("Decide how you appear: with your name, without it, or not at all. Until then it says “a neighbour”.")
        url = reverse("likes:consent", args=[praise.pk])
        return _tiding(resident, praise, "asked", _("Somebody praised you"), body, url=url)


def voided(praise: Praise, number: int) -> Tiding:
    with translation.override(praise.author.language):
        words = ngettext("Staff took %(number)d like back", "Staff took %(number)d likes back", number)
        body = _("They did not come from neighbours who like it. You did nothing wrong.")
        return _tiding(praise.author, praise, f"voided/{timezone.now().timestamp()}", words % {"number": number}, body)


def honoured(praise: Praise, reader: User) -> Tiding:
    with translation.override(reader.language):
        url = reverse("likes:honours")
        return _tiding(
            reader,
            praise,
            f"honoured/{reader.pk}",
            _("On this month's roll of honour"),
            praise.nameless_text[:EXCERPT],
            url=url,
        )
