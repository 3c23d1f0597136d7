import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.core.forms import DayField
from linlingtong.core.text import visible_text
from linlingtong.core.time import today
from linlingtong.volunteering.actions.disputes import LONGEST
from linlingtong.volunteering.actions.sheets import LONGEST_NAME

EARLIEST = dt.date(2000, 1, 1)


class DisputeForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=LONGEST,
        validators=[visible_text],
        widget=forms.Textarea(attrs={"class": "input", "rows": 3}),
        error_messages={"required": gettext_lazy("Write what is wrong, for example: I stayed until 11:30.")},
    )


class SheetForm(forms.Form):
    holder_name = forms.CharField(
        label=gettext_lazy("Your name"),
        max_length=LONGEST_NAME,
        validators=[visible_text],
        widget=forms.TextInput(attrs={"class": "input", "autocomplete": "name"}),
        error_messages={"required": gettext_lazy("Write the name that is to stand on the sheet.")},
    )
    first_on = DayField(
        label=gettext_lazy("From"),
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Write a date such as 2026-01-31.")},
    )
    last_on = DayField(
        label=gettext_lazy("Until"),
        widget=forms.DateInput(attrs={"class": "input", "type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": gettext_lazy("Write a date such as 2026-01-31.")},
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        first, last = values.get("first_on"), values.get("last_on")
        if first and first < EARLIEST:
            self.add_error("first_on", _("Choose a later day: nothing is recorded that early."))
        if first and last and last < first:
            self.add_error("last_on", _("The last day lies before the first one."))
        if last and last > today():
            values["last_on"] = today()
        return values
