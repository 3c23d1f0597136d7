from typing import Any

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.likes.models import Comment, Praise


def is_staff_for(user: User, praise: Praise) -> bool:
    return in_scope(praise.area_path, scope_for(user))


def may_see_praise(praise_id: int, user: Any) -> bool:
    """Everybody sees what is visible; its author and staff of the area see the rest."""
    reader = user if isinstance(user, User) else None
    if Praise.objects.visible_to(reader).filter(pk=praise_id).exists():
        return True
    return reader is not None and Praise.objects.managed_by(reader).filter(pk=praise_id).exists()


def may_see_comment(comment_id: int, user: Any) -> bool:
    reader = user if isinstance(user, User) else None
    found = Comment.objects.visible_to(reader).filter(pk=comment_id).values_list("praise", flat=True).first()
    return found is not None and may_see_praise(found, user)
