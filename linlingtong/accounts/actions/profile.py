import datetime as dt
from collections.abc import Callable
from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.refusal import Refusal
from linlingtong.core.text import clean_text
from linlingtong.core.time import today

OWN = {"nickname", "home_area", "born_on", "elder_mode", "text_size", "theme", "language"}
OLDEST = 120
# Where somebody can live: nobody lives in the whole subdistrict, and a micro-grid is for staff only.
HOMES = (Area.Level.COMMUNITY, Area.Level.GRID, Area.Level.BUILDING)


# Whoever looks at nicknames before neighbours see them lies on a floor above; the roof puts its verb here.
nickname_gates: list[Callable[[User, str], bool]] = []


class UnlikelyBirthday(Refusal):
    """Born tomorrow, or before anybody who lives."""

    code = "unlikely_birthday"
    message = _("Check the date of birth: it lies in the future or more than 120 years ago.")


def change_profile(user: User, *, by: User, **wishes: Any) -> User:
    """What a person says about themselves; what is not named stays.

    Another home is a home that nobody has confirmed yet; a nickname may have to wait until staff have seen it.
    Raises PermissionDenied for somebody else's profile and UnlikelyBirthday.
    """
    if by.pk != user.pk:
        raise PermissionDenied
    if wishes.get("nickname"):
        wishes["nickname"] = " ".join(clean_text(wishes["nickname"]).split())
    if not is_likely_birthday(wishes.get("born_on")):
        raise UnlikelyBirthday
    wishes = {name: value for name, value in wishes.items() if name in OWN and getattr(user, name) != value}
    if "nickname" in wishes and not all(gate(user, wishes["nickname"]) for gate in nickname_gates):
        del wishes["nickname"]
    if "home_area" in wishes:
        wishes["home_confirmed_at"] = None
    for name, value in wishes.items():
        setattr(user, name, value)
    if wishes:
        user.save(update_fields=list(wishes))
    return user


def set_nickname(user_id: int, nickname: str) -> None:
    """Give somebody the nickname that they asked for, or none: what moderation decides."""
    User.objects.filter(pk=user_id).update(nickname=nickname)


def is_likely_birthday(born_on: dt.date | None) -> bool:
    """Whether somebody alive can have been born on that day; not saying is fine."""
    return born_on is None or (born_on <= today() and today().year - born_on.year <= OLDEST)
