from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext as _

from linlingtong.accounts.admin.scoped import scope_of
from linlingtong.accounts.models import Appointment
from linlingtong.accounts.permissions import is_whole
from linlingtong.moderation.models import Word
from linlingtong.moderation.spelling import squeezed


class WordForm(forms.ModelForm[Word]):
    class Meta:
        model = Word
        fields = ("text", "note", "is_active")

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].strip()
        normal = squeezed(text)
        if not normal:
            raise forms.ValidationError(_("Write at least one letter or character."), code="blank")
        if Word.objects.filter(normal=normal).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("This word is in the list already."), code="unique")
        return text


@admin.register(Word)
class WordAdmin(admin.ModelAdmin[Word]):
    """The watched words: one list for the whole subdistrict, kept by those who manage all of it."""

    list_display = ("text", "note", "is_active")
    list_filter = ("is_active",)
    search_fields = ("text", "note")
    ordering = ("text",)
    fields = ("text", "note", "is_active")
    form = WordForm

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_whole(scope_of(request, (Appointment.Role.MANAGER,)))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return self.has_module_permission(request)

    has_add_permission = has_module_permission

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - the same
        return self.has_module_permission(request)
