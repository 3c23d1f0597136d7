from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, scope_for
from linlingtong.areas.models import Area
from linlingtong.mutual_aid.models import HelpPost
from linlingtong.mutual_aid.models.post import LOOKING_AFTER


def may_manage(user: User | None, post: HelpPost) -> bool:
    """Staff of the community desk: their area is the post's or lies above it; None is the clock."""
    return user is None or in_scope(post.area_path, scope_for(user))


def may_post_for(user: User, area: Area) -> bool:
    """Whether the person may write on behalf of somebody who lives there: staff, and the head of the stair."""
    return in_scope(area.path, scope_for(user, LOOKING_AFTER))


def may_look_after(user: User, post: HelpPost) -> bool:
    """Staff, and building heads for their stair: to read, not to decide."""
    return in_scope(post.area_path, scope_for(user, LOOKING_AFTER))


def is_asker(user: User | None, post: HelpPost) -> bool:
    """Who wrote it; staff too when it was written for somebody without a phone."""
    if user is None or user.pk == post.author_id:
        return True
    return post.is_on_behalf and may_manage(user, post)


def check_manages(user: User | None, post: HelpPost) -> None:
    """Raises PermissionDenied for everybody but staff of the post's area."""
    if not may_manage(user, post):
        raise PermissionDenied


def check_asks(user: User | None, post: HelpPost) -> None:
    """Raises PermissionDenied for everybody but the one who asked."""
    if not is_asker(user, post):
        raise PermissionDenied


def may_see(post_id: int, user: User | AnonymousUser) -> bool:
    """Whether the person (perhaps nobody signed in) sees the post now."""
    if HelpPost.objects.visible_to(user).filter(pk=post_id).exists():
        return True
    return user.is_authenticated and HelpPost.objects.looked_after_by(user).filter(pk=post_id).exists()


def may_see_receipt(post_id: int, user: User | AnonymousUser) -> bool:
    """Whether the person sees what the desk photographed at the hand-over: who asked, and who brought it."""
    if not user.is_authenticated:
        return False
    post = HelpPost.objects.get(pk=post_id)
    return is_asker(user, post) or post.claims.filter(helper=user, accepted_at__isnull=False).exists()
