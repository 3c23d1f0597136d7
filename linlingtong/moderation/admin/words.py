from django import forms
from django.contrib import admin
from django.utils.translation import gettext as _

from linlingtong.accounts.admin.scoped import SubdistrictAdmin
from linlingtong.core.forms import AttentiveForm
from linlingtong.moderation.models import Word
from linlingtong.moderation.spelling import squeezed


class WordForm(AttentiveForm[Word]):
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
class WordAdmin(SubdistrictAdmin[Word]):
    """The watched words: one list for the whole subdistrict, kept by those who manage all of it."""

    list_display = ("text", "note", "is_active")
    list_filter = ("is_active",)
    search_fields = ("text", "note")
    ordering = ("text",)
    fields = ("text", "note", "is_active")
    form = WordForm
