from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from linlingtong.accounts.models import User

COOKIE = "llt_display"
YEAR = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Display:
    """How the reader wants pages to look. Kept in the profile, and in a cookie for whoever is not signed in."""

    size: str = ""
    is_elder: bool = False
    theme: str = ""

    @classmethod
    def of(cls, request: HttpRequest) -> Self:
        """From the profile when signed in, else from the cookie."""
        user = getattr(request, "user", None)
        if user is not None and user.is_authenticated:
            return cls(user.text_size, user.elder_mode, user.theme)
        return cls.remembered(request)

    @classmethod
    def remembered(cls, request: HttpRequest) -> Self:
        """What this browser was told; anything that is not ours in the cookie counts for nothing."""
        size, elder, theme, *_ = [*request.COOKIES.get(COOKIE, "").split("."), "", "", ""]
        return cls().with_wishes(size=size, elder_mode="on" if elder == "1" else "", theme=theme)

    def with_wishes(self, **wishes: str) -> Self:
        """The same with what was asked for; wishes nobody offers are left out."""
        changes: dict[str, Any] = {}
        if wishes.get("size") in User.TextSize.values:
            changes["size"] = wishes["size"]
        if wishes.get("theme") in User.Theme.values:
            changes["theme"] = wishes["theme"]
        if wishes.get("elder_mode") in {"on", ""}:
            changes["is_elder"] = wishes["elder_mode"] == "on"
        return replace(self, **changes)

    def as_profile(self) -> dict[str, Any]:
        """The same in the words of `change_profile`."""
        return {"text_size": self.size, "elder_mode": self.is_elder, "theme": self.theme}

    def as_context(self) -> dict[str, Any]:
        return asdict(self)

    def remember(self, response: HttpResponse) -> None:
        """Tell the browser, for a year: pages keep their look after signing out, too."""
        value = f"{self.size}.{int(self.is_elder)}.{self.theme}"
        remember(response, COOKIE, value)


def remember(response: HttpResponse, name: str, value: str) -> None:
    secure = settings.SESSION_COOKIE_SECURE
    response.set_cookie(name, value, max_age=YEAR, secure=secure, httponly=True, samesite="Lax")
