from django.contrib import admin
from django.http import HttpRequest

from linlingtong.home.models import Feedback


@admin.register(Feedback)
class FeedbackAdmin(admin.ModelAdmin[Feedback]):
    list_display = ("text", "page", "created_at", "read_at")
    list_filter = ("read_at",)
    readonly_fields = ("text", "page", "created_at")
    exclude = ("by",)
    ordering = ("-created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's signature
        return False
