import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from linlingtong.notifications.models import Channel, Kind, Preferences


class ClockInput(forms.TimeInput):
    input_type = "time"

    def __init__(self) -> None:
        super().__init__(attrs={"class": "input"}, format="%H:%M")


class PreferencesForm(forms.Form):
    """One box for each kind and channel, ticked when wanted, and the quiet hours."""

    quiet_from = forms.TimeField(label=_("Quiet from"), widget=ClockInput)
    quiet_until = forms.TimeField(label=_("Quiet until"), widget=ClockInput)

    def __init__(self, *args: Any, wishes: Preferences, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("quiet_from", "quiet_until"):
            self.fields[name].initial = getattr(wishes, name)
        for kind in Kind:
            for channel in Channel:
                label = f"{kind.label} · {channel.label}"
                box = forms.BooleanField(label=label, required=False, initial=wishes.wants(kind, channel))
                self.fields[f"{kind.value}:{channel.value}"] = box

    def rows(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The matrix as the page shows it: a kind, its boxes."""
        return [(str(kind.label), [self[f"{kind.value}:{channel.value}"] for channel in Channel]) for kind in Kind]

    def columns(self) -> list[str]:
        return [str(channel.label) for channel in Channel]

    def muted(self) -> list[str]:
        return [name for name, value in self.cleaned_data.items() if ":" in name and not value]

    def clock(self, name: str) -> dt.time:
        moment: dt.time = self.cleaned_data[name]
        return moment
