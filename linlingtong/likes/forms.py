from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.areas.models import Organization
from linlingtong.core.phone import normal_phone
from linlingtong.likes.actions import Words
from linlingtong.likes.actions.refusals import NameMissing
from linlingtong.likes.models import Praise
from linlingtong.photos.forms import PhotosField

INPUT = {"class": "input"}
MOST_PHOTOS = 9


class PraiseForm(forms.Form):
    """Praise in half a minute: what kind, what was good, perhaps who and a photo."""

    topic = forms.ChoiceField(
        label=_("What kind"),
        choices=Praise.Topic.choices,
        initial=Praise.Topic.NEIGHBOUR,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose what kind of praise it is.")},
    )
    text = forms.CharField(
        label=_("What was good?"),
        max_length=500,
        widget=forms.Textarea(attrs=INPUT | {"rows": 5}),
        error_messages={"required": _("Write what was good, in a few words.")},
    )
    about = forms.CharField(
        label=_("Who or where"), required=False, max_length=30, widget=forms.TextInput(attrs=INPUT)
    )
    phone = forms.CharField(
        label=_("Phone of the praised neighbour"),
        required=False,
        max_length=30,
        widget=forms.TextInput(attrs=INPUT | {"inputmode": "tel", "autocomplete": "off"}),
    )
    organization = forms.ModelChoiceField(
        label=_("Team or company"),
        queryset=Organization.objects.none(),
        required=False,
        empty_label=_("none"),
        widget=forms.Select(attrs=INPUT),
    )
    photos = PhotosField(most=MOST_PHOTOS)

    def __init__(self, *args: Any, by: User, thanked: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.thanked = thanked
        fields: dict[str, Any] = dict(self.fields)
        fields["photos"].by = by
        fields["organization"].queryset = Organization.objects.active().exclude(kind="dormitory").order_by("name")
        if thanked is not None:
            for name in ("about", "phone", "organization"):
                del self.fields[name]

    def clean_phone(self) -> str:
        typed = self.cleaned_data["phone"]
        return normal_phone(typed) if typed else ""

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("phone") and not found.get("about"):
            self.add_error("about", NameMissing.message)
        return found

    def words(self) -> Words:
        return Words(**self.cleaned_data, resident=self.thanked)


class TextForm(forms.Form):
    text = forms.CharField(
        label=_("What was good?"),
        max_length=500,
        widget=forms.Textarea(attrs=INPUT | {"rows": 5}),
        error_messages={"required": _("Write what was good, in a few words.")},
    )


class CommentForm(forms.Form):
    text = forms.CharField(
        label=_("Your words"),
        max_length=200,
        widget=forms.Textarea(attrs=INPUT | {"rows": 2}),
        error_messages={"required": _("Write a few words first.")},
    )
    parent = forms.IntegerField(required=False, min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
