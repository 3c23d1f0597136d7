import functools
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import Http404, HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from linlingtong.core.search import LONGEST_QUERY

# What staff do every day stands first; everything else follows by name.
APPS = (
    *("activities", "volunteering", "moderation", "likes", "mutual_aid", "tickets", "venues", "toolbox"),
    *("accounts", "areas", "notifications", "home", "audit"),
)
ASKING = ("q", "term")
# On Django's own pages, mostly for screen readers, and not yet in its Chinese; or there in a word that means another
# thing here: leaving for good.
DJANGOS = [
    *(gettext_noop("Model name"), gettext_noop("Add link")),
    *(gettext_noop("Change or view list link"), gettext_noop("Error:"), gettext_noop("Log out")),
]
MODELS = ("Activity", "Registration", "Session")


class BackOffice(AdminSite):
    """The pages of staff."""

    site_title = site_header = _("Linlingtong back office")
    index_title = _("What there is to do today")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Searching reads a short question only: each word of it would be one more condition for the database."""

        @functools.wraps(view)
        def shortened(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            given = request.GET.copy()
            for name in ASKING:
                if name in given:
                    given[name] = str(given[name])[:LONGEST_QUERY]
            request.GET = given  # type: ignore[assignment] # a copy that nobody changes any more
            return view(request, *args, **kwargs)

        return super().admin_view(shortened, cacheable)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"asks_second_factor": settings.STAFF_TOTP}

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:  # noqa: ARG002 - Django's
        """Everybody signs in by phone and code: there is no password to change."""
        raise Http404

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["models"].sort(key=lambda model: _place(MODELS, model["object_name"]))
        return sorted(apps, key=lambda app: _place(APPS, app["app_label"]))


def _place(order: tuple[str, ...], name: str) -> int:
    return order.index(name) if name in order else len(order)
