from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.core.search import LONGEST_QUERY
from linlingtong.toolbox.models import Audience, Contact


class Wanted(forms.Form):
    """What somebody looks for; a wrong value is as good as none."""

    q = forms.CharField(label=_("Search"), required=False, max_length=LONGEST_QUERY)
    category = forms.ChoiceField(required=False, choices=Contact.Category.choices)
    audience = forms.ChoiceField(required=False, choices=Audience.choices)

    def chosen(self) -> dict[str, str]:
        """What was written and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}
