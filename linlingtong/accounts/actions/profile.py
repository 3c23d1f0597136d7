import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.refusal import Refusal
from linlingtong.core.text import clean_text
from linlingtong.core.time import today

OWN = {"nickname", "home_area", "born_on", "elder_mode", "text_size", "theme", "language"}
OLDEST = 120


class UnlikelyBirthday(Refusal):
    """Born tomorrow, or before anybody who lives."""

    code = "unlikely_birthday"
    message = _("Check the date of birth: it lies in the future or more than 120 years ago.")


def change_profile(user: User, *, by: User, **wishes: Any) -> User:
    """What a person says about themselves; what is not named stays.

    Another home is a home that nobody has confirmed yet. Raises PermissionDenied for somebody else's profile and
    UnlikelyBirthday.
    """
    if by.pk != user.pk:
        raise PermissionDenied
    if wishes.get("nickname"):
        wishes["nickname"] = " ".join(clean_text(wishes["nickname"]).split())
    if not is_likely_birthday(wishes.get("born_on")):
        raise UnlikelyBirthday
    wishes = {name: value for name, value in wishes.items() if name in OWN and getattr(user, name) != value}
    if "home_area" in wishes:
        wishes["home_confirmed_at"] = None
    for name, value in wishes.items():
        setattr(user, name, value)
    if wishes:
        user.save(update_fields=list(wishes))
    return user


def is_likely_birthday(born_on: dt.date | None) -> bool:
    """Whether somebody alive can have been born on that day; not saying is fine."""
    return born_on is None or (born_on <= today() and today().year - born_on.year <= OLDEST)
