from collections.abc import Iterable
from typing import Any

from django.urls import reverse

from linlingtong.accounts.models import User
from linlingtong.likes.models import Comment, Like, Praise
from linlingtong.photos.reading import photos_by_subject

TOPIC_ICONS = {
    Praise.Topic.NEIGHBOUR: "users",
    Praise.Topic.SCENERY: "photo",
    Praise.Topic.SERVICE: "building-store",
    Praise.Topic.TEAM: "users-group",
    Praise.Topic.COMPANY: "building-factory-2",
}
AVATARS = ("av-reed", "av-steel", "av-tide", "")


def cards(praises: Iterable[Praise], user: User | None) -> list[dict[str, Any]]:
    """What stands on the wall, for any number of praises with the same few queries."""
    rows = list(praises)
    ids = [one.pk for one in rows]
    photos = photos_by_subject("praise", ids)
    mine = (
        set(Like.objects.standing().filter(praise__in=ids, resident=user).values_list("praise", flat=True))
        if user
        else set()
    )
    return [card(one, photos[one.pk], is_liked=one.pk in mine, user=user) for one in rows]


def card(praise: Praise, photos: list[Any], *, is_liked: bool, user: User | None) -> dict[str, Any]:
    return {
        "id": praise.pk,
        "url": reverse("likes:detail", args=[praise.pk]),
        "author": str(praise.author),
        "initial": str(praise.author)[:1],
        "tone": AVATARS[praise.author_id % len(AVATARS)],
        "area": str(praise.area),
        "at": praise.created_at,
        "topic": praise.get_topic_display(),
        "icon": TOPIC_ICONS[Praise.Topic(praise.topic)],
        "name": praise.shown_name,
        "text": praise.shown_text,
        "photos": photos,
        "likes": praise.like_count,
        "comments": praise.comment_count,
        "is_liked": is_liked,
        "is_mine": user is not None and praise.author_id == user.pk,
        "is_asked": user is not None and praise.resident_id == user.pk,
        "is_held": not praise.is_visible,
    }


def threads(praise: Praise, user: User | None) -> list[dict[str, Any]]:
    """Comments with their replies, the oldest first; a reply whose comment went stands on its own."""
    rows = list(Comment.objects.visible_to(user).filter(praise=praise).select_related("author").order_by("pk"))
    replies: dict[int, list[Comment]] = {}
    for one in rows:
        if one.parent_id:
            replies.setdefault(one.parent_id, []).append(one)
    standing = {one.pk for one in rows}
    return [{"comment": one, "replies": replies.get(one.pk, [])} for one in rows if one.parent_id not in standing]
