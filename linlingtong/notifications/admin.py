from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from linlingtong.notifications.models import Message
from linlingtong.notifications.permissions import may_see_outbox

SHOWN = (
    "masked_phone", "kind", "channel", "state", "outcome", "due_at", "not_after", "for_start", "attempt", "failures",
    "created_at", "settled_at",
)  # fmt: skip


@admin.register(Message)
class MessageAdmin(admin.ModelAdmin[Message]):
    """Did it arrive? Read only, without texts, and of the number only what its owner would recognise."""

    list_display = ["id", "kind", "channel", "state", "outcome", "masked_phone", "due_at", "attempt", "settled_at"]
    list_filter = ["state", "kind", "channel"]
    list_select_related = ["resident"]
    ordering = ["-id"]
    show_full_result_count = False
    fields = SHOWN
    readonly_fields = SHOWN

    @admin.display(description=_("phone"))
    def masked_phone(self, message: Message) -> str:
        return message.resident.masked_phone

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        rows = super().get_queryset(request)
        return rows if may_see_outbox(request.user) else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return may_see_outbox(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return may_see_outbox(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False
