from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from linlingtong.accounts.admin.areas import MANAGERS
from linlingtong.accounts.admin.scoped import scope_of
from linlingtong.accounts.permissions import is_whole
from linlingtong.tickets.models import Category


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    """The kinds of reports with their deadlines. The subdistrict sets them; reports that exist keep theirs."""

    list_display = ["name", "example", "level", "accept_hours", "finish_days", "position", "is_active"]
    ordering = ["position", "pk"]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_whole(scope_of(request, MANAGERS))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
