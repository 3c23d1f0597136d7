from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from linlingtong.areas.models import Area
from linlingtong.core.memory import remembered

OFFICE_SECONDS = 300


def navigation(request: HttpRequest) -> dict[str, Any]:
    """The way around the site, the same on every page; only boards that exist are named."""
    user = getattr(request, "user", None)
    here = request.path
    nav = [
        _item(here, reverse("home:home"), _("Home"), "home"),
        _item(here, reverse("activities:list"), _("Activity center"), "calendar-event"),
        _item(here, reverse("mutual_aid:list"), _("Mutual aid"), "heart-handshake", has_filled=False),
        _item(here, reverse("likes:wall"), _("Praise Linjiang"), "thumb-up"),
        _item(here, reverse("toolbox:shelf"), _("Toolbox"), "tools", has_filled=False),
    ]
    short = {"calendar-event": _("Activities"), "heart-handshake": _("Help"), "thumb-up": _("Praise")}
    me = _item(here, reverse("home:mine"), _("Me"), "user")
    tabs = [*(item | {"label": short.get(item["icon"], item["label"])} for item in nav[:4]), me]
    signed_in = bool(user is not None and user.is_authenticated)
    return {"nav_items": nav, "tab_items": tabs, "site": _site(str(user)[:1] if signed_in else "")}


def _item(here: str, url: str, label: str, icon: str, *, has_filled: bool = True) -> dict[str, Any]:
    is_current = here == url if url == "/" else here.startswith(url)
    current = f"{icon}-f" if has_filled else icon
    return {"url": url, "label": label, "icon": icon, "icon_current": current, "is_current": is_current}


def _site(initial: str) -> dict[str, str]:
    office = remembered("office", OFFICE_SECONDS, _office)
    return {
        "origin": settings.SITE_URL,
        "phone": office["phone"],
        "phone_label": office["name"],
        "phone_hours": office["office_hours"],
        "me_initial": initial,
        "elder_url": reverse("accounts:display_switch"),
        "language_url": reverse("accounts:language"),
        "search_url": reverse("home:search"),
        "inbox_url": reverse("notifications:inbox"),
        "me_url": reverse("home:mine"),
        "login_url": reverse("accounts:login"),
        "privacy_url": reverse("home:privacy"),
        "accessibility_url": reverse("home:accessibility"),
        "feedback_url": reverse("home:feedback"),
    }


def _office() -> dict[str, str]:
    """The subdistrict's own phone number; it changes so rarely that five minutes of memory do no harm."""
    office = Area.objects.filter(parent=None).first() or Area()
    return {"name": office.name, "phone": office.phone, "office_hours": office.office_hours}
