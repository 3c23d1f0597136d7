from django.contrib.auth.models import AnonymousUser

from linlingtong.accounts.models import User
from linlingtong.accounts.permissions import in_scope, is_whole, scope_for
from linlingtong.core.subject import subject_of
from linlingtong.photos.models import Photo


def may_look_after(user: User | AnonymousUser, photo: Photo) -> bool:
    """Staff of the area that the photo's subject belongs to; what belongs nowhere is for those who see everything."""
    if not user.is_staff:
        return False
    scope = scope_for(user)
    return in_scope(photo.area_path, scope) if photo.area_path else is_whole(scope)


def may_see(user: User | AnonymousUser, photo: Photo) -> bool:
    """Whoever sent it, staff of its area, and whoever its board lets in, unless moderation hid it."""
    if user.is_authenticated and user.pk == photo.owner_id:
        return True
    if may_look_after(user, photo):
        return True
    if photo.is_hidden or photo.subject_id is None:
        return False
    subject = subject_of(photo.subject)
    return photo.is_public or (subject is not None and subject.may_see(photo.subject_id, user))
