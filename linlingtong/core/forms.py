import datetime as dt
from collections.abc import Iterator
from typing import Any, TypeVar, cast

from django import forms
from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Manager, Model, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from linlingtong.core.time import EARLIEST, LATEST, is_likely

M = TypeVar("M", bound=Model)


class MomentInput(forms.DateTimeInput):
    """The phone's own picker of a day and a time."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"step": "any", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, dt.datetime):
            return value.isoformat(timespec="seconds" if value.second else "minutes")[:19]
        return value or None


FAR = gettext_lazy("This date is too far away.")


class DayField(forms.DateField):
    """A date of our days."""

    def clean(self, value: Any) -> Any:
        day = super().clean(value)
        if day is not None and not EARLIEST <= day <= LATEST:
            raise forms.ValidationError(FAR, code="far")
        return day


class MomentField(forms.DateTimeField):
    """A moment of our days."""

    widget = MomentInput

    def clean(self, value: Any) -> Any:
        moment = super().clean(value)
        if moment is not None and not is_likely(moment):
            raise forms.ValidationError(FAR, code="far")
        return moment


class AttentiveForm(forms.ModelForm[M]):
    """A form that knows what its writer saw, so that two who write at once lose nothing.

    What only somebody else changed in the meantime stays as it is. Where both changed the same field, the form says
    so, keeps what was typed, and a second sending puts it in the place of the other.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            is_known = self.instance.pk is not None and not isinstance(field, forms.FileField)
            field.show_hidden_initial = is_known and (not self.is_bound or self._says_what_was_seen(name))

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or self.cleaned_data
        for name in self._changed_meanwhile():
            if name not in self.changed_data:
                given[name] = _current(self.instance, name)
            elif self.fields[name].has_changed(self._now(name), self._typed(name)):
                words = _("Somebody changed this to “%(value)s” meanwhile. Send again to put yours in its place.")
                self.add_error(name, forms.ValidationError(words % {"value": self._words(name)}, code="changed"))
                self._show_what_stands(name)
        return given

    def _changed_meanwhile(self) -> Iterator[str]:
        for name, field in self.fields.items():
            if field.show_hidden_initial and name in self.cleaned_data:
                seen = field.hidden_widget().value_from_datadict(self.data, self.files, self.add_initial_prefix(name))
                if field.has_changed(self._now(name), seen):
                    yield name

    def _says_what_was_seen(self, name: str) -> bool:
        widget = self.fields[name].hidden_widget()
        return not widget.value_omitted_from_data(self.data, self.files, self.add_initial_prefix(name))

    def _now(self, name: str) -> Any:
        return self.get_initial_for_field(self.fields[name], name)

    def _typed(self, name: str) -> Any:
        return self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))

    def _words(self, name: str) -> str:
        display = getattr(self.instance, f"get_{name}_display", None)
        value = display() if display else _current(self.instance, name)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, QuerySet | list):
            value = ", ".join(map(str, value))
        return "—" if value is None or value == "" else str(value)[:80]

    def _show_what_stands(self, name: str) -> None:
        """The next sending is compared with what stands there now."""
        field, address = self.fields[name], self.add_initial_prefix(name)
        value, widget = field.prepare_value(self._now(name)), field.hidden_widget()
        shown: Any = cast("QueryDict", self.data).copy()
        if isinstance(widget, forms.MultiWidget):
            for at, part in enumerate(widget.decompress(value) or ()):
                shown[f"{address}_{at}"] = "" if part is None else str(part)
        elif isinstance(value, list):
            shown.setlist(address, [str(one) for one in value])
        else:
            shown[address] = "" if value is None else str(value)
        self.data = shown


def _current(row: Model, name: str) -> Any:
    try:
        value = getattr(row, name, None)
    except ObjectDoesNotExist:
        return None
    return value.all() if isinstance(value, Manager) else value
