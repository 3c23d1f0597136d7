from typing import Any

from linlingtong.accounts.models import User
from linlingtong.likes.actions.liking import take_back
from linlingtong.likes.actions.writing import delete_comment, take_away
from linlingtong.likes.models import PERSON, Comment, Like, Praise


def forget(resident: User) -> None:
    """Words, photos and likes of the person go; who praised them keeps the praise, without a name."""
    for praise in Praise.objects.filter(author=resident, withdrawn_at=None):
        take_away(praise, by=resident)
    for pk in Comment.objects.filter(author=resident, deleted_at=None).values_list("pk", flat=True):
        delete_comment(pk, by=resident)
    for pk in Like.objects.standing().filter(resident=resident).values_list("praise_id", flat=True):
        take_back(pk, by=resident)
    Like.objects.filter(resident=resident).delete()
    Praise.objects.filter(resident=resident).update(resident=None, consent=Praise.Consent.ANONYMOUS)


def own_words(resident: User) -> dict[str, Any]:
    """Everything that the person wrote or liked here, in plain values."""
    praises = Praise.objects.filter(author=resident).order_by("pk")
    comments = Comment.objects.filter(author=resident).order_by("pk")
    likes = Like.objects.filter(resident=resident).order_by("pk")
    about = Praise.objects.filter(resident=resident).order_by("pk")
    return {
        "praises": [
            {"id": one.pk, "topic": one.topic, "text": one.text.replace(PERSON, "…"), "created_at": one.created_at}
            for one in praises
        ],
        "comments": list(comments.values("praise", "text", "created_at")),
        "likes": list(likes.values("praise", "created_at", "taken_back_at")),
        "praised_in": list(about.values("id", "consent", "created_at")),
    }
