from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext_lazy as _

from linlingtong.accounts.models import User
from linlingtong.core.refusal import Refusal
from linlingtong.photos.actions import receive
from linlingtong.photos.actions.refusals import TooManyPhotos
from linlingtong.photos.models import MOST, Photo

ACCEPTED = "image/jpeg,image/png,image/webp"
LONGEST_TOKEN = 32


class PhotosInput(forms.FileInput):
    """Several files, and the tokens of photos that are here already (`<name>_kept`)."""

    allow_multiple_selected = True

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        tokens = data.getlist(f"{name}_kept") if isinstance(data, MultiValueDict) else data.get(f"{name}_kept", [])
        chosen = files.getlist(name) if isinstance(files, MultiValueDict) else []
        return chosen, [token for token in tokens if isinstance(token, str) and 0 < len(token) <= LONGEST_TOKEN]


class PhotosField(forms.Field):
    """Photos of a form. What is good is taken in at once, so that a mistake elsewhere does not lose it.

    The form gives `by` before it is checked. The cleaned value is a list of photos that are not part of anything yet.
    """

    widget = PhotosInput(attrs={"accept": ACCEPTED})
    by: User | None = None

    def __init__(self, *, most: int = MOST, required: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("label", _("Photos"))
        super().__init__(required=required, **kwargs)
        self.most = most
        self.kept: list[Photo] = []
        self.widget.attrs["multiple"] = most > 1

    def clean(self, value: Any) -> list[Photo]:
        files, tokens = value or ([], [])
        self.kept = self._own(tokens)
        if self.by is None:
            raise TypeError("A form with photos says who sends them: fields['photos'].by = by")
        errors = self._take(files)
        if errors:
            raise forms.ValidationError(errors)
        if self.required and not self.kept:
            raise forms.ValidationError(_("Add a photo."), code="required")
        return self.kept

    def _own(self, tokens: list[str]) -> list[Photo]:
        if not tokens or self.by is None:
            return []
        found = {photo.token: photo for photo in Photo.objects.filter(owner=self.by, subject="", token__in=tokens)}
        return [found[token] for token in dict.fromkeys(tokens) if token in found][: self.most]

    def _take(self, files: list[Any]) -> list[forms.ValidationError]:
        """One file at a time: a bad one does not throw out the good ones beside it."""
        errors = []
        for file in files:
            try:
                if len(self.kept) >= self.most:
                    raise TooManyPhotos(most=self.most)
                self.kept += receive([file], by=self.by, most=self.most) if self.by else []
            except Refusal as refusal:
                errors.append(forms.ValidationError(refusal.detail, code=refusal.code))
                if isinstance(refusal, TooManyPhotos):
                    break
        return errors


class UploadForm(forms.Form):
    """Photos that a page sends one by one while the rest of its form is still being filled in."""

    photos = PhotosField(required=True)

    def __init__(self, *args: Any, by: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["photos"]
        if isinstance(field, PhotosField):
            field.by = by
