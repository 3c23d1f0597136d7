from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.core.text import clean_text
from linlingtong.moderation.actions import Decision
from linlingtong.moderation.models import Report


class ReportForm(forms.Form):
    """Why something should be looked at."""

    reason = forms.ChoiceField(
        label=gettext_lazy("What is wrong with it?"),
        choices=Report.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={
            "required": gettext_lazy("Choose what is wrong with it."),
            "invalid_choice": gettext_lazy("Choose one from the list."),
        },
    )
    note = forms.CharField(
        label=gettext_lazy("In your words"),
        required=False,
        max_length=300,
        help_text=gettext_lazy("Only staff read this. No phone numbers, please."),
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        error_messages={"max_length": gettext_lazy("Keep it to 300 characters.")},
    )


class AppealForm(forms.Form):
    """Why something should be shown after all."""

    text = forms.CharField(
        label=gettext_lazy("Why should it be shown?"),
        max_length=500,
        help_text=gettext_lazy("Somebody else than the first time reads it and decides. You can appeal once."),
        widget=forms.Textarea(attrs={"class": "input", "rows": 5}),
        error_messages={
            "required": gettext_lazy("Write why it should be shown: one sentence is enough."),
            "max_length": gettext_lazy("Keep it to 500 characters."),
        },
    )

    def clean_text(self) -> str:
        text = clean_text(self.cleaned_data["text"])
        if not text:
            raise forms.ValidationError(_("Write why it should be shown: one sentence is enough."), code="required")
        return text


class DecisionForm(forms.Form):
    """What staff say about a case; `seen` is the last step that stood on their page."""

    decision = forms.ChoiceField(choices=Decision.choices)
    why = forms.CharField(required=False, max_length=20)
    reason = forms.CharField(required=False, max_length=300)
    seen = forms.IntegerField(min_value=0, max_value=2**63 - 1)
