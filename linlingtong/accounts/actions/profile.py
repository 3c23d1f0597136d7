from typing import Any

from django.core.exceptions import PermissionDenied

from linlingtong.accounts.models import User

OWN = {"nickname", "home_area", "born_on", "elder_mode", "text_size", "theme", "language"}


def change_profile(user: User, *, by: User, **wishes: Any) -> User:
    """What a person says about themselves; what is not named stays.

    Another home is a home that nobody has confirmed yet. Raises PermissionDenied for somebody else's profile.
    """
    if by.pk != user.pk:
        raise PermissionDenied
    wishes = {name: value for name, value in wishes.items() if name in OWN and getattr(user, name) != value}
    if "home_area" in wishes:
        wishes["home_confirmed_at"] = None
    for name, value in wishes.items():
        setattr(user, name, value)
    if wishes:
        user.save(update_fields=list(wishes))
    return user
