from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.core.search import LONGEST_QUERY
from linlingtong.core.text import clean_text, visible_text


class FeedbackForm(forms.Form):
    text = forms.CharField(
        label=_("What should be better?"),
        max_length=1000,
        strip=False,
        validators=[visible_text],
        widget=forms.Textarea(attrs={"class": "input", "rows": 5}),
        error_messages={"required": _("Write a few words, then send.")},
    )
    page = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)

    def clean_text(self) -> str:
        return clean_text(self.cleaned_data["text"])


class SearchForm(forms.Form):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=LONGEST_QUERY,
        widget=forms.TextInput(attrs={"class": "input", "type": "search", "enterkeyhint": "search"}),
    )
