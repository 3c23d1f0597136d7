from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.areas.models import Area
from linlingtong.core.phone import holds_mobile
from linlingtong.core.refusal import Refusal
from linlingtong.core.text import clean_text
from linlingtong.photos.forms import PhotosField
from linlingtong.tickets.actions import MOST_PHOTOS, Report, keep_files
from linlingtong.tickets.models import Category
from linlingtong.tickets.places import OFFERED

INPUT = {"class": "input"}


class GuestPhotosField(PhotosField):
    """Photos of somebody who has not signed in: looked at, and kept until then. The value is where they lie."""

    def clean(self, value: Any) -> Any:
        files, _tokens = value or ([], [])
        try:
            return keep_files(files)
        except Refusal as refusal:
            raise forms.ValidationError(refusal.detail, code=refusal.code) from refusal


class ReportForm(forms.Form):
    """What, where, in a few words or a photo."""

    category = forms.ModelChoiceField(
        label=_("What is it about?"),
        queryset=Category.objects.none(),
        to_field_name="slug",
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": _("Tap what fits best."), "invalid_choice": _("Tap what fits best.")},
    )
    area = forms.ModelChoiceField(
        label=_("Where is it?"),
        queryset=Area.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose community or grid."),
            "invalid_choice": _("Choose community or grid."),
        },
    )
    place = forms.CharField(
        label=_("Building and floor, or what stands beside it"),
        required=False,
        max_length=80,
        widget=forms.TextInput(attrs=INPUT | {"autocomplete": "off"}),
        help_text=_("For example: building 3, second floor."),
    )
    text = forms.CharField(
        label=_("A few words"),
        required=False,
        max_length=600,
        widget=forms.Textarea(attrs=INPUT | {"rows": 4}),
        help_text=_("A photo alone is enough."),
    )
    is_public = forms.BooleanField(
        label=_("Neighbours may see it"),
        required=False,
        help_text=_("Without your name. Who has the same trouble can join in."),
    )

    def __init__(self, *args: Any, by: User | None, has_photos: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.has_photos = has_photos
        fields: dict[str, Any] = self.fields
        fields["category"].queryset = Category.objects.active()
        fields["photos"] = PhotosField(most=MOST_PHOTOS) if by else GuestPhotosField(most=MOST_PHOTOS)
        fields["photos"].by = by
        fields["area"].queryset = Area.objects.active().filter(level__in=OFFERED)

    def clean_place(self) -> str:
        return clean_text(self.cleaned_data["place"])

    def clean_text(self) -> str:
        return clean_text(self.cleaned_data["text"])

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        has_photos = self.has_photos or found.get("photos") or "photos" in self.errors
        if "text" in found and not found["text"] and not has_photos:
            self.add_error("text", _("Add a photo or a few words, so that somebody knows what to look for."))
        area = found.get("area")
        if area is not None and area.level == Area.Level.COMMUNITY and not found.get("place"):
            self.add_error("place", _("Say where it is: choose a grid, or write building and floor."))
        return found

    @property
    def tells_a_phone(self) -> bool:
        """Whether everybody who reads it could ring a number that stands in it."""
        return holds_mobile(f"{self.cleaned_data.get('place', '')} {self.cleaned_data.get('text', '')}")

    @property
    def report(self) -> Report:
        found = self.cleaned_data
        return Report(
            category=found["category"],
            area=found["area"],
            place=found["place"],
            text=found["text"],
            is_public=found["is_public"],
        )


class WordsForm(forms.Form):
    """A few words of one's own."""

    text = forms.CharField(
        label=_("A few words"),
        max_length=400,
        widget=forms.Textarea(attrs=INPUT | {"rows": 3}),
        error_messages={"required": _("Write a few words: they will be read.")},
    )


class ReplyForm(WordsForm):
    """The answer to a question of staff."""

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        photos = PhotosField(most=MOST_PHOTOS)
        photos.by = by
        self.fields["photos"] = photos


class StarsForm(forms.Form):
    stars = forms.TypedChoiceField(
        label=_("How did it go?"),
        coerce=int,
        choices=[(5, _("very well")), (4, _("well")), (3, _("all right")), (2, _("badly")), (1, _("very badly"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose one of the five.")},
    )
    text = forms.CharField(
        label=_("A few words"), required=False, max_length=200, widget=forms.Textarea(attrs=INPUT | {"rows": 2})
    )
