from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.scoped import scope_of
from linlingtong.accounts.permissions import is_whole
from linlingtong.volunteering.models import Issuer, StarLevel


def keeps_rules(request: HttpRequest) -> bool:
    """Managers of the whole subdistrict: by these rules everybody's hours count."""
    return is_whole(scope_of(request, MANAGERS))


class StarLevelInline(admin.TabularInline[StarLevel, Issuer]):
    model = StarLevel
    extra = 0
    ordering = ("hours",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return keeps_rules(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return keeps_rules(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return keeps_rules(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return keeps_rules(request)


@admin.register(Issuer)
class IssuerAdmin(admin.ModelAdmin[Issuer]):
    """Who issues, from which presence on hours count, and the stars."""

    list_display = ("name", "area", "is_issuing_body", "least_presence")
    list_select_related = ("area",)
    ordering = ("name",)
    inlines = (StarLevelInline,)
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return keeps_rules(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return keeps_rules(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return keeps_rules(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return keeps_rules(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
