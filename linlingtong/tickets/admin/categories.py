from django.contrib import admin

from linlingtong.accounts.admin.scoped import SubdistrictAdmin
from linlingtong.tickets.models import Category


@admin.register(Category)
class CategoryAdmin(SubdistrictAdmin[Category]):
    """The kinds of reports with their deadlines. The subdistrict sets them; reports that exist keep theirs."""

    list_display = ["name", "example", "level", "accept_hours", "finish_days", "position", "is_active"]
    ordering = ["position", "pk"]
    can_delete = False
